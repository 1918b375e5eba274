"""What is kept for a time goes when it is over (TEL-10, CUS-4): first the file, then the mark in the store.

A store that is away means that nothing goes this time.
"""

import asyncio
import logging
from datetime import datetime, timedelta

from app.channels.attachments import AttachmentFiles
from app.channels.raw_mails import RawMails
from config.paths import DataDir
from crm.db.store import Store
from crm.errors import StoreAway
from crm.intake.aside import KEPT_DAYS
from crm.tickets.call_rows import RecordingKind, RecordingRow

log = logging.getLogger(__name__)

REQUESTS_KEPT = timedelta(hours=24)
"""Answers to requests with an Idempotency-Key."""


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


async def remove_old_files(store: Store, files: AttachmentFiles, retention_days: int, now: datetime) -> int:
    """Of tickets that are closed; how many."""
    removed = 0
    try:
        while expired := await store.intake.expired(now - timedelta(days=retention_days)):
            for row in expired:
                await asyncio.to_thread(files.remove, row.id)
                await store.intake.mark_deleted(row)
            removed += len(expired)
    except StoreAway as exc:
        log.warning("Retention waits for the store: %s", exc, extra={"action": "retention_store_away"})
    if removed:
        log.info("Removed %d files whose time was over.", removed, extra={"action": "retention_removed"})
    return removed


async def remove_stray_files(store: Store, files: AttachmentFiles, now: datetime) -> int:
    """Files on disk that no ticket has; how many. Only when the store knows all that the journal does."""
    try:
        known = await store.intake.known_files()
    except StoreAway as exc:
        log.warning("Stray files wait for the store: %s", exc, extra={"action": "retention_store_away"})
        return 0
    return await asyncio.to_thread(files.remove_orphans, known, now)


async def forget_requests(store: Store, now: datetime) -> None:
    """What was answered over a day ago."""
    try:
        await store.requests.forget(now - REQUESTS_KEPT)
    except StoreAway as exc:
        log.warning("Kept requests wait for the store: %s", exc, extra={"action": "retention_store_away"})


async def forget_hook_messages(store: Store) -> None:
    """To subscribers of web hooks, over a month old."""
    try:
        await store.hooks.forget()
    except StoreAway as exc:
        log.warning("Messages to web hooks wait for the store: %s", exc, extra={"action": "retention_store_away"})


async def remove_settled_mails(store: Store, raw_mails: RawMails, now: datetime) -> None:
    """The bytes of mails that could not be read, some time after somebody has dealt with them."""
    try:
        for mail in await store.aside.settled_before(now - timedelta(days=KEPT_DAYS)):
            await asyncio.to_thread(raw_mails.remove, mail.file)
            await store.aside.file_is_gone(mail.id)
    except StoreAway as exc:
        log.warning("Retention waits for the store: %s", exc, extra={"action": "retention_store_away"})
