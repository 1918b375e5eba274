"""Figures of a simulation with their 95 % intervals, by batch means (rules). Issue 3, point 10.

Neighbouring calls of a simulation are alike (a full line stays full for a while), so the spread of single calls says
too little. The run is cut into a few long batches, long against that memory, which are nearly independent; each figure
is a ratio of sums. Most of the batches' spread is the chance of how much work came in; as what was to come is known,
that part is taken out (a control variate). The interval is Student's t over the jackknife's pseudo-values: what each
batch adds when it is left out. That counts what the control's slope owes to single batches, and the ratio's bias goes.
A. Law, "Simulation Modeling and Analysis", 5th ed., §9.5.3 and §11.4; for ratios W. Cochran, "Sampling Techniques", §6;
R. Miller, "The jackknife: a review", Biometrika 61(1), 1974.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from math import exp, inf, log, sqrt
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
    skewed: bool = False,
) -> Figure:
    """Σ parts ÷ Σ wholes, one of each per batch; 0 of nothing. `if_none`: the most that one unseen part could be.

    `control`: how much more came in than was to be expected, per batch; its own expectation must be 0.
    `skewed`: most of the sum is in a few batches (waits are: a line that is full makes many long ones). A run that saw
    few of those gives a low figure and little spread together, so that intervals of equal arms miss the truth above
    them one time in six; the interval is made for the figure's logarithm.
    """
    whole = sum(wholes)
    if not whole:
        return Figure(0.0, 0.0, 0.0)
    if not sum(parts):
        return Figure(0.0, 0.0, min(at_most, _NONE_SEEN * if_none / whole))
    controlled = bool(control) and min(parts) > 0
    batches = list(zip(parts, wholes, control if controlled else [0.0] * len(parts), strict=True))
    estimates = [_estimate(batches), *(_estimate(batches[:i] + batches[i + 1 :]) for i in range(len(batches)))]
    by_logarithm = skewed and min(estimates) > 0
    centre, half = _jackknife([log(each) for each in estimates] if by_logarithm else estimates, controlled)
    ends = (centre, centre - half, centre + half)
    return Figure(*(min(at_most, max(0.0, exp(each) if by_logarithm else each)) for each in ends))


def _estimate(batches: Sequence[tuple[float, float, float]]) -> float:
    """The ratio of (part, whole, control), less what goes with the control (least squares)."""
    whole = sum(each for _, each, _ in batches)
    value = sum(part for part, _, _ in batches) / whole if whole else 0.0
    total = sum(extra for _, _, extra in batches)
    away = [extra - total / len(batches) for _, _, extra in batches]
    square = sum(each**2 for each in away)
    if not square or not whole:
        return value
    apart = sum(x * (part - value * each) for x, (part, each, _) in zip(away, batches, strict=True))
    return value - apart / square * total / whole


def _jackknife(estimates: Sequence[float], controlled: bool) -> tuple[float, float]:
    """Centre and half width of the interval; `estimates`: of all batches, then without each of them."""
    from_all, *without = estimates
    n = len(without)
    pseudo = [n * from_all - (n - 1) * each for each in without]
    centre, freedom = sum(pseudo) / n, n - 1 - controlled
    return centre, t_quantile(freedom) * sqrt(sum((each - centre) ** 2 for each in pseudo) / (n * freedom))


def t_quantile(freedom: int) -> float:
    """Student's t below which 97.5 % lie; Cornish and Fisher's expansion, right to 0.01 from 4 degrees on."""
    z, v = _Z, freedom
    first = (z**3 + z) / (4 * v)
    second = (5 * z**5 + 16 * z**3 + 3 * z) / (96 * v**2)
    third = (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * v**3)
    return z + first + second + third
