"""Whether a line is open at a moment, and why. Rules: the moment and the kind of its day are arguments. Milestone B9.

Not the calendar: what kind of day it is comes from crm/calendar.py, handed in by the call flow.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from config.fields import WEEKDAYS
from config.schema import DayKind, OpeningHours, Period


class Why(Enum):
    """Why a line is open or not."""

    IN_HOURS = "in opening hours"
    OUTSIDE_HOURS = "outside opening hours"
    DAY_OFF = "no opening hours on this day"
    HOLIDAY = "closed on legal holidays"


@dataclass(frozen=True)
class Opening:
    """The answer. `periods`: those of the day; `hours_of`: the weekday whose hours count (another on a make-up day)."""

    open: bool
    why: Why
    hours_of: str
    periods: tuple[Period, ...]


def opening(hours: OpeningHours, local: datetime, day: DayKind) -> Opening:
    """Open or not at a moment in the site's zone, on a day of that kind."""
    weekday = WEEKDAYS[local.weekday()]
    if day == "make_up" and hours.make_up_days is not None:
        weekday = hours.make_up_days
    periods = hours.weekdays.get(weekday, ())
    if day == "holiday" and hours.holidays == "closed":
        return Opening(False, Why.HOLIDAY, weekday, ())
    if not periods:
        return Opening(False, Why.DAY_OFF, weekday, ())
    is_in = any(period.contains(local.time()) for period in periods)
    return Opening(is_in, Why.IN_HOURS if is_in else Why.OUTSIDE_HOURS, weekday, periods)


def is_open(hours: OpeningHours, local: datetime, day: DayKind) -> bool:
    """`opening` for who does not ask why."""
    return opening(hours, local, day).open
