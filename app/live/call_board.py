"""Calls that are going on right now, as the live pages need them (made from events; nobody routes by it)."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from app.process.bus import Bus
from crm.journal.events import (
    AgentLeft,
    AgentMissed,
    AgentOffered,
    CallAdopted,
    CallArrived,
    CallEnded,
    CallMoved,
    CallOverflowed,
    CallQueued,
    LanguageChosen,
    SupervisorJoined,
    TalkStarted,
    ThirdJoined,
    ThirdLeft,
)


@dataclass
class BoardCall:
    """A call on the board. `queued_at` is None before the queue; `agent` is who has it on the page."""

    arrived: CallArrived
    queue: str | None = None
    queued_at: datetime | None = None
    agent: str | None = None
    came_from: list[str] = field(default_factory=list)
    """The queues that moved the caller on, in their order (LNE-7)."""
    language: Literal["zh", "en"] = "zh"
    asks: bool = False
    """The agent has to accept before anything rings (a promised callback)."""
    on_the_way: bool = False
    """On the way to the next queue: the wait goes on."""
    talking: str | None = None
    """The agent in the talk: whom that one consults does not have the call."""
    third: str | None = None
    """The agent who is consulted, or in a conference."""


class CallBoard:
    """All open calls by id."""

    def __init__(self, bus: Bus) -> None:
        self._calls: dict[str, BoardCall] = {}
        bus.subscribe(CallArrived, self._arrived)
        bus.subscribe(LanguageChosen, self._language_chosen)
        bus.subscribe(CallQueued, self._queued)
        bus.subscribe(CallMoved, self._moved)
        bus.subscribe(CallOverflowed, self._overflowed)
        bus.subscribe(AgentOffered, self._offered)
        bus.subscribe(AgentMissed, self._missed)
        bus.subscribe(CallAdopted, self._adopted)
        bus.subscribe(SupervisorJoined, self._joined)
        bus.subscribe(TalkStarted, self._talks)
        bus.subscribe(ThirdJoined, self._third)
        bus.subscribe(ThirdLeft, self._third)

    def end_with(self, bus: Bus) -> None:
        """Forget calls when they end. Subscribed last: others still find the call while they hear of its end."""
        bus.subscribe(AgentLeft, self._left)
        bus.subscribe(CallEnded, self._ended)

    def put(self, call: BoardCall) -> None:
        """A call known from the journal of a controller that died."""
        self._calls[call.arrived.call_id] = call

    def get(self, call_id: str) -> BoardCall | None:
        return self._calls.get(call_id)

    def _arrived(self, event: CallArrived) -> None:
        self._calls[event.call_id] = BoardCall(event)

    def _language_chosen(self, event: LanguageChosen) -> None:
        if call := self._calls.get(event.call_id):
            call.language = event.language

    def _queued(self, event: CallQueued) -> None:
        if call := self._calls.get(event.call_id):
            call.queue = event.queue
            call.queued_at = call.queued_at if call.on_the_way and call.queued_at else event.at
            call.on_the_way = False

    def _overflowed(self, event: CallOverflowed) -> None:
        if call := self._calls.get(event.call_id):
            if call.came_from[-1:] != [event.from_queue]:
                call.came_from.append(event.from_queue)
            call.on_the_way = True

    def _moved(self, event: CallMoved) -> None:
        if call := self._calls.get(event.call_id):
            call.queue = event.queue

    def _offered(self, event: AgentOffered) -> None:
        if (call := self._calls.get(event.call_id)) and not call.talking:
            call.agent, call.asks = event.agent, event.asks is True

    def _missed(self, event: AgentMissed) -> None:
        call = self._calls.get(event.call_id)
        if call and not call.talking and call.agent == event.agent:  # not when a colleague was quicker
            call.agent = None

    def _joined(self, event: SupervisorJoined) -> None:
        call = self._calls.get(event.call_id)
        if call and event.mode == "takeover":
            call.agent = event.supervisor

    def _talks(self, event: TalkStarted) -> None:
        if call := self._calls.get(event.call_id):
            call.agent = call.talking = event.agent
            call.third = None

    def _third(self, event: ThirdJoined | ThirdLeft) -> None:
        if call := self._calls.get(event.call_id):
            call.third = event.third if isinstance(event, ThirdJoined) else None

    def _left(self, event: AgentLeft) -> None:
        if (call := self._calls.get(event.call_id)) and call.talking == event.agent:
            call.agent = call.talking = None

    def _ended(self, event: CallEnded) -> None:
        self._calls.pop(event.call_id, None)

    def _adopted(self, event: CallAdopted) -> None:
        if call := self._calls.get(event.call_id):
            call.agent = call.talking = event.agent
