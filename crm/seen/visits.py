"""Bookings and appointments as seen by a person (flow). BKG-1 to BKG-5, CUS-4, LNE-6, ACC-6."""

from collections.abc import Sequence
from typing import Any, TypeVar

from crm.bookings.appointments import Appointment
from crm.bookings.model import Booking, StepEntry
from crm.db.store import Store
from crm.errors import BadValue, UnknownRecord
from crm.page import Page
from crm.rights import may_reveal
from crm.seen.opening import opened_if
from crm.seen.rights import Rights
from crm.tickets.model import TicketDetail

Visit = TypeVar("Visit", Booking, Appointment)


class SeenVisits:
    """All raise StoreAway; lists BadCursor."""

    def __init__(self, store: Store, rights: Rights) -> None:
        self._store, self._rights = store, rights

    async def bookings(self, **filters: Any) -> Page[Booking]:
        page = await self._store.bookings.list(**filters, sight=self._rights.eyes.sight)
        return Page(items=await self._shown(page.items), next=page.next)

    async def appointments(self, **filters: Any) -> Page[Appointment]:
        page = await self._store.appointments.list(**filters, sight=self._rights.eyes.sight)
        return Page(items=await self._shown(page.items), next=page.next)

    async def booking(self, booking_id: int, *, to_change: bool = False) -> Booking:
        """As far as its ticket may be seen. Raises UnknownRecord, Forbidden (`to_change`, and about this person)."""
        row = await self._store.bookings.get(booking_id)
        if row is None or not await self._rights.sees(row.ticket):
            raise UnknownRecord("booking", booking_id)
        if to_change:
            await self._rights.check_not_about(row.ticket)
        return row

    async def appointment(self, appointment_id: int, *, to_change: bool = False) -> Appointment:
        """As `booking`."""
        row = await self._store.appointments.get(appointment_id)
        if row is None or not await self._rights.sees(row.ticket):
            raise UnknownRecord("appointment", appointment_id)
        if to_change:
            await self._rights.check_not_about(row.ticket)
        return row

    async def shown(self, row: Visit) -> Visit:
        """One that was found, with its numbers if these may be seen."""
        (shown,) = await self._shown((row,))
        return shown

    async def history_of(self, row: Booking | Appointment) -> tuple[StepEntry, ...]:
        """Its steps, with numbers as in itself."""
        table = self._store.bookings if isinstance(row, Booking) else self._store.appointments
        return opened_if(tuple(await table.history(row.id)), bool(await self._open_of([row])))

    async def ticket_to_add_to(self, number: str) -> TicketDetail:
        """The ticket that something is to hang on. Raises BadValue for one that is hidden, Forbidden for one about
        this person."""
        ticket = await self._rights.ticket(number)
        if ticket is None:
            raise BadValue("ticket", f"no ticket {number}")
        await self._rights.check_not_about(number)
        return ticket

    async def note_seen(self, row: Booking | Appointment) -> None:
        """Logs that somebody now sees a number that the ticket alone does not show; part of the act that does it."""
        by, number = self._rights.eyes.who.name, row.ticket
        if not row.contact_number or await self._rights.open_of([number]) or not await self._open_of([row]):
            return
        subject = f"{'booking' if isinstance(row, Booking) else 'appointment'} {row.id}"
        if row.customer_id is None:
            await self._store.accesses.number_revealed(subject, by=by, ticket=number)
        else:
            await self._store.accesses.revealed(row.customer_id, by=by, reason=subject, ticket=number)

    async def _shown(self, rows: Sequence[Visit]) -> tuple[Visit, ...]:
        may = await self._open_of(rows)
        return tuple(opened_if(row, row.id in may) for row in rows)

    async def _open_of(self, rows: Sequence[Booking | Appointment]) -> frozenset[int]:
        """Those whose number is shown: by the ticket; by going there; or by having made it, on a ticket whose number
        may be revealed to this person (CUS-4). Tickets about this person show it by neither."""
        by_ticket = await self._rights.open_of([row.ticket for row in rows])
        others = [row for row in rows if row.ticket not in by_ticket and self._by_itself(row)]
        about = await self._rights.about_of([row.ticket for row in others])
        return frozenset(
            [row.id for row in rows if row.ticket in by_ticket] + [row.id for row in others if row.ticket not in about]
        )

    def _by_itself(self, row: Booking | Appointment) -> bool:
        who = self._rights.eyes.who
        made = row.made_by if isinstance(row, Booking) else row.proposed_by
        if isinstance(row, Appointment) and row.person == who.agent:
            return True
        return made == who.name and may_reveal(who, row.ticket, row.ticket_agent)
