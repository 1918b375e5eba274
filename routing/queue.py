"""Queues: their rules, their waiting calls, and whose turn it is (rules: no clock, no I/O). A queue is a list (D4).

Order of service. Priority is counted in points. Each `ageing_s` seconds of waiting are worth one point, so that nobody
starves; as everybody ages alike, the order of two calls never changes while they wait, and a rank can be computed once:
a call with p points is served as if it had come p x ageing_s seconds earlier. Without ageing, points go before time.
"""

import heapq
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import NamedTuple

from msgspec import Struct

from config.ids import AgentId, CallId, QueueName

Needs = tuple[tuple[str, int], ...]
"""What a call needs of an agent: skills, each with its lowest level, sorted by skill."""

ANYBODY: Needs = ()
_STALE_KEPT = 16


class Strategy(Enum):
    """Which of the idle agents who have the skills gets a call. Ties go to the longest idle."""

    LONGEST_IDLE = "longest_idle"
    LEAST_OCCUPIED = "least_occupied"
    """The smallest share of the time since login spent with calls, as it was when the agent became idle."""
    ROUND_ROBIN = "round_robin"
    """Who had a call of this queue longest ago; at first in the order of the queue's list."""
    LINEAR = "linear"
    """Always the first idle one of the queue's list."""
    MOST_SKILLED = "most_skilled"
    """The largest sum of levels in the skills that the call needs."""
    RING_ALL = "ring_all"
    """All of them at once; the first who answers has the call."""


def needs_of(*levels: Mapping[str, int]) -> Needs:
    """Several demands made one: for each skill the highest level asked for."""
    merged: dict[str, int] = {}
    for each in levels:
        for skill, level in each.items():
            merged[skill] = max(level, merged.get(skill, 0))
    return tuple(sorted(merged.items()))


def has_skills(skills: Mapping[str, int], needs: Needs) -> bool:
    return all(skills.get(skill, 0) >= level for skill, level in needs)


@dataclass(frozen=True, kw_only=True)
class Relaxation:
    """After so many seconds of waiting these needs replace the queue's own (bullseye rings)."""

    after_s: float
    needs: Needs = ANYBODY


@dataclass(frozen=True, kw_only=True)
class QueueRules:
    """What the ACD needs to know of a queue. Times in seconds."""

    name: QueueName
    agents: tuple[AgentId, ...]
    priority: int = 0
    wrap_up_s: float = 0.0
    strategy: Strategy = Strategy.LONGEST_IDLE
    needs: Needs = ANYBODY
    relax: tuple[Relaxation, ...] = ()
    preferences: Mapping[AgentId, int] = field(default_factory=dict)
    """How far an agent is from this queue: 0 (also who is not named) is asked first. For the agent, a call of the
    queue counts that many points less."""
    sticky_s: float = 0.0
    """So long a caller waits for the agent who knows the case, before anybody else is asked."""


class Rank(NamedTuple):
    """The sort key of a waiting call; the smaller one is served first."""

    minus_points: float
    as_of: float
    serial: int
    """Breaks ties between calls of the same instant, in order of arrival."""


@dataclass(frozen=True)
class Ranking:
    """How points and waiting time weigh against each other. `ageing_s` None: points first, then time."""

    ageing_s: float | None = 60.0

    def rank(self, points: float, entered_s: float, serial: int) -> Rank:
        if self.ageing_s is None:
            return Rank(-points, entered_s, serial)
        return Rank(0, entered_s - points * self.ageing_s, serial)

    def seen_from(self, rank: Rank, preference: int) -> Rank:
        """The rank for an agent to whom the call's queue is `preference` points away."""
        if not preference:
            return rank
        if self.ageing_s is None:
            return rank._replace(minus_points=rank.minus_points + preference)
        return rank._replace(as_of=rank.as_of + preference * self.ageing_s)


class Demand(NamedTuple):
    """What calls that the same agents can take have in common. `only`: nobody else than these; empty: all who can."""

    queue: QueueName
    needs: Needs = ANYBODY
    only: tuple[AgentId, ...] = ()


class Stage(NamedTuple):
    """From so many seconds of waiting on, this is asked for."""

    from_s: float
    demand: Demand


def stages(rules: QueueRules, needs: Needs = ANYBODY) -> tuple[Stage, ...]:
    """How the demand of a call widens while it waits (bullseye rings), the first from 0 s on.

    `needs` are the call's own (a language), which are never relaxed.
    """
    own = dict(needs)
    steps = (Relaxation(after_s=0.0, needs=rules.needs), *rules.relax)
    return tuple(Stage(step.after_s, Demand(rules.name, needs_of(dict(step.needs), own))) for step in steps)


class WaitingCall(Struct, frozen=True, kw_only=True):
    """A call that waits. `entered_at` started the wait clock (TEL-2)."""

    call_id: CallId
    queue: QueueName
    entered_at: datetime
    rank: Rank


@dataclass
class WaitingLine:
    """Waiting calls by rank. Adding and taking the first cost O(log n), leaving from within O(1): the heap forgets
    lazily."""

    first: WaitingCall | None = None
    """The call whose turn it is; None when nobody waits."""
    _heap: list[tuple[Rank, CallId]] = field(default_factory=list)
    _present: dict[CallId, WaitingCall] = field(default_factory=dict)

    def add(self, call: WaitingCall) -> None:
        """Put a call in its place. Raises ValueError when it waits already."""
        if call.call_id in self._present:
            raise ValueError(f"call {call.call_id} waits already in queue {call.queue}")
        self._present[call.call_id] = call
        heapq.heappush(self._heap, (call.rank, call.call_id))
        if self.first is None or call.rank < self.first.rank:
            self.first = call
        if len(self._heap) > 2 * len(self._present) + _STALE_KEPT:
            self._heap = [(present.rank, call_id) for call_id, present in self._present.items()]
            heapq.heapify(self._heap)

    def remove(self, call_id: CallId) -> bool:
        """Take a call out wherever it stands; False when it was not waiting."""
        call = self._present.pop(call_id, None)
        if call is self.first:
            self.first = self._next()
        return call is not None

    def _next(self) -> WaitingCall | None:
        while self._present:
            rank, call_id = self._heap[0]
            call = self._present.get(call_id)
            if call is not None and call.rank is rank:
                return call
            heapq.heappop(self._heap)
        return None

    def __len__(self) -> int:
        return len(self._present)

    def __iter__(self) -> Iterator[WaitingCall]:
        """In the order of service."""
        return iter(sorted(self._present.values(), key=lambda call: call.rank))
