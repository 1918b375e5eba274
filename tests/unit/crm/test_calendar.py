"""The Chinese calendar: known years with make-up days, unknown years without raising."""

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.schema import DayKind
from crm.regulation.calendar import day_kind, festival_of, look_up

MAKE_UP_2026 = [
    date(2026, 1, 4),
    date(2026, 2, 14),
    date(2026, 2, 28),
    date(2026, 5, 9),
    date(2026, 9, 20),
    date(2026, 10, 10),
]


def test_the_make_up_days_of_2026_are_worked() -> None:
    year = [date(2026, 1, 1) + timedelta(days=n) for n in range(365)]
    assert [day for day in year if day_kind(day) == "make_up"] == MAKE_UP_2026
    assert sum(day_kind(day) == "holiday" for day in year) == 33


@pytest.mark.parametrize(
    ("day", "festival"),
    [
        (date(2026, 1, 1), "newyear"),
        (date(2026, 1, 3), "newyear"),
        (date(2026, 2, 14), None),
        (date(2026, 2, 15), "spring"),
        (date(2026, 2, 23), "spring"),
        (date(2026, 4, 5), "holiday"),
        (date(2026, 10, 1), "holiday"),
        (date(2026, 10, 8), None),
        (date(2026, 11, 21), None),
        (date(2027, 1, 1), "newyear"),
        (date(2027, 2, 5), "spring"),
        (date(2027, 2, 6), "spring"),
        (date(2027, 10, 1), "holiday"),
        (date(2027, 6, 1), None),
    ],
)
def test_festivals(day: date, festival: str | None) -> None:
    assert festival_of(day) == festival


def test_an_unknown_year_has_weekends_and_statutory_days() -> None:
    assert day_kind(date(2027, 6, 1)) == "working"
    assert day_kind(date(2027, 6, 5)) == "weekend"
    assert day_kind(date(2027, 10, 1)) == "holiday"


def test_the_sites_own_days_go_first() -> None:
    special: dict[date, DayKind] = {
        date(2027, 2, 20): "make_up",
        date(2026, 11, 20): "holiday",
        date(2027, 10, 1): "working",
    }
    assert day_kind(date(2027, 2, 20), special) == "make_up"
    assert festival_of(date(2026, 11, 20), special) == "holiday"
    assert festival_of(date(2027, 10, 1), special) is None


@settings(deadline=None)
@given(st.dates())
def test_no_date_raises(day: date) -> None:
    assert (festival_of(day) is not None) is (day_kind(day) == "holiday")


def test_every_day_of_2027_has_a_kind() -> None:
    days = [date(2027, 1, 1) + timedelta(days=n) for n in range(365)]
    assert {day_kind(day) for day in days} == {"working", "weekend", "holiday"}


def test_what_is_known_of_a_day() -> None:
    make_up = look_up(date(2026, 10, 10))
    assert (make_up.kind, make_up.source, make_up.festival) == ("make_up", "official", ("国庆节", "National Day"))
    assert look_up(date(2026, 10, 9)).festival is None
    assert not make_up.provisional


def test_a_day_beyond_the_official_calendar_is_provisional_until_the_site_names_it() -> None:
    assert look_up(date(2027, 2, 20)).provisional
    assert look_up(date(2027, 10, 1)).festival == ("国庆节", "National Day")
    named = look_up(date(2027, 2, 20), {date(2027, 2, 20): "make_up"})
    assert (named.kind, named.source, named.provisional) == ("make_up", "site", False)
