"""Every call and every letter becomes a ticket at the moment it arrives (TKT-1): number and journal line first, then
the store (D5).

This is flow without waiting: nothing here asks the store, so nothing here can be held up by it.
"""

import logging
from collections import deque
from collections.abc import Callable
from datetime import datetime
from typing import Final, Literal
from zoneinfo import ZoneInfo

from config.ids import CallId, ChannelId, TicketNumber
from crm.calls.open_calls import OpenCalls
from crm.errors import JournalFailed
from crm.intake.model import Channel, Letter, Opening
from crm.journal.events import CallArrived, CallOutcome, Event, LetterReceived, TicketOpened
from crm.journal.journal import Journal
from crm.journal.steps import CallStep

log = logging.getLogger(__name__)

MOST_WAITING: Final = 5_000
"""So many events may wait for the disk: from there on nothing new begins. Callers hear 503, what comes by other
channels is refused, nobody is dialled; calls that are up go on."""
MOST_HELD: Final = 100_000
"""So many does memory hold, more than calls that are up come to; past it the newest are lost, and counted."""


class Tickets:
    """Opens tickets and records what happens to them. `publish` tells the live pages; it must not block.

    `calls`: the open calls as an earlier controller's journal tells them; kept up to date from here on.
    When the disk refuses, calls go on: events wait in memory, in order, for the next one that can be written. OPS-7
    """

    def __init__(
        self, journal: Journal, zone: ZoneInfo, publish: Callable[[Event], None], calls: OpenCalls | None = None
    ) -> None:
        self.calls = OpenCalls() if calls is None else calls
        self._journal = journal
        self._zone = zone
        self._publish = publish
        self._unwritten: deque[Event] = deque()
        self._refused = False
        self._lost = 0

    def open(
        self,
        *,
        call_id: CallId,
        channel_id: ChannelId,
        direction: Literal["inbound", "outbound", "agent"],
        dnis: str,
        ani: str,
        caller_name: str,
        line: str | None,
        at: datetime,
        ticket: TicketNumber | None = None,
        due_call: str | None = None,
        then: CallStep | None = None,
        outcome: CallOutcome | None = None,
        promised: bool = False,
    ) -> TicketNumber:
        """The ticket of a call that arrived at `at` (the INVITE); see CallArrived. One we make may have a `ticket`."""
        number = ticket or self._journal.next_ticket_number(at.astimezone(self._zone).date())
        self._journal.note_ticket(number)
        self.record(
            CallArrived(
                event_id=f"{call_id}.arrived",
                at=at,
                call_id=call_id,
                ticket=number,
                channel_id=channel_id,
                direction=direction,
                dnis=dnis,
                ani=ani,
                caller_name=caller_name,
                line=line,
                due_call=due_call,
                then=then,
                outcome=outcome,
                promised=promised or None,
            )
        )
        return number

    def open_from(self, channel: Channel, opening: Opening, at: datetime) -> TicketNumber:
        """The ticket of something that came in by another channel and is registered at `at`. Raises JournalFailed while
        nothing new may begin."""
        self._check_room()
        number = self._journal.next_ticket_number(at.astimezone(self._zone).date())
        self._journal.note_ticket(number)
        self.record(TicketOpened(at=at, ticket=number, channel=channel, opening=opening))
        return number

    def answer_on(self, ticket: TicketNumber, letter: Letter, at: datetime) -> None:
        """An e-mail came in that answers on a ticket there is. Raises JournalFailed as `open_from`."""
        self._check_room()
        self.record(LetterReceived(at=at, ticket=ticket, letter=letter))

    @property
    def all_on_disk(self) -> bool:
        """Whether everything recorded so far survives this process. False: the disk refused, and memory holds it."""
        return not self._unwritten

    async def is_kept(self) -> bool:
        """Waits until everything recorded so far survives a power failure: before somebody outside is told that it is
        kept. False: the disk refuses, and memory may hold it."""
        try:
            await self._journal.safe()
        except JournalFailed:
            return False
        return not self._unwritten

    @property
    def unwritten(self) -> int:
        """How many events only memory has."""
        return len(self._unwritten)

    @property
    def lost(self) -> int:
        """How many events are nowhere, as memory held all that it may."""
        return self._lost

    @property
    def begins_nothing(self) -> bool:
        """Whether so many events wait for the disk that nothing new may begin. OPS-7"""
        return len(self._unwritten) >= MOST_WAITING

    def _check_room(self) -> None:
        if self.begins_nothing:
            raise JournalFailed(f"{len(self._unwritten)} events wait for the disk, which refuses them")

    def record(self, event: Event) -> None:
        """Journal it, fold it into the state of its call, then tell. When this returns, the event survives the process,
        unless the disk refuses."""
        if len(self._unwritten) >= MOST_HELD:
            self.write_held()
        if len(self._unwritten) < MOST_HELD:
            self._unwritten.append(event)
            self.write_held()
        else:
            self._lost += 1
            log.critical("An event is lost: memory holds no more.", extra={"action": "journal_event_lost"})
        self.calls.fold(event)
        self._publish(event)
        self.calls.forget_ended(event)

    def write_held(self) -> None:
        """Writes what the disk has refused so far, in order; by the clock too, so that it needs no further event."""
        try:
            while self._unwritten:
                self._journal.append(self._unwritten[0])
                self._unwritten.popleft()
        except JournalFailed as exc:
            self._refused = True
            log.critical(
                "%d events are not on the disk: %s", len(self._unwritten), exc, extra={"action": "journal_failed"}
            )
        else:
            if self._refused:
                self._refused = False
                log.warning("The disk has all events again.", extra={"action": "journal_written_again"})
