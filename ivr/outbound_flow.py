"""One attempt at a due call (flow): a callback, agent first, or a reminder, customer first. FUP-1, FUP-6, D6.

The customer's channel is made before the store says `dialling`, and dialled after: so a channel that is missing after a
crash can only be one that was dialled and has ended, and nobody is rung twice (docs/adr/0006).
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Literal

from config.destination import Destination, NotDialled
from config.ids import CallId, ChannelId, TicketNumber
from crm.calls.progress import outcome_of
from crm.calls.state import CallState
from crm.db.followups.due_calls import DueCallTable
from crm.errors import ClaimLost, StoreAway
from crm.followups.model import DueCall, DueCallKind, DueCallState, Outcome, was_asked_for
from crm.followups.model import channel_id as attempt_id
from crm.journal.events import AgentOffered, CallAnswered, CallEnded, CallNoted, CallQueued
from crm.journal.steps import DialOut
from ivr.accepts import Accepts
from ivr.adoption import adopted
from ivr.call import Call, owner_of, ring_number
from ivr.call_flow import in_service, serve
from ivr.hotline import Hotline
from ivr.may_dial import NotPermitted, may_dial, note_refused
from ivr.parties import Partner
from ivr.question import ask
from ivr.reaching import release
from ivr.reception import LeftOver
from ivr.ring import PickedUp, answered, miss, ring_agent
from ivr.routes import hang_up_with, lead_to_people
from ivr.talk import part
from ivr.telephony import Channel, ChannelGone, DialFailed, DialledChannel, DialOutcome
from ivr.visit_calls import VisitCall, owe_a_call, talk_about_visit

log = logging.getLogger(__name__)

OUTCOMES = {
    DialOutcome.BUSY: Outcome.BUSY,
    DialOutcome.NO_ANSWER: Outcome.NO_ANSWER,
    DialOutcome.REJECTED: Outcome.REJECTED,
    DialOutcome.UNREACHABLE: Outcome.UNREACHABLE,
    DialOutcome.CANCELLED: Outcome.HUNG_UP,
}
REMINDER_TRIES = 3


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


async def make_attempt(attempt: Attempt) -> Outcome:
    """Dial, talk, and say how it went. Raises ClaimLost, StoreAway before anything is dialled; TelephonyDown."""
    channel = await customer_channel(attempt)
    if channel is None:
        return await close_left_over(attempt)
    call = open_outbound(attempt, channel)
    came_of_it: Outcome | None = None
    unsaid = None
    async with in_service(attempt.hotline, call):
        try:
            came_of_it = await carry_on(attempt, call, channel)
            if came_of_it is not Outcome.AGENT_LOST:
                await serve(attempt.hotline, call)
        except DialFailed as failed:
            came_of_it = OUTCOMES[failed.reason]
        except NotPermitted as exc:
            came_of_it = Outcome(exc.refused.reason)
            note_refused(attempt.hotline, call, exc.refused)
        except TimeoutError:
            came_of_it = Outcome.AGENT_LOST
        except (ClaimLost, StoreAway) as exc:  # `dialling` could not be written: nothing was sent
            unsaid = exc
    if attempt.told:
        await attempt.told
    if unsaid:
        raise unsaid
    owe_what_was_wished(attempt, call.state)
    return came_of_it or attempt.said or outcome_of_attempt(call.state, attempt.due.kind)


async def carry_on(attempt: Attempt, call: Call, channel: DialledChannel) -> Outcome | None:
    """Do what the kind of the call asks for, up to where the common loop goes on. An outcome: that was all, and the
    customer had no part in it. Raises DialFailed, ChannelGone (customer), TimeoutError (no agent in time)."""
    if call.partner:  # a talk that outlived its controller
        attempt.sent = True
        return None
    if attempt.in_turn:
        await attempt.in_turn(call, channel)
        return None
    if attempt.due.kind is DueCallKind.CALLBACK and not attempt.due.resume:
        return await callback(attempt, call, channel)
    await customer_first(attempt, call, channel)
    return None


def outcome_of_attempt(state: CallState, kind: DueCallKind) -> Outcome:
    """How an attempt went whose customer was reached, and said nothing that decides it."""
    led_on = Outcome.TRANSFERRED if kind is DueCallKind.REMINDER else Outcome.TALKED
    if state.talks:
        return led_on
    return Outcome.HUNG_UP if state.parted_by == "caller" or state.queue is None else led_on


async def customer_channel(attempt: Attempt) -> DialledChannel | None:
    """The customer's channel, not dialled yet; on a resumed attempt the one that is still there, or None."""
    telephony, due = attempt.hotline.telephony, attempt.due
    if due.resume:
        live = await telephony.find_channel(attempt.channel_id)
        return telephony.adopt_channel(live) if live else None
    destination = await permit(attempt)
    caller_id = attempt.hotline.site.trunk.caller_id
    return await telephony.prepare_out(destination, channel_id=attempt.channel_id, caller_id=caller_id)


async def close_left_over(attempt: Attempt) -> Outcome:
    """The customer has gone, before this controller came or after: an end on record, and the agent is free."""
    left, said = attempt.left_over, attempt.visit.said if attempt.visit else None
    if left is None:
        return said or Outcome.LOST
    state = left.state
    if not left.ended:
        hotline = attempt.hotline
        end = CallEnded(call_id=state.call_id, at=hotline.now(), ended_by="caller", outcome=outcome_of(state))
        hotline.tickets.record(end)
        if left.held.third:
            await release(hotline, state.call_id, left.held.third)
        if left.partner:
            await part(hotline, state.call_id, left.partner)
    attempt.said = said
    owe_what_was_wished(attempt, state)
    return said or (Outcome.TALKED if state.talks else Outcome.LOST)


def owe_what_was_wished(attempt: Attempt, state: CallState) -> None:
    """Who asked for a change of the visit and has talked with nobody is called back."""
    if attempt.said is Outcome.CHANGED and attempt.visit and not state.talks:
        owe_a_call(attempt.hotline, state, attempt.visit)


def open_outbound(attempt: Attempt, channel: DialledChannel) -> Call:
    """The call of this attempt, on the ticket that it belongs to, or on one of its own (TKT-1)."""
    hotline, due = attempt.hotline, attempt.due
    left = attempt.left_over
    if left and not left.ended:
        return adopted(hotline, left.call, channel, left.held)
    queue = hotline.site.queue(due.queue)
    line = next((line for line in hotline.site.lines if line.kind == queue.kind), hotline.site.lines[0])
    hotline.tickets.open(
        call_id=attempt.call_id,
        channel_id=channel.id,
        direction="outbound",
        dnis=due.number_key,
        ani=due.number_key,
        caller_name="",
        line=line.kind,
        at=hotline.now(),
        ticket=TicketNumber(due.ticket) if due.ticket else None,
        due_call=str(due.id),
        promised=due.kind is not DueCallKind.QUEUE_CALLBACK,
    )
    return Call(channel, hotline.tickets.calls.get(attempt.call_id), line)


async def reach(attempt: Attempt, call: Call, channel: DialledChannel) -> None:
    """Dial the customer, once, and wait for the answer. Raises DialFailed, NotPermitted."""
    hotline, due = attempt.hotline, attempt.due
    if not due.resume:
        await permit(attempt)
        await attempt.table.dialling(due, channel.id, call_id=call.id, ticket=call.ticket)
    attempt.sent = True
    log.info("A due call is being dialled.", extra={"action": "due_dialling", "call_id": call.id})
    await channel.dial(hotline.site.outbound.ring_timeout_s)
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


async def customer_first(attempt: Attempt, call: Call, channel: DialledChannel) -> None:
    """A reminder; or a callback taken over from a controller that died, whose customer now waits for an agent."""
    hotline, due = attempt.hotline, attempt.due
    await reach(attempt, call, channel)
    await channel.hush()
    if not isinstance(call.state.plan, DialOut):  # the controller before this one has led the customer on
        attempt.said = attempt.visit.said if attempt.visit else None
    elif due.kind in (DueCallKind.CALLBACK, DueCallKind.QUEUE_CALLBACK):
        lead_to_people(hotline, call, due.queue, since=due.queued_at)
    elif attempt.visit:
        attempt.said = await talk_about_visit(hotline, call, attempt.visit)
    else:
        attempt.said = await remind(attempt, call)


async def remind(attempt: Attempt, call: Call) -> Outcome | None:
    """A reminder that is about no booking of ours: confirmed with 1, to be changed with 2; 0 leads to a person."""
    hotline = attempt.hotline
    for _ in range(REMINDER_TRIES):
        match await ask(call.channel, ["reminder-intro", "reminder-menu"]):
            case "1":
                return noted(hotline, call, "confirmed", "客户按键确认了预约", "reminder-confirmed")
            case "2":
                return noted(hotline, call, "changed", "客户按键要求更改预约", "reminder-change")
            case "0":
                lead_to_people(hotline, call, attempt.due.queue)
                return None
            case _:
                continue
    hang_up_with(hotline, call, "no_answer_given", "goodbye")
    return Outcome.HUNG_UP


def noted(hotline: Hotline, call: Call, outcome: Literal["confirmed", "changed"], text: str, prompt: str) -> Outcome:
    """The customer's key, on the ticket first, then spoken back: nobody is called again who has answered."""
    hotline.tickets.record(CallNoted(call_id=call.id, at=hotline.now(), action=f"reminder_{outcome}", text=text))
    hang_up_with(hotline, call, outcome, prompt, "goodbye")
    return Outcome(outcome)


async def callback(attempt: Attempt, call: Call, channel: DialledChannel) -> Outcome | None:
    """Agent first: sees the card, presses accept, is rung; only then is the customer dialled (TKT-5)."""
    hotline = attempt.hotline
    hotline.tickets.record(CallQueued(call_id=call.id, at=hotline.now(), queue=attempt.due.queue))
    partner = await find_accepting_agent(attempt, call)
    call.partner = partner
    try:
        await partner.leg.say(["please-wait"])
        await partner.leg.ring()
        await partner.leg.until(reach(attempt, call, channel))
    except ChannelGone as gone:
        if gone.channel_id != partner.leg.id:
            raise
        return Outcome.AGENT_LOST
    await call.channel.say(callback_words(hotline))
    call.introduced = True
    return None


def callback_words(hotline: Hotline) -> list[str]:
    """Who calls, and the recording notice (TEL-10)."""
    notice = hotline.site.recording.enabled and hotline.site.recording.notice
    return ["callback-customer", "recording-notice"] if notice else ["callback-customer"]


async def find_accepting_agent(attempt: Attempt, call: Call) -> Partner:
    """The longest idle agent who accepts on the page and then answers the telephone; else not ready (RONA)."""
    assert call.queue and call.state.queued_at, "a callback is queued before it looks for an agent"
    hotline, due = attempt.hotline, attempt.due
    queue = hotline.site.queue(call.queue)
    points = hotline.site.routing.promised_points
    with hotline.acd.enqueue(call.id, call.queue, call.state.queued_at, points=points) as place:
        while True:
            reservation, *others = await asyncio.wait_for(place.reserved(), queue.max_wait_s)
            for other in others:  # one card on one desk: a callback is nobody's race
                hotline.acd.released(other)
            agent_id = reservation.agent_id
            leg_id = call.next_agent_leg(agent_id)
            with attempt.accepts.expected(due.id, agent_id) as accepted:
                at = hotline.now()
                offered = AgentOffered(call_id=call.id, at=at, agent=agent_id, channel_id=leg_id, asks=True)
                hotline.tickets.record(offered)
                said_yes = await accepted.within(hotline.site.outbound.accept_timeout_s)
            if not said_yes:
                miss(hotline, call, reservation, "not_accepted")
                continue
            answer = await ring_agent(hotline, call, reservation, leg_id=leg_id, watch=call.channel.until)
            if isinstance(answer, PickedUp):
                return answered(hotline, call, reservation, answer)
