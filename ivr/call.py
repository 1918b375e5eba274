"""A call in progress: the steps it may take, as a table, and the facts a flow carries along (rules: no I/O, no clock).

The table checks the coroutine in `ivr.call_flow`; it does not drive it. What a caller's hang-up is called follows from
the step it happened in.
"""

import math
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Literal

from config.ids import AgentId, BridgeId, CallId, ChannelId, QueueName, TicketNumber
from config.schema import Line
from config.values.fields import Language
from ivr.telephony import Channel, Digit
from routing.queue import ANYBODY, Needs

SUPERVISING = (".supervisor", ".snoop", ".bridge-s")
"""Marks in the ids of legs and bridges that only serve a supervisor: never part of the talk itself."""

Party = Literal["caller", "agent", "system"]


class Step(Enum):
    RINGING = "ringing"
    GREETING = "greeting"
    MENU = "menu"
    QUEUED = "queued"
    TALKING = "talking"
    MESSAGE = "message"
    ENDED = "ended"


TRANSITIONS: dict[Step, frozenset[Step]] = {
    Step.RINGING: frozenset({Step.GREETING, Step.ENDED}),
    Step.GREETING: frozenset({Step.MENU, Step.QUEUED, Step.MESSAGE, Step.ENDED}),
    Step.MENU: frozenset({Step.QUEUED, Step.MESSAGE, Step.ENDED}),
    Step.QUEUED: frozenset({Step.TALKING, Step.MENU, Step.MESSAGE, Step.ENDED}),
    Step.TALKING: frozenset({Step.QUEUED, Step.MENU, Step.MESSAGE, Step.ENDED}),
    Step.MESSAGE: frozenset({Step.ENDED}),
    Step.ENDED: frozenset(),
}

ABANDONED: dict[Step, str] = {
    Step.RINGING: "abandoned_ringing",
    Step.GREETING: "abandoned_menu",
    Step.MENU: "abandoned_menu",
    Step.QUEUED: "abandoned_queue",
    Step.TALKING: "answered",
    Step.MESSAGE: "abandoned_message",
}
"""What a call is called whose caller hung up in that step."""


class IllegalStep(Exception):
    """A step that does not follow from the present one: a fault in the flow. Nothing is changed."""


@dataclass
class Call:
    """One customer contact while it lasts."""

    id: CallId
    channel: Channel
    ticket: TicketNumber
    line: Line
    ani: str
    invited_at: datetime
    step: Step = Step.RINGING
    queue: QueueName | None = None
    queued_at: datetime | None = None
    """When the caller's wait began, in whatever queue: the turn goes by it."""
    here_since: datetime | None = None
    """When the caller came into this queue: its longest wait and its steps count from then."""
    coming_in: bool = False
    """Has only just joined the queue, which may be too long for another caller."""
    on_the_way: bool = False
    """Moved on from one queue, not yet in the next, which takes over `queued_at`."""
    turned_away: set[QueueName] = field(default_factory=set)
    """Closed queues that it has met already: it is not sent round in circles."""
    duty: str | None = None
    """The duty roster that is rung for this call."""
    asked: set[str] = field(default_factory=set)
    """Numbers of people on duty who did not take it."""
    language: Language = "zh"
    """What the caller hears prompts in."""
    notice_heard: bool = False
    """The recording notice was played to its end (TEL-10)."""
    typed: Digit | None = None
    """A key pressed during the greeting: it counts in the menu."""
    outcome: str | None = None
    ended_by: Party = "caller"
    points: float = 0
    """Priority on top of the queue's: a promised callback whose agent was lost, a key customer (CUS-1)."""
    needs: Needs = ANYBODY
    """Skills that this call needs, besides those of its queue: its language."""
    preferred: tuple[AgentId, ...] = ()
    """Agents who know the case, the best first (sticky)."""
    legs: int = 0
    talks: int = 0
    """How many parties the caller has talked with."""

    def enter(self, step: Step) -> None:
        """Go on to `step`; staying is allowed. Raises IllegalStep."""
        if step is not self.step and step not in TRANSITIONS[self.step]:
            raise IllegalStep(f"call {self.id} cannot go from {self.step.value} to {step.value}")
        self.step = step

    def finish(self, outcome: str, ended_by: Party) -> None:
        """How it ends, if nothing else happens first."""
        self.outcome, self.ended_by = outcome, ended_by

    def next_agent_leg(self, agent_id: AgentId) -> ChannelId:
        """A fresh id for a leg to an agent; it names the call, so that it can be recognised after a restart (A3)."""
        self.legs += 1
        return ChannelId(f"{self.id}.agent{self.legs}.{agent_id}")

    def next_outside_leg(self) -> ChannelId:
        """A fresh id for a leg to a number outside that the call is handed to."""
        self.legs += 1
        return ChannelId(f"{self.id}.outside{self.legs}")


def call_id_of(channel_id: ChannelId) -> CallId:
    """The call of an arriving channel. A pure function, so that replay and reconciliation name one call (D2)."""
    return CallId(f"call-{channel_id}")


def owner_of(leg: ChannelId | BridgeId) -> CallId:
    """The call that a leg or bridge of ours belongs to, by its id."""
    for mark in (".agent", ".bridge", ".customer", ".outside", *SUPERVISING):
        head, found, _ = leg.rpartition(mark)
        if found:
            return CallId(head)
    return CallId("")


def only_supervises(leg: ChannelId | BridgeId) -> bool:
    """A supervisor's leg, a snoop, or the bridge of the two. Not part of a talk, unless the supervisor took it over."""
    return any(mark in leg for mark in SUPERVISING)


def ring_number(invited_at: datetime, answered_at: datetime, ring_period_s: float) -> int:
    """In which ring a call was answered: 1 + ⌊(answered - INVITE) / ring period⌋ (TEL-1)."""
    return 1 + max(0, math.floor((answered_at - invited_at).total_seconds() / ring_period_s))
