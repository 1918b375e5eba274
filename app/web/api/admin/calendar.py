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
from crm.days.notice import Notice
from crm.regulation.calendar import look_up

YEARS: Final = range(2004, 2200)
Year = Annotated[int, Meta(ge=YEARS.start, lt=YEARS.stop)]


class CalendarQuery(In, frozen=True, kw_only=True):
    """`year`: default is this one."""

    year: Year | None = None


class NoticeIn(In, frozen=True, kw_only=True):
    """A year's notice as it is published, or a line a day or a range: `2027-02-20 make_up`,
    `2027-02-05..2027-02-11 holiday`. One that speaks of some festivals alone replaces these."""

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


class ChangedDayOut(Out, frozen=True, kw_only=True):
    """A day that would be of another kind."""

    day: date
    before: DayKind
    after: DayKind
    festival: str


class NoticePreviewOut(Out, frozen=True, kw_only=True):
    """What a notice comes to before it is entered. `days`: the year as it would be; `named`: days that the notice
    speaks of; `changed`: those of another kind than now; `left`: sentences that enter nothing."""

    year: int
    whole: bool
    named: list[date]
    changed: list[ChangedDayOut]
    left: list[str]
    days: list[CalendarDayOut]


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
    year = _year(ask.path("year"))
    try:
        await ask.services.calendar.enter_year(year, ask.body.text, ask.who.name)
    except BadNotice as exc:
        raise _bad(exc) from exc
    return await _calendar(ask, year)


async def preview_notice(ask: Ask[Nothing, NoticeIn]) -> NoticePreviewOut:
    """As a calendar, with what would change; nothing is entered."""
    year, calendar = _year(ask.path("year")), ask.services.calendar
    await calendar.refresh()
    try:
        at = ask.services.clock()
        notice, after = await calendar.preview_year(year, ask.body.text, ask.who.name, at)
    except BadNotice as exc:
        raise _bad(exc) from exc
    looked_at = sorted({*days_of(year), *notice.days})
    changed = [
        ChangedDayOut(day=day, before=before, after=then, festival=notice.festivals.get(day, ""))
        for day in looked_at
        if (before := look_up(day, calendar.days).kind) != (then := look_up(day, after).kind)
    ]
    shown = [_day(day, after, _source(day, notice, calendar.source_of(day))) for day in days_of(year)]
    return NoticePreviewOut(
        year=year, whole=notice.whole, named=sorted(notice.days), changed=changed, left=notice.left, days=shown
    )


def _source(day: date, notice: Notice, now: str | None) -> str | None:
    """Who would say what kind of day it is."""
    return "notice" if now != "site" and (notice.whole or day in notice.days) else now


def _year(word: str) -> int:
    if not word.isascii() or not word.isdigit() or int(word) not in YEARS:
        raise invalid("year", f"a year from {YEARS.start} to {YEARS.stop - 1}")
    return int(word)


def _bad(exc: BadNotice) -> Problem:
    errors = [{"field": "text", "message": fault.en, "message_zh": fault.zh} for fault in exc.faults]
    return Problem("invalid", f"{exc}", errors=errors)


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
    operation("preview_notice", "POST /api/calendar/preview/{year}", preview_notice,
              "What a notice comes to, before it is entered", Nothing, NoticeIn, NoticePreviewOut),
    operation("enter_day", "POST /api/calendar/days/{day}", enter_day,
              "A day of the site's own, or no longer", Nothing, DayIn, CalendarOut),
)
# fmt: on
