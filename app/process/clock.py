"""The one clock (adapter): it tells the time of day, and never jumps. The only place that asks the system for it.

It goes by the seconds that nobody sets, from the time of day at its start on; so a span between two instants is right
whatever is done to the machine's clock meanwhile: an operator, a wrong time source or a machine without a battery sets
it by minutes or years. Such a step is noticed, told and put on record; a small difference is made up for slowly, a
large one stays until somebody has looked at it (docs/adr/0042). Who has stamped something by the machine's clock,
as Asterisk and the file system do, is understood by `ours`.
"""

import math
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import msgspec

STEP_S: Final = 2.0
"""What the clocks come apart by at once, beyond the slow correction of a clock that is only a little wrong."""
MADE_UP_S: Final = 60.0
"""A difference up to this is made up for."""
SLEW: Final = 0.005
"""So much faster or slower: a minute takes three hours and a half."""
LOOKS_EVERY_S: Final = 1.0
BOOT: Final = Path("/proc/sys/kernel/random/boot_id")


class Kept(msgspec.Struct, frozen=True):
    """What outlives this process: at `steady_s` seconds after the machine's start `boot` it was `at`."""

    boot: str
    steady_s: float
    at: datetime


def machine_time() -> datetime:
    """What the machine's clock says. Aware, UTC."""
    return datetime.now(UTC)


def steady() -> float:
    """Seconds since the machine's start, also while it slept; nobody sets them."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class Clock:
    """Call `look` every second. `wall` is the machine's clock, `steady` seconds that nobody sets."""

    def __init__(self, wall: Callable[[], datetime] = machine_time, steady: Callable[[], float] = steady) -> None:
        self.wall, self._steady_s = wall, steady
        self.count = 0
        self.last_s: float | None = None
        """By how much the machine's clock was set last; negative: back."""
        self.last_at: datetime | None = None
        self._begin(wall())

    def _begin(self, at: datetime) -> None:
        self._at, self._at_s, self._rate = at, self._steady_s(), 0.0
        self._apart_s = self._apart_now_s()
        # Since when by our time the machine's clock is apart from it, and by how much.
        self._eras = [(-math.inf, self._apart_s)]

    def now(self) -> datetime:
        """Aware, UTC; never earlier than what was told before."""
        return self._at + timedelta(seconds=(self._steady_s() - self._at_s) * (1 + self._rate))

    def ours(self, at: datetime) -> datetime:
        """An instant that was read off the machine's clock, perhaps before it was set, by this clock."""
        if len(self._eras) == 1 and not self._apart_s:
            return at
        now, stamp = self.now().timestamp(), at.timestamp()
        for since, apart_s in reversed(self._eras):
            if since - LOOKS_EVERY_S <= stamp - apart_s <= now + LOOKS_EVERY_S:
                return at - timedelta(seconds=apart_s)
        nearest = min((apart_s for _, apart_s in self._eras), key=lambda apart_s: abs(now - stamp + apart_s))
        return at - timedelta(seconds=nearest)

    def look(self) -> float | None:
        """By how many seconds the machine's clock was set since the last look; None when it was not."""
        now, steady_s = self.now(), self._steady_s()
        apart_s = (self.wall() - now).total_seconds()
        step_s = apart_s - (self._apart_s - self._rate * (steady_s - self._at_s))
        self._at, self._at_s, self._apart_s = now, steady_s, apart_s
        wanted = apart_s / LOOKS_EVERY_S if abs(apart_s) <= MADE_UP_S else 0.0
        self._rate = max(-SLEW, min(wanted, SLEW))
        if abs(step_s) < STEP_S:
            self._eras[-1] = (self._eras[-1][0], apart_s)
            return None
        self._eras.append((now.timestamp(), apart_s))
        self.count, self.last_s, self.last_at = self.count + 1, step_s, now
        return step_s

    @property
    def apart_s(self) -> float:
        """How far the machine's clock is ahead of this one; negative: behind."""
        return self._apart_s

    def keep(self, file: Path) -> None:
        """Write down what time it is, for the next process."""
        kept = Kept(_boot(), self._steady_s(), self.now())
        new = file.with_suffix(".new")
        new.write_bytes(msgspec.json.encode(kept))
        new.replace(file)

    def go_on_from(self, file: Path) -> None:
        """Go on where the process before this one was: since the same start of the machine without a jump; after
        another start by the machine's clock, unless that is behind. Without a file nothing happens."""
        try:
            kept = msgspec.json.decode(file.read_bytes(), type=Kept)
        except (FileNotFoundError, msgspec.DecodeError):
            return
        if kept.boot == _boot():
            self._begin(kept.at + timedelta(seconds=self._steady_s() - kept.steady_s))
        elif self.wall() < kept.at:
            self._begin(kept.at)

    def status(self) -> dict[str, object]:
        """For `/status`: not up while the machine's clock is apart from ours: somebody must look which is right."""
        last_at = self.last_at.isoformat() if self.last_at else None
        last_s = None if self.last_s is None else round(self.last_s, 1)
        apart = {"machine_ahead_s": round(self._apart_s, 1)}
        up = abs(self._apart_s) <= MADE_UP_S
        return {"up": up, "steps": self.count, "last_step_s": last_s, "last_step_at": last_at, **apart}

    def _apart_now_s(self) -> float:
        return (self.wall() - self.now()).total_seconds()


def _boot() -> str:
    """Which start of the machine this is."""
    return BOOT.read_text(encoding="ascii").strip()


CLOCK: Final = Clock()
"""This process's."""


def utc_now() -> datetime:
    """Aware, UTC; by this process's clock."""
    return CLOCK.now()
