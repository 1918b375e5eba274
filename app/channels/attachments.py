"""The files of tickets on disk: names of our own making, whole files or none (adapter). TKT-3.

What a file is called by people is in the store; on disk there is nothing but its id.
"""

import hashlib
import logging
import os
import re
from collections.abc import Collection
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final
from uuid import uuid4

from crm.intake.files import shown_name
from crm.intake.model import FileKept
from ivr.pbx.private_files import make_private

log = logging.getLogger(__name__)

_ID: Final = re.compile(r"[0-9a-f]{32}")
_ORPHAN_AFTER: Final = timedelta(days=1)


class AttachmentFiles:
    """One directory, made when the first file comes."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def keep(self, name: str, content: bytes, media: str) -> FileKept:
        """On disk when it returns, and synced. `media`: as crm.parsing has found it. Raises OSError."""
        kept = FileKept(
            id=uuid4().hex,
            name=shown_name(name, media),
            media=media,
            size=len(content),
            sha256=hashlib.sha256(content).hexdigest(),
        )
        path = self.path(kept.id)
        make_private(path.parent)
        beside = path.with_suffix(".part")
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        beside.rename(path)
        return kept

    def path(self, file: str) -> Path:
        """Where a file lies. Raises ValueError for what is no id of ours: no path is ever made of other words."""
        if _ID.fullmatch(file) is None:
            raise ValueError(f"not the id of a file: {file!r}")
        return self._directory / file[:2] / file

    def remove(self, file: str) -> None:
        self.path(file).unlink(missing_ok=True)

    def remove_orphans(self, known: Collection[str], now: datetime) -> int:
        """Files of no ticket: left by a death between the file and the journal. Young ones may still get theirs."""
        removed = 0
        oldest = (now - _ORPHAN_AFTER).timestamp()
        for path in self._directory.glob("??/*"):
            if path.name not in known and path.stat().st_mtime < oldest:
                path.unlink(missing_ok=True)
                removed += 1
        if removed:
            log.info("Removed %d files of no ticket.", removed, extra={"action": "orphans_removed"})
        return removed
