"""Queues on hold: closed by a supervisor in an emergency, with a reason, until opened again. Survives a restart.

Who calls or waits hears an announcement and gets the site's way out; nobody meets a dead end (`call_flow.turn_away`).
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

import msgspec

from config.ids import QueueName
from crm.journal.events import QueueClosed, QueueOpened, new_event_id
from ivr.waiting import NotWaiting, TurnedAway

if TYPE_CHECKING:
    from ivr.hotline import Hotline

RESTATED_EVERY: Final = timedelta(hours=6)
"""A journal is read back for a day when a controller starts: so a closing is told again before it falls out of that."""


@dataclass
class ClosedQueues:
    """Which queues are closed now: for each the event that says so, told last."""

    _closed: dict[QueueName, QueueClosed] = field(default_factory=dict)

    def of(self, queue: str) -> QueueClosed | None:
        """None for a queue that is open."""
        return self._closed.get(QueueName(queue))

    def put(self, event: QueueClosed) -> None:
        self._closed[QueueName(event.queue)] = event

    def open(self, queue: QueueName) -> bool:
        """False when it was open."""
        return self._closed.pop(queue, None) is not None

    def stale(self, now: datetime) -> list[QueueClosed]:
        """Those told too long ago."""
        return [event for event in self._closed.values() if now - event.at >= RESTATED_EVERY]


def close_queue(
    hotline: "Hotline", queue: QueueName, *, reason: str, by: str, prompt: str | None = None
) -> QueueClosed:
    """From now on; who waits is turned away. One that is closed already gets the new reason and words."""
    known, now = hotline.closed.of(queue), hotline.now()
    event = QueueClosed(at=now, queue=queue, reason=reason, by=by, prompt=prompt, since=known.since if known else now)
    _tell(hotline, event)
    for call in hotline.acd.waiting(queue):
        try:
            hotline.waiting.call_away(call.call_id, TurnedAway())
        except NotWaiting:
            continue  # not on the line: a callback, an agent's transfer
    return event


def open_queue(hotline: "Hotline", queue: QueueName, *, by: str) -> None:
    """Callers are served again. Does nothing when it is open."""
    if hotline.closed.open(queue):
        hotline.tickets.record(QueueOpened(at=hotline.now(), queue=queue, by=by))


async def restate(hotline: "Hotline") -> None:
    """What is closed for long is told again (a scheduler's work)."""
    for event in hotline.closed.stale(hotline.now()):
        _tell(hotline, msgspec.structs.replace(event, at=hotline.now(), event_id=new_event_id()))


def _tell(hotline: "Hotline", event: QueueClosed) -> None:
    hotline.closed.put(event)
    hotline.tickets.record(event)
