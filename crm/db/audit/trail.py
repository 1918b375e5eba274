"""Adds to the audit trail, in the transaction of the act itself: no act without its row, no row without its act."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy import Row, func, insert, select, text, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from crm.audit import AuditRow, Head, Sealed, first_seal, seal
from crm.db.base.engine import Database
from crm.db.base.paging import cursor, page_size, parse_numbered
from crm.db.base.typed import typed
from crm.db.schema.audit import audit
from crm.page import Page
from crm.tickets.model import Detail

_LOCK: Final = 0x53414155
"""PostgreSQL advisory lock: one writer at a time knows which seal is the last. SQLite has one writer anyway."""


class AuditTrail:
    """One per store. `zone`: in whose days the chain is cut."""

    def __init__(self, database: Database, zone: ZoneInfo) -> None:
        self._database = database
        self._zone = zone

    async def add(
        self,
        connection: AsyncConnection,
        *,
        at: datetime,
        by: str,
        action: str,
        subject: str,
        details: Mapping[str, Detail] | None = None,
    ) -> None:
        """Seals and writes one act. `subject`: the record's kind and id, `ticket 20261122-0001`. Call it last: it
        holds up other writers of the trail until the transaction ends. Where several queries are one act, it waits
        for the end of that by itself."""
        told = msgspec.json.encode(details, order="sorted").decode() if details else ""

        async def write() -> None:
            await self._write(connection, at, by, action, subject, told)

        if not self._database.at_end_of_act(write):
            await write()

    async def _write(
        self, connection: AsyncConnection, at: datetime, by: str, action: str, subject: str, details: str
    ) -> None:
        if connection.dialect.name == "postgresql":
            await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        day = at.astimezone(self._zone).date().isoformat()
        newest = select(audit.c.serial, audit.c.seal).where(audit.c.day == day).order_by(audit.c.serial.desc())
        last = (await connection.execute(newest.limit(1))).one_or_none()
        row = AuditRow(
            day=day,
            serial=last.serial + 1 if last else 1,
            at=at,
            by=by,
            action=action,
            subject=subject,
            details=details,
        )
        sealed = seal(row, last.seal if last else first_seal(day))
        fields = {name: getattr(row, name) for name in AuditRow.__dataclass_fields__}
        await connection.execute(insert(audit).values(**fields, seal=sealed))

    async def list(
        self,
        *,
        by: str | None = None,
        action: str | None = None,
        subject: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int = 50,
        after: str | None = None,
    ) -> Page[AuditRow]:
        """Newest first; `since` inclusive, `until` exclusive. Raises BadCursor, StoreAway."""
        size = page_size(limit)
        query = select(audit).order_by(audit.c.at.desc(), audit.c.id.desc()).limit(size + 1)
        for column, wanted in ((audit.c.by, by), (audit.c.action, action), (audit.c.subject, subject)):
            if wanted is not None:
                query = query.where(column == wanted)
        if since is not None:
            query = query.where(audit.c.at >= since)
        if until is not None:
            query = query.where(audit.c.at < until)
        if after is not None:
            query = query.where(tuple_(audit.c.at, audit.c.id) < tuple_(*parse_numbered(after)))
        async with self._database.read() as connection:
            rows = (await connection.execute(query)).all()
        last = rows[size - 1] if len(rows) > size else None
        items = tuple(_row(row) for row in rows[:size])
        return Page(items=items, next=cursor(last.at, last.id) if last else None)

    async def days(self) -> tuple[str, ...]:
        """The days that have rows. Raises StoreAway."""
        async with self._database.read() as connection:
            return tuple((await connection.execute(select(audit.c.day).distinct().order_by(audit.c.day))).scalars())

    async def chain(self, day: str) -> tuple[Sealed, ...]:
        """A day's rows by serial, as `crm.audit.verify` reads them. Raises StoreAway."""
        query = select(audit).where(audit.c.day == day).order_by(audit.c.serial, audit.c.id)
        async with self._database.read() as connection:
            return tuple(Sealed(row.id, _row(row), row.seal) for row in await connection.execute(query))

    async def about(self, subject: str) -> tuple[Sealed, ...]:
        """The rows about one record, oldest first. Raises StoreAway."""
        query = select(audit).where(audit.c.subject == subject).order_by(audit.c.at, audit.c.id)
        async with self._database.read() as connection:
            return tuple(Sealed(row.id, _row(row), row.seal) for row in await connection.execute(query))

    async def heads(self, after: str, before: str) -> dict[str, Head]:
        """How each day between two days ended, neither of them included. Raises StoreAway."""
        days = select(audit.c.day, func.max(audit.c.serial).label("last")).group_by(audit.c.day)
        ends = days.where(audit.c.day > after, audit.c.day < before).subquery()
        query = select(audit.c.day, audit.c.serial, audit.c.seal).join(
            ends, (audit.c.day == ends.c.day) & (audit.c.serial == ends.c.last)
        )
        async with self._database.read() as connection:
            rows = (await connection.execute(query.order_by(audit.c.day))).all()
        return {row.day: Head(row.serial, row.seal) for row in rows}


def _row(row: Row[Any]) -> AuditRow:
    return typed(AuditRow, row)
