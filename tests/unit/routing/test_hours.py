"""Opening hours at their boundaries, on holidays and on make-up days."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from config.schema import DayKind, OpeningHours
from routing.hours import Why, is_open, opening

SHANGHAI = ZoneInfo("Asia/Shanghai")
OFFICE = OpeningHours.model_validate({"weekdays": {"mon-fri": ("09:00-12:00", "13:30-18:00"), "sat": ("09:00-12:00",)}})
ALWAYS = OpeningHours.model_validate("always")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2026-11-20 08:59:59.999999", False),
        ("2026-11-20 09:00", True),
        ("2026-11-20 11:59:59.999999", True),
        ("2026-11-20 12:00", False),
        ("2026-11-20 13:30", True),
        ("2026-11-20 18:00", False),
        ("2026-11-20 00:00", False),
    ],
)
def test_a_period_includes_its_start_and_not_its_end(moment: str, expected: bool) -> None:
    assert is_open(OFFICE, at(moment), "working") is expected


@pytest.mark.parametrize(
    ("moment", "day", "why"),
    [
        ("2026-11-20 10:00", "working", Why.IN_HOURS),
        ("2026-11-20 12:30", "working", Why.OUTSIDE_HOURS),
        ("2026-11-21 10:00", "weekend", Why.IN_HOURS),
        ("2026-11-22 10:00", "weekend", Why.DAY_OFF),
        ("2026-10-01 10:00", "holiday", Why.HOLIDAY),
    ],
)
def test_the_answer_says_why(moment: str, day: DayKind, why: Why) -> None:
    answer = opening(OFFICE, at(moment), day)
    assert answer.why is why
    assert answer.open is (why is Why.IN_HOURS)


def test_a_make_up_saturday_has_mondays_hours() -> None:
    answer = opening(OFFICE, at("2026-10-10 15:00"), "make_up")
    assert answer.open
    assert answer.hours_of == "mon"


def test_a_site_can_keep_the_saturdays_own_hours_on_make_up_days() -> None:
    own = OFFICE.model_copy(update={"make_up_days": None})
    assert not is_open(own, at("2026-10-10 15:00"), "make_up")
    assert is_open(own, at("2026-10-10 11:00"), "make_up")


def test_holidays_can_be_days_like_any_other() -> None:
    museum = OFFICE.model_copy(update={"holidays": "open"})
    assert is_open(museum, at("2026-10-01 10:00"), "holiday")


@pytest.mark.parametrize("day", ["working", "weekend", "holiday", "make_up"])
def test_always_is_always(day: DayKind) -> None:
    start = at("2026-11-16 00:00")
    moments = [start + timedelta(minutes=30 * n) for n in range(7 * 48)] + [at("2026-11-16 23:59:59.999999")]
    assert all(is_open(ALWAYS, moment, day) for moment in moments)
