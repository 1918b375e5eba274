"""Whether a waiting call moves on along the linkage, and when to look again. Rules: no clock, no I/O. LNE-7.

A queue's steps are tried in their order; the first that applies is taken. `longer_than` is judged once, when the call
comes in: it limits how many may join, and throws nobody out who waits already.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from config.calls.overflow import OverflowStep

LOOK_S = 1.0
"""How soon it is noticed that the staff has left or the line has closed."""


@dataclass(frozen=True, kw_only=True)
class Situation:
    """One waiting call and its queue at a moment."""

    waited_s: float
    """In this queue."""
    ahead: int | None
    """Calls that are served before this one, when it has only just come in; else None."""
    staffed: int
    """Agents of the queue who serve: neither logged out nor not ready."""
    open: bool
    """The queue's line is within its hours."""


Condition = Literal["after_s", "longer_than", "no_staff", "closed"]
"""As the site writes it."""


def condition_of(step: OverflowStep) -> Condition:
    """The condition of a step."""
    return next(name for name in get_args(Condition) if getattr(step, name) is not None)


def applies(step: OverflowStep, now: Situation) -> bool:
    if step.after_s is not None:
        return now.waited_s >= step.after_s
    if step.longer_than is not None:
        return now.ahead is not None and now.ahead >= step.longer_than
    if step.no_staff is not None:
        return now.staffed == 0
    return not now.open


def step_now(steps: Sequence[OverflowStep], now: Situation) -> OverflowStep | None:
    """The first step that applies; None: go on waiting."""
    return next((step for step in steps if applies(step, now)), None)


def look_again_s(steps: Sequence[OverflowStep], waited_s: float) -> float | None:
    """In how many seconds a step may apply that does not apply now; None: never."""
    due = [step.after_s - waited_s for step in steps if step.after_s is not None and step.after_s > waited_s]
    watched = any(step.no_staff or step.closed for step in steps)
    return min([*due, LOOK_S] if watched else due, default=None)
