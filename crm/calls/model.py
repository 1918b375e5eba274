"""One call as the store remembers it, its recordings, and the day's figures. Rows only, no SQL. TKT-3, TEL-1, TEL-2."""

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


class FigureRow(msgspec.Struct, frozen=True, kw_only=True):
    """Figures of the inbound calls of a period. Counts are calls, times are seconds; a ratio of nothing is None.

    TEL-1: `within_three_rings` of `answered_by_system`. TEL-2: `within_threshold` of `queued - short_abandons`.
    """

    offered: int = 0
    """Calls that arrived."""
    answered_by_system: int = 0
    within_three_rings: int = 0
    """Answered by the system with `rings <= ring_limit`."""
    queued: int = 0
    connected: int = 0
    """A caller and an agent heard each other."""
    within_threshold: int = 0
    """An agent answered and `wait_s <= threshold_s`: the greeting in the agent's name begins then (TEL-2, TEL-3)."""
    abandoned: int = 0
    """The caller gave up before an agent, at any step: outcome abandoned_ringing, abandoned_menu or abandoned_queue."""
    abandoned_in_queue: int = 0
    short_abandons: int = 0
    """Abandoned in the queue within `short_abandon_s` of entering it; they do not count against the service level."""
    waiting: int = 0
    """Queued, not yet answered, not ended."""
    average_speed_of_answer_s: float | None = None
    """Sum of `wait_s` of the calls an agent answered ÷ their number; abandoned calls are left out."""
    longest_wait_s: float | None = None
    """Largest `wait_s` of the period, answered or abandoned. The calls that wait now are the ACD's to tell."""
    average_talk_s: float | None = None
    three_rings_rate: float | None = None
    """within_three_rings ÷ answered_by_system, 0…1."""
    service_level: float | None = None
    """within_threshold ÷ (queued − short_abandons), 0…1."""
    abandon_rate: float | None = None
    """abandoned ÷ offered, 0…1."""


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """The figures since an instant, in total, per kind of line and per queue, with the limits they were judged by."""

    since: datetime
    ring_limit: int
    threshold_s: float
    short_abandon_s: float
    total: FigureRow
    lines: dict[str, FigureRow]
    queues: dict[str, FigureRow]
