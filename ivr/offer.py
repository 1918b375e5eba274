"""From the queue to an agent who has answered (flow): wait, offer, ring, and again with the next one. TEL-5, RONA.

The caller keeps the place until somebody answers; the agent who did not is not ready (RONA).
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from config.ids import ChannelId
from config.schema import Queue
from crm.events import AgentAnswered, AgentMissed, AgentOffered
from ivr.call import Call
from ivr.hotline import Hotline
from ivr.overflow import Lookout
from ivr.talks import Partner
from ivr.telephony import ChannelGone, DialFailed, DialledChannel, DialOutcome
from routing.acd import Place
from routing.agent import Reservation

log = logging.getLogger(__name__)

MISS_REASONS = {
    DialOutcome.NO_ANSWER: "rona",
    DialOutcome.BUSY: "busy",
    DialOutcome.REJECTED: "rejected",
    DialOutcome.UNREACHABLE: "unreachable",
    DialOutcome.CANCELLED: "rona",
}
"""Why an agent is not ready after an offer that failed."""


async def find_agent(hotline: Hotline, call: Call, queue: Queue) -> Partner:
    """Wait in `queue` from `call.queued_at` on, until an agent answers. Raises MovedOn, ChannelGone (caller)."""
    assert call.queue and call.queued_at, "a call is queued before it looks for an agent"
    lookout = Lookout(hotline, call, queue)
    with hotline.acd.enqueue(
        call.id, call.queue, call.queued_at, points=call.points, needs=call.needs, preferred=call.preferred
    ) as place:
        async with comfort(hotline, call):
            while True:
                reservation, *others = await its_turn(call, place, lookout)
                for other in others:
                    hotline.acd.released(other)
                if leg := await offer(hotline, call, queue, reservation):
                    return Partner(leg, reservation)


async def its_turn(call: Call, place: Place, lookout: Lookout) -> tuple[Reservation, ...]:
    """The agents held for this call, as soon as it is its turn. Raises MovedOn; looking out costs it no turn."""
    turn = asyncio.ensure_future(place.reserved())
    try:
        while not turn.done():
            patience_s = lookout.patience_s()
            with suppress(TimeoutError):
                await call.channel.until(asyncio.wait([turn]), timeout_s=patience_s)
        return turn.result()
    finally:
        if not turn.done():
            turn.cancel()
            await asyncio.wait([turn])


async def offer(hotline: Hotline, call: Call, queue: Queue, reservation: Reservation) -> DialledChannel | None:
    """The reserved agent's answered leg, or None when the agent could not be had.

    The card is on the agent's page before the telephone rings (CUS-2): AgentOffered is told first.
    """
    agent_id = reservation.agent_id
    leg_id = call.next_agent_leg(agent_id)
    hotline.tickets.record(AgentOffered(call_id=call.id, at=hotline.now(), agent=agent_id, channel_id=leg_id))
    return await ring_agent(hotline, call, queue, reservation, leg_id)


async def ring_agent(
    hotline: Hotline, call: Call, queue: Queue, reservation: Reservation, leg_id: ChannelId
) -> DialledChannel | None:
    """Ring the reserved agent's telephone for three rings (TEL-1). None: missed, on record, and the agent not ready."""
    agent_id = reservation.agent_id
    leg: DialledChannel | None = None
    try:
        leg = await hotline.telephony.dial_agent(
            agent_id, channel_id=leg_id, caller_id=call.ani, ring_timeout_s=queue.ring_timeout_s
        )
        hotline.acd.ringing(reservation)
        answered_at = await call.channel.until(leg.answered())
    except DialFailed as failed:
        miss(hotline, call, reservation, MISS_REASONS[failed.reason])
        return None
    except ChannelGone:
        missed = AgentMissed(call_id=call.id, at=hotline.now(), agent=agent_id, reason="caller_hung_up")
        hotline.tickets.record(missed)
        if leg:
            await leg.hangup()
        raise
    hotline.acd.answered(reservation)
    hotline.tickets.record(AgentAnswered(call_id=call.id, at=answered_at, agent=agent_id))
    return leg


def miss(hotline: Hotline, call: Call, reservation: Reservation, reason: str) -> None:
    """The agent did not take it: not ready, with that reason, until the agent says otherwise."""
    hotline.acd.missed(reservation, reason)
    missed = AgentMissed(call_id=call.id, at=hotline.now(), agent=reservation.agent_id, reason=reason)
    hotline.tickets.record(missed)


@asynccontextmanager
async def comfort(hotline: Hotline, call: Call) -> AsyncIterator[None]:
    """What the caller hears while waiting: 请您稍等, then music, and an apology when it gets long (TEL-5)."""
    task = asyncio.create_task(_comfort(hotline, call), name=f"comfort {call.id}")
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])
        failure = None if task.cancelled() else task.exception()
        if failure and not isinstance(failure, ChannelGone):
            log.error("Waiting music failed: %s", failure, extra={"action": "comfort_failed", "call_id": call.id})


async def _comfort(hotline: Hotline, call: Call) -> None:
    rules = hotline.site.wait
    prompts, silence_s = ["please-wait"], rules.sorry_after_s
    while True:
        await call.channel.say(prompts)
        try:
            await call.channel.start_music()
            await asyncio.sleep(silence_s)
        finally:
            await call.channel.stop_music()
        prompts, silence_s = ["sorry-waited"], rules.sorry_every_s
