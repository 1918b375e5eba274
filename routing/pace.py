"""How fast each queue has been lately (rules): handling times and waits of the last calls, for the estimated wait.

Fed by what happens (app/system.py); asked when a position is announced (ivr/comfort.py).
"""

from collections import defaultdict, deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from config.ids import QueueName

KEPT = 50
"""So many last calls count: enough to be steady, few enough to follow the day."""
PRESUMED_S = 180.0
"""The handling time while a queue has none of its own yet (TEL-8's three minutes)."""


def _recent() -> "defaultdict[QueueName, deque[float]]":
    return defaultdict(lambda: deque(maxlen=KEPT))


@dataclass
class Pace:
    """The last handling times (talk and wrap-up) and waits of each queue, in seconds."""

    _handling: "defaultdict[QueueName, deque[float]]" = field(default_factory=_recent)
    _waits: "defaultdict[QueueName, deque[float]]" = field(default_factory=_recent)

    def handled(self, queue: QueueName, seconds: float) -> None:
        """A call kept an agent busy for so long."""
        self._handling[queue].append(seconds)

    def waited(self, queue: QueueName, seconds: float) -> None:
        """A caller waited so long for an agent."""
        self._waits[queue].append(seconds)

    def mean_handling_s(self, queue: QueueName) -> float:
        times = self._handling[queue]
        return sum(times) / len(times) if times else PRESUMED_S

    def recent_waits(self, queue: QueueName) -> Sequence[float]:
        """The oldest first."""
        return tuple(self._waits[queue])
