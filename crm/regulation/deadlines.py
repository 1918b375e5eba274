"""When something is due, by the clock of a clause: wall time, working hours, working days. Rules. CPL-2, CPL-3, TKT-4.

Working days are counted as the Civil Code (art. 201, 203) counts them: the day of the start does not count, and the
last day ends at close of business. Working hours are counted from the minute, in opening hours only. A clock may be
paused: what is needed from the customer is outstanding, say; a clock that stands still now has no deadline.

Nothing here raises for a year whose calendar is not known: the deadline is then *provisional* (see
crm/regulation/calendar.py).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from config.values.fields import END_OF_DAY
from config.values.hours import DayKind, OpeningHours
from crm.regulation.calendar import look_up

LOOK_AHEAD_DAYS = 1500
"""No clause is that long: a deadline that is not found until then does not exist (no day of the week is open)."""


class ClockKind(StrEnum):
    WALL_SECONDS = "wall_seconds"
    WALL_HOURS = "wall_hours"
    WORKING_HOURS = "working_hours"
    WORKING_DAYS = "working_days"


class Counting(StrEnum):
    """Of working days: whether the day of the start is the first of them."""

    NEXT_DAY = "next_day"
    SAME_DAY = "same_day"


@dataclass(frozen=True)
class Limit:
    """How long something may take. `amount`: seconds, hours or days, as the clock says."""

    clock: ClockKind
    amount: float
    counting: Counting = Counting.NEXT_DAY


@dataclass(frozen=True)
class Pause:
    """The clock stands still from `since` until just before `until`; None: it still does. Aware instants."""

    since: datetime
    until: datetime | None = None


@dataclass(frozen=True)
class Deadline:
    """`at`: in the site's zone; None while the clock stands still. `provisional`: by a calendar not official."""

    at: datetime | None
    provisional: bool = False


@dataclass(frozen=True)
class Calendar:
    """The working time of a site: opening hours, its own special days, its zone."""

    hours: OpeningHours
    zone: ZoneInfo
    special_days: Mapping[date, DayKind]

    def open_on(self, day: date) -> tuple[tuple[datetime, datetime], ...]:
        """The open spans of a local date, as instants (UTC)."""
        periods = self.hours.on(day, look_up(day, self.special_days).kind).periods
        return tuple((self._instant(day, period.start), self._instant(day, period.end)) for period in periods)

    def is_provisional(self, day: date) -> bool:
        return look_up(day, self.special_days).provisional

    def spans(self, start: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Open spans from an instant on, in order, as far as anybody looks."""
        first = start.astimezone(self.zone).date()
        for ahead in range(LOOK_AHEAD_DAYS):
            for opens, closes in self.open_on(first + timedelta(days=ahead)):
                if closes > start:
                    yield max(opens, start), closes

    def _instant(self, day: date, clock: time) -> datetime:
        if clock == END_OF_DAY:
            day, clock = day + timedelta(days=1), time.min
        return datetime.combine(day, clock, self.zone).astimezone(UTC)


def deadline(limit: Limit, start: datetime, calendar: Calendar, pauses: Sequence[Pause] = ()) -> Deadline:
    """When it is due that began at `start` (aware). Pauses in any order; they may overlap."""
    begin = start.astimezone(UTC)
    stood = _merged(pauses)
    match limit.clock:
        case ClockKind.WALL_SECONDS | ClockKind.WALL_HOURS:
            seconds = limit.amount * (3600 if limit.clock is ClockKind.WALL_HOURS else 1)
            return _shown(_after(seconds, _running(begin, stood)), begin, calendar, official=True)
        case ClockKind.WORKING_HOURS:
            return _shown(_after(limit.amount * 3600, _worked(begin, stood, calendar)), begin, calendar)
        case ClockKind.WORKING_DAYS:
            return _shown(_working_days(limit, begin, stood, calendar), begin, calendar)


def reached(
    share: float, limit: Limit, start: datetime, calendar: Calendar, pauses: Sequence[Pause] = ()
) -> datetime | None:
    """When that share (0…1) of the time is used up: the warning points of CPL-6. None while the clock stands still.

    Working days are measured by the open hours in them.
    """
    if limit.clock is not ClockKind.WORKING_DAYS:
        return deadline(Limit(limit.clock, limit.amount * share, limit.counting), start, calendar, pauses).at
    due = deadline(limit, start, calendar, pauses).at
    if due is None:
        return None
    begin, stood = start.astimezone(UTC), _merged(pauses)
    worked = [(opens, min(closes, due)) for opens, closes in _until(due, _worked(begin, stood, calendar))]
    total_s = sum((closes - opens).total_seconds() for opens, closes in worked)
    at = _after(total_s * share, iter(worked))
    return at.astimezone(calendar.zone) if at else None


def _merged(pauses: Sequence[Pause]) -> list[tuple[datetime, datetime]]:
    """Pauses as spans that do not overlap, in order; one without an end lasts for ever."""
    forever = datetime.max.replace(tzinfo=UTC)
    spans: list[tuple[datetime, datetime]] = []
    for since, until in sorted((pause.since.astimezone(UTC), _end(pause, forever)) for pause in pauses):
        if spans and since <= spans[-1][1]:
            spans[-1] = (spans[-1][0], max(spans[-1][1], until))
        elif until > since:
            spans.append((since, until))
    return spans


def _end(pause: Pause, forever: datetime) -> datetime:
    return pause.until.astimezone(UTC) if pause.until else forever


def _running(start: datetime, stood: list[tuple[datetime, datetime]]) -> Iterator[tuple[datetime, datetime]]:
    """The spans in which the clock runs."""
    at = start
    for since, until in stood:
        if since > at:
            yield at, since
        at = max(at, until)
    forever = datetime.max.replace(tzinfo=UTC)
    if at < forever:
        yield at, forever


def _worked(
    start: datetime, stood: list[tuple[datetime, datetime]], calendar: Calendar
) -> Iterator[tuple[datetime, datetime]]:
    """The spans in which the clock runs and the doors are open."""
    running = _running(start, stood)
    span = next(running, None)
    for opens, closes in calendar.spans(start):
        while span and span[0] < closes:
            begin, end = max(opens, span[0]), min(closes, span[1])
            if begin < end:
                yield begin, end
            if span[1] > closes:
                break
            span = next(running, None)


def _until(due: datetime, spans: Iterator[tuple[datetime, datetime]]) -> Iterator[tuple[datetime, datetime]]:
    for opens, closes in spans:
        if opens >= due:
            return
        yield opens, closes


def _after(seconds: float, spans: Iterator[tuple[datetime, datetime]]) -> datetime | None:
    """The instant at which so many seconds of these spans have passed; None when they are not that long."""
    left = timedelta(seconds=seconds)
    for begin, end in spans:
        if left <= end - begin:
            return begin + left
        left -= end - begin
    return None


def _working_days(
    limit: Limit, start: datetime, stood: list[tuple[datetime, datetime]], calendar: Calendar
) -> datetime | None:
    """Close of business of the last day. A day at whose close the clock stands still does not count."""
    first = start.astimezone(calendar.zone).date()
    counted = 0
    for ahead in range(0 if limit.counting is Counting.SAME_DAY else 1, LOOK_AHEAD_DAYS):
        spans = calendar.open_on(first + timedelta(days=ahead))
        if not spans or spans[-1][1] <= start or _stands_still(spans[-1][1], stood):
            continue
        counted += 1
        if counted >= limit.amount:
            return spans[-1][1]
    return None


def _stands_still(at: datetime, stood: list[tuple[datetime, datetime]]) -> bool:
    return any(since < at <= until for since, until in stood)


def _shown(at: datetime | None, start: datetime, calendar: Calendar, *, official: bool = False) -> Deadline:
    """In the site's zone; provisional when a day on the way is not in the official calendar."""
    if at is None:
        return Deadline(None)
    local = at.astimezone(calendar.zone)
    day, provisional = start.astimezone(calendar.zone).date(), False
    while not official and not provisional and day <= local.date():
        provisional = calendar.is_provisional(day)
        day += timedelta(days=1)
    return Deadline(local, provisional)
