"""Thirty-three deadlines worked by hand, to the minute. Each case spells out its days for a reader to count along.

`days` is checked against the calendar, too: a case whose days are not as written here fails for that reason. The hours
are DAY 09:00-18:00, LUNCH 09:00-12:00 and 13:30-18:00, both Monday to Friday, SHIFTS Monday to Friday 08:30-11:30,
12:30-17:00, 19:00-21:00 and Saturday 09:00-12:00; worked Saturdays and Sundays (调休) have Monday's hours.
"""

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from config.values.hours import OpeningHours
from crm.regulation.calendar import day_kind
from crm.regulation.deadlines import Calendar, ClockKind, Counting, Limit, Pause, deadline

ZONE = ZoneInfo("Asia/Shanghai")
WEEK = {
    "DAY": {"mon-fri": ("09:00-18:00",)},
    "LUNCH": {"mon-fri": ("09:00-12:00", "13:30-18:00")},
    "SHIFTS": {"mon-fri": ("08:30-11:30", "12:30-17:00", "19:00-21:00"), "sat": ("09:00-12:00",)},
}
CALENDARS = {name: Calendar(OpeningHours.model_validate({"weekdays": week}), ZONE, {}) for name, week in WEEK.items()}
CLOCKS = {
    "days": (ClockKind.WORKING_DAYS, Counting.NEXT_DAY),
    "days from today": (ClockKind.WORKING_DAYS, Counting.SAME_DAY),
    "working hours": (ClockKind.WORKING_HOURS, Counting.NEXT_DAY),
    "hours": (ClockKind.WALL_HOURS, Counting.NEXT_DAY),
    "seconds": (ClockKind.WALL_SECONDS, Counting.NEXT_DAY),
}


@dataclass(frozen=True)
class Case:
    """`limit`: "2 days"; `start`, `due`: "02-13 16:00" of 2026 or with their year; `pauses`: "from > until"."""

    name: str
    limit: str
    start: str
    due: str | None
    days: str
    hours: str = "DAY"
    pauses: tuple[str, ...] = ()
    provisional: bool = False


SPRING = "02-13 working, 02-14 make_up, 02-15..02-23 holiday, 02-24 working, 02-25 working"
NATIONAL = (
    "09-30 working, 10-01..10-07 holiday, 10-08 working, 10-09 working, 10-10 make_up, 10-11 weekend, 10-12 working"
)
A_WEEK = "03-06 working, 03-07 weekend, 03-08 weekend, 03-09..03-13 working, 03-14 weekend"
NEW_YEAR = (
    "12-30 working, 12-31 working, 2027-01-01 holiday, 2027-01-02..2027-01-03 weekend, 2027-01-04..2027-01-06 working"
)

CASES = [
    # Spring Festival 2026: Saturday the 14th is worked, then nine days off
    Case("a Friday before the worked Saturday", "1 days", "02-13 16:00", "02-14 18:00", SPRING),
    Case("the second day lies behind the festival", "2 days", "02-13 16:00", "02-24 18:00", SPRING),
    Case("begun on the worked Saturday", "1 days", "02-14 10:00", "02-24 18:00", SPRING),
    Case("begun in the middle of the festival", "2 days", "02-18 11:00", "02-25 18:00", SPRING),
    # Fri 16-18: 2 h, Sat 9-18: 9 h, Tue 24: the twelfth from 9 to 10
    Case("hours over the festival", "12 working hours", "02-13 16:00", "02-24 10:00", SPRING),
    Case("wall hours do not know the festival", "72 hours", "02-14 15:20", "02-17 15:20", SPRING),
    Case(
        "the worked Saturday after it",
        "2 days",
        "02-26 09:00",
        "02-28 18:00",
        "02-26 working, 02-27 working, 02-28 make_up",
    ),
    # National Day 2026: seven days off, Saturday the 10th is worked
    Case("a day over National Day", "1 days", "09-30 17:00", "10-08 18:00", NATIONAL),
    Case("three days end on the worked Saturday", "3 days", "09-30 17:00", "10-10 18:00", NATIONAL),
    Case("four days jump over the free Sunday", "4 days", "09-30 17:00", "10-12 18:00", NATIONAL),
    # Wed 17:30-18: half an hour, Thu 8: 9 to 10:30
    Case("hours over National Day", "2 working hours", "09-30 17:30", "10-08 10:30", NATIONAL),
    Case("the worked Sunday before Mid-Autumn", "2 days", "09-18 10:00", "09-21 18:00", "09-20 make_up, 09-21 working"),
    Case(
        "Labour Day",
        "2 days",
        "04-30 10:00",
        "05-07 18:00",
        "04-30 working, 05-01..05-05 holiday, 05-06 working, 05-07 working",
    ),
    # plain weeks
    Case("Friday to Monday", "1 days", "03-06 17:59", "03-09 18:00", A_WEEK),
    Case("a late evening is still that day", "1 days", "03-09 23:59", "03-10 18:00", A_WEEK),
    Case("same day: in the morning it ends this evening", "1 days from today", "03-09 08:00", "03-09 18:00", A_WEEK),
    Case(
        "same day: after close of business it is tomorrow's", "1 days from today", "03-09 18:00", "03-10 18:00", A_WEEK
    ),
    Case("same day: three days over a weekend", "3 days from today", "03-05 10:00", "03-09 18:00", A_WEEK),
    Case("three rings", "15 seconds", "03-08 03:00", "03-08 03:00:15", A_WEEK),
    # lunch: 11:10-12:00 are 50 minutes, 13:30-14:40 the other 70
    Case("hours over lunch", "2 working hours", "03-09 11:10", "03-09 14:40", A_WEEK, "LUNCH"),
    Case("begun at lunch", "1 working hours", "03-09 12:45", "03-09 14:30", A_WEEK, "LUNCH"),
    # Fri 17:15-18: 45 min, Mon 9-12: 3 h, 13:30-13:45: 15 min
    Case("hours over the weekend and lunch", "4 working hours", "03-06 17:15", "03-09 13:45", A_WEEK, "LUNCH"),
    # Fri 20-21: 1 h, Sat 9-12: 3 h, Mon 8:30-9:30: 1 h
    Case("hours over shifts and a Saturday", "5 working hours", "03-06 20:00", "03-09 09:30", A_WEEK, "SHIFTS"),
    Case("a day ends with its last shift", "1 days", "03-09 10:00", "03-10 21:00", A_WEEK, "SHIFTS"),
    Case("a Saturday with hours is a day", "1 days", "03-13 10:00", "03-14 12:00", A_WEEK, "SHIFTS"),
    # Sat 14 is worked with Monday's hours: 8:30-11:30 3 h, 12:30-13:30 1 h
    Case("a worked Saturday has Monday's shifts", "4 working hours", "02-13 21:00", "02-14 13:30", SPRING, "SHIFTS"),
    # pauses: 10-11 ran 1 h, stood 11-15, 15-18 ran 3 h
    Case(
        "an afternoon's pause",
        "4 working hours",
        "03-09 10:00",
        "03-09 18:00",
        A_WEEK,
        "DAY",
        ("03-09 11:00 > 03-09 15:00",),
    ),
    # Tue 10 closes while it stands, Wed 11 is the first day, Thu 12 the second
    Case(
        "a day that closes in a pause does not count",
        "2 days",
        "03-09 10:00",
        "03-12 18:00",
        A_WEEK,
        "DAY",
        ("03-10 12:00 > 03-11 10:00",),
    ),
    # stood 11-16 in all: 24 h and 5 h
    Case(
        "pauses that overlap stand once",
        "24 hours",
        "03-09 10:00",
        "03-10 15:00",
        A_WEEK,
        "DAY",
        ("03-09 14:00 > 03-09 16:00", "03-09 11:00 > 03-09 15:00"),
    ),
    Case("a pause without an end", "2 days", "03-09 10:00", None, A_WEEK, "DAY", ("03-09 11:00 >",)),
    # the turn of the year: the notice of 2027 is not out
    Case("into a year that is not published", "3 days", "12-30 16:00", "2027-01-05 18:00", NEW_YEAR, provisional=True),
    # Thu 31 15-18: 3 h, Mon 4 9-10: 1 h
    Case("hours over New Year", "4 working hours", "12-31 15:00", "2027-01-04 10:00", NEW_YEAR, provisional=True),
    Case("wall hours over New Year are certain", "72 hours", "12-30 16:00", "2027-01-02 16:00", NEW_YEAR),
]


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text if text[4] == "-" else f"2026-{text}").replace(tzinfo=ZONE)


def spelt_days(case: Case) -> list[tuple[date, str]]:
    """Each day that the case writes out."""
    found = []
    for part in case.days.split(", "):
        days, kind = part.split(" ")
        first, _, last = days.partition("..")
        day, end = (moment(f"{each} 12:00").date() for each in (first, last or first))
        while day <= end:
            found.append((day, kind))
            day += timedelta(days=1)
    return found


def test_there_are_thirty_and_each_has_a_name_of_its_own() -> None:
    assert len({case.name for case in CASES}) == len(CASES) >= 30


@pytest.mark.req("CPL-2", "CPL-3", "TKT-4", "TEL-1")
@pytest.mark.parametrize("case", CASES, ids=lambda case: re.sub(r"\W+", "-", case.name))
def test_a_deadline_is_as_it_was_counted_by_hand(case: Case) -> None:
    assert [(day, day_kind(day)) for day, _ in spelt_days(case)] == spelt_days(case)
    amount, _, unit = case.limit.partition(" ")
    clock, counting = CLOCKS[unit]
    pauses = []
    for pause in case.pauses:
        since, _, until = (part.strip() for part in pause.partition(">"))
        pauses.append(Pause(moment(since), moment(until) if until else None))
    limit = Limit(clock, float(amount), counting)
    found = deadline(limit, moment(case.start), CALENDARS[case.hours], pauses)
    assert found.at == (None if case.due is None else moment(case.due))
    assert found.provisional is case.provisional
