"""Whose a booking or an appointment is to see and to change, and who is on record for having seen it (flow).

CUS-4, LNE-6.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from config.numbering import normalise
from crm.bookings.appointments import Appointment
from crm.bookings.model import Booking
from crm.errors import BadValue, Forbidden, UnknownRecord
from crm.rights import Principal, may_reveal, sees_numbers
from crm.tickets.model import TicketDetail
from crm.use_cases.cases import Ports, find_ticket


@dataclass(frozen=True, kw_only=True)
class Desk:
    """Somebody at work: who, and the tickets that are open there."""

    who: Principal
    at_hand: frozenset[str]


async def ticket_to_write_on(ports: Ports, number: str, who: Principal) -> TicketDetail:
    """The ticket that something hangs on. Raises BadValue for one that is hidden, Forbidden for one about this person
    (LNE-6)."""
    ticket = await find_ticket(ports, number, who)
    if ticket is None:
        raise BadValue("ticket", f"no ticket {number}")
    await _check_not_about(ports, number, who)
    return ticket


async def find_booking(ports: Ports, booking_id: int, who: Principal, *, to_change: bool = False) -> Booking:
    """As far as its ticket may be seen. Raises UnknownRecord, Forbidden (`to_change`, and about this person)."""
    row = await ports.store.bookings.get(booking_id)
    if row is None or not await _is_seen(ports, row.ticket, who, to_change=to_change):
        raise UnknownRecord("booking", booking_id)
    return row


async def find_appointment(
    ports: Ports, appointment_id: int, who: Principal, *, to_change: bool = False
) -> Appointment:
    """As `find_booking`."""
    row = await ports.store.appointments.get(appointment_id)
    if row is None or not await _is_seen(ports, row.ticket, who, to_change=to_change):
        raise UnknownRecord("appointment", appointment_id)
    return row


async def _is_seen(ports: Ports, number: str, who: Principal, *, to_change: bool) -> bool:
    if await find_ticket(ports, number, who) is None:
        return False
    if to_change:
        await _check_not_about(ports, number, who)
    return True


async def _check_not_about(ports: Ports, number: str, who: Principal) -> None:
    if who.agent is not None and await ports.store.cases.lists.is_about(number, who.agent):
        raise Forbidden(f"Ticket {number} is about you.")


async def about_them(ports: Ports, rows: Sequence[Booking | Appointment], who: Principal) -> frozenset[str]:
    """The tickets of these that are complaints of this person."""
    numbers = {row.ticket for row in rows}
    return await ports.store.cases.lists.about_of(numbers, who.agent) if who.agent and numbers else frozenset()


def sees_number(row: Booking | Appointment, desk: Desk, about: frozenset[str]) -> bool:
    """Whether the number is shown at this desk: by the ticket; by going there; or by having made it, on a ticket whose
    number may be revealed to this person (CUS-4). `about`: tickets about this person show it by neither."""
    who = desk.who
    if sees_numbers(who, row.ticket, row.ticket_agent, desk.at_hand):
        return True
    made = row.made_by if isinstance(row, Booking) else row.proposed_by
    mine = made == who.name and may_reveal(who, row.ticket, row.ticket_agent)
    goes = isinstance(row, Appointment) and row.person == who.agent
    return (mine or goes) and row.ticket not in about


async def put_on_record(ports: Ports, row: Booking | Appointment, desk: Desk) -> None:
    """Logs that somebody now sees a number that the ticket alone does not show there; part of the act that does it."""
    who = desk.who
    if not row.contact_number or sees_numbers(who, row.ticket, row.ticket_agent, desk.at_hand):
        return
    if not sees_number(row, desk, await about_them(ports, [row], who)):
        return
    subject = f"{'booking' if isinstance(row, Booking) else 'appointment'} {row.id}"
    if row.customer_id is None:
        await ports.store.accesses.number_revealed(subject, by=who.name, ticket=row.ticket)
    else:
        await ports.store.accesses.revealed(row.customer_id, by=who.name, reason=subject, ticket=row.ticket)


def whole_number(ports: Ports, given: str | None, ticket: TicketDetail | None) -> str:
    """The number to ring: the given one, else the ticket's; "" for a customer without one. Raises BadValue."""
    area_code = ports.site.area_code
    if given is None:
        number = (ticket.contact_number or ticket.ani) if ticket else ""
        return number if normalise(number, area_code).normalised else ""
    if given and ("*" in given or not normalise(given, area_code).normalised):
        raise BadValue("contact_number", "a whole telephone number, or none")
    return given.strip()


def name_of(given: str | None, ticket: TicketDetail) -> str:
    """The name that is given, else the ticket's."""
    return (ticket.contact_name or ticket.customer_name or "") if given is None else given.strip()
