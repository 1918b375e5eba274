"""Calls counted by line, level, queue, agent and quarter of an hour: the parts add up to the whole. RPT-1"""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from routing.statistics.figure_board import Board, By, interval_of, rolling_answer_rate
from routing.statistics.figures import CallRecord, Handle, Limits, Offer, Tally
from tests.fakes.call_records import NINE, at, calls, menu_call

SHANGHAI, LIMITS = ZoneInfo("Asia/Shanghai"), Limits()
AT_EASE = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""The machine may be busy."""


def board_of(*those: CallRecord) -> Board:
    board = Board(LIMITS, SHANGHAI)
    for call in those:
        board.put(call)
    return board


@AT_EASE
@given(st.lists(calls(), max_size=8))
def test_lines_levels_and_quarters_of_an_hour_add_up_to_the_total(those: list[CallRecord]) -> None:
    """field.md §3, item 4: statistics wrong."""
    board = board_of(*those)
    for by in (By.LINE, By.LEVEL, By.INTERVAL):
        together = Tally()
        for part in board.by(by).values():
            together.add(part)
        assert together == board.total


@AT_EASE
@given(st.lists(calls(), max_size=8))
def test_queues_add_up_to_what_was_queued_and_agents_to_their_work(those: list[CallRecord]) -> None:
    board = board_of(*those)
    of_queues = list(board.by(By.QUEUE).values())
    for name in ("queued", "answered", "abandoned_in_queue", "waiting"):
        assert sum(getattr(part, name) for part in of_queues) == getattr(board.total, name)
    agents = list(board.by(By.AGENT).values())
    for name in ("answered", "offers", "rona", "refused", "busy", "unreachable", "handled", "talk", "hold", "wrap_up"):
        assert sum(getattr(part, name) for part in agents) == getattr(board.total, name)


@AT_EASE
@given(st.lists(calls(), max_size=8), calls(), calls())
def test_a_call_that_went_on_stands_where_it_is_now_and_nowhere_else(
    others: list[CallRecord], before: CallRecord, after: CallRecord
) -> None:
    board = board_of(*others, before)
    board.take_back(before)
    board.put(after)
    fresh = board_of(*others, after)
    assert {by: board.by(by) for by in By} == {by: fresh.by(by) for by in By}


def test_an_agent_is_told_what_was_the_agents_own() -> None:
    call = menu_call(
        "c",
        agent="8002",
        offers=(Offer(agent="8001", missed="rona"), Offer(agent="8002")),
        handles=(Handle(agent="8002", talk=timedelta(seconds=60)),),
    )
    rang, took = (board_of(call).by(By.AGENT)[agent] for agent in ("8001", "8002"))
    assert (rang.offers, rang.rona, rang.answered, rang.handled) == (1, 1, 0, 0)
    assert (took.offers, took.rona, took.answered, took.handled) == (1, 0, 1, 1)


@pytest.mark.parametrize(
    ("zone", "moment", "start"),
    [
        ("Asia/Shanghai", datetime(2026, 11, 22, 1, 14, 59, tzinfo=UTC), datetime(2026, 11, 22, 1, 0, tzinfo=UTC)),
        ("Asia/Shanghai", datetime(2026, 11, 22, 1, 15, tzinfo=UTC), datetime(2026, 11, 22, 1, 15, tzinfo=UTC)),
        ("Asia/Kathmandu", datetime(2026, 11, 22, 1, 14, tzinfo=UTC), datetime(2026, 11, 22, 1, 0, tzinfo=UTC)),
        # The hour that comes twice when summer ends stays two hours.
        ("Europe/Berlin", datetime(2026, 10, 25, 0, 31, tzinfo=UTC), datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
        ("Europe/Berlin", datetime(2026, 10, 25, 1, 31, tzinfo=UTC), datetime(2026, 10, 25, 1, 30, tzinfo=UTC)),
    ],
)
def test_a_quarter_of_an_hour_is_one_on_the_sites_clock(zone: str, moment: datetime, start: datetime) -> None:
    assert interval_of(moment, ZoneInfo(zone)) == start


def test_the_answer_rate_rolls_over_24_hours() -> None:
    """Yesterday at nine nobody was answered; the day after, everybody."""
    bad = [menu_call(f"b{each}", invited=0, waited=30, talked=None) for each in range(3)]
    good = [menu_call(f"g{each}", invited=86_400) for each in range(3)]
    intervals = board_of(*bad, *good).by(By.INTERVAL)
    rates = rolling_answer_rate(intervals, [NINE, at(85_500), at(86_400)])
    assert [(rate.numerator, rate.denominator) for rate in rates.values()] == [(0, 3), (0, 3), (3, 3)]
