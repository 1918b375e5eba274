"""Which idle agent comes first, as a sort key made once, when the agent becomes idle (rules). TEL-2, issue 3.

A key never changes while the agent is idle, so idle agents can stand in order.
"""

from bisect import bisect_left, insort
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from config.ids import AgentId, QueueName
from routing.queue import Needs, Strategy


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


IdleKey = Callable[[QueueName, Seat, IdleSpell], Key]

KEYS: Mapping[Strategy, IdleKey] = {
    Strategy.LONGEST_IDLE: _longest_idle,
    Strategy.LEAST_OCCUPIED: _least_occupied,
    Strategy.ROUND_ROBIN: _round_robin,
    Strategy.LINEAR: _linear,
    Strategy.MOST_SKILLED: _most_skilled,
    Strategy.RING_ALL: _longest_idle,
}


Standing = tuple[Key, int, AgentId]
"""An idle agent among others: the key, the beginning of the spell, and who."""


@dataclass(slots=True)
class IdleAgents:
    """The idle agents of one demand, best first, in a sorted list: of a few thousand, moving them up costs less than a
    heap's comparisons, and nothing stays behind that would have to be swept out some day."""

    order: list[Standing] = field(default_factory=list)

    def add(self, standing: Standing) -> None:
        insort(self.order, standing)

    def remove(self, standing: Standing) -> None:
        """It must be there."""
        del self.order[bisect_left(self.order, standing)]

    def first(self) -> AgentId | None:
        return self.order[0][2] if self.order else None

    def __iter__(self) -> Iterator[AgentId]:
        return (agent_id for _, _, agent_id in self.order)
