"""The line of waiting calls of one queue (rules: no clock, no I/O). A queue is a list, never a bridge (D4).

Order: higher priority first, then the longest waiting. A call offered and not taken goes back to its own place.
"""

import heapq
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from config.ids import AgentId, CallId, QueueName


@dataclass(frozen=True, kw_only=True)
class QueueRules:
    """What the ACD needs to know of a queue. Times in seconds."""

    name: QueueName
    agents: tuple[AgentId, ...]
    priority: int
    wrap_up_s: float


@dataclass(frozen=True, order=True)
class Rank:
    """The sort key of a waiting call; the smaller one is served first."""

    minus_priority: int
    entered_at: datetime
    serial: int
    """Breaks ties between calls of the same instant, in order of arrival."""


@dataclass(frozen=True, kw_only=True)
class WaitingCall:
    call_id: CallId
    queue: QueueName
    rank: Rank

    @property
    def entered_at(self) -> datetime:
        """When the wait clock began (TEL-2)."""
        return self.rank.entered_at


@dataclass
class WaitingLine:
    """Waiting calls by rank. Adding and taking cost O(log n); leaving is O(1), the heap forgets lazily."""

    _heap: list[tuple[Rank, CallId]] = field(default_factory=list)
    _present: dict[CallId, WaitingCall] = field(default_factory=dict)

    def add(self, call: WaitingCall) -> None:
        """Put a call in its place. Raises ValueError when it waits already."""
        if call.call_id in self._present:
            raise ValueError(f"call {call.call_id} waits already in queue {call.queue}")
        self._present[call.call_id] = call
        heapq.heappush(self._heap, (call.rank, call.call_id))

    def remove(self, call_id: CallId) -> bool:
        """Take a call out wherever it stands; False when it was not waiting."""
        return self._present.pop(call_id, None) is not None

    def first(self) -> WaitingCall | None:
        """The call whose turn it is, still waiting; None when nobody waits."""
        while self._heap:
            rank, call_id = self._heap[0]
            call = self._present.get(call_id)
            if call is not None and call.rank == rank:
                return call
            heapq.heappop(self._heap)
        return None

    def __len__(self) -> int:
        return len(self._present)

    def __iter__(self) -> Iterator[WaitingCall]:
        """In the order of service."""
        return iter(sorted(self._present.values(), key=lambda call: call.rank))
