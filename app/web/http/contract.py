"""The outside shape of the API: what requests may carry and what answers hold. Data only; openapi.py publishes it.

Its own types rather than the store's rows: the contract with pages and programs stays when a table changes. Times are
UTC with milliseconds, durations seconds, ids strings. `*_masked`: a number is shortened for this reader (CUS-4).
"""

from datetime import datetime
from typing import Annotated, Any, Generic, Literal, TypeVar

import msgspec
from msgspec import Meta

from app.web.wire.shapes import AgentOut as AgentOut
from app.web.wire.shapes import Direction as Direction
from app.web.wire.shapes import In as In
from app.web.wire.shapes import Out as Out
from app.web.wire.shapes import SupervisionMode as SupervisionMode
from app.web.wire.shapes import SupervisionOut as SupervisionOut
from app.web.wire.shapes import TalkStatus as TalkStatus
from app.web.wire.shapes import TargetKind as TargetKind
from app.web.wire.shapes import WishedState as WishedState
from config.schema import LineKind, Role
from crm.rights import Pending
from crm.tickets.model import Severity, TicketKind, TicketState
from routing.agent import AgentState

T = TypeVar("T")

Text = Annotated[str, Meta(max_length=4000)]
ShortText = Annotated[str, Meta(max_length=128)]
Key = Annotated[str, Meta(max_length=64)]
Moment = Annotated[datetime, Meta(tz=True)]
Limit = Annotated[int, Meta(ge=1, le=200)]


class Nothing(In, frozen=True, kw_only=True):
    """No query, or no body."""


class PageQuery(msgspec.Struct, frozen=True, kw_only=True):
    """What stands behind the `?` of a page's address is for the page itself, not for the server."""


class Listed(Out, Generic[T], frozen=True, kw_only=True):
    """A list; `next` goes into `after` of the next request, null = the end."""

    items: list[T]
    next: str | None = None


class Paging(In, frozen=True, kw_only=True):
    limit: Limit = 50
    after: Annotated[str, Meta(max_length=200)] | None = None


# --- people ----------------------------------------------------------------------------------------------------------


class Login(In, frozen=True, kw_only=True):
    name: Annotated[str, Meta(min_length=1, max_length=64)]
    password: Annotated[str, Meta(min_length=1, max_length=256)]


class PasswordChange(In, frozen=True, kw_only=True):
    """`old`: the present one, also when it is a one-time password that is to be changed."""

    old: Annotated[str, Meta(min_length=1, max_length=256)]
    new: Annotated[str, Meta(min_length=1, max_length=256)]


class UserOut(Out, frozen=True, kw_only=True):
    """`agent` is the person's own desk; null for a program with a token, and for people who take no calls. `pending`:
    what has to be done before anything else is open to this login. `signed_on`: by single sign-on."""

    name: str
    agent: str | None
    role: Role
    display_name: str
    display_name_en: str
    telephone: bool
    pending: Pending | None = None
    signed_on: bool = False


class LoggedIn(Out, frozen=True, kw_only=True):
    user: UserOut


class Named(Out, frozen=True, kw_only=True):
    id: str
    title: str
    title_en: str


class DispositionOut(Named, frozen=True, kw_only=True):
    kinds: list[TicketKind]


class LineOut(Out, frozen=True, kw_only=True):
    dnis: str
    kind: LineKind
    title: str
    title_en: str


class QueueName(Out, frozen=True, kw_only=True):
    queue: str
    title: str
    title_en: str
    kind: LineKind


class SiteOut(Out, frozen=True, kw_only=True):
    """What pages need of the site to fill their lists. `talk_*_s`: the clock of outbound calls (TEL-8)."""

    name: str
    name_en: str
    time_zone: str
    lines: list[LineOut]
    queues: list[QueueName]
    colleagues: list[Named]
    levels: list[Named]
    reasons: list[Named]
    dispositions: list[DispositionOut]
    ticket_kinds: list[TicketKind]
    ticket_states: list[TicketState]
    severities: list[Severity]
    forms_of_address: list[str]
    talk_amber_s: int
    talk_red_s: int
    wait_threshold_s: float


class Me(Out, frozen=True, kw_only=True):
    """`agent`: null for somebody whom no queue knows."""

    user: UserOut
    site: SiteOut
    agent: AgentOut | None


class StateWish(In, frozen=True, kw_only=True):
    """`reason`: one of the site's; needed for not_ready and only there."""

    state: WishedState
    reason: Key | None = None


class WrapUpStep(In, frozen=True, kw_only=True):
    """`end` it now, or `extend` it by half a minute."""

    action: Literal["end", "extend"]


class ColleagueOut(Out, frozen=True, kw_only=True):
    """Who takes calls here, and whether a call could be handed to them now."""

    agent: str
    name: str
    name_en: str
    state: AgentState


class TransferTo(In, frozen=True, kw_only=True):
    """Exactly one of these: an agent's number, a queue's name, a line's number, a number outside."""

    agent: Key | None = None
    queue: Key | None = None
    line: Key | None = None
    number: Key | None = None


class TransferWish(In, frozen=True, kw_only=True):
    """`blind`: the agent leaves at once. `attended`: the agent talks with the target first."""

    to: TransferTo
    mode: Literal["blind", "attended"]


class RecordingWish(In, frozen=True, kw_only=True):
    """`paused`: what is said now is not in the recording (a card number)."""

    state: Literal["paused", "on"]


class TalkOut(TalkStatus, frozen=True, kw_only=True):
    """A talk now. `agent` null: the caller talks with somebody outside.

    `over`: the agent's part of it is over; the rest is as it was last.
    """

    call: str
    agent: str | None
    over: bool = False


class Telephone(Out, frozen=True, kw_only=True):
    """How an agent's telephone registers. `sip`: host:port, over UDP; `sip_tls`: the same over TLS, where there is one;
    `media_encryption`: of its audio, as the site has it: none, optional or required (then over TLS alone)."""

    username: str
    secret: str
    sip: str
    sip_tls: str | None
    media_encryption: str


# --- live ------------------------------------------------------------------------------------------------------------


class WaitingOut(Out, frozen=True, kw_only=True):
    call: str
    ticket: str
    ani: str
    since: datetime
    position: int


class ClosingOut(Out, frozen=True, kw_only=True):
    """Why a queue is closed, by whom, since when; `prompt`: what callers hear instead of the usual words."""

    reason: str
    by: str
    since: datetime
    prompt: str | None


class QueueOut(QueueName, frozen=True, kw_only=True):
    waiting: int
    longest_wait_since: datetime | None
    agents_by_state: dict[AgentState, int]
    closed: ClosingOut | None


class QueueWithCallers(QueueOut, frozen=True, kw_only=True):
    entries: list[WaitingOut]


class SuperviseWish(In, frozen=True, kw_only=True):
    """`supervisor`: whose telephone is rung; default is one's own, another's only for administrators."""

    mode: SupervisionMode
    supervisor: Key | None = None


class MoveWish(In, frozen=True, kw_only=True):
    """To which queue."""

    queue: Key


class ClosingWish(In, frozen=True, kw_only=True):
    """`prompt`: one of the site's, announced instead of the usual words."""

    reason: Annotated[str, Meta(min_length=1, max_length=200)]
    prompt: Key | None = None


class DeskQuery(In, frozen=True, kw_only=True):
    """`agent`: default is one's own; `after`: the number of the last message seen."""

    agent: Key | None = None
    after: Annotated[int, Meta(ge=0)] | None = None


# --- the system ------------------------------------------------------------------------------------------------------


class StatusOut(Out, frozen=True, kw_only=True):
    """`up` only when every part says so."""

    status: Literal["up", "down"]
    parts: dict[str, dict[str, Any]]
