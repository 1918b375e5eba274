"""The stretches of time reports speak of (rules): local days, weeks from Monday, months. RPT-3."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo


class Span(StrEnum):
    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"


@dataclass(frozen=True)
class Stretch:
    """Whole local days from `first` until just before `after`."""

    span: Span
    first: date
    after: date

    @property
    def name(self) -> str:
        """What a report of it is filed under: 2026-11-27, 2026-W48, 2026-11."""
        if self.span is Span.DAILY:
            return self.first.isoformat()
        if self.span is Span.WEEKLY:
            year, week, _ = self.first.isocalendar()
            return f"{year}-W{week:02d}"
        return f"{self.first:%Y-%m}"

    def instants(self, zone: ZoneInfo) -> tuple[datetime, datetime]:
        """[since, until)."""
        return datetime.combine(self.first, time(), zone), datetime.combine(self.after, time(), zone)

    def before(self) -> "Stretch":
        """The one just before it."""
        return containing(self.span, self.first - timedelta(days=1))


def containing(span: Span, day: date) -> Stretch:
    """The stretch in which a local day lies."""
    if span is Span.DAILY:
        return Stretch(span, day, day + timedelta(days=1))
    if span is Span.WEEKLY:
        monday = day - timedelta(days=day.weekday())
        return Stretch(span, monday, monday + timedelta(days=7))
    first = day.replace(day=1)
    return Stretch(span, first, (first + timedelta(days=32)).replace(day=1))


def last_over(span: Span, day: date) -> Stretch:
    """The newest stretch that is over on this local day."""
    return containing(span, day).before()
