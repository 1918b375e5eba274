"""Figures of a simulation with their 95 % intervals, by batch means (rules). Issue 3, point 10.

Neighbouring calls of a simulation are alike (a full line stays full for a while), so the spread of single calls says
too little. The run is cut into a few long batches, long against that memory, which are nearly independent; each figure
is a ratio of sums, and its interval comes from Student's t over the batches' deviations from that ratio. Most of their
spread is the chance of how much work came in; as what was to come is known, that part is taken out (a control variate).
A. Law, "Simulation Modeling and Analysis", 5th ed., §9.5.3 and §11.4; for ratios W. Cochran, "Sampling Techniques", §6.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from math import inf, sqrt
from typing import NamedTuple

_Z = 1.959964
"""97.5 % of the normal distribution lie below."""
_NONE_SEEN = 3.0
"""Where none of n was seen, the share is below 3/n with 95 % certainty (rule of three)."""


@dataclass
class Batch:
    """Sums over a stretch of calls."""

    calls: int = 0
    delayed: int = 0
    """Found everybody busy."""
    answered: int = 0
    wait_s: float = 0.0
    """Of the answered."""
    in_time: int = 0
    """Answered within the threshold."""
    abandoned: int = 0
    work_s: float = 0.0
    """What these calls need or would have needed of agents."""
    busy_s: float = 0.0
    """What agents spent on calls in this time."""
    elapsed_s: float = 0.0
    inversions: int = 0
    """Served after a call that came later."""


class Figure(NamedTuple):
    """A value and its 95 % interval."""

    value: float
    low: float
    high: float

    @property
    def half_width(self) -> float:
        return (self.high - self.low) / 2


def joined(batches: Sequence[Batch]) -> Batch:
    return Batch(**{each.name: sum(getattr(batch, each.name) for batch in batches) for each in fields(Batch)})


def longer(batches: Sequence[Batch], into: int) -> list[Batch]:
    """The same stretch in so many batches; their number must be a multiple of it."""
    size, odd = divmod(len(batches), into)
    if odd or not size:
        raise ValueError(f"{len(batches)} batches do not make {into} equal ones")
    return [joined(batches[start : start + size]) for start in range(0, len(batches), size)]


def ratio(
    parts: Sequence[float],
    wholes: Sequence[float],
    control: Sequence[float] = (),
    *,
    if_none: float = 0.0,
    at_most: float = inf,
) -> Figure:
    """Σ parts ÷ Σ wholes, one of each per batch; 0 of nothing. `if_none`: the most that one unseen part could be.

    `control`: how much more came in than was to be expected, per batch; its own expectation must be 0.
    """
    n, whole = len(wholes), sum(wholes)
    if not whole:
        return Figure(0.0, 0.0, 0.0)
    value = sum(parts) / whole
    if not value:
        return Figure(0.0, 0.0, min(at_most, _NONE_SEEN * if_none / whole))
    apart = [part - value * each for part, each in zip(parts, wholes, strict=True)]
    freedom = n - 1
    if control and min(parts) > 0:
        slope = _slope(control, apart)
        mean = sum(control) / n
        apart = [each - slope * (extra - mean) for each, extra in zip(apart, control, strict=True)]
        value -= slope * sum(control) / whole
        freedom -= 1
    half = t_quantile(freedom) * sqrt(sum(each**2 for each in apart) * n / freedom) / whole
    return Figure(*(min(at_most, max(0.0, each)) for each in (value, value - half, value + half)))


def _slope(control: Sequence[float], apart: Sequence[float]) -> float:
    """Least squares: how much of `apart` goes with one of `control`."""
    mean = sum(control) / len(control)
    away = [each - mean for each in control]
    square = sum(each**2 for each in away)
    return sum(x * y for x, y in zip(away, apart, strict=True)) / square if square else 0.0


def t_quantile(freedom: int) -> float:
    """Student's t below which 97.5 % lie; Cornish and Fisher's expansion, right to 0.01 from 4 degrees on."""
    z, v = _Z, freedom
    first = (z**3 + z) / (4 * v)
    second = (5 * z**5 + 16 * z**3 + 3 * z) / (96 * v**2)
    third = (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * v**3)
    return z + first + second + third
