"""From the queue to an agent who has answered (flow): wait, offer, ring, and again with the next one. TEL-5, RONA.

The caller keeps the place until somebody answers; the agent who did not is not ready (RONA). Where all are rung, the
first who answers has the call, and the others are free again at once.
"""

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from config.ids import ChannelId
from config.schema import Queue
from crm.journal.events import AgentAnswered, AgentMissed, AgentOffered
from ivr.call import Call
from ivr.comfort import Company, Wish, company
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

Held = tuple[Reservation, ...]


@dataclass(frozen=True)
class Answer:
    """An agent's telephone was picked up."""

    leg: DialledChannel
    at: datetime


class LeavesQueue(Exception):
    """The caller does not wait any longer, by a wish of their own, and has not hung up."""


class WantsMessage(LeavesQueue):
    """The caller pressed the key to leave a message instead."""


class PlaceKept(LeavesQueue):
    """The caller will be called when it is their turn: the place has been handed on, and they may hang up."""


WISHES: dict[Wish, type[LeavesQueue]] = {Wish.MESSAGE: WantsMessage, Wish.PLACE_KEPT: PlaceKept}


@dataclass(frozen=True)
class Turn:
    """It is this call's turn: its place, which whoever takes it leaves, and the agents held. `words`: said first."""

    place: Place
    held: Held
    words: Sequence[str]


async def find_agent(hotline: Hotline, call: Call, queue: Queue, turn: Turn | None = None) -> Partner:
    """Wait in `queue` until an agent answers. Raises MovedOn, LeavesQueue, ChannelGone (caller)."""
    assert call.queue and call.queued_at, "a call is queued before it looks for an agent"
    lookout = Lookout(hotline, call, queue)
    held, words = (turn.held, turn.words) if turn else ((), ("please-wait",))
    with turn.place if turn else place_of(hotline, call) as place:
        async with company(hotline, call, queue, words) as beside:
            while True:
                held = held or await its_turn(call, place, beside, lookout)
                beside.telephones(ring=True)
                if partner := await offer(hotline, call, queue, held):
                    return partner
                beside.telephones(ring=False)
                held = ()


def place_of(hotline: Hotline, call: Call) -> Place:
    """The call's place in its queue, by its wait clock."""
    assert call.queue and call.queued_at, "a call is queued before it has a place"
    return hotline.acd.enqueue(
        call.id, call.queue, call.queued_at, points=call.points, needs=call.needs, preferred=call.preferred
    )


async def its_turn(call: Call, place: Place, beside: Company, lookout: Lookout) -> Held:
    """The agents held for this call, as soon as it is its turn; looking out costs it no turn.

    Raises MovedOn, or LeavesQueue when the caller wishes otherwise.
    """
    patience_s = look_out(beside, lookout)
    turn = place.turn()
    either: set[asyncio.Future[Any]] = {turn, beside.wish}
    try:
        while not turn.done():
            with suppress(TimeoutError):
                happened = asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
                await call.channel.until(happened, timeout_s=patience_s)
            if not turn.done():
                patience_s = look_out(beside, lookout)
        return turn.result()
    finally:
        place.stop_waiting()


def look_out(beside: Company, lookout: Lookout) -> float:
    """For how many seconds to wait before looking again. Raises MovedOn, LeavesQueue."""
    if beside.wish.done():
        raise WISHES[beside.wish.result()]
    return lookout.patience_s()


async def offer(hotline: Hotline, call: Call, queue: Queue, held: Held) -> Partner | None:
    """The first of these agents who answers, or None when nobody could be had. Raises ChannelGone (caller)."""
    if len(held) == 1:
        answer = await ring_agent(hotline, call, queue, held[0])
        return answered(hotline, call, held[0], answer) if answer else None
    rings = {asyncio.ensure_future(ring_agent(hotline, call, queue, each)): each for each in held}
    pending = set(rings)
    winner: Partner | None = None
    try:
        while pending and winner is None:
            done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
            for ring in sorted(done, key=lambda ring: held.index(rings[ring])):
                answer = ring.result()
                if answer and winner is None:
                    winner = answered(hotline, call, rings[ring], answer)
                elif answer:
                    await too_late(hotline, call, rings[ring], answer.leg)
    finally:
        for ring in pending:
            ring.cancel()
        await asyncio.gather(*rings, return_exceptions=True)
    return winner


def answered(hotline: Hotline, call: Call, reservation: Reservation, answer: Answer) -> Partner:
    """This agent has the call."""
    hotline.acd.answered(reservation)
    hotline.tickets.record(AgentAnswered(call_id=call.id, at=answer.at, agent=reservation.agent_id))
    return Partner(answer.leg, reservation)


async def too_late(hotline: Hotline, call: Call, reservation: Reservation, leg: DialledChannel | None) -> None:
    """Another agent has the call: this one is free again, and it is no miss of theirs."""
    hotline.acd.released(reservation)
    missed = AgentMissed(call_id=call.id, at=hotline.now(), agent=reservation.agent_id, reason="answered_elsewhere")
    hotline.tickets.record(missed)
    if leg:
        await leg.hangup()


async def ring_agent(
    hotline: Hotline, call: Call, queue: Queue, reservation: Reservation, leg_id: ChannelId | None = None
) -> Answer | None:
    """Ring the reserved agent's telephone for three rings (TEL-1). None: missed, on record, and the agent not ready.
    Cancelled: another agent was quicker.

    The card is on the agent's page before the telephone rings (CUS-2): AgentOffered is told first.
    """
    agent_id = reservation.agent_id
    if leg_id is None:
        leg_id = call.next_agent_leg(agent_id)
        hotline.tickets.record(AgentOffered(call_id=call.id, at=hotline.now(), agent=agent_id, channel_id=leg_id))
    leg: DialledChannel | None = None
    try:
        leg = await hotline.telephony.dial_agent(
            agent_id, channel_id=leg_id, caller_id=call.ani, ring_timeout_s=queue.ring_timeout_s
        )
        hotline.acd.ringing(reservation)
        return Answer(leg, await call.channel.until(leg.answered()))
    except DialFailed as failed:
        miss(hotline, call, reservation, MISS_REASONS[failed.reason])
        return None
    except ChannelGone:
        missed = AgentMissed(call_id=call.id, at=hotline.now(), agent=agent_id, reason="caller_hung_up")
        hotline.tickets.record(missed)
        if leg:
            await leg.hangup()
        raise
    except asyncio.CancelledError:
        await too_late(hotline, call, reservation, leg)
        raise


def miss(hotline: Hotline, call: Call, reservation: Reservation, reason: str) -> None:
    """The agent did not take it: not ready, with that reason, until the agent says otherwise."""
    hotline.acd.missed(reservation, reason)
    missed = AgentMissed(call_id=call.id, at=hotline.now(), agent=reservation.agent_id, reason=reason)
    hotline.tickets.record(missed)
