"""Notices that the machine's wall clock was set: its way apart from the monotonic clock has changed at once. (Rules.)

A machine without a battery, a wrong NTP source or an operator sets it by minutes or years. Whatever waits for a wall
clock's time would then wait too long, or find years to make up for.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

STEP_S = 2.0
"""What the clocks come apart by at once, beyond the slow correction of a clock that is only a little wrong."""


@dataclass
class ClockSteps:
    """`wall` is the time of day, `monotonic` seconds that nobody sets."""

    wall: Callable[[], datetime]
    monotonic: Callable[[], float]
    count: int = 0
    last_s: float | None = None
    """By how much it was set last; negative: back."""
    last_at: datetime | None = None
    """When, by the clock as it was set."""
    _apart_s: float = field(init=False)

    def __post_init__(self) -> None:
        self._apart_s = self._apart_now_s()

    def look(self) -> float | None:
        """By how many seconds the clock was set since the last look; None when it was not."""
        apart_s = self._apart_now_s()
        step_s, self._apart_s = apart_s - self._apart_s, apart_s
        if abs(step_s) < STEP_S:
            return None
        self.count, self.last_s, self.last_at = self.count + 1, step_s, self.wall()
        return step_s

    def status(self) -> dict[str, object]:
        """For `/status`. A clock that was set is no fault of the part: work goes on."""
        last_at = self.last_at.isoformat() if self.last_at else None
        last_s = None if self.last_s is None else round(self.last_s, 1)
        return {"up": True, "steps": self.count, "last_step_s": last_s, "last_step_at": last_at}

    def _apart_now_s(self) -> float:
        return self.wall().timestamp() - self.monotonic()
