"""Whether a number may be dialled now (flow): the site's rule, and the card's do-not-call flag. FUP-10.

Asked when a call is wished, and again right before it is dialled: a flag may be set meanwhile.
"""

from config.destination import Destination, NotDialled
from crm.journal.events import NumberRefused
from ivr.live.call import Call
from ivr.live.hotline import Hotline


class NotPermitted(Exception):
    """What was to be dialled may not be dialled (any more)."""

    def __init__(self, refused: NotDialled) -> None:
        super().__init__(f"not dialled: {refused.reason}")
        self.refused = refused


async def may_dial(
    hotline: Hotline, number: str, *, by_caller: bool = False, asked_for: bool = False
) -> Destination | NotDialled:
    """Decide about a number in any notation. `by_caller`: a caller named it. `asked_for`: whoever is rung asked for
    this very call, against which the card's flag does not stand (ADR 31)."""
    judged = hotline.site.outbound_rule.judge(number, by_caller=by_caller)
    if isinstance(judged, NotDialled) or asked_for or not await hotline.callers.refuses_calls(judged.number):
        return judged
    return NotDialled(number, "do_not_call")


def note_refused(hotline: Hotline, call: Call, refused: NotDialled) -> None:
    """On the ticket's timeline."""
    event = NumberRefused(call_id=call.id, at=hotline.now(), number=refused.number[:40], reason=refused.reason)
    hotline.tickets.record(event)
