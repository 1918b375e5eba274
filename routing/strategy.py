"""Which idle agent gets the next call: longest idle first (rules). Insertion order *is* idle order: a pick is O(1)."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from config.ids import AgentId, QueueName


@dataclass
class IdleAgents:
    """Available agents per queue, the longest idle first in each."""

    _by_queue: dict[QueueName, dict[AgentId, None]] = field(default_factory=dict)

    def add(self, agent_id: AgentId, queues: Iterable[QueueName]) -> None:
        """An agent becomes idle now: last in each of the queues served."""
        for queue in queues:
            self._by_queue.setdefault(queue, {})[agent_id] = None

    def remove(self, agent_id: AgentId, queues: Iterable[QueueName]) -> None:
        for queue in queues:
            self._by_queue.get(queue, {}).pop(agent_id, None)

    def longest_idle(self, queue: QueueName) -> AgentId | None:
        return next(iter(self._by_queue.get(queue, {})), None)
