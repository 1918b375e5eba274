"""Rows of bookings and appointments as types of crm/bookings, and the statements for single ones. BKG-1."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import Row, Select, Table, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from crm.bookings.appointments import Appointment
from crm.bookings.model import Booking, BookingState, StepEntry
from crm.bookings.slots import Occupied
from crm.db.base.typed import typed
from crm.db.schema.bookings import appointment, booking
from crm.db.schema.core import customer, ticket
from crm.errors import UnknownRecord, VersionConflict


def select_bookings() -> Select[Any]:
    """All that `booking_row` reads."""
    return _with_names(booking)


def select_appointments() -> Select[Any]:
    """All that `appointment_row` reads."""
    return _with_names(appointment)


def _with_names(table: Table) -> Select[Any]:
    return (
        select(table, ticket.c.agent.label("ticket_agent"), customer.c.name.label("customer_name"))
        .join_from(table, ticket, table.c.ticket == ticket.c.number)
        .join(customer, table.c.customer_id == customer.c.id, isouter=True)
    )


def booking_row(row: Row[Any]) -> Booking:
    return typed(Booking, row)


def appointment_row(row: Row[Any]) -> Appointment:
    return typed(Appointment, row)


def select_taken() -> Select[Any]:
    """Of all bookings that hold places."""
    columns = (booking.c.id, booking.c.starts_at, booking.c.ends_at, booking.c.party, booking.c.guide)
    return select(*columns).where(booking.c.state != BookingState.CANCELLED.value)


def taken_row(row: Row[Any]) -> Occupied:
    return Occupied(booking=row.id, starts_at=row.starts_at, ends_at=row.ends_at, party=row.party, guide=row.guide)


def step_entry(row: Row[Any]) -> StepEntry:
    details = msgspec.json.decode(row.details) if row.details else {}
    return StepEntry(at=row.at, by=row.by, step=row.step, details=details)


async def find(connection: AsyncConnection, booking_id: int) -> Booking | None:
    row = (await connection.execute(select_bookings().where(booking.c.id == booking_id))).one_or_none()
    return None if row is None else booking_row(row)


async def required(connection: AsyncConnection, booking_id: int) -> Booking:
    """Raises UnknownRecord."""
    row = await find(connection, booking_id)
    if row is None:
        raise UnknownRecord("booking", booking_id)
    return row


async def locked(connection: AsyncConnection, booking_id: int, version: int | None) -> Booking:
    """As it is now, and for nobody else to change. Raises UnknownRecord, VersionConflict."""
    await connection.execute(select(booking.c.id).where(booking.c.id == booking_id).with_for_update())
    row = await required(connection, booking_id)
    if version is not None and row.version != version:
        raise VersionConflict(f"booking {booking_id}", version, row.version)
    return row


async def set_booking(connection: AsyncConnection, row: Booking, values: Mapping[str, Any]) -> None:
    await connection.execute(update(booking).where(booking.c.id == row.id).values(**values, version=row.version + 1))


async def taken_around(connection: AsyncConnection, since: datetime, until: datetime) -> tuple[Occupied, ...]:
    """Of all bookings that reach into a span. The index is by beginnings: nobody stays longer than a day."""
    reaches = (booking.c.starts_at < until) & (booking.c.ends_at > since)
    query = select_taken().where(reaches, booking.c.starts_at > since - timedelta(days=1))
    return tuple(taken_row(row) for row in await connection.execute(query))
