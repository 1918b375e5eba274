"""Tickets: kinds, severity, the state table, numbering, what an agent may write on one. Rules. TKT-1, TKT-2, TKT-3."""

import re
from datetime import date, datetime
from enum import StrEnum
from typing import Final

import msgspec
from msgspec import UNSET, UnsetType

from config.ids import TicketNumber
from crm.errors import IllegalTransition
from crm.tickets.call_rows import CallRow, RecordingRow


class TicketKind(StrEnum):
    """TKT-2: 咨询 投诉 建议 参观预约 讲解预订 售后 技术支持 业务申请 留言."""

    CONSULTATION = "consultation"
    COMPLAINT = "complaint"
    SUGGESTION = "suggestion"
    VISIT_BOOKING = "visit_booking"
    GUIDE_BOOKING = "guide_booking"
    AFTER_SALES = "after_sales"
    TECHNICAL_SUPPORT = "technical_support"
    BUSINESS_APPLICATION = "business_application"
    MESSAGE = "message"


class Severity(StrEnum):
    """CPL-1: 一般, 重大."""

    NORMAL = "normal"
    MAJOR = "major"


class TicketState(StrEnum):
    """`open`: ours to act on. `pending`: waits for somebody else. `closed`: fed back and answered (TKT-6)."""

    OPEN = "open"
    PENDING = "pending"
    CLOSED = "closed"


class TicketStep(StrEnum):
    """What can be done to a ticket's state."""

    WAIT = "wait"
    RESUME = "resume"
    CLOSE = "close"
    REOPEN = "reopen"


TRANSITIONS: Final[dict[tuple[TicketState, TicketStep], TicketState]] = {
    (TicketState.OPEN, TicketStep.WAIT): TicketState.PENDING,
    (TicketState.OPEN, TicketStep.CLOSE): TicketState.CLOSED,
    (TicketState.PENDING, TicketStep.RESUME): TicketState.OPEN,
    (TicketState.PENDING, TicketStep.CLOSE): TicketState.CLOSED,
    (TicketState.CLOSED, TicketStep.REOPEN): TicketState.OPEN,
}


def apply(state: TicketState, step: TicketStep) -> TicketState:
    """The state after the step; raises IllegalTransition when the table has none."""
    try:
        return TRANSITIONS[state, step]
    except KeyError:
        raise IllegalTransition(state, step) from None


_NUMBER = re.compile(r"(\d{4})(\d{2})(\d{2})-(\d{4,9})")


def ticket_number(local_day: date, count: int) -> TicketNumber:
    """The `count`th ticket of a local day: `20261122-0001`. From the 10 000th on the number has five digits. TKT-7."""
    if count < 1:
        raise ValueError(f"tickets are counted from 1, not {count}")
    return TicketNumber(f"{local_day:%Y%m%d}-{count:04d}")


def parse_ticket_number(number: str) -> tuple[date, int]:
    """The inverse of `ticket_number`; raises ValueError for anything else."""
    match = _NUMBER.fullmatch(number)
    if match is None:
        raise ValueError(f"not a ticket number: {number!r}; one looks like 20261122-0001")
    year, month, day, count = (int(part) for part in match.groups())
    return date(year, month, day), count


MAX_LENGTHS: Final = {
    "matter": 4000,
    "wish": 2000,
    "disposition": 64,
    "contact_name": 64,
    "form_of_address": 16,
    "contact_number": 40,
    "note": 4000,
}
"""Longest text of each field, in characters."""

_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


class TicketForm(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an agent writes on a ticket. A field that is left out stays as it is; None or "" empties it.

    Raises ValueError (msgspec.ValidationError when decoded) naming the field and what is wrong with it.
    """

    kind: TicketKind | UnsetType | None = UNSET
    severity: Severity | UnsetType = UNSET
    matter: str | UnsetType = UNSET
    """What it is about (事由)."""
    wish: str | UnsetType = UNSET
    """What the customer wants (诉求)."""
    disposition: str | UnsetType | None = UNSET
    """A result code of the site."""
    contact_name: str | UnsetType = UNSET
    form_of_address: str | UnsetType = UNSET
    """先生, 小姐, 女士, 大爷, 奶奶 (TEL-9)."""
    contact_number: str | UnsetType = UNSET
    note: str | UnsetType = UNSET

    def __post_init__(self) -> None:
        for name, longest in MAX_LENGTHS.items():
            value = getattr(self, name)
            if not isinstance(value, str):
                continue
            if len(value) > longest:
                raise ValueError(f"{name}: {len(value)} characters, at most {longest} are kept")
            if _CONTROLS.search(value):
                raise ValueError(f"{name}: contains control characters")

    def changes(self) -> dict[str, str | None]:
        """The fields that are set, as the store keeps them: trimmed text, or None."""
        given = {name: getattr(self, name) for name in self.__struct_fields__}
        return {
            name: None if value is None else str(value).strip() for name, value in given.items() if value is not UNSET
        }


Detail = str | int | float | bool | None


class TimelineEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a ticket's append-only history: what, when, who (TKT-3).

    `source` says where it comes from and what `action` means: `call` (an event's name, e.g. `CallAnswered`), `change`
    (the field's name; details `old`, `new`), `due_call` (`scheduled`, `cancelled`), `attempt` (the due call's kind;
    details `outcome`…), `playback` (the recording's kind), `message` (to a colleague: `sent`, `read`), `intake` (the
    channel), `letter` (`received`: an e-mail on the ticket), `file` (`attached`, `removed`), `booking` and
    `appointment` (the step; details `number` and what changed), `step` (of its case: crm.cases.steps; `attached` with
    `ticket`: another ticket was merged into it), `suggestion` (the step that was taken).
    """

    at: datetime
    source: str
    action: str
    by: str | None = None
    call: str | None = None
    details: dict[str, Detail] = msgspec.field(default_factory=dict)


class TicketRow(msgspec.Struct, frozen=True, kw_only=True):
    """A ticket as lists show it. `outcome`, `queue` and `call` are those of the call that opened it."""

    number: str
    opened_at: datetime
    state: TicketState
    kind: TicketKind | None
    """None until somebody has classified it."""
    severity: Severity
    channel: str
    line: str | None
    dnis: str
    ani: str
    call: str | None
    queue: str | None
    agent: str | None
    """The last agent who spoke with the customer."""
    outcome: str | None
    customer_id: int | None
    customer_name: str | None
    contact_name: str
    matter: str
    disposition: str | None
    version: int
    stage: str | None = None
    """Of its case (crm.cases.model.Stage); None until it is registered. The next ones are of its case, too."""
    level: str | None = None
    holder: str | None = None
    category: str | None = None
    department: str | None = None
    restricted: bool = False
    case_of: str | None = None
    """The case in which this ticket goes on."""


class TicketDetail(TicketRow, frozen=True, kw_only=True):
    """A ticket with all that hangs on it. `version` goes back with `save_form`."""

    wish: str
    form_of_address: str
    contact_number: str
    note: str
    calls: tuple[CallRow, ...]
    timeline: tuple[TimelineEntry, ...]
    recordings: tuple[RecordingRow, ...]
