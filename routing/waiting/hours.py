"""Whether a line is open at a moment, why, and when that changes. Rules: moment and calendar are arguments. Issue 3.4.

Not the calendar: what kind of day a date is comes from crm/regulation/calendar.py, handed in by who asks. All moments
here are in the site's zone.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import Enum

from config.values.fields import END_OF_DAY, Period, Weekday
from config.values.hours import Basis as Basis
from config.values.hours import DayKind, OpeningHours

KindOf = Callable[[date], DayKind]
"""The calendar: what kind of day a local date is."""

LOOK_AHEAD_DAYS = 400
"""As far as the next opening or closing is looked for: a year, and the longest holiday after it."""


class Why(Enum):
    """Why a line is open or not."""

    IN_HOURS = "in_hours"
    OUTSIDE_HOURS = "outside_hours"
    DAY_OFF = "day_off"
    """No opening hours on this day."""
    HOLIDAY = "holiday"
    """Closed on legal holidays."""


@dataclass(frozen=True)
class Opening:
    """The answer. `periods`: those of the day; `hours_of`: the weekday whose hours count, unless `basis` is a date."""

    open: bool
    why: Why
    hours_of: Weekday
    periods: tuple[Period, ...]
    basis: Basis = Basis.WEEKDAY


def opening(hours: OpeningHours, local: datetime, day: DayKind) -> Opening:
    """Open or not at a moment in the site's zone, on a day of that kind."""
    periods, basis, weekday = hours.on(local.date(), day)
    if basis is Basis.HOLIDAY:
        return Opening(False, Why.HOLIDAY, weekday, (), basis)
    if not periods:
        return Opening(False, Why.DAY_OFF, weekday, (), basis)
    is_in = any(period.contains(local.time()) for period in periods)
    return Opening(is_in, Why.IN_HOURS if is_in else Why.OUTSIDE_HOURS, weekday, periods, basis)


def is_open(hours: OpeningHours, local: datetime, day: DayKind) -> bool:
    """`opening` for who does not ask why."""
    return opening(hours, local, day).open


def next_opening(hours: OpeningHours, local: datetime, kind_of: KindOf) -> datetime | None:
    """The first instant from `local` on at which the line is open; None when there is none within `LOOK_AHEAD_DAYS`."""
    moment: datetime | None = local
    for _ in range(LOOK_AHEAD_DAYS):
        if moment is None:
            break
        today = opening(hours, moment, kind_of(moment.date()))
        if today.open:
            return moment
        later = [period.start for period in today.periods if period.start > moment.time()]
        if later:
            return _at(moment, min(later))
        moment = _next_midnight(moment)
    return None


def next_closing(hours: OpeningHours, local: datetime, kind_of: KindOf) -> datetime | None:
    """The first instant from `local` on at which the line is closed; None when it stays open. Periods that touch,
    also over midnight, are one."""
    moment: datetime | None = local
    last_day = local.date().toordinal() + LOOK_AHEAD_DAYS
    while moment is not None and moment.date().toordinal() <= last_day:
        today = opening(hours, moment, kind_of(moment.date()))
        if not today.open:
            return moment
        end = next(period.end for period in today.periods if period.contains(moment.time()))
        moment = _next_midnight(moment) if end == END_OF_DAY else _at(moment, end)
    return None


def _at(moment: datetime, clock: time) -> datetime:
    return datetime.combine(moment.date(), clock, moment.tzinfo)


def _next_midnight(moment: datetime) -> datetime | None:
    """None after the last day there is."""
    if moment.date() >= date.max:
        return None
    return datetime.combine(moment.date() + timedelta(days=1), time.min, moment.tzinfo)
