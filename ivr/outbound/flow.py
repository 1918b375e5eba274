"""One attempt at a due call (flow): a callback, agent first, or a reminder, customer first. FUP-1, FUP-6, D6.

The customer's channel is made before the store says `dialling`, and dialled after: so a channel that is missing after a
crash can only be one that was dialled and has ended, and nobody is rung twice (docs/adr/0006).
"""

import logging

from config.ids import TicketNumber
from crm.calls.progress import outcome_of
from crm.calls.state import CallState
from crm.errors import ClaimLost, StoreAway
from crm.followups.model import DueCallKind, Outcome
from crm.journal.events import CallEnded
from crm.journal.steps import DialOut
from ivr.arrivals.adoption import adopted
from ivr.call_flow import in_service, serve
from ivr.caller.may_dial import EnoughDialled, NotPermitted, note_refused
from ivr.caller.routes import lead_to_people
from ivr.live.call import Call
from ivr.outbound.attempt import Attempt, customer_channel, is_meant, reach
from ivr.outbound.promised_callback import callback
from ivr.outbound.reminder import remind
from ivr.outbound.visit_calls import owe_a_call, talk_about_visit
from ivr.port.telephony import DialledChannel
from ivr.port.values import DialFailed, DialOutcome
from ivr.talking.reaching import release
from ivr.talking.talk import part

log = logging.getLogger(__name__)

OUTCOMES = {
    DialOutcome.BUSY: Outcome.BUSY,
    DialOutcome.NO_ANSWER: Outcome.NO_ANSWER,
    DialOutcome.REJECTED: Outcome.REJECTED,
    DialOutcome.UNREACHABLE: Outcome.UNREACHABLE,
    DialOutcome.CANCELLED: Outcome.HUNG_UP,
    DialOutcome.CONGESTED: Outcome.FAULT,
}


async def make_attempt(attempt: Attempt) -> Outcome:
    """Dial, talk, and say how it went. Raises ClaimLost, StoreAway, EnoughDialled before anything is dialled;
    TelephonyDown."""
    channel = await customer_channel(attempt)
    if channel is None:
        return await close_left_over(attempt)
    call = open_outbound(attempt, channel)
    came_of_it: Outcome | None = None
    unsaid: Exception | None = None
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
        except (ClaimLost, StoreAway, EnoughDialled) as exc:  # nothing was sent
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
    if state.talks or state.outcome == "answered":
        return led_on
    return Outcome.HUNG_UP if state.parted_by == "caller" or state.queue is None else led_on


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


async def customer_first(attempt: Attempt, call: Call, channel: DialledChannel) -> None:
    """A reminder; or a callback taken over from a controller that died, whose customer now waits for an agent."""
    hotline, due = attempt.hotline, attempt.due
    await reach(attempt, call, channel)
    await channel.hush()
    if not call.state.talks and not await is_meant(attempt, call):
        return
    if not isinstance(call.state.plan, DialOut):  # the controller before this one has led the customer on
        attempt.said = attempt.visit.said if attempt.visit else None
    elif due.kind in (DueCallKind.CALLBACK, DueCallKind.QUEUE_CALLBACK):
        lead_to_people(hotline, call, due.queue, since=due.queued_at)
    elif attempt.visit:
        attempt.said = await talk_about_visit(hotline, call, attempt.visit)
    else:
        attempt.said = await remind(attempt, call)
