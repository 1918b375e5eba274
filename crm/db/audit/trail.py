"""Adds to the audit trail, in the transaction of the act itself: no act without its row, no row without its act."""

import logging
from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy import Row, func, insert, select, text, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from crm.audit.heads import Head
from crm.audit.seals import GENESIS, AuditRow, Outside, Place, Sealed, first_seal
from crm.db.base.engine import Database
from crm.db.base.paging import cursor, page_size, parse_numbered
from crm.db.base.typed import typed
from crm.db.schema.audit import audit
from crm.page import Page
from crm.tickets.model import Detail

log = logging.getLogger(__name__)

READ_AT_ONCE: Final = 10_000
_LOCK: Final = 0x53414155
"""PostgreSQL advisory lock: one writer at a time knows which seal is the last. SQLite has one writer anyway."""


class AuditTrail:
    """One per store. `zone`: in whose days rows are counted; `outside`: keys and the last row known (ACC-5)."""

    def __init__(self, database: Database, zone: ZoneInfo, outside: Outside) -> None:
        self._database = database
        self._zone = zone
        self._outside = outside

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
        last, serial = await self._last(connection), await self._serial(connection, day)
        known = self._outside.last
        if known is not None and known != last and not await self._has(connection, known):
            # The gap stays to be seen: what is written now goes behind the row that is gone, not into its place.
            log.error(
                "The audit trail was cut: its row %d of %s is gone from the store",
                known.serial,
                known.day,
                extra={"action": "audit_cut", "day": known.day, "serial": known.serial},
            )
            last, serial = known, max(serial, known.serial if known.day == day else 0)
        row = AuditRow(day=day, serial=serial + 1, at=at, by=by, action=action, subject=subject, details=details)
        sealed = self._outside.keys.seal(row, await self._before(connection, day, last))
        fields = {name: getattr(row, name) for name in AuditRow.__dataclass_fields__}
        await connection.execute(insert(audit).values(**fields, seal=sealed))
        place = Place(day, row.serial, sealed)
        self._database.after_commit(connection, lambda: self._outside.note(place))

    async def _before(self, connection: AsyncConnection, day: str, last: Place | None) -> str:
        """The seal that a row is chained to: the last of all; without a key the last of its day."""
        if self._outside.keys.newest is not None:
            return last.seal if last else GENESIS
        query = select(audit.c.seal).where(audit.c.day == day).order_by(audit.c.serial.desc()).limit(1)
        return (await connection.execute(query)).scalar() or first_seal(day)

    @staticmethod
    async def _last(connection: AsyncConnection) -> Place | None:
        query = select(audit.c.day, audit.c.serial, audit.c.seal).order_by(audit.c.id.desc()).limit(1)
        row = (await connection.execute(query)).one_or_none()
        return Place(row.day, row.serial, row.seal) if row else None

    @staticmethod
    async def _serial(connection: AsyncConnection, day: str) -> int:
        query = select(func.max(audit.c.serial)).where(audit.c.day == day)
        return (await connection.execute(query)).scalar() or 0

    @staticmethod
    async def _has(connection: AsyncConnection, place: Place) -> bool:
        query = select(audit.c.seal).where(audit.c.day == place.day, audit.c.serial == place.serial)
        return (await connection.execute(query)).scalar() == place.seal

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

    async def last(self) -> Place | None:
        """The row that was written last. Raises StoreAway."""
        async with self._database.read() as connection:
            return await self._last(connection)

    async def last_unkeyed(self) -> Place | None:
        """The row that was written last without a key. Raises StoreAway."""
        query = select(audit.c.day, audit.c.serial, audit.c.seal).where(audit.c.seal.not_like("%:%"))
        async with self._database.read() as connection:
            row = (await connection.execute(query.order_by(audit.c.id.desc()).limit(1))).one_or_none()
        return Place(row.day, row.serial, row.seal) if row else None

    async def chain(self) -> AsyncIterator[tuple[Sealed, ...]]:
        """All rows in the order of writing, in parts, as `crm.audit.verify` reads them. Raises StoreAway."""
        query = select(audit).order_by(audit.c.id).limit(READ_AT_ONCE)
        part = query
        while True:
            async with self._database.read() as connection:
                rows = tuple(Sealed(row.id, _row(row), row.seal) for row in await connection.execute(part))
            if not rows:
                return
            yield rows
            part = query.where(audit.c.id > rows[-1].id)

    async def about(self, subject: str) -> tuple[Sealed, ...]:
        """The rows about one record, oldest first. Raises StoreAway."""
        query = select(audit).where(audit.c.subject == subject).order_by(audit.c.at, audit.c.id)
        async with self._database.read() as connection:
            return tuple(Sealed(row.id, _row(row), row.seal) for row in await connection.execute(query))

    async def heads(self, *, before: str) -> dict[str, Head]:
        """How each day before that day ended. Raises StoreAway."""
        days = select(audit.c.day, func.max(audit.c.serial).label("last")).group_by(audit.c.day)
        ends = days.where(audit.c.day < before).subquery()
        query = select(audit.c.day, audit.c.serial, audit.c.seal).join(
            ends, (audit.c.day == ends.c.day) & (audit.c.serial == ends.c.last)
        )
        async with self._database.read() as connection:
            rows = (await connection.execute(query.order_by(audit.c.day))).all()
        return {row.day: Head(row.serial, row.seal) for row in rows}


def _row(row: Row[Any]) -> AuditRow:
    return typed(AuditRow, row)
