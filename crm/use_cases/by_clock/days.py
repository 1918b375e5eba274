"""The calendar of the running system: the site's special days under those that people have entered (flow). CPL-3.

There is one mapping, `RunningCalendar.days`, kept up to date in place: opening hours, greetings, duty rosters and the
clocks of tickets all look into it, so they cannot disagree. The site's own mapping stays as it was loaded.
"""

import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping, Set
from datetime import date, datetime, time
from types import MappingProxyType
from typing import Final
from zoneinfo import ZoneInfo

from config.values.hours import DayKind, SpecialDays
from config.words import two_lines
from crm.days.model import (
    EnteredDay,
    Source,
    first_change,
    known_years,
    overlaid,
    sound_notice,
    unknown_year,
    with_earlier,
)
from crm.days.notice import Notice
from crm.db.calendar.days import CalendarTable
from crm.db.followups.owed_calls import SYSTEM
from crm.db.messages.messages import MessageTable
from crm.errors import StoreAway

log = logging.getLogger(__name__)

_UNKNOWN = two_lines(
    "{year} 年的放假安排尚未录入，涉及该年的时限均为暂定。国务院通知公布后，请管理员在“日历”页录入。",
    "The holidays of {year} are not entered yet: deadlines in it are provisional. Enter the notice "
    "on the page Calendar once it is out.",
)

Recompute = Callable[[datetime], Awaitable[None]]
"""Told from which instant on days have changed: every clock that is due from then on, or still runs, is made anew."""


class RunningCalendar:
    """`days`: the mapping that everybody looks into; at first it holds the site's own days."""

    def __init__(self, table: CalendarTable, site_days: SpecialDays, zone: ZoneInfo) -> None:
        self._table = table
        self._running = dict(site_days)
        self.days: Final[SpecialDays] = MappingProxyType(self._running)
        self._site = site_days
        self._zone = zone
        self._entered: Mapping[date, Source] = {}
        self._years: Set[int] = frozenset()
        self._told: int | None = None
        self.recompute: list[Recompute] = []

    async def refresh(self) -> None:
        """Takes over what has been entered, here or by another process. While the store is away, all stays as it is."""
        try:
            entered = await self._table.all()
        except StoreAway as exc:
            log.warning("The entered days are out of reach: %s", exc, extra={"action": "calendar_not_read"})
            return
        self._entered = {row.day: row.source for row in sorted(entered, key=lambda row: row.source)}
        self._years = known_years(entered)
        await self._take_over(overlaid(self._site, entered))

    def source_of(self, day: date) -> Source | None:
        """Who says what kind of day it is: a notice, the site; None: nobody here, the built-in calendar holds."""
        if day in self._entered:
            return self._entered[day]
        if day in self._site:
            return "site"
        return "notice" if day.year in self._years else None

    async def enter_year(self, year: int, text: str, by: str) -> None:
        """A year's official notice replaces what was entered of one before. Raises BadNotice, StoreAway."""
        notice = with_earlier(sound_notice(text, year), year, await self._table.all())
        await self._table.replace_year(year, notice.days, by, notice.festivals)
        await self.refresh()

    async def preview_year(self, year: int, text: str, by: str, at: datetime) -> tuple[Notice, Mapping[date, DayKind]]:
        """What a notice comes to, and the calendar as it would be with it; nothing is entered.

        Raises BadNotice, StoreAway.
        """
        read, rows = sound_notice(text, year), await self._table.all()
        notice = with_earlier(read, year, rows)
        others = [row for row in rows if row.source == "site" or (row.notice or row.day.year) != year]
        new = [EnteredDay(day, kind, "notice", by, at, notice=year) for day, kind in notice.days.items()]
        return read, overlaid(self._site, [*others, *new])

    async def enter_day(self, day: date, kind: DayKind | None, by: str) -> None:
        """A day of the site's own; None takes it out again. Raises StoreAway."""
        await self._table.put(day, kind, by)
        await self.refresh()

    async def _take_over(self, days: dict[date, DayKind]) -> None:
        changed = first_change(self._running, days)
        self._running.clear()
        self._running.update(days)
        if changed is None:
            return
        log.info("The calendar has changed from %s on.", changed, extra={"action": "calendar_changed"})
        since = datetime.combine(changed, time.min, self._zone)
        for tell in self.recompute:
            await tell(since)

    def unknown_year(self, today: date) -> int | None:
        """The year whose notice is to be entered now."""
        return unknown_year(today, self._running)

    async def tell_unknown_year(self, messages: MessageTable, today: date, people: Iterable[str]) -> None:
        """A message to each of these, once a year: its notice is to be entered. While the store is away, later."""
        year = self.unknown_year(today)
        if year is None or year == self._told:
            return
        try:
            for person in people:
                key = f"calendar-{year}-{person}"
                await messages.send(sender=SYSTEM, recipient=person, text=_UNKNOWN.format(year=year), key=key)
        except StoreAway as exc:
            log.warning("The unknown year %s is told later: %s", year, exc, extra={"action": "unknown_year_not_told"})
            return
        self._told = year
