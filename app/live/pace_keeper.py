"""Keeps the pace of each queue (`routing.waiting.pace`) from what happens, also from what happened before a restart."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from config.ids import QueueName
from crm.journal.events import AgentAnswered, AgentStateChanged, CallEnded, CallMoved, CallOverflowed, CallQueued, Event
from routing.waiting.pace import Pace

WORKING: Final = ("reserved", "ringing", "talking", "hold", "wrap_up")


class PaceKeeper:
    """Hears who waits and who works, and tells `pace` when that is over."""

    def __init__(self, pace: Pace, past: Iterable[Event] = ()) -> None:
        self._pace = pace
        self._queue: dict[str, str] = {}
        """Of each call that was queued; also while it talks."""
        self._waiting: dict[str, datetime] = {}
        self._busy: dict[str, datetime] = {}
        self._talked: dict[str, str] = {}
        """Agents who have talked since they were reserved, with the call's queue."""
        self._heard: Mapping[type[Event], Callable[[Any], None]] = {
            CallQueued: self.queued,
            CallMoved: self.moved,
            CallOverflowed: self.overflowed,
            AgentAnswered: self.answered,
            CallEnded: self.ended,
            AgentStateChanged: self.agent_changed,
        }
        for event in past:
            self.hear(event)

    def hear(self, event: Event) -> None:
        """An event of any kind, as a journal has them; most say nothing of the pace."""
        if hear := self._heard.get(type(event)):
            hear(event)

    def queued(self, event: CallQueued) -> None:
        self._queue[event.call_id] = event.queue
        self._waiting.setdefault(event.call_id, event.at)

    def moved(self, event: CallMoved) -> None:
        self._queue[event.call_id] = event.queue

    def overflowed(self, event: CallOverflowed) -> None:
        """Whoever leaves the queues without an agent was patient to the end."""
        if event.to.startswith("queue:"):
            self._queue[event.call_id] = event.to.removeprefix("queue:")
        else:
            self._wait_is_over(event.call_id, event.at, gave_up=False)

    def answered(self, event: AgentAnswered) -> None:
        self._wait_is_over(event.call_id, event.at, gave_up=False)

    def ended(self, event: CallEnded) -> None:
        self._wait_is_over(event.call_id, event.at, gave_up=event.outcome == "abandoned_queue")
        self._queue.pop(event.call_id, None)

    def _wait_is_over(self, call_id: str, at: datetime, *, gave_up: bool) -> None:
        since = self._waiting.pop(call_id, None)
        if since is not None:
            self._pace.waited(QueueName(self._queue[call_id]), (at - since).total_seconds(), gave_up=gave_up)

    def agent_changed(self, event: AgentStateChanged) -> None:
        if event.state in WORKING:
            self._busy.setdefault(event.agent, event.at)
            if event.state == "talking" and event.call_id in self._queue:
                self._talked.setdefault(event.agent, self._queue[event.call_id])
            return
        since, queue = self._busy.pop(event.agent, None), self._talked.pop(event.agent, None)
        if since is not None and queue is not None:
            self._pace.handled(QueueName(queue), (event.at - since).total_seconds())
