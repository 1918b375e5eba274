"""Visits booked, changed, kept (flow): with what follows from it, one act, one transaction. BKG-1, BKG-2, CUS-4."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from crm.bookings.model import Booking, BookingRequest, BookingStep
from crm.errors import VersionConflict
from crm.seen.opening import restored_in
from crm.use_cases.bookings.access import name_of, whole_number
from crm.use_cases.bookings.desk import desk_of
from crm.use_cases.cases import Ports


@dataclass(frozen=True, kw_only=True)
class NewBooking:
    """What is to be booked. `contact_*` None: the ticket's. `key`: the same one twice makes one booking."""

    ticket: str
    starts_at: datetime
    party: int
    language: str | None
    guide: str | None
    contact_name: str | None
    contact_number: str | None
    note: str
    key: str | None


async def make_booking(ports: Ports, new: NewBooking) -> Booking:
    """With it, that whoever books sees the number. The same `key` again answers with the first.

    Raises BadValue, Forbidden, BookingRefused, StoreAway; then nothing is booked.
    """
    ticket = await ports.seen.visits.ticket_to_add_to(new.ticket)
    wish = BookingRequest(
        party=new.party,
        language=new.language or None,
        guide=new.guide or None,
        contact_name=name_of(new.contact_name, ticket),
        contact_number=whole_number(ports, new.contact_number, ticket),
        note=new.note.strip(),
    )
    key = f"{ports.who.name}:{new.key or uuid.uuid4()}"
    async with ports.act() as act:
        made = await desk_of(act).book(key, ticket.number, new.starts_at, wish, by=ports.who.name)
        await act.seen.visits.note_seen(made)
    return await ports.seen.visits.shown(made)


async def change_booking(ports: Ports, booking_id: int, changes: Mapping[str, Any], *, version: int) -> Booking:
    """Places move in one go or stay. `changes`: the fields that came; another time without `guide`: who is free then.

    Raises UnknownRecord, Forbidden, BadValue, VersionConflict, IllegalTransition, BookingRefused, StoreAway.
    """
    before = await ports.seen.visits.booking(booking_id, to_change=True)
    if before.version != version:
        raise VersionConflict(f"booking {before.id}", version, before.version)
    changes = restored_in(changes, before)
    names = ("party", "language", "contact_name", "note", "contact_number")
    kept: dict[str, Any] = {name: changes.get(name, getattr(before, name)) for name in names}
    starts_at = changes.get("starts_at", before.starts_at)
    same = (starts_at, kept["language"]) == (before.starts_at, before.language)
    guide = changes.get("guide", before.guide if same else None)
    if "contact_number" in changes:
        kept["contact_number"] = whole_number(ports, changes["contact_number"], None)
    wish = BookingRequest(**kept, guide=guide if kept["language"] else None)
    return await ports.seen.visits.shown(await desk_of(ports).change(before, starts_at, wish, by=ports.who.name))


async def step_booking(ports: Ports, booking_id: int, step: str, note: str, *, version: int) -> Booking:
    """Confirmed, cancelled, visited, not come. Raises as `change_booking`."""
    before = await ports.seen.visits.booking(booking_id, to_change=True)
    done = await desk_of(ports).step(before, BookingStep(step), version, by=ports.who.name, note=note.strip())
    return await ports.seen.visits.shown(done)


async def tell_booking(ports: Ports, booking_id: int) -> Booking:
    """The confirmation with its notices was read out to the customer (BKG-2). Raises UnknownRecord, Forbidden,
    StoreAway."""
    before = await ports.seen.visits.booking(booking_id, to_change=True)
    return await ports.seen.visits.shown(await ports.store.bookings.told(before.id, by=ports.who.name))
