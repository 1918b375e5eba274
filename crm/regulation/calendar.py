"""What kind of day a date is in China, and which festival it belongs to: the one calendar of opening hours, greetings
and the ticket clock. Rules; it never raises. TEL-4, CPL-3, FUP-7.

Days come, in this order, from the site's `special_days`, from `chinesecalendar` (the State Council's notices, with
make-up days, until 2026), for other years from weekends and the statutory days of `holidays`, without make-up days:
those are provisional, since the notice may still change them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Literal

import chinese_calendar
import holidays

from config.values.hours import DayKind

Festival = Literal["newyear", "spring", "holiday"]
"""元旦, 春节, and every other legal festival: what there are greetings for."""

DaySource = Literal["site", "official", "fallback"]
"""Who says so: the site's `special_days`, the State Council's notice, or weekends and statutory days by themselves."""

_NO_SPECIAL_DAYS: Mapping[date, DayKind] = {}
_FESTIVALS_BY_CALENDAR: Mapping[str, Festival] = {"New Year's Day": "newyear", "Spring Festival": "spring"}
_CHINESE_NAMES = {festival.value: festival.chinese for festival in chinese_calendar.Holiday}


@dataclass(frozen=True)
class CalendarDay:
    """A date and what it is. `festival`: its name in Chinese and English, on holidays and their make-up days."""

    day: date
    kind: DayKind
    source: DaySource
    festival: tuple[str, str] | None = None

    @property
    def provisional(self) -> bool:
        """The official notice of that year is not known: a holiday may be longer, a weekend may be worked."""
        return self.source == "fallback"


def look_up(day: date, special_days: Mapping[date, DayKind] = _NO_SPECIAL_DAYS) -> CalendarDay:
    """Everything that is known of a local date."""
    if day in special_days:
        return CalendarDay(day, special_days[day], "site")
    return _without_site(day)


@lru_cache(maxsize=4096)
def _without_site(day: date) -> CalendarDay:
    try:
        free, name = chinese_calendar.get_holiday_detail(day)
    except NotImplementedError:
        statutory = _statutory_days(day.year, "zh_CN").get(day)
        if statutory is not None:
            english = _statutory_days(day.year, "en_US").get(day, statutory)
            return CalendarDay(day, "holiday", "fallback", (statutory, english))
        return CalendarDay(day, "weekend" if day.weekday() >= 5 else "working", "fallback")
    names = (_CHINESE_NAMES[name], name) if name is not None else None
    if free:
        return CalendarDay(day, "weekend" if name is None else "holiday", "official", names)
    if day.weekday() >= 5:
        return CalendarDay(day, "make_up", "official", names)
    return CalendarDay(day, "working", "official")


def day_kind(day: date, special_days: Mapping[date, DayKind] = _NO_SPECIAL_DAYS) -> DayKind:
    """Working day, weekend, legal holiday, or a worked Saturday or Sunday (调休). `day` is a local date."""
    return look_up(day, special_days).kind


def festival_of(day: date, special_days: Mapping[date, DayKind] = _NO_SPECIAL_DAYS) -> Festival | None:
    """The festival of a legal holiday, also of one that only the site knows; None on any other day."""
    if day_kind(day, special_days) != "holiday":
        return None
    known = _without_site(day)
    if known.kind != "holiday" or known.festival is None:
        return "holiday"
    chinese, english = known.festival
    if known.source == "official":
        return _FESTIVALS_BY_CALENDAR.get(english, "holiday")
    if "元旦" in chinese:
        return "newyear"
    return "spring" if "春节" in chinese or "除夕" in chinese else "holiday"


@lru_cache(maxsize=32)
def _statutory_days(year: int, language: str) -> Mapping[date, str]:
    return dict(holidays.country_holidays("CN", years=year, language=language))
