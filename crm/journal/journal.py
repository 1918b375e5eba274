"""The journal: what happened, line by line, on the local disk before anybody else knows (design D5). TKT-1.

Not the store, and never waits for it. One process writes a directory; followers in that process are woken.
It also counts the tickets of a day, so that a number needs no database.
"""

import asyncio
import fcntl
import logging
import os
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Final, NamedTuple, Protocol, Self, TypeVar
from uuid import uuid4

import msgspec

from config.ids import TicketNumber
from crm.errors import JournalFailed, JournalInUse
from crm.journal.decoding import decode_event
from crm.journal.events import AnyEvent, CallArrived, Event, TicketOpened
from crm.journal.segments import cut_torn_end, is_line_start, lines, segment_name, segment_names, segment_path
from crm.journal.syncer import Disk, RealDisk, Syncer
from crm.tickets.model import parse_ticket_number, ticket_number

log = logging.getLogger(__name__)

T = TypeVar("T")

BATCH: Final = 500
KEEP_DAYS: Final = 7
_COUNTED_SEGMENTS = 3
"""How many segments are read for the tickets counted so far: a local day touches at most three UTC days."""


class Elsewhere(Protocol):
    """Does a piece of work, perhaps on another thread."""

    async def __call__(self, work: Callable[[], T], /) -> T: ...


async def _here(work: Callable[[], T]) -> T:
    return work()


class Position(NamedTuple):
    """A place between two events: everything before it has been read. Ordered."""

    segment: str
    offset: int


class Journal:
    """Append-only JSON lines, one segment per UTC day. Thread-safe; `follow` belongs to the loop it is called on."""

    def __init__(self, directory: Path, lock_fd: int, disk: Disk) -> None:
        self._directory = directory
        self._disk = disk
        self._lock_fd = lock_fd
        self._encoder = msgspec.json.Encoder()
        self._guard = threading.Lock()
        self._followers: dict[asyncio.Event, asyncio.AbstractEventLoop] = {}
        self._counts: dict[date, int] = {}
        self._unreadable = 0
        self._fd: int | None = None
        """The file that is appended to, that of the newest segment …"""
        self._segment, self._day_ends = "", datetime.min.replace(tzinfo=UTC)
        """… and when its day is over."""
        self._closed = False
        self.id = _identity(directory)
        """Names this journal in the store, so that a new directory never continues at an old one's position."""
        self._sizes = self._repaired_sizes()
        self._count_tickets()
        self._syncer = Syncer(disk)

    @classmethod
    def open(cls, directory: Path, disk: Disk | None = None) -> Self:
        """Opens or makes the journal of a directory; a torn last line is cut off and logged. `disk`: the kernel's
        unless told.

        Raises JournalInUse when another process has it, JournalFailed when the directory cannot be used.
        """
        try:
            directory.mkdir(parents=True, exist_ok=True)
            lock_fd = os.open(directory / "journal.lock", os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as exc:
            raise JournalFailed(f"journal {directory}: {exc}") from exc
        try:
            fcntl.flock(lock_fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as exc:
            os.close(lock_fd)
            raise JournalInUse(f"journal {directory} is open in another process; stop that one first") from exc
        return cls(directory, lock_fd, disk or RealDisk())

    @property
    def end(self) -> Position:
        """Just behind the last event."""
        if not self._sizes:
            return Position("", 0)
        newest = max(self._sizes)
        return Position(newest, self._sizes[newest])

    def append(self, event: Event) -> Position:
        """Writes the event: when this returns it survives the death of this process, ≤ 0.2 s later of the machine.

        An event older than the newest segment goes there too: positions only grow. Raises JournalFailed when the
        disk refuses; nothing of the event is then left in the journal.
        """
        if self._syncer.is_full:
            raise JournalFailed(f"journal {self._directory}: {self._syncer.failure}")
        line = self._encoder.encode(event) + b"\n"
        with self._guard:
            if event.at < self._day_ends and self._fd is not None and not self._closed:
                fd, segment = self._fd, self._segment
            else:
                fd, segment = self._segment_for(segment_name(event.at.astimezone(UTC).date()))
            start = self._sizes[segment]
            try:
                self._disk.write_at(fd, line, start)
            except OSError as exc:
                with suppress(OSError):  # A part that stays is no line, and the next one is written over it.
                    os.ftruncate(fd, start)
                raise JournalFailed(f"journal {self._directory}: {exc}") from exc
            self._sizes[segment] = start + len(line)
            self._syncer.wrote(fd, start, line)
            if isinstance(event, CallArrived | TicketOpened):
                self.note_ticket(event.ticket)
            self._wake_followers()
            return Position(segment, start + len(line))

    async def safe(self) -> None:
        """Returns when all that was appended survives the machine too. Raises JournalFailed when the disk refuses."""
        await asyncio.to_thread(self._syncer.flush)
        if failure := self._syncer.failure:
            raise JournalFailed(f"journal {self._directory}: {failure}")

    def read(self, after: Position | None = None) -> Iterator[tuple[Position, AnyEvent]]:
        """Events behind a position (None: all), each with the position behind it. Logs and skips unreadable lines."""
        return ((position, event) for position, event in self._scan(after) if event is not None)

    def _scan(self, after: Position | None) -> Iterator[tuple[Position, AnyEvent | None]]:
        """As `read`, with None for a line that is no event, so that a follower gets past it."""
        start = after or Position("", 0)
        for segment, end in sorted(self._sizes.items()):
            if segment < start.segment:
                continue
            begin = start.offset if segment == start.segment else 0
            for offset, line in lines(segment_path(self._directory, segment), begin, end):
                yield Position(segment, offset), self._decode(line, segment, offset)

    def _scanned(self, after: Position | None) -> list[tuple[Position, AnyEvent | None]]:
        return list(islice(self._scan(after), BATCH))

    async def follow(
        self, after: Position | None, elsewhere: Elsewhere = _here
    ) -> AsyncIterator[list[tuple[Position, AnyEvent]]]:
        """Batches of at most BATCH events behind a position, as they come, until the journal is closed. `elsewhere`
        does the reading, on a thread if it has one."""
        woken = asyncio.Event()
        position = after
        with self._guard:
            self._followers[woken] = asyncio.get_running_loop()
        try:
            while True:
                woken.clear()
                scanned = await elsewhere(partial(self._scanned, position))
                if scanned:
                    position = scanned[-1][0]
                    batch = [(place, event) for place, event in scanned if event is not None]
                    if batch:
                        yield batch
                elif self._closed:
                    return
                else:
                    await woken.wait()
        finally:
            with self._guard:
                del self._followers[woken]

    def next_ticket_number(self, local_day: date) -> TicketNumber:
        """The next number of a local day, without gaps; it counts as used once its CallArrived or TicketOpened
        is appended.

        Call it and append without awaiting in between, or two calls get one number.
        """
        return ticket_number(local_day, self._counts.get(local_day, 0) + 1)

    def note_ticket(self, number: str) -> None:
        """This number is in use: a later one of its day is higher. At start the store's last number may be told here,
        for the case that this journal is younger than the store."""
        try:
            day, count = parse_ticket_number(number)
        except ValueError:
            return
        self._counts[day] = max(count, self._counts.get(day, 0))

    def checked(self, position: Position | None) -> Position | None:
        """Where to go on from a remembered position: there, or at the start of its segment when the journal ends before
        it or has no line there (the disk lost its last moments). Events are then read twice, never missed."""
        if position is None or position.segment not in self._sizes:
            return position
        if position.offset <= self._sizes[position.segment]:
            if is_line_start(segment_path(self._directory, position.segment), position.offset):
                return position
        log.error(
            "the store is ahead of the journal (%s, %d bytes); reading that day again",
            position,
            self._sizes[position.segment],
            extra={"action": "journal_behind_store"},
        )
        return Position(position.segment, 0)

    def prune(self, applied: Position) -> list[str]:
        """Removes the segments that are in the store and over seven days older than the newest; returns their names."""
        with self._guard:
            if not self._sizes:
                return []
            oldest_kept = segment_name(date.fromisoformat(max(self._sizes)) - timedelta(days=KEEP_DAYS))
            gone = [name for name in self._sizes if name < min(oldest_kept, applied.segment)]
            for name in gone:
                segment_path(self._directory, name).unlink(missing_ok=True)
                del self._sizes[name]
        if gone:
            log.info("removed %d journal segments, up to %s", len(gone), max(gone), extra={"action": "journal_pruned"})
        return gone

    def bytes_after(self, position: Position | None) -> int:
        """How much there is to read behind a position."""
        start = position or Position("", 0)
        return sum(
            size - (start.offset if name == start.segment else 0)
            for name, size in self._sizes.items()
            if name >= start.segment
        )

    def status(self) -> dict[str, object]:
        """`up` is False while there is something that the disk has refused (`held_bytes`: written, not known to be on
        the disk); `unreadable` counts lines that were skipped since the start."""
        return {
            "up": self._syncer.failure is None and not self._closed,
            "segments": len(self._sizes),
            "bytes": sum(self._sizes.values()),
            "unreadable": self._unreadable,
            "held_bytes": self._syncer.held_bytes,
            "failure": self._syncer.failure,
        }

    def close(self) -> None:
        """Everything is on the disk when this returns. Followers read what is left and end."""
        with self._guard:
            if self._closed:
                return
            self._closed = True
            if self._fd is not None:
                self._syncer.retire(self._fd)
                self._fd = None
            self._wake_followers()
        self._syncer.close()
        os.close(self._lock_fd)

    def _segment_for(self, name: str) -> tuple[int, str]:
        """The file to append to: the newest segment, or a new one when the event's day is later."""
        if self._closed:
            raise JournalFailed(f"journal {self._directory} is closed")
        newest = max(self._sizes, default="")
        segment = max(name, newest)
        if self._fd is None or segment != newest:
            try:
                fd = os.open(segment_path(self._directory, segment), os.O_WRONLY | os.O_CREAT, 0o600)
            except OSError as exc:
                raise JournalFailed(f"journal {self._directory}: {exc}") from exc
            if self._fd is not None:
                self._syncer.retire(self._fd)
            if segment not in self._sizes:
                self._sizes[segment] = 0
                # A new name is durable only once its directory is.
                self._syncer.retire(os.open(self._directory, os.O_RDONLY | os.O_DIRECTORY))
            self._fd, self._segment = fd, segment
            self._day_ends = datetime.combine(date.fromisoformat(segment) + timedelta(days=1), time(), UTC)
        return self._fd, segment

    def _wake_followers(self) -> None:
        asleep = [(woken, loop) for woken, loop in self._followers.items() if not woken.is_set()]
        if not asleep:
            return
        try:
            here = asyncio.get_running_loop()
        except RuntimeError:
            here = None
        for woken, loop in asleep:
            if loop is here:
                woken.set()
            elif not loop.is_closed():
                loop.call_soon_threadsafe(woken.set)

    def _decode(self, line: bytes, segment: str, offset: int) -> AnyEvent | None:
        try:
            return decode_event(line)
        except (msgspec.DecodeError, UnicodeDecodeError) as exc:
            self._unreadable += 1
            log.error(
                "journal %s: the line that ends at %d is no event and is skipped: %s",
                segment,
                offset,
                exc,
                extra={"action": "journal_unreadable_line"},
            )
            return None

    def _repaired_sizes(self) -> dict[str, int]:
        sizes = {}
        for name in segment_names(self._directory):
            path = segment_path(self._directory, name)
            cut_torn_end(path)
            sizes[name] = path.stat().st_size
        return sizes

    def _count_tickets(self) -> None:
        for name in sorted(self._sizes)[-_COUNTED_SEGMENTS:]:
            for offset, line in lines(segment_path(self._directory, name), 0, self._sizes[name]):
                if b'"CallArrived"' in line or b'"TicketOpened"' in line:
                    event = self._decode(line, name, offset)
                    if isinstance(event, CallArrived | TicketOpened):
                        self.note_ticket(event.ticket)


def _identity(directory: Path) -> str:
    """The journal's own id, made once per directory."""
    path = directory / "journal.id"
    try:
        known = path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        known = ""
    if known:
        return known
    made = uuid4().hex
    path.write_text(f"{made}\n", encoding="ascii")
    return made
