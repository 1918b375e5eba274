"""One call as the store remembers it, and its recordings. Rows only, no SQL. TKT-3, TEL-1, TEL-2."""

from datetime import datetime
from enum import StrEnum

import msgspec


class CallRow(msgspec.Struct, frozen=True, kw_only=True):
    """One call with all its instants (aware, UTC). What did not happen is None.

    Of what happened more than once, `menu_at`, `queued_at`, `agent_answered_at` and `talk_at` tell the first time,
    `offered_at`, `chosen_at`, `choice`, `queue` and `agent` the last. Durations are in seconds.
    """

    call: str
    ticket: str
    direction: str
    line: str | None
    dnis: str
    ani: str
    caller_name: str
    customer_id: int | None = None
    customer_name: str | None = None
    queue: str | None = None
    agent: str | None = None
    due_call: str | None = None
    invited_at: datetime
    ringing_at: datetime | None = None
    answered_at: datetime | None = None
    rings: int | None = None
    """Counted as TEL-1 says: 1 means during the first ring."""
    menu_at: datetime | None = None
    chosen_at: datetime | None = None
    keys: str | None = None
    choice: str | None = None
    queued_at: datetime | None = None
    offered_at: datetime | None = None
    agent_answered_at: datetime | None = None
    talk_at: datetime | None = None
    ended_at: datetime | None = None
    ended_by: str | None = None
    outcome: str | None = None
    wait_s: float | None = None
    """Queue entry until an agent answered, or until the caller gave up. None when never queued, or still waiting."""
    speech_s: float | None = None
    """Until a representative speaks (TEL-2): from queue entry (no queue: the INVITE) to both hearing each other."""
    talk_s: float | None = None
    satisfaction: int | None = None
    """1 to 5, by key press after the talk (QUA-1); None: not asked, or no answer."""


class RecordingKind(StrEnum):
    """`talk`: both parties, in the recordings directory. `message`: left by the caller, in the messages directory."""

    TALK = "talk"
    MESSAGE = "message"


class RecordingRow(msgspec.Struct, frozen=True, kw_only=True):
    """A sound file that hangs on a ticket (TEL-10). `file` is a bare name; the directory follows from `kind`."""

    id: int
    ticket: str
    call: str
    kind: RecordingKind
    file: str
    recorded_at: datetime
    duration_s: float | None = None
    deleted_at: datetime | None = None
    """When retention removed the file; the row stays as proof."""
