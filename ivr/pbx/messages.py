"""Messages taken by the dialplan while the controller was away (TKT-1): facts read from their file names. Rules only.

The dialplan can write no second file, so the name is the record: `<arrival epoch>-<dialled>-<caller>-<uniqueid>.wav`,
digits only, the arrival to the millisecond, each other part possibly empty. It is finished when Asterisk has no
channel of that id any more.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

_NAME = re.compile(
    r"(?P<epoch>\d{9,11}(?:\.\d{3})?)-(?P<dnis>\+?[0-9+]{0,20})-(?P<caller>[0-9+]{0,20})-(?P<unique_id>[0-9.]+)\.wav"
)
_WAV_HEADER_BYTES = 44
_WAV_BYTES_PER_S = 16_000


@dataclass(frozen=True)
class LeftMessage:
    """One message. `dnis` and `caller` are as dialled and shown, filtered, "" when unknown; `started_at` is arrival."""

    path: Path
    unique_id: str
    dnis: str
    caller: str
    started_at: datetime


def parse_message_name(path: Path) -> LeftMessage | None:
    """The facts in a file's name; None for a file that is not such a message."""
    match = _NAME.fullmatch(path.name)
    if match is None:
        return None
    started_at = datetime.fromtimestamp(float(match["epoch"]), UTC)
    return LeftMessage(path, match["unique_id"], match["dnis"], match["caller"], started_at)


def duration_s(size_bytes: int) -> float:
    """Seconds of speech in a message file of this size (8 kHz 16-bit mono WAV, as the dialplan records)."""
    return max(0, size_bytes - _WAV_HEADER_BYTES) / _WAV_BYTES_PER_S
