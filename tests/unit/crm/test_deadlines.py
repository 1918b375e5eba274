"""Deadlines worked by hand, over make-up days, holidays, pauses, the turn of the year, a year without a calendar.

2026: New Year 01-01…03, worked Sun 01-04 · Spring Festival 02-15…23, worked Sat 02-14, Sat 02-28 · Qingming 04-04…06
· Labour Day 05-01…05, worked Sat 05-09 · Dragon Boat 06-19…21 · Mid-Autumn 09-25…27, worked Sun 09-20 · National Day
10-01…07, worked Sat 10-10. 2027 is not published: 01-01 is statutory, and 02-05…08 (the eve and three days); statutory
days that fall on a weekend are made up for on the working days after.
"""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.values.hours import OpeningHours
from crm.regulation.deadlines import Calendar, ClockKind, Counting, Limit, Pause, deadline, reached

ZONE = ZoneInfo("Asia/Shanghai")
DAY = Calendar(OpeningHours.model_validate({"weekdays": {"mon-fri": ("09:00-18:00",)}}), ZONE, {})
WITH_LUNCH = Calendar(OpeningHours.model_validate({"weekdays": {"mon-fri": ("09:00-12:00", "13:30-18:00")}}), ZONE, {})
DAYS, HOURS, WALL = ClockKind.WORKING_DAYS, ClockKind.WORKING_HOURS, ClockKind.WALL_HOURS


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


CASES = [
    # working days: the day of the start does not count, the last day ends at 18:00
    (DAYS, 1, "2026-02-13 16:00", "2026-02-14 18:00"),  # Fri → Sat 14 is worked
    (DAYS, 1, "2026-02-14 10:00", "2026-02-24 18:00"),  # worked Sat → 15…23 holiday → Tue 24
    (DAYS, 2, "2026-02-13 16:00", "2026-02-24 18:00"),  # 14, 24
    (DAYS, 3, "2026-02-13 16:00", "2026-02-25 18:00"),  # 14, 24, 25
    (DAYS, 1, "2026-02-17 12:00", "2026-02-24 18:00"),  # begun on a holiday
    (DAYS, 3, "2026-02-17 12:00", "2026-02-26 18:00"),  # 24, 25, 26
    (DAYS, 2, "2026-02-26 09:00", "2026-02-28 18:00"),  # Fri 27, worked Sat 28
    (DAYS, 3, "2026-02-26 09:00", "2026-03-02 18:00"),  # 27, 28, Mon 02
    (DAYS, 1, "2026-03-06 17:59", "2026-03-09 18:00"),  # Fri → Mon
    (DAYS, 1, "2026-03-07 11:00", "2026-03-09 18:00"),  # Sat → Mon
    (DAYS, 1, "2026-03-09 23:59", "2026-03-10 18:00"),  # late on Monday is still Monday
    (DAYS, 1, "2026-01-01 08:00", "2026-01-04 18:00"),  # holiday → worked Sun 04
    (DAYS, 2, "2025-12-31 15:00", "2026-01-05 18:00"),  # 01…03 holiday, 04, 05
    (DAYS, 1, "2026-04-03 10:00", "2026-04-07 18:00"),  # Fri → 04…06 holiday → Tue
    (DAYS, 2, "2026-04-30 10:00", "2026-05-07 18:00"),  # 01…05 holiday, 06, 07
    (DAYS, 3, "2026-05-07 10:00", "2026-05-11 18:00"),  # 08, worked Sat 09, Mon 11
    (DAYS, 1, "2026-06-18 10:00", "2026-06-22 18:00"),  # 19…21 holiday → Mon
    (DAYS, 2, "2026-09-18 10:00", "2026-09-21 18:00"),  # worked Sun 20, Mon 21
    (DAYS, 3, "2026-09-23 10:00", "2026-09-29 18:00"),  # 24, 25…27 holiday, 28, 29
    (DAYS, 2, "2026-09-30 17:00", "2026-10-09 18:00"),  # 01…07 holiday, 08, 09
    (DAYS, 3, "2026-09-30 17:00", "2026-10-10 18:00"),  # 08, 09, worked Sat 10
    (DAYS, 3, "2026-12-30 16:00", "2027-01-05 18:00"),  # 31, 01 holiday, 02…03 weekend, Mon 04, Tue 05
    (DAYS, 1, "2027-02-04 16:00", "2027-02-11 18:00"),  # Thu → 05…08 statutory, Sat and Sun made up for on 09, 10
    # working hours: from the minute, 09:00–18:00
    (HOURS, 2, "2026-03-06 17:00", "2026-03-09 10:00"),  # one on Friday, one on Monday
    (HOURS, 9, "2026-03-06 09:00", "2026-03-06 18:00"),
    (HOURS, 1, "2026-02-13 17:30", "2026-02-14 09:30"),  # half an hour, and half on the worked Saturday
    (HOURS, 20, "2026-02-13 16:00", "2026-02-24 18:00"),  # 2 + 9 + 9
    (HOURS, 1, "2026-02-15 03:00", "2026-02-24 10:00"),
    (HOURS, 1, "2026-03-09 08:00", "2026-03-09 10:00"),  # before the doors open
    (HOURS, 4, "2026-12-31 15:00", "2027-01-04 10:00"),  # three on the last day of the year, one on the next
    # wall hours: to the minute, whatever day it is
    (WALL, 24, "2026-02-13 16:00", "2026-02-14 16:00"),
    (WALL, 48, "2026-02-13 16:07", "2026-02-15 16:07"),
    (WALL, 72, "2026-12-30 16:00", "2027-01-02 16:00"),
    (WALL, 1, "2026-12-31 23:30", "2027-01-01 00:30"),
]


@pytest.mark.req("CPL-2", "CPL-3", "TKT-4")
@pytest.mark.parametrize(("clock", "amount", "start", "due"), CASES)
def test_a_deadline_worked_by_hand(clock: ClockKind, amount: float, start: str, due: str) -> None:
    assert deadline(Limit(clock, amount), at(start), DAY).at == at(due)


@pytest.mark.parametrize(
    ("start", "due", "provisional"),
    [
        ("2026-12-24 10:00", "2026-12-25 18:00", False),
        ("2026-12-31 10:00", "2027-01-04 18:00", True),
        ("2027-06-01 10:00", "2027-06-02 18:00", True),
        ("2099-12-31 10:00", "2100-01-04 18:00", True),
    ],
)
def test_a_year_that_is_not_published_makes_a_deadline_provisional(start: str, due: str, provisional: bool) -> None:
    found = deadline(Limit(DAYS, 1), at(start), DAY)
    assert (found.at, found.provisional) == (at(due), provisional)


def test_counting_may_begin_with_the_same_day() -> None:
    same_day = Limit(DAYS, 1, Counting.SAME_DAY)
    assert deadline(same_day, at("2026-03-09 10:00"), DAY).at == at("2026-03-09 18:00")
    assert deadline(same_day, at("2026-03-09 18:00"), DAY).at == at("2026-03-10 18:00")


def test_a_sites_own_days_go_before_the_calendar() -> None:
    closed = Calendar(DAY.hours, ZONE, {date(2026, 3, 10): "holiday", date(2026, 3, 14): "make_up"})
    assert deadline(Limit(DAYS, 1), at("2026-03-09 10:00"), closed).at == at("2026-03-11 18:00")
    assert deadline(Limit(DAYS, 1), at("2026-03-13 10:00"), closed).at == at("2026-03-14 18:00")


def test_lunch_is_no_working_time() -> None:
    assert deadline(Limit(HOURS, 2), at("2026-03-09 11:00"), WITH_LUNCH).at == at("2026-03-09 14:30")
    assert deadline(Limit(HOURS, 1), at("2026-03-09 12:30"), WITH_LUNCH).at == at("2026-03-09 14:30")


# --- pauses ----------------------------------------------------------------------------------------------------------


def test_working_hours_stand_still_while_paused() -> None:
    pause = Pause(at("2026-03-09 11:00"), at("2026-03-09 15:00"))
    assert deadline(Limit(HOURS, 4), at("2026-03-09 10:00"), DAY, [pause]).at == at("2026-03-09 18:00")


def test_a_pause_over_the_night_costs_only_open_hours() -> None:
    pause = Pause(at("2026-03-09 17:00"), at("2026-03-10 10:00"))
    assert deadline(Limit(HOURS, 4), at("2026-03-09 15:00"), DAY, [pause]).at == at("2026-03-10 12:00")


def test_a_working_day_at_whose_close_the_clock_stood_does_not_count() -> None:
    pause = Pause(at("2026-03-10 12:00"), at("2026-03-11 10:00"))
    assert deadline(Limit(DAYS, 2), at("2026-03-09 10:00"), DAY, [pause]).at == at("2026-03-12 18:00")
    over_noon = Pause(at("2026-03-10 12:00"), at("2026-03-10 14:00"))
    assert deadline(Limit(DAYS, 2), at("2026-03-09 10:00"), DAY, [over_noon]).at == at("2026-03-11 18:00")


def test_pauses_may_overlap_and_come_in_any_order() -> None:
    pauses = [
        Pause(at("2026-03-09 14:00"), at("2026-03-09 16:00")),
        Pause(at("2026-03-09 11:00"), at("2026-03-09 15:00")),
    ]
    assert deadline(Limit(WALL, 24), at("2026-03-09 10:00"), DAY, pauses).at == at("2026-03-10 15:00")


@pytest.mark.parametrize("clock", list(ClockKind))
def test_while_the_clock_stands_still_nothing_is_due(clock: ClockKind) -> None:
    found = deadline(Limit(clock, 1), at("2026-03-09 10:00"), DAY, [Pause(at("2026-03-09 09:00"))])
    assert found.at is None


# --- warning points (CPL-6) ------------------------------------------------------------------------------------------


@pytest.mark.req("CPL-6")
def test_warnings_come_when_half_and_four_fifths_of_the_time_are_used_up() -> None:
    start = at("2026-03-09 10:00")
    assert reached(0.5, Limit(WALL, 24), start, DAY) == at("2026-03-09 22:00")
    assert reached(0.8, Limit(HOURS, 10), start, DAY) == at("2026-03-09 18:00")
    # Two days: Mon 10–18 (8 h), Tue 9, Wed 9: 26 h; half of them are over on Tuesday at 14:00.
    assert reached(0.5, Limit(DAYS, 2), start, DAY) == at("2026-03-10 14:00")
    assert reached(1.0, Limit(DAYS, 2), start, DAY) == at("2026-03-11 18:00")


# --- properties ------------------------------------------------------------------------------------------------------

STARTS = st.integers(0, 655_000).map(lambda minutes: at("2025-12-01 00:00") + timedelta(minutes=minutes))
CLOCKS = st.sampled_from([HOURS, DAYS, WALL])


@given(CLOCKS, STARTS, st.timedeltas(timedelta(0), timedelta(days=20)), st.integers(1, 40))
@settings(max_examples=200, deadline=None)
def test_who_begins_later_is_never_due_earlier(
    clock: ClockKind, start: datetime, later: timedelta, amount: int
) -> None:
    first, second = (deadline(Limit(clock, amount), moment, WITH_LUNCH).at for moment in (start, start + later))
    assert first and second and start < first <= second


@given(CLOCKS, STARTS, st.integers(1, 40), st.integers(1, 20))
@settings(max_examples=200, deadline=None)
def test_more_time_is_never_less(clock: ClockKind, start: datetime, amount: int, more: int) -> None:
    first, second = (deadline(Limit(clock, each), start, WITH_LUNCH).at for each in (amount, amount + more))
    assert first and second and first < second


@given(st.sampled_from([HOURS, DAYS]), STARTS, st.integers(1, 40))
@settings(max_examples=200, deadline=None)
def test_nothing_is_due_while_the_doors_are_closed(clock: ClockKind, start: datetime, amount: int) -> None:
    due = deadline(Limit(clock, amount), start, WITH_LUNCH).at
    assert due
    assert any(opens < due <= closes for opens, closes in WITH_LUNCH.open_on(due.date()))


def open_s(since: datetime, until: datetime) -> float:
    """The open seconds between two instants, counted by the minute: slow and plain."""
    minutes, moment = 0, since.astimezone(UTC)
    while moment < until:
        local = moment.astimezone(ZONE)
        minutes += any(opens <= moment < closes for opens, closes in WITH_LUNCH.open_on(local.date()))
        moment += timedelta(minutes=1)
    return minutes * 60.0


MINUTES = STARTS


@given(MINUTES, st.integers(1, 12), st.integers(0, 3000), st.integers(1, 3000))
@settings(max_examples=60, deadline=None)
def test_a_pause_costs_exactly_the_working_time_in_it(start: datetime, hours: int, after: int, lasts: int) -> None:
    pause = Pause(start + timedelta(minutes=after), start + timedelta(minutes=after + lasts))
    due = deadline(Limit(HOURS, hours), start, WITH_LUNCH, [pause]).at
    assert due and pause.until
    worked_s = open_s(start, due) - open_s(pause.since, min(pause.until, due)) * (pause.since < due)
    assert worked_s == hours * 3600


@given(STARTS, st.integers(1, 100), st.lists(st.tuples(st.integers(0, 5000), st.integers(1, 500)), max_size=4))
@settings(max_examples=200, deadline=None)
def test_wall_time_is_pushed_by_as_much_as_it_stood(start: datetime, hours: int, stops: list[tuple[int, int]]) -> None:
    pauses = [Pause(start + timedelta(minutes=a), start + timedelta(minutes=a + b)) for a, b in stops]
    due = deadline(Limit(WALL, hours), start, WITH_LUNCH, pauses).at
    assert due
    stood = {minute for a, b in stops for minute in range(a, a + b) if start + timedelta(minutes=minute) < due}
    assert due - start == timedelta(hours=hours, minutes=len(stood))
