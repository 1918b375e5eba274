"""A journal's events from its files alone, beside the process that writes them or without one (adapter). No lock.

For replays and inspectors: who writes, follows or counts tickets opens a crm.journal.journal.Journal.
"""

import logging
from collections.abc import Iterator
from pathlib import Path

import msgspec

from crm.journal.decoding import decode_event
from crm.journal.events import AnyEvent
from crm.journal.segments import lines, segment_names, segment_path

log = logging.getLogger(__name__)


def read_events(directory: Path) -> Iterator[AnyEvent]:
    """All events, oldest segment first. A last line without an end is being written and is left out; a line that is no
    event is skipped and said. Raises OSError when there is no such directory."""
    for name in segment_names(directory):
        path = segment_path(directory, name)
        for offset, line in lines(path, 0, path.stat().st_size):
            if not line.endswith(b"\n"):
                break
            try:
                yield decode_event(line)
            except (msgspec.DecodeError, UnicodeDecodeError) as exc:
                log.error("%s: the line that ends at %d is no event: %s", path, offset, exc)
