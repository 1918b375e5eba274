"""The calendar as administrators see and complete it: a year's notice, days of the site's own (adapter). CPL-3."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Final

from msgspec import Meta

from app.web.http.contract import In, Nothing, Out
from app.web.http.operations import AnyOperation, Ask, operation
from app.web.wire.problems import Problem, invalid
from config.values.hours import DayKind
from crm.days.model import BadNotice, days_of, is_known, unknown_year
from crm.regulation.calendar import look_up

YEARS: Final = range(2004, 2200)
Year = Annotated[int, Meta(ge=YEARS.start, lt=YEARS.stop)]


class CalendarQuery(In, frozen=True, kw_only=True):
    """`year`: default is this one."""

    year: Year | None = None


class NoticeIn(In, frozen=True, kw_only=True):
    """A year's notice, a line a day or a range: `2027-02-20 make_up`, `2027-02-05..2027-02-11 holiday`."""

    text: Annotated[str, Meta(max_length=20_000)]


class DayIn(In, frozen=True, kw_only=True):
    """`kind` null: what the notice or the built-in calendar says holds again."""

    kind: DayKind | None


class CalendarDayOut(Out, frozen=True, kw_only=True):
    """`source`: official (built in), notice (entered), site (its own days), fallback (provisional)."""

    day: date
    kind: DayKind
    source: str
    festival: str | None
    festival_en: str | None


class CalendarOut(Out, frozen=True, kw_only=True):
    """`known`: no day is provisional. `unknown_year`: the year whose notice is to be entered now."""

    year: int
    today: date
    known: bool
    unknown_year: int | None
    days: list[CalendarDayOut]


async def get_calendar(ask: Ask[CalendarQuery, Nothing]) -> CalendarOut:
    today = ask.services.clock().astimezone(ask.services.site.zone).date()
    return await _calendar(ask, ask.query.year or today.year)


async def enter_notice(ask: Ask[Nothing, NoticeIn]) -> CalendarOut:
    """All of it or, with what is wrong in which line, nothing."""
    word = ask.path("year")
    if not word.isascii() or not word.isdigit() or int(word) not in YEARS:
        raise invalid("year", f"a year from {YEARS.start} to {YEARS.stop - 1}")
    try:
        await ask.services.calendar.enter_year(int(word), ask.body.text, ask.who.name)
    except BadNotice as exc:
        errors = [{"field": "text", "message": fault.en, "message_zh": fault.zh} for fault in exc.faults]
        raise Problem("invalid", f"{exc}", errors=errors) from exc
    return await _calendar(ask, int(word))


async def enter_day(ask: Ask[Nothing, DayIn]) -> CalendarOut:
    try:
        day = date.fromisoformat(ask.path("day"))
    except ValueError:
        raise invalid("day", "a date such as 2027-02-20") from None
    await ask.services.calendar.enter_day(day, ask.body.kind, ask.who.name)
    return await _calendar(ask, day.year)


async def _calendar(ask: Ask[In, In], year: int) -> CalendarOut:
    services = ask.services
    await services.calendar.refresh()
    special, today = services.calendar.days, services.clock().astimezone(services.site.zone).date()
    return CalendarOut(
        year=year,
        today=today,
        known=is_known(year, special),
        unknown_year=unknown_year(today, special),
        days=[_day(day, special, services.calendar.source_of(day)) for day in days_of(year)],
    )


def _day(day: date, special: Mapping[date, DayKind], entered: str | None) -> CalendarDayOut:
    found, statutory = look_up(day, special), look_up(day)
    named = statutory.festival if found.kind in ("holiday", "make_up") else None
    chinese, english = named or (None, None)
    return CalendarDayOut(
        day=day, kind=found.kind, source=entered or found.source, festival=chinese, festival_en=english
    )


# fmt: off
CALENDAR: Final[tuple[AnyOperation, ...]] = (
    operation("get_calendar", "GET /api/calendar", get_calendar,
              "The days of a year, and who says so", CalendarQuery, Nothing, CalendarOut),
    operation("enter_notice", "POST /api/calendar/{year}", enter_notice,
              "A year's official notice, as lines", Nothing, NoticeIn, CalendarOut),
    operation("enter_day", "POST /api/calendar/days/{day}", enter_day,
              "A day of the site's own, or no longer", Nothing, DayIn, CalendarOut),
)
# fmt: on
