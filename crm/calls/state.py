"""What a call is while it lasts: one frozen state, made from its events alone (rules). Design §3.

Everything that knows a live call reads this: the flows, a controller that takes over, the pages. How events change it
is in `crm.calls.fold`, what follows from it in `crm.calls.progress`.
"""

from datetime import datetime
from typing import Literal

import msgspec

from config.ids import AgentId, BridgeId, CallId, ChannelId, QueueName, TicketNumber
from config.values.fields import Language
from crm.journal.events import CallOutcome
from crm.journal.steps import CallStep

Ending = Literal["caller", "agent", "system"]
"""Who ends a call."""


class PartnerState(msgspec.Struct, frozen=True):
    """Who has answered the caller, and has not left: an agent, or somebody outside by `number`. `channel_id` is known
    once both hear each other."""

    agent: AgentId | None = None
    number: str | None = None
    channel_id: ChannelId | None = None


class Consulted(msgspec.Struct, frozen=True):
    """Whom the agent asked to be reached while the caller waits."""

    kind: Literal["agent", "queue", "line", "number"]
    to: str


class CallState(msgspec.Struct, frozen=True, kw_only=True):
    """A call at one moment. Made by `arrived`, changed by `after` alone."""

    call_id: CallId
    channel_id: ChannelId
    ticket: TicketNumber
    direction: Literal["inbound", "outbound", "agent"]
    dnis: str
    ani: str
    line: str | None
    """Kind of the line that was dialled."""
    invited_at: datetime
    due_call: str | None
    promised: bool
    """Goes before those who have not waited yet: a promised callback, or a caller who has talked already."""
    plan: CallStep
    """What is done for the caller while nobody talks with them."""
    outcome: CallOutcome | None
    """What the call is called if it ends now; None: by its phase."""
    parted_by: Ending = "system"
    """Who ends the call when the caller does not."""
    line_number: str | None = None
    """The line that an agent handed the call to; None: the one that was dialled."""
    answered: bool = False
    language: Language = "zh"
    language_chosen: bool = False
    """The caller chose it, and is to have an agent who speaks it."""
    queue: QueueName | None = None
    queued_at: datetime | None = None
    """When the caller's wait began, in whatever queue: the turn goes by it. None when the wait is over."""
    here_since: datetime | None = None
    """When the caller came into this queue: its longest wait and its steps count from then."""
    on_the_way: bool = False
    """Moved on from one queue, not yet in the next, which takes over `queued_at`."""
    came_from: tuple[QueueName, ...] = ()
    """The queues that moved the caller on, in their order (LNE-7)."""
    turned_away: tuple[QueueName, ...] = ()
    """Closed queues that it has met: it is not sent round in circles."""
    asked: tuple[str, ...] = ()
    """Numbers of people on duty who did not take it."""
    offered: AgentId | None = None
    """The agent who has the card on the page, and has not answered yet."""
    asks: bool = False
    """That agent has to accept before anything rings (a promised callback)."""
    partner: PartnerState | None = None
    bridge_id: BridgeId | None = None
    """The talk, while it lasts."""
    recording: str | None = None
    recording_paused: bool = False
    held: bool = False
    consulted: Consulted | None = None
    """Whom the agent has being reached."""
    reached: PartnerState | None = None
    """Who that was, answered but not in the talk yet."""
    third: PartnerState | None = None
    """Who was consulted and has answered, or is in a conference."""
    supervisor: AgentId | None = None
    """Who supervises the talk, and has not left."""
    legs: int = 0
    """Telephones rung for this call: their ids are counted on."""
    talks: int = 0
    """How many parties the caller has talked with."""
    surveyed: bool = False
    place_handed_on: bool = False
    """A callback has the caller's place; the caller is told to hang up."""
    ended: bool = False

    @property
    def agent(self) -> AgentId | None:
        """The agent who has answered and talks with the caller; None for anybody else, or nobody."""
        return self.partner.agent if self.partner else None

    @property
    def shown_to(self) -> AgentId | None:
        """The agent whose page has the call: who talks, else who is offered it."""
        return self.partner.agent if self.partner else self.offered

    @property
    def on_pages(self) -> set[AgentId]:
        """The agents whose pages show the call: who talks or is offered it, and an agent who is consulted."""
        third = self.third.agent if self.third else None
        return {agent for agent in (self.shown_to, third) if agent}

    @property
    def number(self) -> str:
        """The customer's number: who rang us, or whom we rang."""
        return self.dnis if self.direction == "outbound" else self.ani
