"""How fast each queue has been lately (rules): handling time and patience of its last calls, for the estimated wait.

Both are means in which the last call weighs most; they follow the day, and one odd call does not upset them.
Fed by what happens (app/live/pace_keeper.py); asked when a position is announced (ivr/queueing/announcer.py).
"""

from collections import defaultdict
from dataclasses import dataclass, field

from config.ids import QueueName

PRESUMED_S = 180.0
"""The handling time of a queue that has none of its own yet (TEL-8's three minutes); it counts as `_PRESUMED` calls."""
_PRESUMED = 5
_KEPT = 100
"""So many calls make the mean handling time: once there are so many, each new one weighs a hundredth."""
_PATIENCE_KEPT = 1_000
"""Few callers give up, so more calls are needed to see how patient they are."""
_SEEN = 3.0
"""With fewer who gave up nothing is said of patience."""


@dataclass
class Handling:
    """A mean that forgets."""

    mean_s: float = PRESUMED_S
    _calls: int = _PRESUMED

    def note(self, seconds: float) -> None:
        self._calls = min(self._calls + 1, _KEPT)
        self.mean_s += (seconds - self.mean_s) / self._calls


@dataclass
class Patience:
    """How long callers wait before they give up: time waited by all ÷ number of those who gave up, for who is served
    in time would have given up later (the estimate of an exponential time of which not all ends are seen)."""

    _waited_s: float = 0.0
    _gave_up: float = 0.0

    def note(self, seconds: float, *, gave_up: bool) -> None:
        self._waited_s += seconds - self._waited_s / _PATIENCE_KEPT
        self._gave_up += gave_up - self._gave_up / _PATIENCE_KEPT

    @property
    def mean_s(self) -> float | None:
        """None while too few have given up."""
        return self._waited_s / self._gave_up if self._gave_up >= _SEEN and self._waited_s else None


@dataclass
class Pace:
    """Of each queue, in seconds."""

    _handling: "defaultdict[QueueName, Handling]" = field(default_factory=lambda: defaultdict(Handling))
    _patience: "defaultdict[QueueName, Patience]" = field(default_factory=lambda: defaultdict(Patience))

    def handled(self, queue: QueueName, seconds: float) -> None:
        """A call kept an agent busy for so long, from the reservation to the end of wrap-up."""
        self._handling[queue].note(seconds)

    def waited(self, queue: QueueName, seconds: float, *, gave_up: bool = False) -> None:
        """A caller waited so long, for an agent or until patience ended."""
        self._patience[queue].note(seconds, gave_up=gave_up)

    def mean_handling_s(self, queue: QueueName) -> float:
        return self._handling[queue].mean_s

    def patience_s(self, queue: QueueName) -> float | None:
        return self._patience[queue].mean_s
