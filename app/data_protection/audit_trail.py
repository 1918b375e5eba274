"""The audit trail beside the store: how each day ended goes into a file and the log; the check reads both. CUS-4."""

import asyncio
import logging
import os
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from crm.audit import Broken, Head, head_line, read_heads, verify
from crm.db.store import Store
from crm.errors import StoreAway

log = logging.getLogger(__name__)


async def note_heads(store: Store, file: Path, now: datetime) -> int:
    """Writes down the last seal of each day that is over and not yet noted; how many. Often enough is once an hour.

    The log's line is a second copy: a log that is collected elsewhere is out of reach of whoever edits both here.
    """
    today = now.astimezone(store.zone).date().isoformat()
    known = await asyncio.to_thread(heads_in, file)
    try:
        new = await store.audit.heads(max(known, default=""), today)
    except StoreAway as exc:
        log.warning("The audit trail's heads wait for the store: %s", exc, extra={"action": "audit_store_away"})
        return 0
    if new:
        await asyncio.to_thread(_append, file, [head_line(day, head) for day, head in new.items()])
    for day, head in new.items():
        log.info(
            "The audit trail of %s ends with row %d, seal %s",
            day,
            head.rows,
            head.seal,
            extra={"action": "audit_head", "day": day, "rows": head.rows, "seal": head.seal},
        )
    return len(new)


async def check_trail(store: Store, file: Path, day: str | None) -> tuple[int, list[Broken]]:
    """How many rows were read, and every broken place, of all days or of one. Raises StoreAway, ValueError (heads)."""
    heads = heads_in(file)
    days = [each for each in await store.audit.days() if day in (None, each)]
    rows, broken = 0, list[Broken]()
    for each in days:
        chain = await store.audit.chain(each)
        rows += len(chain)
        broken += verify(chain, {each: heads[each]} if each in heads else {})
    missing = {noted: head for noted, head in heads.items() if noted not in days and day in (None, noted)}
    return rows, sorted([*broken, *verify((), missing)])


def heads_in(file: Path) -> dict[str, Head]:
    """None yet when there is no such file. Raises ValueError."""
    if not file.exists():
        return {}
    with file.open(encoding="utf-8") as lines:
        return read_heads(lines)


def _append(file: Path, lines: Iterable[str]) -> None:
    descriptor = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.writelines(lines)
        stream.flush()
        os.fsync(stream.fileno())
