"""Queues on hold: which are closed now, and why (rules). How one is closed and opened: `ivr.queueing.closing`."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from config.ids import QueueName
from crm.journal.events import QueueClosed

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
