"""How often one caller, and all together, may call (rules: time is an argument). OPS-7

Admission asks whether there is room; this, whether one number, or one line, takes what is meant for all. Who is past a
cap is refused and on record, up to a bound of its own: what strangers send at will must not fill the disk.
"""

import math
from collections import OrderedDict
from dataclasses import dataclass, field

MOST_NUMBERS = 10_000
"""Past it the number unheard of for longest is forgotten."""
RECORDS_A_NUMBER = 3
RECORDS_FADE_S = 3600.0
RECORDS_A_MINUTE = 100
MINUTE_S = 60.0


@dataclass
class _Bucket:
    """Full at the start; `size` come back in `within_s`."""

    size: float
    within_s: float
    left: float
    at: float

    def take(self, now: float) -> bool:
        self.left = min(self.size, self.left + (now - self.at) * self.size / self.within_s)
        self.at = now
        if self.left < 1:
            return False
        self.left -= 1
        return True


@dataclass
class Caps:
    """`at_once` and `a_minute` of one number; `total_a_minute` of all; `on_line` at once on one line, `on_trunk` on the
    trunk. Callers without a number have no cap of their own. Times are monotonic seconds."""

    at_once: int
    a_minute: int
    total_a_minute: int
    on_line: float = math.inf
    on_trunk: float = math.inf
    refused: int = 0
    unrecorded: int = 0
    """Of those, how many are on no record but this figure."""
    _of: "OrderedDict[str, tuple[_Bucket, _Bucket]]" = field(default_factory=OrderedDict)
    """By number: calls, and records of refused ones."""
    _all: _Bucket | None = None
    _records: _Bucket | None = None

    def admits(self, now: float, number: str, live: int) -> bool:
        """A call of this number arrives, while `live` others of it go on."""
        self._all = self._all or _full(self.total_a_minute, MINUTE_S, now)
        own = not number or (live < self.at_once and self._mine(now, number)[0].take(now))
        if own and self._all.take(now):
            return True
        self.refused += 1
        return False

    def fits(self, on_line: int, on_trunk: int) -> bool:
        """Whether there may be so many calls, with the one that arrives."""
        if on_line <= self.on_line and on_trunk <= self.on_trunk:
            return True
        self.refused += 1
        return False

    def records(self, now: float, number: str) -> bool:
        """Whether a call that nobody serves is put on record; False: it is counted alone."""
        self._records = self._records or _full(RECORDS_A_MINUTE, MINUTE_S, now)
        if (not number or self._mine(now, number)[1].take(now)) and self._records.take(now):
            return True
        self.unrecorded += 1
        return False

    def status(self) -> dict[str, object]:
        """For `/status`."""
        return {"refused_by_cap": self.refused, "unrecorded": self.unrecorded}

    def _mine(self, now: float, number: str) -> tuple[_Bucket, _Bucket]:
        mine = self._of.pop(number, None)
        if mine is None:
            mine = (_full(self.a_minute, MINUTE_S, now), _full(RECORDS_A_NUMBER, RECORDS_FADE_S, now))
        self._of[number] = mine
        if len(self._of) > MOST_NUMBERS:
            self._of.popitem(last=False)
        return mine


def _full(size: int, within_s: float, now: float) -> _Bucket:
    return _Bucket(size, within_s, float(size), now)
