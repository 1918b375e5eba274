"""Files under the journal: names, the repair of a torn end, a thread that makes bytes durable. It knows no events."""

import logging
import os
import re
import threading
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import BinaryIO, Final

log = logging.getLogger(__name__)

SYNC_AFTER_S: Final = 0.1
"""Written bytes are on the disk at most this long, and one fdatasync, later."""

_NAME = re.compile(r"(\d{4}-\d{2}-\d{2})\.jsonl")
_READ_BYTES = 1 << 16


def segment_name(day: date) -> str:
    """`2026-11-22`; names sort as days do."""
    return day.isoformat()


def segment_path(directory: Path, name: str) -> Path:
    return directory / f"{name}.jsonl"


def segment_names(directory: Path) -> list[str]:
    """The segments of a directory, oldest first. Files that are none of ours are left alone."""
    matches = (_NAME.fullmatch(path.name) for path in directory.iterdir())
    return sorted(match.group(1) for match in matches if match)


def cut_torn_end(path: Path) -> int:
    """Cuts off what follows the last line end (a power cut tears the last write); returns how many bytes went."""
    with path.open("r+b") as file:
        size = file.seek(0, os.SEEK_END)
        keep = _last_line_end(file, size)
        if keep == size:
            return 0
        file.seek(keep)
        torn = file.read()
        file.truncate(keep)
        os.fsync(file.fileno())
    log.error(
        "journal %s ended in a torn line of %d bytes; cut off at %d: %r",
        path.name,
        size - keep,
        keep,
        torn[:200],
        extra={"action": "journal_torn_line"},
    )
    return size - keep


def _last_line_end(file: BinaryIO, size: int) -> int:
    """The offset just behind the last newline, 0 when there is none."""
    upper = size
    while upper > 0:
        lower = max(0, upper - _READ_BYTES)
        file.seek(lower)
        found = file.read(upper - lower).rfind(b"\n")
        if found >= 0:
            return lower + found + 1
        upper = lower
    return 0


def lines(path: Path, start: int, end: int) -> Iterator[tuple[int, bytes]]:
    """The lines between two offsets, each with the offset just behind it."""
    with path.open("rb") as file:
        file.seek(start)
        offset = start
        while offset < end:
            line = file.readline()
            if not line:
                return
            offset += len(line)
            yield offset, line


def is_line_start(path: Path, offset: int) -> bool:
    """True when a line of the file begins at the offset (or would be appended there)."""
    if offset == 0:
        return True
    with path.open("rb") as file:
        file.seek(offset - 1)
        return file.read(1) == b"\n"


class Syncer:
    """A thread that calls fdatasync behind the writer's back, so that nobody who appends waits for a disk."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._dirty: set[int] = set()
        self._retired: set[int] = set()
        self._wake = threading.Event()
        self._stop = threading.Event()
        self._failure: str | None = None
        self._thread = threading.Thread(target=self._run, name="journal-sync", daemon=True)
        self._thread.start()

    @property
    def failure(self) -> str | None:
        """What the disk said when it last refused; None while all is well."""
        return self._failure

    def touch(self, fd: int) -> None:
        """This file has bytes that are not yet on the disk. Told once, it need not be told again until the next sync,
        which takes its files first and syncs them then: so most of a busy second's writes come by here for nothing."""
        if fd in self._dirty:
            return
        with self._lock:
            self._dirty.add(fd)
        self._wake.set()

    def retire(self, fd: int) -> None:
        """The writer is done with this file: sync it once more and close it."""
        with self._lock:
            self._dirty.add(fd)
            self._retired.add(fd)
        self._wake.set()

    def close(self) -> None:
        """Returns when everything is on the disk."""
        self._stop.set()
        self._wake.set()
        self._thread.join()
        self._sync()

    def _run(self) -> None:
        while not self._stop.is_set():
            self._wake.wait()
            self._wake.clear()
            self._sync()
            self._stop.wait(SYNC_AFTER_S)

    def _sync(self) -> None:
        with self._lock:
            dirty, self._dirty = self._dirty, set()
            retired, self._retired = self._retired, set()
        for fd in dirty:
            try:
                os.fdatasync(fd)
                self._failure = None
            except OSError as exc:
                self._failure = str(exc)
                log.critical("the journal's disk refuses to sync: %s", exc, extra={"action": "journal_sync_failed"})
        for fd in retired:
            os.close(fd)
