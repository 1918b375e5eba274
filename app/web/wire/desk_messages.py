"""What goes over the desk's socket: every message to an agent's pages, and what a page answers (rules: data only).

openapi.py publishes them beside the operations, and the pages' types are made from that. `seq` and `at` are
given when a message is published. CUS-2
"""

from datetime import UTC, datetime
from typing import Final, Literal

from app.web.wire.shapes import AgentOut, Direction, In, Out, TalkStatus
from config.schema import LineKind
from crm.cases.model import Stage
from crm.tickets.model import Severity, TicketKind, TicketState

UNSENT: Final = datetime(1970, 1, 1, tzinfo=UTC)
CallStage = Literal["ringing", "talking", "hold", "ended"]
EndedBy = Literal["caller", "agent", "system"]


class LiveMessage(Out, frozen=True, kw_only=True, tag_field="type"):
    """Root of what a feed sends. Numbers of one desk grow; there may be gaps between them."""

    seq: int = 0
    at: datetime = UNSENT


class Hello(LiveMessage, frozen=True, kw_only=True, tag="hello"):
    """The first message. `state`: the agent now. `gap`: lists have to be read again, messages were missed."""

    agent: str
    gap: bool
    state: AgentOut | None


class Alive(LiveMessage, frozen=True, kw_only=True, tag="alive"):
    """Nothing new; the line is whole."""


class AgentChanged(AgentOut, frozen=True, kw_only=True, tag_field="type", tag="agent_state"):
    """The agent's own state, as it is when the page reads it."""

    seq: int = 0
    at: datetime = UNSENT


class PopCustomer(Out, frozen=True, kw_only=True):
    """What the agent has to know of a customer before the first word."""

    id: str
    name: str
    form_of_address: str
    key_customer: bool
    employer: str
    post: str
    notes: str


class PopTicket(Out, frozen=True, kw_only=True):
    """What the caller called about before."""

    number: str
    kind: TicketKind | None
    state: TicketState
    stage: Stage | None
    severity: Severity
    opened_at: datetime
    matter: str
    agent: str | None


class Pop(Out, frozen=True, kw_only=True):
    """Who calls. `kind` callback: the agent is asked to accept `due_call`, and `reason` says why it was promised.

    `came_from`: the queues that moved the caller on, in their order (LNE-7); `waited_s` null: not queued. `open_cases`:
    the call may be about one of these.
    """

    kind: Literal["inbound", "callback"]
    due_call: str | None
    language: Literal["zh", "en"]
    line: LineKind | None
    line_title: str
    queue: str | None
    queue_title: str | None
    came_from: list[str]
    ani: str
    number_display: str
    greeting: str
    waited_s: float | None
    reason: str | None
    customer: PopCustomer | None
    open_cases: list[PopTicket]
    tickets: list[PopTicket]


class ScreenPop(LiveMessage, frozen=True, kw_only=True, tag="screen_pop"):
    """A call is offered. Stays until a page has confirmed it; comes again with the card when the store was slow."""

    call: str
    ticket: str
    pop: Pop


class CallChanged(LiveMessage, frozen=True, kw_only=True, tag="call"):
    """How a call goes on. `talk_since`: when the agent's talk began, also in hold and after it. `talk`: only to the
    agent who has the talk, and while it goes on.
    """

    call: str
    ticket: str
    direction: Direction
    state: CallStage
    since: datetime
    talk_since: datetime | None
    ended_by: EndedBy | None
    talk: TalkStatus | None


class TicketChanged(LiveMessage, frozen=True, kw_only=True, tag="ticket"):
    """A ticket was saved, perhaps on another page: read it again."""

    ticket: str
    version: int


class ColleagueWrote(LiveMessage, frozen=True, kw_only=True, tag="message"):
    """A colleague's message has come, or was read (TEL-7)."""

    message: str
    sender: str
    recipient: str
    read_at: datetime | None


DeskNews = AgentChanged | ScreenPop | CallChanged | TicketChanged | ColleagueWrote
"""What is kept for pages that are away (desk_log.py)."""
DeskMessage = Hello | Alive | DeskNews


class DeskAck(In, frozen=True, kw_only=True, tag_field="type", tag="ack"):
    """What a page says: everything up to `seq` is on the screen."""

    seq: int
