"""Calls that wait for an agent, and how somebody has one of them go elsewhere: to another queue, out of a closed one.

A call belongs to its own task; others say what they wish, and that task leaves its place by itself.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from config.ids import CallId, QueueName


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


class Elsewhere:
    """Where somebody wants one waiting call. For the call's own task, which leaves when no telephone rings for it."""

    def __init__(self) -> None:
        self.told: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Done once somebody wants it elsewhere."""
        self.wish: CalledAway | None = None
        """The latest counts."""

    def call(self, wish: CalledAway) -> None:
        self.wish = wish
        if not self.told.done():
            self.told.set_result(None)


class WaitingCalls:
    """The calls that look for an agent now."""

    def __init__(self) -> None:
        self._calls: dict[CallId, Elsewhere] = {}

    def call_away(self, call_id: CallId, wish: CalledAway) -> None:
        """The latest wish counts; it is dropped when an agent answers first. Raises NotWaiting."""
        if call_id not in self._calls:
            raise NotWaiting(f"call {call_id} does not wait for an agent")
        self._calls[call_id].call(wish)

    @contextmanager
    def entered(self, call_id: CallId) -> Iterator[Elsewhere]:
        """Can be called away for as long as the `with` lasts."""
        self._calls[call_id] = elsewhere = Elsewhere()
        try:
            yield elsewhere
        finally:
            del self._calls[call_id]
