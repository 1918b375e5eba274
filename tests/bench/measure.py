"""Percentiles, medians, the search for a maximum, CPU and memory of processes. Rules, and /proc."""

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least this share of all does not exceed; infinite when there is none."""
    if not values:
        return float("inf")
    ordered = sorted(values)
    return ordered[max(0, math.ceil(round(len(ordered) * share, 9)) - 1)]


def median(values: Sequence[float]) -> float:
    return percentile(values, 0.5)


@dataclass
class Climb:
    """The search for the highest load that is sustained: steps up by a third, then between the last two."""

    start: float
    step: float = 1.3
    close: float = 1.07
    """Good and bad within this ratio: the search is over."""
    ceiling: float = 600.0
    good: float | None = None
    bad: float | None = None
    tried: dict[float, list[bool]] = field(default_factory=dict)

    def next_rate(self) -> float | None:
        """What to try now; None when the maximum is known. A rate that failed once is tried once more."""
        for rate, results in self.tried.items():
            if results == [False]:
                return rate
        if self.bad is None:
            rate = self.start if self.good is None else self.good * self.step
            return None if rate > self.ceiling else round(rate)
        if self.good is None:
            return round(self.bad / 1.5) if self.bad > 4 else None
        if self.bad / self.good <= self.close:
            return None
        middle = round((self.bad * self.good) ** 0.5)
        return None if middle in (self.good, self.bad) else middle

    def note(self, rate: float, sustained: bool) -> None:
        self.tried.setdefault(rate, []).append(sustained)
        if sustained:
            self.good = max(rate, self.good or 0)
        elif len(self.tried[rate]) > 1:
            self.bad = min(rate, self.bad or rate)


def cpu_s(pid: int) -> float:
    """Seconds of CPU that a process (all its threads) has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def resident_mb(pid: int) -> float:
    """Memory of a process, MB."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024 / 1e6
    return 0.0
