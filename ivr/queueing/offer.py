"""From the queue to an agent who has answered (flow): wait, offer, ring, and again with the next one. TEL-5, RONA.

The caller keeps the place until somebody answers; the agent who did not is not ready (RONA). Where all are rung, the
first who answers has the call, and the others are free again at once.
"""

import asyncio
from contextlib import suppress
from typing import Any

from config.schema import Queue
from ivr.live.call import Call
from ivr.live.hotline import Hotline
from ivr.live.parties import Held, Partner, Turn
from ivr.live.waiting import CalledAway, Elsewhere
from ivr.queueing.announcer import Announcer, CallerChoice, announcing
from ivr.queueing.overflow import Lookout, MovedOn
from ivr.queueing.ring import PickedUp, answered, ring_agent, stop_ringing
from routing.acd import Place

Leaves = MovedOn | CallerChoice | CalledAway
"""How a caller leaves the queue without an agent, and without hanging up."""


async def find_agent(
    hotline: Hotline,
    call: Call,
    queue: Queue,
    elsewhere: Elsewhere,
    turn: Turn | None = None,
    *,
    coming_in: bool = False,
) -> Partner | Leaves:
    """Wait in `queue` until an agent answers, or the caller goes elsewhere; not while a telephone rings for the call.

    Raises ChannelGone (caller).
    """
    lookout = Lookout(hotline, call, queue, coming_in=coming_in)
    held, words = (turn.held, turn.words) if turn else ((), ("please-wait",))
    with turn.place if turn else place_of(hotline, call) as place:
        async with announcing(hotline, call, queue, words) as announcer:
            while True:
                if not held:
                    found = await wait_for_turn(call, place, announcer, lookout, elsewhere)
                    if isinstance(found, Leaves):
                        return found
                    held = found
                announcer.agent_rings(True)
                if partner := await offer(hotline, call, held):
                    return partner
                announcer.agent_rings(False)
                held = ()


def place_of(hotline: Hotline, call: Call) -> Place:
    """The call's place in its queue, by its wait clock."""
    assert call.queue and call.state.queued_at, "a call is queued before it has a place"
    return hotline.acd.enqueue(
        call.id, call.queue, call.state.queued_at, points=call.points, needs=call.needs, preferred=call.preferred
    )


async def wait_for_turn(
    call: Call, place: Place, announcer: Announcer, lookout: Lookout, elsewhere: Elsewhere
) -> Held | Leaves:
    """The agents held for this call, as soon as it is its turn, or where it goes instead. Looking out costs no turn."""
    turn = place.turn()
    either: set[asyncio.Future[Any]] = {turn, announcer.wish, elsewhere.told}
    try:
        patience = look_out(announcer, lookout, elsewhere)
        while isinstance(patience, float) and not turn.done():
            with suppress(TimeoutError):
                happened = asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
                await call.channel.until(happened, timeout_s=patience)
            if not turn.done():
                patience = look_out(announcer, lookout, elsewhere)
        return turn.result() if isinstance(patience, float) else patience
    finally:
        place.stop_waiting()


def look_out(announcer: Announcer, lookout: Lookout, elsewhere: Elsewhere) -> float | Leaves:
    """For how many seconds to wait before looking again, or how the caller leaves."""
    if elsewhere.wish:
        return elsewhere.wish
    return announcer.wish.result() if announcer.wish.done() else lookout.patience()


async def offer(hotline: Hotline, call: Call, held: Held) -> Partner | None:
    """The first of these agents who answers, or None when nobody could be had. Raises ChannelGone (caller)."""
    if len(held) == 1:
        answer = await ring_agent(hotline, call, held[0], watch=call.channel.until)
        return answered(hotline, call, held[0], answer) if isinstance(answer, PickedUp) else None
    rings = {asyncio.ensure_future(ring_agent(hotline, call, each, watch=call.channel.until)): each for each in held}
    pending = set(rings)
    winner: Partner | None = None
    try:
        while pending and winner is None:
            done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
            for ring in sorted(done, key=lambda ring: held.index(rings[ring])):
                answer = ring.result()
                if isinstance(answer, PickedUp) and winner is None:
                    winner = answered(hotline, call, rings[ring], answer)
                elif isinstance(answer, PickedUp):
                    await stop_ringing(hotline, call, rings[ring], answer.leg, "answered_elsewhere")
    finally:
        for ring in pending:
            ring.cancel()
        await asyncio.gather(*rings, return_exceptions=True)
    return winner
