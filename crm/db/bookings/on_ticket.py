"""What a booking or an appointment has to do with its ticket and its customer's card. Statements only. TKT-2, CUS-1."""

from datetime import datetime
from typing import Final

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from config.numbering import normalise
from crm.bookings.model import Booking
from crm.db.schema.core import customer, customer_number, ticket, ticket_change
from crm.errors import UnknownRecord
from crm.tickets.model import TicketKind

_OF_BOOKINGS: Final = (TicketKind.VISIT_BOOKING.value, TicketKind.GUIDE_BOOKING.value)


async def owner_of(connection: AsyncConnection, ticket_number: str, number: str, area_code: str) -> int | None:
    """Whose it is: the ticket's customer, else who has that number. Raises UnknownRecord when there is no ticket.

    The ticket is locked before anything refers to it: a foreign key's share of the lock, taken by two, cannot be raised
    by either, and they would wait for each other.
    """
    query = select(ticket.c.number, ticket.c.customer_id).where(ticket.c.number == ticket_number)
    row = (await connection.execute(query.with_for_update(key_share=True))).one_or_none()
    if row is None:
        raise UnknownRecord("ticket", ticket_number)
    if row.customer_id is not None:
        return int(row.customer_id)
    key = normalise(number, area_code).normalised
    owner = select(customer_number.c.customer_id).where(customer_number.c.normalised == key)
    return (await connection.execute(owner)).scalar_one_or_none()


async def classify(connection: AsyncConnection, booked: Booking, at: datetime) -> None:
    """The ticket, locked by `owner_of`, is one of a booking now, unless somebody has said that it is something else."""
    kind = TicketKind.VISIT_BOOKING if booked.language is None else TicketKind.GUIDE_BOOKING
    query = select(ticket.c.kind).where(ticket.c.number == booked.ticket)
    old = (await connection.execute(query)).scalar_one()
    if old == kind.value or (old is not None and old not in _OF_BOOKINGS):
        return
    mine = ticket.c.number == booked.ticket
    await connection.execute(update(ticket).where(mine).values(kind=kind.value, version=ticket.c.version + 1))
    line = {"ticket": booked.ticket, "at": at, "by": booked.made_by, "field": "kind", "old": old, "new": kind.value}
    await connection.execute(insert(ticket_change).values(**line))


async def unwanted(connection: AsyncConnection, row: Booking) -> bool:
    """Whether the customer's card says that nobody should call."""
    query = select(customer.c.do_not_call).where(customer.c.id == row.customer_id)
    return bool((await connection.execute(query)).scalar_one_or_none())
