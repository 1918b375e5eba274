"""Recordings as rows: what hangs on a ticket, who listened, what retention removed. It touches no files. TEL-10."""

from datetime import datetime
from typing import Any

from sqlalchemy import Row, insert, select, update

from crm.db.audit.trail import AuditTrail
from crm.db.base.engine import Database
from crm.db.schema.core import recording, recording_playback
from crm.tickets.call_rows import RecordingKind, RecordingRow
from crm.tickets.model import Detail


def recording_row(row: Row[Any]) -> RecordingRow:
    """A RecordingRow of a row of the table."""
    return RecordingRow(
        id=row.id,
        ticket=row.ticket,
        call=row.call_id,
        kind=RecordingKind(row.kind),
        file=row.file,
        recorded_at=row.recorded_at,
        duration_s=row.duration_s,
        deleted_at=row.deleted_at,
    )


class RecordingTable:
    """All raise StoreAway. The projector adds the rows."""

    def __init__(self, database: Database, audit: AuditTrail) -> None:
        self._database = database
        self._audit = audit

    async def get(self, recording_id: int) -> RecordingRow | None:
        async with self._database.read() as connection:
            row = (await connection.execute(select(recording).where(recording.c.id == recording_id))).one_or_none()
        return None if row is None else recording_row(row)

    async def log_playback(self, recording_id: int, *, by: str, at: datetime) -> None:
        """To be called before the first byte is sent: who cannot be logged does not listen."""
        async with self._database.write() as connection:
            await connection.execute(insert(recording_playback).values(recording_id=recording_id, by=by, at=at))
            ticket = await connection.scalar(select(recording.c.ticket).where(recording.c.id == recording_id))
            details: dict[str, Detail] = {"recording": recording_id}
            await self._audit.add(connection, at=at, by=by, action="heard", subject=f"ticket {ticket}", details=details)

    async def expired(self, before: datetime, limit: int = 500) -> tuple[RecordingRow, ...]:
        """Recordings made before an instant whose files are still there, oldest first."""
        query = (
            select(recording)
            .where(recording.c.recorded_at < before, recording.c.deleted_at.is_(None))
            .order_by(recording.c.recorded_at)
            .limit(limit)
        )
        async with self._database.read() as connection:
            return tuple(recording_row(row) for row in await connection.execute(query))

    async def mark_deleted(self, recording_id: int, at: datetime) -> None:
        """The file is gone. The first time counts."""
        async with self._database.write() as connection:
            await connection.execute(
                update(recording)
                .where(recording.c.id == recording_id, recording.c.deleted_at.is_(None))
                .values(deleted_at=at)
            )
