"""The digests of recordings (adapter): what was heard can be shown to be what is on file. TEL-10, RPT-4."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

from config.paths import DataDir
from crm.tickets.call_rows import RecordingKind, RecordingRow


def digests_of(recordings: Sequence[RecordingRow], data: DataDir) -> dict[int, str]:
    """SHA-256 of each file that is still there, by the recording's id. Reads them; raises OSError."""
    found = {}
    for each in recordings:
        directory = data.recordings if each.kind is RecordingKind.TALK else data.messages
        file = directory / Path(each.file).name
        if each.deleted_at is None and file.is_file():
            with file.open("rb") as sound:
                found[each.id] = hashlib.file_digest(sound, "sha256").hexdigest()
    return found
