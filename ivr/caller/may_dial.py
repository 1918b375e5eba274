"""Whether a number may be dialled now (flow): the site's rule, the card's do-not-call flag, and the limits. FUP-10.

Asked when a call is wished, and again right before it is dialled: a flag may be set meanwhile, a limit met.
"""

from config.destination import Destination, DialPermit, LimitMet, NotDialled
from config.ids import CallId, ChannelId
from crm.journal.events import NumberDialled, NumberRefused
from ivr.live.call import Call
from ivr.live.dial_ledger import Wish
from ivr.live.hotline import Hotline


class NotPermitted(Exception):
    """What was to be dialled may not be dialled (any more)."""

    def __init__(self, refused: NotDialled) -> None:
        super().__init__(f"not dialled: {refused.reason}")
        self.refused = refused


class EnoughDialled(Exception):
    """A limit of outbound calls is met: later."""

    def __init__(self, met: LimitMet) -> None:
        super().__init__(f"not dialled before {met.again_at.isoformat()}: {met.limit} of {met.most:g}")
        self.met = met


async def may_dial(
    hotline: Hotline, number: str, *, by_caller: bool = False, asked_for: bool = False
) -> Destination | NotDialled:
    """Decide about a number in any notation. `by_caller`: a caller named it. `asked_for`: whoever is rung asked for
    this very call, against which the card's flag does not stand (ADR 31)."""
    judged = hotline.site.outbound_rule.judge(number, by_caller=by_caller)
    if isinstance(judged, NotDialled) or asked_for or not await hotline.callers.refuses_calls(judged.number):
        return judged
    return NotDialled(number, "do_not_call")


def enough_dialled(hotline: Hotline, wish: Wish) -> LimitMet | None:
    """Whether a limit stands against such a call now; whoever looks after limits is told."""
    met = hotline.dialled.refusal(wish, hotline.now())
    if met:
        tell_limits(hotline, wish)
    return met


def permit_dial(hotline: Hotline, call_id: CallId, wish: Wish, channel_id: ChannelId) -> DialPermit:
    """Count one call, and allow it. Nobody else is counted in between: there is no waiting here. Raises EnoughDialled.

    What was counted and then not sent, by a fault, stays counted.
    """
    now = hotline.now()
    permit = hotline.dialled.permit(wish, channel_id, now)
    if isinstance(permit, LimitMet):
        tell_limits(hotline, wish)
        raise EnoughDialled(permit)
    dialled = NumberDialled(
        call_id=call_id,
        at=now,
        number=wish.destination.number,
        kind=wish.destination.kind,
        purpose=wish.purpose,
        channel_id=channel_id,
        by=wish.by,
        asked=wish.asked,
    )
    hotline.tickets.record(dialled)
    tell_limits(hotline, wish)
    return permit


def tell_limits(hotline: Hotline, wish: Wish) -> None:
    """Supervisors hear of a limit that is near, or met."""
    for near in hotline.dialled.news(wish, hotline.now()):
        hotline.tickets.record(near)


def note_refused(hotline: Hotline, call: Call, refused: NotDialled) -> None:
    """On the ticket's timeline."""
    event = NumberRefused(call_id=call.id, at=hotline.now(), number=refused.number[:40], reason=refused.reason)
    hotline.tickets.record(event)


def note_enough(hotline: Hotline, call: Call, number: str, met: LimitMet) -> None:
    """On the ticket's timeline."""
    hotline.tickets.record(NumberRefused(call_id=call.id, at=hotline.now(), number=number[:40], reason=met.limit))
