"""The audit trail beside the store (adapter): its keys, its last row, how each day ended, the check of it all. ACC-5.

Files of the data directory: `audit-last.json` is the running head, written after each act; `audit-heads.log` has a line
for each day that is over.
"""

import asyncio
import logging
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final

from app.data_protection.audit_keys import read_keys
from config.paths import DataDir
from crm.audit.heads import Broken, Head, Known, Note, head_line, note_text, read_heads, read_note
from crm.audit.seals import Keys, Place, is_keyed
from crm.audit.verify import Verifier
from crm.db.store import Store
from crm.errors import StoreAway

log = logging.getLogger(__name__)

_NOTE_BYTES: Final = 1024
"""The note is always that long, so that one write replaces it."""


class TrailFiles:
    """What a writer of the trail has outside the store (`crm.audit.seals.Outside`). One for a process."""

    def __init__(self, data: DataDir, key_file: Path) -> None:
        """Raises ValueError (the key file), OSError."""
        self._file, self._key_file = data.audit_last, key_file
        self.keys = read_keys(key_file)
        self._note = self._read()
        self._pending: Place | None = None
        """Noted before `begin` could be done."""

    @property
    def last(self) -> Place | None:
        return self._pending or (self._note.last if self._note else None)

    def note(self, place: Place) -> None:
        """After the commit: a write of one block into the page cache, which outlives this process."""
        if (last := self.last) is not None and place.day == last.day and place.serial <= last.serial:
            return
        if self._note is None:
            self._pending = place
            return
        try:
            self._write(Note(unkeyed=self._note.unkeyed, last=place))
        except OSError as exc:
            log.error("The audit trail's last row cannot be noted: %s", exc, extra={"action": "audit_note_failed"})

    async def begin(self, store: Store) -> None:
        """Once, when the trail gets its first key: the last row without one is recorded. Raises StoreAway, OSError."""
        if self._note is None:
            unkeyed = await store.audit.last_unkeyed()
            last = await store.audit.last()
            self._write(Note(unkeyed=unkeyed, last=self._pending or last), lasting=True)

    def reload_keys(self) -> None:
        """A key that was added seals from now on. Raises ValueError, OSError."""
        self.keys = read_keys(self._key_file)

    def _read(self) -> Note | None:
        try:
            return read_note(self._file.read_bytes(), self.keys)
        except FileNotFoundError:
            return None
        except ValueError as exc:
            aside = self._file.with_name(f"{self._file.name}.unreadable")
            self._file.replace(aside)
            log.error("%s; it is kept as %s", exc, aside, extra={"action": "audit_note_unreadable"})
            return None

    def _write(self, note: Note, *, lasting: bool = False) -> None:
        text = note_text(note.unkeyed, note.last, self.keys)
        descriptor = os.open(self._file, os.O_WRONLY | os.O_CREAT, 0o600)
        try:
            os.pwrite(descriptor, text.ljust(_NOTE_BYTES), 0)
            if lasting:
                os.fsync(descriptor)
        finally:
            os.close(descriptor)
        self._note, self._pending = note, None


async def note_heads(store: Store, file: Path, keys: Keys, now: datetime, copy: Path | None = None) -> dict[str, Head]:
    """Writes down the last seal of each day that is over and not yet noted, and returns these. Once a minute is enough.

    The log's line is one more copy: a log that is collected elsewhere is out of reach of whoever edits both here.
    """
    today = now.astimezone(store.zone).date().isoformat()
    known, _ = await asyncio.to_thread(heads_in, file, keys)
    try:
        ended = await store.audit.heads(before=today)
    except StoreAway as exc:
        log.warning("The audit trail's heads wait for the store: %s", exc, extra={"action": "audit_store_away"})
        return {}
    new = {day: head for day, head in ended.items() if day not in known}
    for path in (file, copy) if new else ():
        if path is not None:
            await asyncio.to_thread(_append, path, [head_line(day, head, keys) for day, head in new.items()])
    for day, head in new.items():
        log.info(
            "The audit trail of %s ends with row %d, seal %s",
            day,
            head.rows,
            head.seal,
            extra={"action": "audit_head", "day": day, "rows": head.rows, "seal": head.seal},
        )
    return new


@dataclass(frozen=True)
class Verdict:
    """What the check found. `unjudged`: what it could not tell, in words."""

    rows: int
    broken: Sequence[Broken]
    unjudged: Sequence[str] = field(default=())


async def check_trail(store: Store, data: DataDir, keys: Keys, day: str | None = None) -> Verdict:
    """Reads the whole trail, and tells of all days or of one. Raises StoreAway, ValueError (files, keys)."""
    heads, forged = heads_in(data.audit_heads, keys)
    note = read_note(data.audit_last.read_bytes(), keys) if data.audit_last.exists() else None
    known = Known(heads=heads, keyed=True, unkeyed=note.unkeyed, last=note.last) if note else Known(heads=heads)
    verifier, broken = Verifier(known, keys), list(forged)
    async for part in store.audit.chain():
        if not keys.by_id and any(is_keyed(each.seal) for each in part):
            raise ValueError("the trail is sealed with keys, and there is no file of keys to check it with")
        broken += verifier.read(part)
    broken += verifier.end()
    unjudged = () if note else (f"{data.audit_last} is not there: rows cut off the end would not show",)
    return Verdict(verifier.rows, sorted({each for each in broken if day in (None, each.day)}), unjudged)


def heads_in(file: Path, keys: Keys) -> tuple[dict[str, Head], list[Broken]]:
    """The heads of a file and what in it is not ours; none yet when there is no such file. Raises ValueError."""
    if not file.exists():
        return {}, []
    with file.open(encoding="utf-8") as lines:
        return read_heads(lines, keys)


def _append(file: Path, lines: Iterable[str]) -> None:
    descriptor = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.writelines(lines)
        stream.flush()
        os.fsync(stream.fileno())
