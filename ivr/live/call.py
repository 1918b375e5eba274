"""A call in progress as its flow holds it: its state, its leg, and what is at hand in this process only (flow).

Nothing here changes what the call is: that is done by recording an event (`crm.calls.state`).
"""

import asyncio
import math
from dataclasses import dataclass
from datetime import datetime

from config.ids import AgentId, BridgeId, CallId, ChannelId, QueueName, TicketNumber
from config.schema import Line
from crm.calls.open_calls import OpenCall
from crm.calls.state import CallState
from ivr.live.parties import HeldTalk, NotReached, Partner, Turn
from ivr.port.telephony import Channel
from ivr.port.values import Digit
from routing.queue import ANYBODY, Needs, needs_of
from routing.site_rules import LANGUAGE

SUPERVISING = (".supervisor", ".snoop", ".bridge-s")
"""Marks in the ids of legs and bridges that only serve a supervisor: never part of the talk itself."""


@dataclass
class Call:
    """One customer contact while it lasts."""

    channel: Channel
    open: OpenCall
    line: Line
    """The line that serves the caller."""
    introduced: bool = False
    """The caller knows who answers: nothing is announced before the talk."""
    typed: Digit | None = None
    """A key pressed during the greeting: it counts in the menu."""
    notice_heard: bool = False
    """The recording notice was played to its end (TEL-10); not on record: after a restart it is said again."""
    points: float = 0
    """Priority on top of the queue's: a key customer (CUS-1), a promise."""
    preferred: tuple[AgentId, ...] = ()
    """Agents who know the case, the best first (sticky)."""
    partner: Partner | None = None
    """Who has answered, until the talk takes over."""
    reaching: asyncio.Task[Partner | NotReached] | None = None
    """Whom an agent left the caller to, whose telephone rings already."""
    turn: Turn | None = None
    """It is the call's turn in its queue already."""
    held: HeldTalk | None = None
    """A talk that outlived the controller that began it."""

    @property
    def state(self) -> CallState:
        return self.open.state

    @property
    def id(self) -> CallId:
        return self.open.state.call_id

    @property
    def ticket(self) -> TicketNumber:
        return self.open.state.ticket

    @property
    def ani(self) -> str:
        """The number of the other end: who rang us, or whom we rang."""
        return self.open.state.number

    @property
    def invited_at(self) -> datetime:
        return self.open.state.invited_at

    @property
    def queue(self) -> QueueName | None:
        return self.open.state.queue

    @property
    def needs(self) -> Needs:
        """Skills that this call needs, besides those of its queue: a language that was chosen."""
        return needs_of({LANGUAGE + self.state.language: 1}) if self.state.language_chosen else ANYBODY

    def next_agent_leg(self, agent_id: AgentId) -> ChannelId:
        """A fresh id for a leg to an agent; it names the call, so that it can be recognised after a restart (A3). It is
        taken once it is on record (AgentOffered)."""
        return ChannelId(f"{self.id}.agent{self.state.legs + 1}.{agent_id}")

    def next_outside_leg(self) -> ChannelId:
        """A fresh id for a leg to a number outside. It is taken once it is on record (DutyRang, OutsideRang)."""
        return ChannelId(f"{self.id}.outside{self.state.legs + 1}")


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
