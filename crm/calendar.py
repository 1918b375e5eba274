"""What kind of day a date is in China, and which festival it belongs to. Pure, and never raises. TEL-4, CPL-3, FUP-7.

Days come, in this order, from the site's `special_days`, from `chinesecalendar` (the State Council's notices, with
make-up days, until 2026), for other years from weekends and the statutory days of `holidays`, without make-up days.
"""

from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from typing import Literal

import chinese_calendar
import holidays

from config.schema import DayKind

Festival = Literal["newyear", "spring", "holiday"]
"""元旦, 春节, and every other legal festival: what there are greetings for."""

_NO_SPECIAL_DAYS: Mapping[date, DayKind] = {}
_FESTIVALS_BY_CALENDAR: Mapping[str, Festival] = {"New Year's Day": "newyear", "Spring Festival": "spring"}


def day_kind(day: date, special_days: Mapping[date, DayKind] = _NO_SPECIAL_DAYS) -> DayKind:
    """Working day, weekend, legal holiday, or a worked Saturday or Sunday (调休). `day` is a local date."""
    if day in special_days:
        return special_days[day]
    try:
        if chinese_calendar.is_workday(day):
            return "make_up" if day.weekday() >= 5 else "working"
        return "holiday" if chinese_calendar.get_holiday_detail(day)[1] is not None else "weekend"
    except NotImplementedError:
        if _statutory_names(day) is not None:
            return "holiday"
        return "weekend" if day.weekday() >= 5 else "working"


def is_working_day(day: date, special_days: Mapping[date, DayKind] = _NO_SPECIAL_DAYS) -> bool:
    """Whether the clocks that count working days count this one."""
    return day_kind(day, special_days) in ("working", "make_up")


def festival_of(day: date, special_days: Mapping[date, DayKind] = _NO_SPECIAL_DAYS) -> Festival | None:
    """The festival of a legal holiday; None on any other day."""
    if day_kind(day, special_days) != "holiday":
        return None
    try:
        name = chinese_calendar.get_holiday_detail(day)[1]
    except NotImplementedError:
        name = None
    if name is not None:
        return _FESTIVALS_BY_CALENDAR.get(name, "holiday")
    statutory = _statutory_names(day) or ""
    if "元旦" in statutory:
        return "newyear"
    return "spring" if "春节" in statutory or "除夕" in statutory else "holiday"


def _statutory_names(day: date) -> str | None:
    return _statutory_days(day.year).get(day)


@lru_cache(maxsize=16)
def _statutory_days(year: int) -> Mapping[date, str]:
    return dict(holidays.country_holidays("CN", years=year, language="zh_CN"))
