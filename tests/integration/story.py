"""The journal of a running system as tests wait for it: events by kind, by caller, until enough of them are there."""

import asyncio
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import TypeVar

from config.paths import DataDir
from crm.journal.events import AgentStateChanged, AnyEvent, CallArrived, CallEvent, Event
from tests.integration.harness.invariants import journal_events

E = TypeVar("E", bound=Event)
POLL_S = 0.03


class Story:
    """What has been written down so far; read anew at every question."""

    def __init__(self, data: DataDir) -> None:
        self._data = data

    @property
    def events(self) -> list[AnyEvent]:
        return journal_events(self._data) if self._data.journal.exists() else []

    def of(self, kind: type[E], *, since: datetime | None = None) -> list[E]:
        """The events of a kind, in the order of the journal."""
        return [event for event in self.events if isinstance(event, kind) and (since is None or event.at >= since)]

    def call_of(self, number: str) -> str:
        """The id of the one call from a number. Raises AssertionError unless there is exactly one."""
        ids = [event.call_id for event in self.of(CallArrived) if event.ani == number]
        assert len(ids) == 1, f"{number} has {len(ids)} calls"
        return ids[0]

    def call_events(self, call_id: str) -> list[AnyEvent]:
        return [event for event in self.events if isinstance(event, CallEvent) and event.call_id == call_id]

    def states(self, agent: str) -> list[AgentStateChanged]:
        """An agent's life."""
        return [event for event in self.of(AgentStateChanged) if event.agent == agent]

    async def until(self, enough: "Callable[[Story], bool]", timeout_s: float, what: str) -> None:
        """Raises AssertionError naming what was waited for."""
        deadline = asyncio.get_running_loop().time() + timeout_s
        while not enough(self):
            if asyncio.get_running_loop().time() > deadline:
                raise AssertionError(f"waited {timeout_s:g} s for {what}; last events: {list(self._last())}")
            await asyncio.sleep(POLL_S)

    async def until_count(self, kind: type[E], number: int, timeout_s: float = 10.0) -> list[E]:
        """The events of a kind, once there are so many."""
        await self.until(lambda story: len(story.of(kind)) >= number, timeout_s, f"{number} {kind.__name__}")
        return self.of(kind)

    def _last(self) -> Iterator[str]:
        return (repr(event) for event in self.events[-8:])
