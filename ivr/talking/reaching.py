"""Reaching whom a call is handed to (flow): a colleague, the next agent of a queue, a number outside. TEL-5.

While somebody is rung the caller waits or the agent listens. Who is reached comes back as a `Partner`, answered.
"""

import asyncio
import logging

from config.destination import Destination, NotDialled
from config.ids import AgentId, CallId, QueueName
from crm.journal.events import NotReachedReason, OutsideAnswered, OutsideRang
from ivr.caller.may_dial import (
    EnoughDialled,
    enough_dialled,
    may_dial,
    note_enough,
    note_refused,
    permit_dial,
)
from ivr.live.call import Call
from ivr.live.dial_ledger import Wish
from ivr.live.hotline import Hotline
from ivr.live.parties import NotReached, Partner, Target
from ivr.live.talks import LimitReached, NotDialable, Refused
from ivr.port.numbers import masked
from ivr.port.values import DialFailed, DialOutcome, TelephonyError
from ivr.queueing.ring import PickedUp, answered, ring_agent
from routing.agent import AgentState, IllegalTransition, Reservation

log = logging.getLogger(__name__)

OUTSIDE_REASONS: dict[DialOutcome, NotReachedReason] = {
    DialOutcome.BUSY: "busy",
    DialOutcome.NO_ANSWER: "no_answer",
    DialOutcome.REJECTED: "rejected",
    DialOutcome.UNREACHABLE: "unreachable",
    DialOutcome.CANCELLED: "cancelled",
    DialOutcome.CONGESTED: "congested",
}


Reached = Partner | NotReached


def start_reaching(hotline: Hotline, call: Call, target: Target) -> "asyncio.Task[Reached]":
    """Ring the target from now on; a colleague belongs to this call at once. Raises Refused."""
    held = reserve(hotline, call, target)
    return asyncio.create_task(reach(hotline, call, target, held), name=f"reaching for {call.id}")


async def check_number(hotline: Hotline, call: Call, target: Target) -> None:
    """Raises NotDialable for a number outside that may not be dialled, LimitReached for one that may not be dialled
    now, and writes down that it was asked for."""
    if target.kind != "number":
        return
    judged = await may_dial(hotline, target.to)
    if isinstance(judged, NotDialled):
        note_refused(hotline, call, judged)
        raise NotDialable(judged)
    if met := enough_dialled(hotline, transfer_wish(target, judged)):
        note_enough(hotline, call, target.to, met)
        raise LimitReached(met, hotline.site.zone)


def transfer_wish(target: Target, destination: Destination) -> Wish:
    """A transfer counts for the agent who asked for it. Whoever is rung is wanted in a talk that goes on."""
    return Wish(destination=destination, purpose="transfer", by=target.by, asked=True)


def reserve(hotline: Hotline, call: Call, target: Target) -> Reservation | None:
    """What can be said at once: there is no such party, or that colleague is not free. Raises Refused."""
    site = hotline.site
    match target.kind:
        case "agent":
            queues = {agent.agent_id: agent.queues for agent in hotline.acd.agents()}.get(AgentId(target.to))
            if not queues:
                raise Refused(f"no queue has an agent {target.to}")
            queue = call.queue if call.queue in queues else queues[0]
            assert queue
            try:
                return hotline.acd.take(AgentId(target.to), call.id, queue)
            except IllegalTransition:
                state = hotline.acd.agent(AgentId(target.to)).state
                words = "in wrap-up" if state is AgentState.WRAP_UP else state.value.replace("_", " ")
                raise Refused(f"agent {target.to} is {words} and cannot take the call") from None
        case "queue" if target.to not in {queue.name for queue in site.queues}:
            raise Refused(f"there is no queue {target.to!r}")
        case "line" if site.line_for(target.to) is None:
            raise Refused(f"no line has the number {target.to!r}")
        case "number" if site.trunk.outbound is None:
            raise Refused("this site has no way to dial out (trunk.outbound)")
        case _:
            return None


async def reach(hotline: Hotline, call: Call, target: Target, held: Reservation | None) -> Reached:
    """Ring until somebody answers. Cancelled: whoever rings is let go."""
    match target.kind:
        case "agent":
            assert held, "an agent is reserved before the telephone rings"
            return await ring_colleague(hotline, call, held)
        case "number":
            return await ring_outside(hotline, call, target)
        case _:
            line = hotline.site.line_for(target.to) if target.kind == "line" else None
            return await ring_next(hotline, call, QueueName(line.fallback_queue if line else target.to))


async def ring_colleague(hotline: Hotline, call: Call, reservation: Reservation) -> Reached:
    """Ring one agent, as for any call."""
    answer = await ring_agent(hotline, call, reservation)
    return answered(hotline, call, reservation, answer) if isinstance(answer, PickedUp) else answer


async def ring_outside(hotline: Hotline, call: Call, target: Target) -> Reached:
    """Ring a number through the trunk, under the site's own number."""
    site, leg, number = hotline.site, None, target.to
    judged = await may_dial(hotline, number)
    if isinstance(judged, NotDialled):  # since it was asked for
        note_refused(hotline, call, judged)
        return NotReached("not_dialled")
    log.info("handing on to %s", masked(number), extra={"action": "transfer_outside", "call_id": call.id})
    leg_id = call.next_outside_leg()
    hotline.tickets.record(OutsideRang(call_id=call.id, at=hotline.now(), number=number, channel_id=leg_id))
    try:
        leg = await hotline.telephony.prepare_out(judged, channel_id=leg_id, caller_id=site.trunk.caller_id)
        await leg.dial(
            permit_dial(hotline, call.id, transfer_wish(target, judged), leg_id), site.outbound.ring_timeout_s
        )
        answered_at = await leg.answered()
    except DialFailed as failed:
        return NotReached(OUTSIDE_REASONS[failed.reason])
    except EnoughDialled as enough:  # since it was asked for
        note_enough(hotline, call, number, enough.met)
        if leg:
            await leg.hangup()
        return NotReached("not_dialled")
    except BaseException:
        if leg:
            await leg.hangup()
        raise
    hotline.tickets.record(OutsideAnswered(call_id=call.id, at=answered_at, number=number))
    return Partner(leg, None, number=number)


async def ring_next(hotline: Hotline, call: Call, queue: QueueName) -> Reached:
    """Ring whoever is next in that queue, for the agent who asks in the caller's stead, for its longest wait."""
    rules = hotline.site.queue(queue)
    try:
        async with asyncio.timeout(rules.max_wait_s):
            with hotline.acd.enqueue(call.id, queue, hotline.now(), points=call.points) as place:
                while True:
                    reservation, *others = await place.reserved()
                    for other in others:
                        hotline.acd.released(other)
                    if isinstance(found := await ring_colleague(hotline, call, reservation), Partner):
                        return found
    except TimeoutError:
        return NotReached("no_answer")


async def stop_reaching(hotline: Hotline, call_id: CallId, reaching: "asyncio.Task[Reached]") -> None:
    """Stop the ringing, for nobody wants the target any more; hang up one who has just answered."""
    reaching.cancel()
    await asyncio.wait([reaching])
    if reaching.cancelled():
        return
    if failure := reaching.exception():
        log.warning("A party could not be let go: %r", failure, extra={"action": "let_go", "call_id": call_id})
        return
    if isinstance(reached := reaching.result(), Partner):
        await release(hotline, call_id, reached)


async def release(hotline: Hotline, call_id: CallId, partner: Partner) -> None:
    """Take this party out of the call: an agent's wrap-up begins, the leg is hung up."""
    if partner.reservation:
        hotline.acd.talk_ended(partner.reservation)
    try:
        await partner.leg.hangup()
    except TelephonyError:
        log.exception("A leg could not be hung up.", extra={"action": "leg_left", "call_id": call_id})
