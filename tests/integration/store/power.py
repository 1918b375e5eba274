"""A disk that loses what was not synced: rebuilt from what a program asked of the kernel, as `strace` saw it.

What survives a power failure for certain is what was written before an fsync of that file began and that fsync had
ended, in files whose name was synced with their directory. Of the rest, any part may survive: `image` takes none of it,
or a part by lot.
"""

import random
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Literal, NamedTuple

TRACED = "openat,write,pwrite64,ftruncate,fsync,fdatasync,unlink"
LINE = re.compile(r"(?P<thread>\d+) +(?P<told>.*)$")
CALL = re.compile(r"(?P<call>\w+)\((?P<given>.*)\) += (?P<result>-?\d+)")
UNFINISHED, RESUMED = " <unfinished ...>", re.compile(r"<\.\.\. \w+ resumed>")
FD = re.compile(r"\d+<(?P<path>[^>]*)>(?:, (?P<rest>.*))?$")
TEXT = re.compile(r'"(?P<text>(?:\\x[0-9a-f]{2})*)"')


class Event(NamedTuple):
    """One thing that was done. A write counts from its end, a sync is split into begin and end."""

    at: int
    """Its place in the order in which the kernel was asked and answered."""
    kind: Literal["write", "truncate", "begin sync", "end sync", "created", "unlinked", "said"]
    path: str
    number: int = 0
    """Offset, size, or which sync."""
    data: bytes = b""


def _bytes(hexed: str) -> bytes:
    return bytes.fromhex(hexed.replace("\\x", ""))


class _File:
    def __init__(self, content: bytes = b"", *, named: bool = True) -> None:
        self.durable = bytearray(content)
        self.pending: list[Event] = []
        self.syncs: dict[int, int] = {}
        """Those under way, by number: how much of `pending` each takes."""
        self.size = len(content)
        self.named = named


def _apply(content: bytearray, event: Event) -> None:
    if event.kind == "truncate":
        content[event.number :] = bytes(max(0, event.number - len(content)))
        return
    content.extend(bytes(max(0, event.number + len(event.data) - len(content))))
    content[event.number : event.number + len(event.data)] = event.data


@dataclass
class Disk:
    """The files below one directory."""

    root: Path
    files: dict[str, _File] = field(default_factory=dict)

    @classmethod
    def of(cls, root: Path) -> "Disk":
        """As it is now, all of it durable."""
        return cls(root, {str(path): _File(path.read_bytes()) for path in root.rglob("*") if path.is_file()})

    def see(self, event: Event) -> None:
        """The next event."""
        match event.kind:
            case "write" | "truncate":
                file = self.files.setdefault(event.path, _File(named=False))
                if event.number < 0:  # appended
                    event = event._replace(number=file.size)
                file.pending.append(event)
                file.size = event.number if event.kind == "truncate" else max(file.size, event.number + len(event.data))
            case "created":
                self.files.setdefault(event.path, _File(named=False))
            case "unlinked":
                self.files.pop(event.path, None)
            case "begin sync" if event.path in self.files:
                file = self.files[event.path]
                file.syncs[event.number] = len(file.pending)
            case "end sync":
                self._synced(event)
            case _:
                pass

    def _synced(self, event: Event) -> None:
        file = self.files.get(event.path)
        if file is None:  # a directory: the names in it last
            for path, inside in self.files.items():
                inside.named = inside.named or Path(path).parent == Path(event.path)
            return
        count = file.syncs.pop(event.number, 0)
        for done in file.pending[:count]:
            _apply(file.durable, done)
        del file.pending[:count]
        for number, begun in file.syncs.items():  # another of this file that is under way counted these too
            file.syncs[number] = max(0, begun - count)

    def image(self, into: Path, lot: random.Random | None) -> Path:
        """Writes what a power failure leaves; `lot`: with a part of what was not synced."""
        for path, file in self.files.items():
            if not (file.named or (lot and lot.random() < 0.5)):
                continue
            content = bytearray(file.durable)
            for event in file.pending if lot else ():
                if lot and lot.random() < 0.5:
                    _apply(content, event)
            target = into / Path(path).relative_to(self.root)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
        return into


def traced(program: ModuleType, root: Path, log: Path, arguments: Sequence[str] = ()) -> Iterator[Event]:
    """Runs a Python program under strace; all it did to files below `root`, and what it said, in the order of time."""
    command = ["strace", "-f", "-y", "-xx", "-s", "10000000", "-e", f"trace={TRACED}", "-o", str(log)]
    told = log.with_suffix(".said")
    with told.open("wb") as said:
        subprocess.run(
            [*command, sys.executable, "-m", program.__name__, str(root), *arguments],
            stdout=said,
            check=True,
            timeout=120,
        )
    with log.open(encoding="ascii") as lines:
        events = [
            event for begun, ended, call in _calls(lines) for event in _events(begun, ended, call, str(root), str(told))
        ]
    yield from sorted(events, key=lambda event: event.at)


def _calls(lines: Iterable[str]) -> Iterator[tuple[int, int, "re.Match[str]"]]:
    """Each call that succeeded, with the places of its begin and its end. strace sees one thing after the other, so the
    order of its lines is the true one; times would have to be believed."""
    waiting = dict[str, tuple[int, str]]()
    for place, line in enumerate(lines):
        found = LINE.match(line)
        if found is None:
            continue
        thread, told, begun = found["thread"], found["told"], place
        if told.endswith(UNFINISHED):
            waiting[thread] = (place, told.removesuffix(UNFINISHED))
            continue
        if resumed := RESUMED.match(told):
            begun, entry = waiting.pop(thread)
            told = entry + told[resumed.end() :]
        call = CALL.match(told)
        if call is not None and int(call["result"]) >= 0:
            yield begun, place, call


def _events(begun: int, ended: int, found: "re.Match[str]", root: str, told: str) -> Iterator[Event]:
    call = found["call"]
    texts = [_bytes(each["text"]) for each in TEXT.finditer(found["given"])]
    if call in ("openat", "unlink"):
        path = texts[0].decode() if texts else ""
        if path.startswith(root) and (call == "unlink" or "O_CREAT" in found["given"]):
            yield Event(ended, "created" if call == "openat" else "unlinked", path)
        return
    place = FD.match(found["given"])
    path = _bytes(place["path"]).decode() if place else ""
    if path == told:
        yield Event(begun, "said", path, data=texts[0])
    if place is None or not path.startswith(root):
        return
    # The path in angle brackets is no text in quotes, so the data is the only one.
    if call == "write":
        yield Event(ended, "write", path, -1, texts[0])
    elif call == "pwrite64":
        yield Event(ended, "write", path, int(place["rest"].rpartition(", ")[2]), texts[0])
    elif call == "ftruncate":
        yield Event(ended, "truncate", path, int(place["rest"]))
    else:
        yield Event(begun, "begin sync", path, begun)
        yield Event(ended, "end sync", path, begun)
