"""Entered days as rows: a year's notice and, beside it, days of the site's own. CPL-3."""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from types import MappingProxyType

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from config.values.hours import DayKind
from crm.days.model import EnteredDay
from crm.db.audit.trail import AuditTrail
from crm.db.base.engine import Database
from crm.db.calendar.tables import calendar_day


class CalendarTable:
    """All raise StoreAway."""

    def __init__(self, database: Database, audit: AuditTrail, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._audit = audit
        self._clock = clock

    async def all(self) -> list[EnteredDay]:
        """In order of days."""
        columns = (calendar_day.c[name] for name in ("day", "kind", "source", "by", "at", "festival", "notice"))
        async with self._database.read() as connection:
            rows = await connection.execute(select(*columns).order_by(calendar_day.c.day))
            return [EnteredDay(*row) for row in rows]

    async def replace_year(
        self, year: int, days: Mapping[date, DayKind], by: str, festivals: Mapping[date, str] = MappingProxyType({})
    ) -> None:
        """The year's notice: what an earlier one of that year said goes, the site's own days stay."""
        in_year = (calendar_day.c.notice == year) | (
            calendar_day.c.notice.is_(None) & calendar_day.c.day.between(date(year, 1, 1), date(year, 12, 31))
        )
        in_year |= calendar_day.c.day.in_(days)
        async with self._database.write() as connection:
            await connection.execute(delete(calendar_day).where(in_year, calendar_day.c.source == "notice"))
            at = self._clock()
            common = {"source": "notice", "by": by, "at": at, "notice": year}
            rows = [
                {"day": day, "kind": kind, "festival": festivals.get(day, ""), **common} for day, kind in days.items()
            ]
            await connection.execute(insert(calendar_day), rows)
            await self._note(connection, by, "calendar_notice_entered", f"calendar {year}", {"days": len(days)})

    async def put(self, day: date, kind: DayKind | None, by: str) -> None:
        """A day of the site's own; None: out with it, and what the notice says holds again."""
        async with self._database.write() as connection:
            own = (calendar_day.c.day == day) & (calendar_day.c.source == "site")
            await connection.execute(delete(calendar_day).where(own))
            if kind is not None:
                row = {"day": day, "kind": kind, "source": "site", "by": by, "at": self._clock()}
                await connection.execute(insert(calendar_day).values(**row))
            await self._note(connection, by, "calendar_day_entered", f"calendar {day}", {"kind": kind})

    async def _note(
        self, connection: AsyncConnection, by: str, action: str, subject: str, details: Mapping[str, str | int | None]
    ) -> None:
        await self._audit.add(connection, at=self._clock(), by=by, action=action, subject=subject, details=details)
