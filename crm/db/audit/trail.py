"""Adds to the audit trail, in the transaction of the act itself: no act without its row, no row without its act."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy import insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from crm.audit import AuditRow, first_seal, seal
from crm.db.audit.tables import audit
from crm.tickets.model import Detail

_LOCK: Final = 0x53414155
"""PostgreSQL advisory lock: one writer at a time knows which seal is the last. SQLite has one writer anyway."""


class AuditTrail:
    """One per store. `zone`: in whose days the chain is cut."""

    def __init__(self, zone: ZoneInfo) -> None:
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
        holds up other writers of the trail until the transaction ends."""
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
            details=msgspec.json.encode(details, order="sorted").decode() if details else "",
        )
        sealed = seal(row, last.seal if last else first_seal(day))
        fields = {name: getattr(row, name) for name in AuditRow.__dataclass_fields__}
        await connection.execute(insert(audit).values(**fields, seal=sealed))
