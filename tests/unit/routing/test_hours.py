"""Opening hours at their boundaries, on holidays and on make-up days."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.schema import DayKind, OpeningHours
from config.values.fields import WEEKDAYS
from crm.regulation.calendar import day_kind
from routing.waiting.hours import Basis, Why, is_open, next_closing, next_opening, opening

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
    assert answer.basis is Basis.MAKE_UP
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


def test_a_dates_own_hours_go_before_weekday_holiday_and_make_up_day() -> None:
    dated = OpeningHours.model_validate(
        {
            "weekdays": {"mon-fri": ("09:00-18:00",)},
            "dates": {"2026-10-01": ("14:00-16:00", "10:00-12:00"), "2026-10-10": (), "2026-11-20": ("20:00-24:00",)},
        }
    )
    feast = opening(dated, at("2026-10-01 11:00"), "holiday")
    assert feast.open and feast.basis is Basis.DATE
    assert [period.start.hour for period in feast.periods] == [10, 14]
    assert opening(dated, at("2026-10-10 11:00"), "make_up").why is Why.DAY_OFF
    assert not is_open(dated, at("2026-11-20 11:00"), "working")
    assert is_open(dated, at("2026-11-20 23:59"), "working")


def calendar(day: date) -> DayKind:
    return day_kind(day)


@pytest.mark.parametrize(
    ("moment", "opens"),
    [
        ("2026-11-20 08:00", "2026-11-20 09:00"),
        ("2026-11-20 12:30", "2026-11-20 13:30"),
        ("2026-11-20 18:00", "2026-11-21 09:00"),
        ("2026-11-21 12:00", "2026-11-23 09:00"),
        ("2026-09-30 18:00", "2026-10-08 09:00"),
        ("2026-10-09 18:00", "2026-10-10 09:00"),
        ("2026-11-20 10:00", "2026-11-20 10:00"),
    ],
)
def test_when_it_opens_next(moment: str, opens: str) -> None:
    assert next_opening(OFFICE, at(moment), calendar) == at(opens)


def test_when_it_closes() -> None:
    assert next_closing(OFFICE, at("2026-11-20 10:00"), calendar) == at("2026-11-20 12:00")
    assert next_closing(ALWAYS, at("2026-11-20 10:00"), calendar) is None
    night = OpeningHours.model_validate(
        {"weekdays": {"fri": ("18:00-22:00", "22:00-24:00"), "sat": ("00:00-02:00",)}, "holidays": "open"}
    )
    assert next_closing(night, at("2026-11-20 19:00"), calendar) == at("2026-11-21 02:00")


def test_what_never_opens_has_no_next_opening() -> None:
    never = OpeningHours.model_validate({"weekdays": {}})
    assert next_opening(never, at("2026-11-20 19:00"), calendar) is None
    assert next_opening(never, at("9999-12-31 19:00"), calendar) is None
    assert next_closing(ALWAYS, at("9999-12-31 19:00"), calendar) is None


QUARTERS = [f"{n // 4:02}:{n % 4 * 15:02}" for n in range(96)] + ["24:00"]


@st.composite
def day_periods(draw: st.DrawFn) -> tuple[str, ...]:
    marks = sorted(draw(st.sets(st.integers(0, 96), max_size=6)))
    return tuple(f"{QUARTERS[a]}-{QUARTERS[b]}" for a, b in zip(marks[::2], marks[1::2], strict=False))


@settings(deadline=None, max_examples=60)
@given(
    weekdays=st.dictionaries(st.sampled_from(WEEKDAYS), day_periods(), max_size=7),
    holidays=st.sampled_from(["open", "closed"]),
    make_up=st.sampled_from([None, "mon", "sun"]),
    minutes=st.integers(0, 24 * 24 * 60),
)
def test_the_next_change_is_the_first_moment_at_which_the_answer_differs(
    weekdays: dict[str, tuple[str, ...]], holidays: str, make_up: str | None, minutes: int
) -> None:
    hours = OpeningHours.model_validate({"weekdays": weekdays, "holidays": holidays, "make_up_days": make_up})
    local = at("2026-09-18 00:00") + timedelta(minutes=minutes, seconds=minutes % 60)
    now = is_open(hours, local, calendar(local.date()))
    change = (next_closing if now else next_opening)(hours, local, calendar)
    quarter = local.replace(minute=local.minute // 15 * 15, second=0, microsecond=0)
    scan = (quarter + timedelta(minutes=15 * n) for n in range(1, 12 * 96))
    first = next((each for each in scan if is_open(hours, each, calendar(each.date())) is not now), None)
    assert change == first or (first is None and (change is None or change > local + timedelta(days=11)))
