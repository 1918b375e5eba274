"""One attempt at a due call (flow): what it works with, and how the customer is dialled, once. FUP-6, D6."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from config.destination import Destination, NotDialled
from config.ids import CallId, ChannelId
from crm.db.followups.due_calls import DueCallTable
from crm.errors import ClaimLost, StoreAway
from crm.followups.model import OTHER_PLACE, DueCall, DueCallState, Outcome, call_of_place, was_asked_for
from crm.followups.model import channel_id as attempt_id
from crm.journal.events import CallAnswered
from ivr.arrivals.reception import LeftOver
from ivr.caller.may_dial import EnoughDialled, NotPermitted, enough_dialled, may_dial, permit_dial
from ivr.caller.routes import hang_up_with
from ivr.live.call import Call, owner_of, ring_number
from ivr.live.dial_ledger import Wish
from ivr.live.hotline import Hotline
from ivr.outbound.accepts import Accepts
from ivr.outbound.visit_calls import VisitCall
from ivr.port.telephony import Channel, DialledChannel
from ivr.queueing.callback_number import has_code

log = logging.getLogger(__name__)


@dataclass
class Attempt:
    """What one attempt works with, and whether the customer's telephone may have rung."""

    hotline: Hotline
    table: DueCallTable
    accepts: Accepts
    due: DueCall
    left_over: LeftOver | None
    """What a controller that died has left of this attempt."""
    visit: VisitCall | None = None
    """The booking that it is about."""
    hangs_up: Channel | None = None
    """The customer is still on the line, being told to hang up."""
    in_line: asyncio.Event = field(default_factory=asyncio.Event)
    """A queue callback has its place."""
    in_turn: Callable[[Call, DialledChannel], Awaitable[None]] | None = None
    """What is done with the customer's channel when it is a queue callback's turn."""
    sent: bool = False
    said: Outcome | None = None
    """What the customer answered."""
    told: "asyncio.Task[None] | None" = None
    """Tells the store that the customer answered; the customer does not wait for it."""

    @property
    def call_id(self) -> CallId:
        """The call of this attempt: that of the controller that died, if it is to be continued; else one of its own.

        The fence makes it so: an attempt that never reached the customer is made again under the same number.
        """
        if self.due.resume and self.due.channel_id:
            return owner_of(ChannelId(self.due.channel_id))
        if self.left_over and not self.left_over.ended:
            return self.left_over.state.call_id
        return CallId(f"{attempt_id(self.due.id, self.due.attempts)}-{self.due.fence}")

    @property
    def channel_id(self) -> ChannelId:
        return ChannelId(f"{self.call_id}.customer")


async def permit(attempt: Attempt) -> Destination:
    """Judge the number, now: it may have come onto a list since it was entered. Raises NotPermitted."""
    judged = await may_dial(attempt.hotline, attempt.due.number_key, asked_for=was_asked_for(attempt.due))
    if isinstance(judged, NotDialled):
        raise NotPermitted(judged)
    return judged


async def permit_now(attempt: Attempt) -> None:
    """As `permit`, and no limit stands against the call. Raises NotPermitted, EnoughDialled."""
    if met := enough_dialled(attempt.hotline, wish_of(attempt, await permit(attempt))):
        raise EnoughDialled(met)


def wish_of(attempt: Attempt, destination: Destination) -> Wish:
    """What is counted: a promised call for whoever promised it."""
    due = attempt.due
    return Wish(destination=destination, purpose=due.kind.value, by=due.created_by, asked=was_asked_for(due))


async def customer_channel(attempt: Attempt) -> DialledChannel | None:
    """The customer's channel, not dialled yet; on a resumed attempt the one that is still there, or None."""
    telephony, due = attempt.hotline.telephony, attempt.due
    if due.resume:
        live = await telephony.find_channel(attempt.channel_id)
        return telephony.adopt_channel(live) if live else None
    destination = await permit(attempt)
    caller_id = attempt.hotline.site.trunk.caller_id
    return await telephony.prepare_out(destination, channel_id=attempt.channel_id, caller_id=caller_id)


async def reach(attempt: Attempt, call: Call, channel: DialledChannel) -> None:
    """Dial the customer, once, and wait for the answer. Raises DialFailed, NotPermitted, EnoughDialled."""
    hotline, due = attempt.hotline, attempt.due
    permitted = hotline.dialled.given(channel.id) if due.resume else None
    if permitted is None:
        wish = wish_of(attempt, await permit(attempt))
        if not due.resume:
            await attempt.table.dialling(due, channel.id, call_id=call.id, ticket=call.ticket)
        permitted = permit_dial(hotline, call.id, wish, channel.id)
    attempt.sent = True
    log.info("A due call is being dialled.", extra={"action": "due_dialling", "call_id": call.id})
    await channel.dial(permitted, hotline.site.outbound.ring_timeout_s)
    log.info("A due call was sent.", extra={"action": "due_originated", "call_id": call.id})
    answered_at = await channel.answered()
    log.info("A customer answered a due call.", extra={"action": "due_answered", "call_id": call.id})
    if due.state is not DueCallState.TALKING:
        attempt.told = asyncio.create_task(tell_answered(attempt), name=f"due call {due.id} answered")
    if not call.state.answered:
        rings = ring_number(call.invited_at, answered_at, hotline.site.ring_period_s)
        hotline.tickets.record(CallAnswered(call_id=call.id, at=answered_at, rings=rings))


async def tell_answered(attempt: Attempt) -> None:
    """A store that is away costs the customer nothing: the row stays `dialling`, and can be finished from there."""
    try:
        await attempt.table.talking(attempt.due)
    except (ClaimLost, StoreAway) as exc:
        log.warning("The store does not know of an answer: %s", exc, extra={"action": "due_answer_untold"})


async def is_meant(attempt: Attempt, call: Call) -> bool:
    """Whether whoever has answered is known to the caller who had us call there; else the call ends. Raises
    ChannelGone."""
    key = attempt.due.key
    if not key.startswith(OTHER_PLACE) or await has_code(call, call_of_place(key)):
        return True
    attempt.said = Outcome.NO_CODE
    hang_up_with(attempt.hotline, call, "no_answer_given", "goodbye")
    return False
