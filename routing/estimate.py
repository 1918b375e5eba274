"""How long a caller still has to wait (rules): a stated estimator, announced in the queue. TEL-5."""

from collections.abc import Sequence


def expected_wait_s(ahead: int, staffed: int, mean_handling_s: float, recent_waits: Sequence[float] = ()) -> float:
    """The wait until an agent is free for a caller with `ahead` others in front, in seconds.

    With `staffed` agents all busy, one becomes free every `mean_handling_s / staffed` on average (handling: talk and
    wrap-up); it is this caller's turn when that has happened `ahead + 1` times. Without agents, or without a handling
    time, what callers waited lately is the best guess; 0.0 when nothing at all is known.
    """
    if staffed > 0 and mean_handling_s > 0:
        return (ahead + 1) * mean_handling_s / staffed
    return sum(recent_waits) / len(recent_waits) if recent_waits else 0.0
