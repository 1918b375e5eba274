"""Files under the journal: names, the repair of a torn end, reading lines. It knows no events."""

import logging
import os
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import BinaryIO

log = logging.getLogger(__name__)

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
        file.truncate(keep)
        os.fsync(file.fileno())
    log.error(
        "journal %s ended in a torn line of %d bytes; cut off at %d",  # what it says may be of a person
        path.name,
        size - keep,
        keep,
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
