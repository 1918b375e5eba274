"""Ringing one agent's telephone for a call (flow): the screen pop first, then the telephone. CUS-2, TEL-1, RONA."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from config.ids import ChannelId
from crm.journal.events import AgentAnswered, AgentMissed, AgentOffered, MissReason
from ivr.live.call import Call
from ivr.live.hotline import Hotline
from ivr.live.parties import NotReached, Partner
from ivr.port.telephony import DialledChannel
from ivr.port.values import DialFailed, DialOutcome
from routing.agent import Reservation

log = logging.getLogger(__name__)

MISS_REASONS: dict[DialOutcome, MissReason] = {
    DialOutcome.NO_ANSWER: "rona",
    DialOutcome.BUSY: "busy",
    DialOutcome.REJECTED: "rejected",
    DialOutcome.UNREACHABLE: "unreachable",
    DialOutcome.CANCELLED: "rona",
    DialOutcome.CONGESTED: "congested",
}
"""Why an offer failed. The agent is not ready after it, unless it was the system's fault."""

AGAIN_S = 2.0
"""After a fault of the system an agent is held for so long before being offered a waiting call again."""


@dataclass(frozen=True)
class PickedUp:
    """An agent's telephone was picked up."""

    leg: DialledChannel
    at: datetime


Watch = Callable[[Awaitable[Any]], Awaitable[Any]]
"""How the answer is waited for: `Channel.until` of a party whose leaving ends the ringing."""


async def ring_agent(
    hotline: Hotline,
    call: Call,
    reservation: Reservation,
    *,
    leg_id: ChannelId | None = None,
    watch: Watch | None = None,
) -> PickedUp | NotReached:
    """Ring the reserved agent for three rings (TEL-1) and wait for the answer. Missed: on record, the agent not ready.

    The card is on the agent's page before the telephone rings: AgentOffered is told first, unless `leg_id` says that it
    was. Cancelled, or ended by `watch`: the telephone stops ringing and the agent is free again at once.
    """
    agent_id, acd = reservation.agent_id, hotline.acd
    if leg_id is None:
        leg_id = call.next_agent_leg(agent_id)
        hotline.tickets.record(AgentOffered(call_id=call.id, at=hotline.now(), agent=agent_id, channel_id=leg_id))
    leg: DialledChannel | None = None
    try:
        leg = await hotline.telephony.dial_agent(
            agent_id,
            channel_id=leg_id,
            caller_id=call.ani,
            ring_timeout_s=hotline.site.queue(reservation.queue).ring_timeout_s,
        )
        acd.ringing(reservation)
        answer = leg.answered()
        return PickedUp(leg, await (watch(answer) if watch else answer))
    except DialFailed as failed:
        reason = MISS_REASONS[failed.reason]
        if failed.reason is DialOutcome.CONGESTED:
            await hold_back(hotline, call, reservation, watch)
        else:
            miss(hotline, call, reservation, reason)
        return NotReached(reason)
    except BaseException as why:
        quicker = watch is not None and isinstance(why, asyncio.CancelledError)
        await stop_ringing(hotline, call, reservation, leg, "answered_elsewhere" if quicker else "caller_hung_up")
        raise


def answered(hotline: Hotline, call: Call, reservation: Reservation, answer: PickedUp) -> Partner:
    """Give the call to this agent."""
    hotline.acd.answered(reservation)
    hotline.tickets.record(AgentAnswered(call_id=call.id, at=answer.at, agent=reservation.agent_id))
    return Partner(answer.leg, reservation)


def miss(hotline: Hotline, call: Call, reservation: Reservation, reason: MissReason) -> None:
    """Make the agent who did not take it not ready, with that reason, until the agent says otherwise."""
    hotline.acd.missed(reservation, reason)
    missed = AgentMissed(call_id=call.id, at=hotline.now(), agent=reservation.agent_id, reason=reason)
    hotline.tickets.record(missed)


async def hold_back(hotline: Hotline, call: Call, reservation: Reservation, watch: Watch | None) -> None:
    """Put on record that the offer failed by a fault of ours, which is no miss of the agent's. In a queue the agent is
    held for a moment, so that all who wait do not try the same in vain at once."""
    congested = AgentMissed(call_id=call.id, at=hotline.now(), agent=reservation.agent_id, reason="congested")
    hotline.tickets.record(congested)
    log.error(
        "The telephone of agent %s could not be called: no audio port or channel was free.",
        reservation.agent_id,
        extra={"action": "agent_leg_congested", "call_id": call.id},
    )
    try:
        if watch:
            await watch(asyncio.sleep(AGAIN_S))
    finally:
        hotline.acd.released(reservation)


async def stop_ringing(
    hotline: Hotline, call: Call, reservation: Reservation, leg: DialledChannel | None, reason: MissReason
) -> None:
    """Free this agent, who is not needed: it is no miss of theirs."""
    hotline.acd.released(reservation)
    missed = AgentMissed(call_id=call.id, at=hotline.now(), agent=reservation.agent_id, reason=reason)
    hotline.tickets.record(missed)
    if leg:
        await leg.hangup()
