"""When the calls that a booking gives rise to are due: the reminder before, the survey after. Rules. BKG-3, BKG-4."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from config.service.bookings import Reminder, VisitSurvey
from crm.followups.model import Span, next_permitted


def reminder_due(
    starts_at: datetime, now: datetime, rule: Reminder | None, hours: Sequence[Span], zone: ZoneInfo
) -> datetime | None:
    """None when there is none: not wanted, booked after its time (it has just been spoken of), or no permitted hour is
    left before the visit."""
    if rule is None:
        return None
    day = starts_at.astimezone(zone).date() - timedelta(days=rule.days_before)
    wanted = _instant(day, rule.at, zone)
    if wanted <= now:
        return None
    due = next_permitted(wanted, hours, zone)
    return due if due < starts_at else None


def survey_due(
    starts_at: datetime, now: datetime, rule: VisitSurvey | None, hours: Sequence[Span], zone: ZoneInfo
) -> datetime | None:
    """None when it is not wanted; at once, within permitted hours, when its time is over already."""
    if rule is None:
        return None
    day = starts_at.astimezone(zone).date() + timedelta(days=rule.days_after)
    return next_permitted(max(_instant(day, rule.at, zone), now), hours, zone)


def _instant(day: date, at: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, at, zone).astimezone(UTC)
