"""The wait announced to callers against the wait that it then was, in simulated time (issue 3, point 2)."""

import pytest

from routing.theory.erlang import Traffic
from routing.theory.simulation import QUEUE
from tests.simulation.announced import AnnouncedQueue

CALLS = 6_000


@pytest.mark.parametrize(
    ("agents", "load", "patience_s", "from_ahead"),
    [
        (200, 210.0, 120.0, 0),
        (100, 99.0, None, 0),
        (30, 29.4, None, 0),
        (10, 9.5, None, 0),
        (50, 60.0, 120.0, 3),
        (50, 55.0, 120.0, 3),
        (20, 24.0, 180.0, 5),
    ],
)
def test_half_of_what_is_announced_is_right_within_a_quarter(
    agents: int, load: float, patience_s: float | None, from_ahead: int
) -> None:
    """`from_ahead`: in short lines the next talks to end decide, which nobody can know: routing/waiting/estimate.py."""
    queue = AnnouncedQueue(Traffic(agents=agents, load=load, aht_s=180.0, patience_s=patience_s), "1")
    queue.gather(CALLS // 3)
    queue.told.clear()
    queue.gather(CALLS)
    assert len(queue.told) > 1_000
    assert queue.median_error(from_ahead) <= 0.25
    announced, waited = (sum(getattr(told, name) for told in queue.told) for name in ("wait_s", "waited_s"))
    assert announced == pytest.approx(waited, rel=0.15), "neither flattering nor frightening"


def test_the_pace_is_learnt_from_what_happens() -> None:
    queue = AnnouncedQueue(Traffic(agents=50, load=60.0, aht_s=90.0, patience_s=60.0), "1")
    queue.gather(3_000)
    assert queue.pace.mean_handling_s(QUEUE) == pytest.approx(90.0, rel=0.25)
    assert queue.pace.patience_s(QUEUE) == pytest.approx(60.0, rel=0.25)
