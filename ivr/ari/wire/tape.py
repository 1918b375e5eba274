"""Writes every ARI message in and out as one line of JSON: the raw material of golden traces (tests/golden).

Off unless asked for: numbers are not masked in it.
"""

from collections.abc import Callable
from datetime import datetime
from io import TextIOWrapper
from pathlib import Path
from typing import Literal

import msgspec

Direction = Literal["in", "out"]


class Tape:
    """An open trace file. Lines are `{"at": ISO time, "dir": "in" | "out", "message": …}`."""

    def __init__(self, path: Path, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._file: TextIOWrapper = path.open("a", encoding="utf-8", buffering=1)

    def note(self, direction: Direction, message: str) -> None:
        """Add one message; it must be JSON, as it was on the wire."""
        line = {"at": self._clock(), "dir": direction, "message": msgspec.Raw(message.encode())}
        self._file.write(msgspec.json.encode(line).decode() + "\n")

    def close(self) -> None:
        """Finish the file."""
        self._file.close()
