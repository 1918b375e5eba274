"""What the projector remembers of calls that are going on: their events and what the store has of them, so that an
event costs one row and not the whole call again. Rules only; a copy of what the store has, and lost without loss."""

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from typing import Final

from crm.journal.events import CallEnded, CallEvent
from crm.tickets.call_rows import CallRow

MOST_CALLS: Final = 5000
"""Calls remembered, the longest untouched forgotten first: 5 MB or so. One that is forgotten is read again."""


class OpenCall:
    """One call. The `written…` are what its rows hold as far as we know; None: not known, so they are written."""

    def __init__(self, events: Iterable[CallEvent]) -> None:
        self._events: dict[str, CallEvent] = {}
        self.ended = False
        self.written: tuple[CallRow, int | None] | None = None
        """The call's row, and its customer."""
        self.written_ticket: tuple[object, ...] | None = None
        """What later events told of the ticket."""
        self.recordings = 0
        """How many are written."""
        for event in events:
            self.learn(event)

    @property
    def events(self) -> Sequence[CallEvent]:
        return list(self._events.values())

    def learn(self, event: CallEvent) -> bool:
        """False when it was known already."""
        if event.event_id in self._events:
            return False
        self._events[event.event_id] = event
        self.ended = self.ended or isinstance(event, CallEnded)
        return True


class OpenCalls:
    """Bounded. Whoever uses it calls `forget_all` when a transaction has failed: nobody knows then what was written."""

    def __init__(self, most: int = MOST_CALLS) -> None:
        self._most = most
        self._calls: OrderedDict[str, OpenCall] = OrderedDict()

    def __len__(self) -> int:
        return len(self._calls)

    def get(self, call_id: str) -> OpenCall | None:
        return self._calls.get(call_id)

    def put(self, call_id: str, call: OpenCall) -> None:
        self._calls[call_id] = call

    def keep(self, touched: Iterable[str]) -> None:
        """After a batch that is in the store: calls that have ended go, the others count as used just now."""
        for call_id in touched:
            if self._calls[call_id].ended:
                del self._calls[call_id]
            else:
                self._calls.move_to_end(call_id)
        while len(self._calls) > self._most:
            self._calls.popitem(last=False)

    def forget_all(self) -> None:
        self._calls.clear()
