"""Customers' data goes when its time is over or the person asks for it: sound files first, then the store. CUS-4.

Flow. What the journal says of a removed person goes with its segments, a week later; it does not come back before.
"""

import asyncio
import logging
from datetime import timedelta

from app.channels.attachments import AttachmentFiles
from app.data_protection.retention import remove_file
from config.paths import DataDir
from config.service.privacy import Privacy
from crm.customers.model import Removal
from crm.db.store import Store
from crm.errors import BadValue, CallGoesOn, StoreAway, UnknownRecord
from crm.journal.journal import KEEP_DAYS

log = logging.getLogger(__name__)

SYSTEM = "system"


async def remove_customer(
    store: Store, data: DataDir, customer_id: int, *, version: int | None, by: str, asked_by: str, reason: str
) -> Removal:
    """Killed at any point, it is repeated as it was. Raises UnknownRecord, VersionConflict, CardMerged, CallGoesOn."""
    for row in await store.removals.recordings(customer_id):
        await asyncio.to_thread(remove_file, data, row)
        await store.recordings.mark_deleted(row.id, store.clock())
    files = AttachmentFiles(data.attachments)
    for file in await store.removals.files(customer_id):
        await asyncio.to_thread(files.remove, file.id)
        await store.intake.mark_deleted(file)
    removal = await store.removals.remove(customer_id, version=version, by=by, asked_by=asked_by, reason=reason)
    log.info(
        "Customer %d was removed, certificate %d",
        customer_id,
        removal.id,
        extra={"action": "customer_removed", "customer": customer_id, "by": by},
    )
    return removal


async def remove_on_wish(
    store: Store, data: DataDir, customer_id: int, *, confirm: str, version: int, by: str, asked_by: str, reason: str
) -> Removal:
    """As `remove_customer`; `confirm`: the name on the card, typed once more. Raises BadValue as well."""
    card = await store.customers.get(customer_id)
    if card is None:
        raise UnknownRecord("customer", customer_id)
    if confirm.strip() != card.name.strip():
        raise BadValue("confirm", "type the name on the card: this cannot be undone")
    return await remove_customer(store, data, card.id, version=version, by=by, asked_by=asked_by, reason=reason)


async def keep_limits(store: Store, data: DataDir, privacy: Privacy) -> int:
    """Hourly. How many customers were removed; a store that is away means that nothing is this time."""
    now, removed = store.clock(), 0
    try:
        await store.imports.drop_expired(now)
        await store.removals.drop_digests(now - timedelta(days=KEEP_DAYS + 2))
        await store.customers.drop_changes(now - timedelta(days=privacy.change_history_days))
        await store.accesses.drop(now - timedelta(days=privacy.access_log_days))
        if privacy.customer_quiet_days is not None:
            since = now - timedelta(days=privacy.customer_quiet_days)
            for customer_id in await store.removals.quiet(since):
                removed += await _remove_quiet(store, data, customer_id)
    except StoreAway as exc:
        log.warning("Limits of customers' data wait for the store: %s", exc, extra={"action": "privacy_store_away"})
    return removed


async def _remove_quiet(store: Store, data: DataDir, customer_id: int) -> bool:
    try:
        await remove_customer(
            store, data, customer_id, version=None, by=SYSTEM, asked_by="retention", reason="保存期限届满"
        )
    except CallGoesOn as exc:
        log.info("Customer %d stays for now: %s", customer_id, exc, extra={"action": "removal_waits"})
        return False
    return True
