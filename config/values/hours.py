"""When a line is open, as a site writes it: periods by weekday, by date, on holidays and make-up days (issue: hours).

Not whether it is open at a moment (routing/waiting/hours.py), nor what kind of day a date is
(crm/regulation/calendar.py).
"""

from collections.abc import Mapping
from datetime import date
from enum import Enum
from typing import Any, Literal, NamedTuple

from pydantic import Field, model_validator

from config.values.fields import WEEKDAYS, Day, DayPeriods, Model, Weekday, WeekHours
from config.values.fields import Period as Period

DayKind = Literal["working", "weekend", "holiday", "make_up"]
"""What a day is in the Chinese calendar; `make_up` is a Saturday or Sunday that is worked (调休)."""
SpecialDays = Mapping[date, DayKind]
"""Days of which the site, or people since, say what kind they are; they go before the built-in calendar of China."""


class Basis(Enum):
    """Which hours count on a day."""

    WEEKDAY = "weekday"
    MAKE_UP = "make_up"
    """Those of the weekday whose hours worked Saturdays and Sundays (调休) take."""
    DATE = "date"
    """Hours of that very date."""
    HOLIDAY = "holiday"
    """None: closed on legal holidays."""


class DayHours(NamedTuple):
    """The hours of one day: the periods, and whose they are."""

    periods: tuple[Period, ...]
    basis: Basis
    hours_of: Weekday


class OpeningHours(Model):
    """When people answer a line. Written `always`, or with `weekdays: {mon-fri: ["09:00-18:00"], sat: […]}`.

    `holidays`: whether legal holidays are closed or are days like any other. `make_up_days`: the weekday whose hours a
    worked Saturday or Sunday (调休) takes; null = its own. `dates`: this line's own hours of single days, which go
    before everything else: `{2026-12-31: ["09:00-12:00"], 2026-11-11: []}`; an empty list is closed.
    """

    weekdays: WeekHours
    holidays: Literal["closed", "open"] = "closed"
    make_up_days: Weekday | None = "mon"
    dates: dict[Day, DayPeriods] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _always(cls, value: Any) -> Any:
        if value == "always":
            all_day = ("00:00-24:00",)
            return {"weekdays": dict.fromkeys(WEEKDAYS, all_day), "holidays": "open", "make_up_days": None}
        return value

    def on(self, day: date, kind: DayKind) -> DayHours:
        """The hours of a local date that is a day of that kind: its own, none on a holiday, else a weekday's."""
        weekday = WEEKDAYS[day.weekday()]
        if day in self.dates:
            return DayHours(self.dates[day], Basis.DATE, weekday)
        if kind == "holiday" and self.holidays == "closed":
            return DayHours((), Basis.HOLIDAY, weekday)
        if kind == "make_up" and self.make_up_days is not None:
            return DayHours(self.weekdays.get(self.make_up_days, ()), Basis.MAKE_UP, self.make_up_days)
        return DayHours(self.weekdays.get(weekday, ()), Basis.WEEKDAY, weekday)
