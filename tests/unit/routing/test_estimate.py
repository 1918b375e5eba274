"""The announced wait, and the pace it is made from."""

from math import inf

import pytest

from config.ids import QueueName
from routing.waiting.estimate import expected_wait_s
from routing.waiting.pace import PRESUMED_S, Pace

HOTLINE, AID = QueueName("hotline"), QueueName("aid")


@pytest.mark.parametrize(
    ("ahead", "staffed", "handling_s", "patience_s", "expected"),
    [
        (0, 1, 180.0, None, 180.0),
        (0, 6, 180.0, None, 30.0),
        (4, 6, 180.0, None, 150.0),
        (0, 6, 180.0, 120.0, 30.0),
        (1, 6, 180.0, 60.0, 30.0 + 20.0),
        (2, 6, 180.0, 60.0, 30.0 + 20.0 + 15.0),
        (3, 0, 180.0, None, inf),
    ],
)
def test_so_many_agents_must_come_free_or_callers_give_up(
    ahead: int, staffed: int, handling_s: float, patience_s: float | None, expected: float
) -> None:
    assert expected_wait_s(ahead, staffed, handling_s, patience_s) == pytest.approx(expected)


def test_a_queue_without_calls_yet_is_presumed_to_take_three_minutes() -> None:
    pace = Pace()
    assert pace.mean_handling_s(HOTLINE) == PRESUMED_S
    pace.handled(HOTLINE, 60.0)
    assert 150 < pace.mean_handling_s(HOTLINE) < PRESUMED_S, "one short call does not make a short day"
    assert pace.mean_handling_s(AID) == PRESUMED_S


def test_the_last_calls_weigh_most() -> None:
    pace = Pace()
    for seconds in [300.0] * 500 + [60.0] * 300:
        pace.handled(HOTLINE, seconds)
    assert pace.mean_handling_s(HOTLINE) == pytest.approx(60.0, abs=15)


def test_patience_counts_also_those_who_were_served_in_time() -> None:
    pace = Pace()
    for _ in range(10):
        pace.waited(HOTLINE, 30.0, gave_up=True)
        pace.waited(HOTLINE, 50.0)
        pace.waited(HOTLINE, 0.0)
    assert pace.patience_s(HOTLINE) == pytest.approx(80.0, rel=0.02)


def test_of_patience_nothing_is_said_before_some_have_given_up() -> None:
    pace = Pace()
    pace.waited(HOTLINE, 30.0, gave_up=True)
    pace.waited(HOTLINE, 30.0, gave_up=True)
    assert pace.patience_s(HOTLINE) is None
