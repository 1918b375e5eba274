"""Recordings and messages go when their time is over (TEL-10): first the file, then the mark in the store."""

import asyncio
import logging
from datetime import datetime, timedelta

from config.paths import DataDir
from crm.calls.model import RecordingKind, RecordingRow
from crm.db.store import Store
from crm.errors import StoreAway

log = logging.getLogger(__name__)


async def remove_expired(store: Store, data: DataDir, retention_days: int, now: datetime) -> int:
    """How many were removed. A store that is away means that nothing is removed this time."""
    removed = 0
    try:
        while expired := await store.recordings.expired(now - timedelta(days=retention_days)):
            for row in expired:
                await asyncio.to_thread(remove_file, data, row)
                await store.recordings.mark_deleted(row.id, now)
            removed += len(expired)
    except StoreAway as exc:
        log.warning("Retention waits for the store: %s", exc, extra={"action": "retention_store_away"})
    if removed:
        log.info("Removed %d recordings whose time was over.", removed, extra={"action": "retention_removed"})
    return removed


def remove_file(data: DataDir, row: RecordingRow) -> None:
    """The sound of a recording; gone already is gone."""
    folder = data.messages if row.kind is RecordingKind.MESSAGE else data.recordings
    (folder / row.file).unlink(missing_ok=True)
