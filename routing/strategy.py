"""Which idle agent comes first, as a sort key made once, when the agent becomes idle (rules). TEL-2, issue 3.

A key never changes while the agent is idle, so idle agents can stand in heaps.
"""

import heapq
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from config.ids import AgentId, QueueName
from routing.queue import Needs, Strategy

_STALE_KEPT = 16


class Seat(NamedTuple):
    """An agent in a queue, as far as one demand is concerned."""

    preference: int
    place: int
    """Place in the queue's list."""
    level: int
    """Sum of the levels in the skills asked for."""


class IdleSpell(NamedTuple):
    """One stretch of idleness. `since` counts up: the smaller, the longer idle. `occupancy` 0…1 when it began."""

    since: int
    occupancy: float
    turns: Mapping[QueueName, int]
    """When the agent last had a call of each queue, counted up; absent: never."""


Key = tuple[float, ...]


def level_of(skills: Mapping[str, int], needs: Needs) -> int:
    return sum(skills.get(skill, 0) for skill, _ in needs)


def _longest_idle(queue: QueueName, seat: Seat, spell: IdleSpell) -> Key:
    return (seat.preference, spell.since)


def _least_occupied(queue: QueueName, seat: Seat, spell: IdleSpell) -> Key:
    return (seat.preference, spell.occupancy, spell.since)


def _round_robin(queue: QueueName, seat: Seat, spell: IdleSpell) -> Key:
    return (seat.preference, spell.turns.get(queue, -1), seat.place)


def _linear(queue: QueueName, seat: Seat, spell: IdleSpell) -> Key:
    return (seat.preference, seat.place)


def _most_skilled(queue: QueueName, seat: Seat, spell: IdleSpell) -> Key:
    return (seat.preference, -seat.level, spell.since)


KEYS: Mapping[Strategy, Callable[[QueueName, Seat, IdleSpell], Key]] = {
    Strategy.LONGEST_IDLE: _longest_idle,
    Strategy.LEAST_OCCUPIED: _least_occupied,
    Strategy.ROUND_ROBIN: _round_robin,
    Strategy.LINEAR: _linear,
    Strategy.MOST_SKILLED: _most_skilled,
    Strategy.RING_ALL: _longest_idle,
}


@dataclass
class IdleAgents:
    """The idle agents of one demand, best first. Who has become busy is forgotten when met: `spells` is the truth."""

    spells: Mapping[AgentId, IdleSpell]
    """Everybody's present spell of idleness; shared by all demands, kept by the matcher."""
    _heap: list[tuple[Key, int, AgentId]] = field(default_factory=list)

    def add(self, key: Key, spell: IdleSpell, agent_id: AgentId) -> None:
        heapq.heappush(self._heap, (key, spell.since, agent_id))
        if len(self._heap) > 2 * len(self.spells) + _STALE_KEPT:
            self._heap = [entry for entry in self._heap if self._is_idle(entry)]
            heapq.heapify(self._heap)

    def first(self) -> AgentId | None:
        heap = self._heap
        while heap and not self._is_idle(heap[0]):
            heapq.heappop(heap)
        return heap[0][2] if heap else None

    def __iter__(self) -> Iterator[AgentId]:
        """All of them, best first."""
        return (agent_id for _, _, agent_id in sorted(filter(self._is_idle, self._heap)))

    def _is_idle(self, entry: tuple[Key, int, AgentId]) -> bool:
        spell = self.spells.get(entry[2])
        return spell is not None and spell.since == entry[1]
