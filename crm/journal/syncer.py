"""Makes what the journal wrote durable, behind the writer's back (adapter: a thread). Design D5.

A disk that refused to sync has forgotten what it refused: the kernel takes those pages for written, and the next sync
succeeds without them. So written bytes are held until a sync has taken them; after a refusal they are written once more
at their place before the sync is tried again, and the alarm stays until that has succeeded.
"""

import logging
import os
import threading
from typing import Final, Protocol

log = logging.getLogger(__name__)

SYNC_AFTER_S: Final = 0.1
"""Written bytes are on the disk at most this long, and one fdatasync, later."""
AGAIN_AFTER_S: Final = 1.0
"""So long after a refusal it is tried again."""
MOST_HELD_BYTES: Final = 64_000_000
"""So much is held of what the disk has refused to sync."""


class Disk(Protocol):
    """What is asked of a file system; both raise OSError."""

    def sync(self, fd: int) -> None: ...

    def write_at(self, fd: int, content: bytes, offset: int) -> None: ...


class RealDisk:
    """The kernel's."""

    def sync(self, fd: int) -> None:
        os.fdatasync(fd)

    def write_at(self, fd: int, content: bytes, offset: int) -> None:
        """All of it: a disk that takes a part gets the rest, or raises."""
        written = os.pwrite(fd, content, offset)
        while written < len(content):
            written += os.pwrite(fd, content[written:], offset + written)


class _Held:
    """What one file was given since its last sync. `refused`: a sync failed meanwhile."""

    __slots__ = ("lines", "refused", "retired", "start")

    def __init__(self, start: int) -> None:
        self.start = start
        self.lines: list[bytes] = []
        self.refused = False
        self.retired = False


class Syncer:
    """A thread that syncs files soon after they were written, so that nobody who appends waits for a disk.

    While the disk refuses, memory holds what it has not taken, up to MOST_HELD_BYTES: then it `is_full`, and whoever
    writes keeps what comes after. `/status` and the log say so.
    """

    def __init__(self, disk: Disk) -> None:
        self._disk = disk
        self._lock = threading.Lock()
        self._syncing = threading.Lock()
        """Held by whoever syncs, from looking at what waits to the end."""
        self._held: dict[int, _Held] = {}
        self._held_bytes = 0
        self._wake = threading.Event()
        self._stop = threading.Event()
        self._failure: str | None = None
        self._thread = threading.Thread(target=self._run, name="journal-sync", daemon=True)
        self._thread.start()

    @property
    def failure(self) -> str | None:
        """What the disk said when it refused; None once it has everything that was written until then."""
        return self._failure

    @property
    def held_bytes(self) -> int:
        """How much was written and is not known to be on the disk."""
        return self._held_bytes

    @property
    def is_full(self) -> bool:
        """The disk refuses, and no more is held for it."""
        return self._failure is not None and self._held_bytes >= MOST_HELD_BYTES

    def wrote(self, fd: int, offset: int, line: bytes) -> None:
        """This file was given these bytes behind all that it was given before."""
        with self._lock:
            held = self._held.get(fd)
            if held is None:
                held = self._held[fd] = _Held(offset)
            held.lines.append(line)
            self._held_bytes += len(line)
        if not self._wake.is_set():
            self._wake.set()

    def retire(self, fd: int) -> None:
        """The writer is done with this file: it is synced once more and closed."""
        with self._lock:
            self._held.setdefault(fd, _Held(0)).retired = True
        self._wake.set()

    def flush(self) -> None:
        """Returns when everything that was written before is on the disk, or when the disk has refused (`failure`)."""
        self._sync()

    def close(self) -> None:
        """Returns when everything is on the disk, or when the disk has refused for the last time."""
        self._stop.set()
        self._wake.set()
        self._thread.join()
        self._sync()
        if self._failure is not None:
            self._sync()
        if lost := self.held_bytes:
            log.critical("%d bytes of the journal are not on the disk", lost, extra={"action": "journal_not_durable"})

    def _run(self) -> None:
        while not self._stop.is_set():
            self._wake.wait(None if self._failure is None else AGAIN_AFTER_S)
            self._wake.clear()
            self._sync()
            self._stop.wait(SYNC_AFTER_S)

    def _sync(self) -> None:
        with self._syncing:
            self._sync_files()

    def _sync_files(self) -> None:
        failure = None
        with self._lock:
            waiting = [(fd, held, len(held.lines)) for fd, held in self._held.items()]
        for fd, held, count in waiting:
            try:
                if held.refused and count:
                    self._disk.write_at(fd, b"".join(held.lines[:count]), held.start)
                self._disk.sync(fd)
            except OSError as exc:
                failure = str(exc)
                held.refused = True
                continue
            self._taken(fd, held, count)
        self._tell(failure)

    def _taken(self, fd: int, held: _Held, count: int) -> None:
        """The disk has the first `count` lines: they are let go."""
        with self._lock:
            taken = sum(len(line) for line in held.lines[:count])
            held.start += taken
            self._held_bytes -= taken
            del held.lines[:count]
            held.refused = False
            if held.lines:
                self._wake.set()
                return
            del self._held[fd]
        if held.retired:
            os.close(fd)

    def _tell(self, failure: str | None) -> None:
        """Each change once: a disk that is full for a day is two lines of the log."""
        if failure is not None and failure != self._failure:
            log.critical(
                "the journal's disk refuses to sync: %s; what it refused is held and written again",
                failure,
                extra={"action": "journal_sync_failed"},
            )
        if failure is None and self._failure is not None:
            log.warning("the journal's disk has all that it had refused", extra={"action": "journal_synced_again"})
        self._failure = failure
