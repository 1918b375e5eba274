"""Calls that wait for an agent, and how somebody has one of them go elsewhere: to another queue, out of a closed one.

A call belongs to its own task; others say what they wish, and that task leaves its place by itself.
"""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, TypeVar

from config.ids import CallId, QueueName

T = TypeVar("T")

LOOK_AGAIN_S = 0.2
"""While an agent's telephone rings for a call nothing is done with it: so often it is seen whether that is over."""


@dataclass(frozen=True)
class Moved:
    """Somebody puts the waiting call into another queue. It keeps the time of its arrival."""

    queue: QueueName
    by: str


@dataclass(frozen=True)
class TurnedAway:
    """Its queue has been closed."""


CalledAway = Moved | TurnedAway
"""How somebody has a call leave the queue that it waits in."""


class NotWaiting(Exception):
    """There is no such call, or it waits for nobody now."""


class WaitingCalls:
    """The calls that look for an agent now."""

    def __init__(self) -> None:
        self._wishes: dict[CallId, asyncio.Future[CalledAway]] = {}

    def call_away(self, call_id: CallId, wish: CalledAway) -> None:
        """The latest wish counts; it is dropped when an agent answers first. Raises NotWaiting."""
        if call_id not in self._wishes:
            raise NotWaiting(f"call {call_id} does not wait for an agent")
        if self._wishes[call_id].done():
            self._wishes[call_id] = asyncio.get_running_loop().create_future()
        self._wishes[call_id].set_result(wish)

    async def unless_called_away(
        self, call_id: CallId, waits: Callable[[], bool], looking: Coroutine[Any, Any, T]
    ) -> T | CalledAway:
        """The result of looking for an agent, or what somebody wished, once nobody's telephone rings for the call
        (`waits`)."""
        self._wishes[call_id] = asyncio.get_running_loop().create_future()
        search = asyncio.ensure_future(looking)
        try:
            either: set[asyncio.Future[Any]] = {search, self._wishes[call_id]}
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            while not search.done() and not waits():
                await asyncio.wait({search}, timeout=LOOK_AGAIN_S)
            if not search.done():
                await _end(search)
            if search.cancelled():  # not so when an agent answered, or the caller left, in that very instant
                return self._wishes[call_id].result()
            return search.result()
        finally:
            del self._wishes[call_id]
            await _end(search)


async def _end(search: "asyncio.Task[T]") -> None:
    if not search.done():
        search.cancel()
        await asyncio.wait({search})
