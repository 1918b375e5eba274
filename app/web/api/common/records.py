"""The outside shape of what is kept: tickets, calls, due calls, messages. Data only; see contract.py."""

from datetime import datetime
from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType

from app.web.http.contract import Direction, In, Key, Moment, Out, Paging, ShortText
from config.schema import LineKind
from crm.cases.model import Stage
from crm.followups.model import DueCallKind, DueCallState, Outcome
from crm.intake.model import Channel
from crm.tickets.model import Detail, Severity, TicketKind, TicketState

# --- tickets and calls -----------------------------------------------------------------------------------------------


class CustomerRef(Out, frozen=True, kw_only=True):
    id: str
    name: str


class TicketOut(Out, frozen=True, kw_only=True):
    """A ticket as lists show it. `kind` is null until somebody has classified it, `stage` until it is registered.

    `holder`: the party that has it; `department`: the one that its category names; `case_of`: where it goes on.
    """

    number: str
    opened_at: datetime
    state: TicketState
    kind: TicketKind | None
    severity: Severity
    channel: Channel | Literal["telephone"]
    line: LineKind | None
    dnis: str
    ani: str
    ani_masked: bool
    call: str | None
    queue: str | None
    agent: str | None
    outcome: str | None
    customer: CustomerRef | None
    contact_name: str
    matter: str
    disposition: str | None
    version: int
    stage: Stage | None
    level: str | None
    holder: str | None
    category: str | None
    department: str | None
    restricted: bool
    case_of: str | None


class CallOut(Out, frozen=True, kw_only=True):
    """One call with its instants; what did not happen is null."""

    call: str
    ticket: str
    direction: Direction
    line: LineKind | None
    dnis: str
    ani: str
    ani_masked: bool
    customer: CustomerRef | None
    queue: str | None
    agent: str | None
    due_call: str | None
    invited_at: datetime
    ringing_at: datetime | None
    answered_at: datetime | None
    rings: int | None
    menu_at: datetime | None
    chosen_at: datetime | None
    keys: str | None
    choice: str | None
    queued_at: datetime | None
    offered_at: datetime | None
    agent_answered_at: datetime | None
    talk_at: datetime | None
    ended_at: datetime | None
    ended_by: str | None
    outcome: str | None
    wait_s: float | None
    speech_s: float | None
    talk_s: float | None
    satisfaction: int | None


class TimelineOut(Out, frozen=True, kw_only=True):
    """One line of the history. `source` (call, change, attempt, playback, message) says what the rest means."""

    at: datetime
    source: str
    action: str
    by: str | None
    call: str | None
    details: dict[str, Detail]


class RecordingOut(Out, frozen=True, kw_only=True):
    """`available` is false once retention has removed the sound (TEL-10)."""

    id: str
    kind: Literal["talk", "message"]
    call: str
    recorded_at: datetime
    duration_s: float | None
    available: bool


class TicketFull(TicketOut, frozen=True, kw_only=True):
    """A ticket with all that hangs on it. `editable`: this reader may change it."""

    editable: bool
    wish: str
    form_of_address: str
    contact_number: str
    note: str
    calls: list[CallOut]
    timeline: list[TimelineOut]
    recordings: list[RecordingOut]


class TicketQuery(Paging, frozen=True, kw_only=True):
    """`channel` other: whatever did not come by telephone."""

    channel: Literal["telephone", "other"] | Channel | None = None
    kind: TicketKind | None = None
    state: TicketState | None = None
    line: LineKind | None = None
    agent: Key | None = None
    ani: Key | None = None
    since: Moment | None = None
    until: Moment | None = None


class TicketPatch(In, frozen=True, kw_only=True):
    """The version that was read, and the fields that change."""

    version: int
    state: TicketState | UnsetType = UNSET
    kind: TicketKind | UnsetType | None = UNSET
    severity: Severity | UnsetType = UNSET
    matter: str | UnsetType = UNSET
    wish: str | UnsetType = UNSET
    disposition: str | UnsetType | None = UNSET
    contact_name: str | UnsetType = UNSET
    form_of_address: str | UnsetType = UNSET
    contact_number: str | UnsetType = UNSET
    note: str | UnsetType = UNSET


class SoundQuery(In, frozen=True, kw_only=True):
    """`id`: which one, when a ticket has several; default is the newest."""

    id: Key | None = None


class CallQuery(Paging, frozen=True, kw_only=True):
    """`caller`: a number in any notation. With `figure` (a count of /api/figures) or `level`: the inbound calls that it
    counts, today's unless `since` says otherwise, without those that the counts in `but_not` (a,b,…) count."""

    caller: Key | None = None
    agent: Key | None = None
    line: LineKind | None = None
    level: Key | None = None
    queue: Key | None = None
    figure: Key | None = None
    but_not: ShortText = ""
    since: Moment | None = None
    until: Moment | None = None


# --- due calls -------------------------------------------------------------------------------------------------------


class DueCallOut(Out, frozen=True, kw_only=True):
    """A call that is due (FUP-6). `due_at` moves when an attempt fails and another follows.

    `fault`: why it was set aside.
    """

    id: str
    kind: DueCallKind
    state: DueCallState
    number: str
    number_masked: bool
    due_at: datetime
    ticket: str | None
    queue: str
    note: str
    customer_id: str | None
    attempts: int
    accepted_by: str | None
    outcome: str | None
    fault: str
    created_at: datetime
    created_by: str | None


class DueCallQuery(Paging, frozen=True, kw_only=True):
    """`outcome=fault` with `state=failed`: what was set aside after faults of ours."""

    state: DueCallState | None = None
    ticket: Key | None = None
    outcome: Outcome | None = None


class DueCallNew(In, frozen=True, kw_only=True):
    """`number` null: the ticket's. `key`: the same one twice makes one call: a dialog makes one when it opens."""

    kind: DueCallKind
    due_at: Moment
    queue: Key
    number: Key | None = None
    ticket: Key | None = None
    note: Annotated[str, Meta(max_length=1000)] = ""
    key: Key | None = None


# --- messages to colleagues ------------------------------------------------------------------------------------------


class MessageOut(Out, frozen=True, kw_only=True):
    """A message to a colleague (TEL-7). `read_at` null: not read yet."""

    id: str
    at: datetime
    sender: str
    recipient: str
    text: str
    ticket: str | None
    caller: str
    read_at: datetime | None


class MessageNew(In, frozen=True, kw_only=True):
    """`caller` null: the ticket's number, if this sender sees it. `key`: the same one twice makes one message."""

    recipient: Key
    text: Annotated[str, Meta(min_length=1, max_length=1000)]
    ticket: Key | None = None
    caller: Annotated[str, Meta(max_length=64)] | None = None
    key: Key | None = None


class MessageQuery(Paging, frozen=True, kw_only=True):
    """`box`: what came to oneself, or what one has sent. `unread`: only what has no receipt yet."""

    box: Literal["in", "sent"] = "in"
    unread: bool = False
