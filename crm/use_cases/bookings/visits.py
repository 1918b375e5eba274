"""Visits booked, changed, kept (flow): with what follows from it, one act, one transaction. BKG-1, BKG-2, CUS-4."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from crm.bookings.model import Booking, BookingRequest, BookingStep
from crm.errors import VersionConflict
from crm.rights import Principal
from crm.use_cases.bookings.access import Desk, find_booking, name_of, put_on_record, ticket_to_write_on, whole_number
from crm.use_cases.bookings.desk import BookingDesk
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


async def make_booking(ports: Ports, rules: BookingDesk, new: NewBooking, *, desk: Desk) -> Booking:
    """With it, that whoever books sees the number. The same `key` again answers with the first.

    Raises BadValue, Forbidden, BookingRefused, StoreAway; then nothing is booked.
    """
    ticket = await ticket_to_write_on(ports, new.ticket, desk.who)
    wish = BookingRequest(
        party=new.party,
        language=new.language or None,
        guide=new.guide or None,
        contact_name=name_of(new.contact_name, ticket),
        contact_number=whole_number(ports, new.contact_number, ticket),
        note=new.note.strip(),
    )
    key = f"{desk.who.name}:{new.key or uuid.uuid4()}"
    async with ports.act() as act:
        made = await rules.within(act.store).book(key, ticket.number, new.starts_at, wish, by=desk.who.name)
        await put_on_record(act, made, desk)
    return made


async def change_booking(
    ports: Ports, rules: BookingDesk, booking_id: int, changes: Mapping[str, Any], *, who: Principal, version: int
) -> Booking:
    """Places move in one go or stay. `changes`: the fields that came; another time without `guide`: who is free then.

    Raises UnknownRecord, Forbidden, BadValue, VersionConflict, IllegalTransition, BookingRefused, StoreAway.
    """
    before = await find_booking(ports, booking_id, who, to_change=True)
    if before.version != version:
        raise VersionConflict(f"booking {before.id}", version, before.version)
    names = ("party", "language", "contact_name", "note", "contact_number")
    kept: dict[str, Any] = {name: changes.get(name, getattr(before, name)) for name in names}
    starts_at = changes.get("starts_at", before.starts_at)
    same = (starts_at, kept["language"]) == (before.starts_at, before.language)
    guide = changes.get("guide", before.guide if same else None)
    if "contact_number" in changes:
        kept["contact_number"] = whole_number(ports, changes["contact_number"], None)
    wish = BookingRequest(**kept, guide=guide if kept["language"] else None)
    return await rules.change(before, starts_at, wish, by=who.name)


async def step_booking(
    ports: Ports, rules: BookingDesk, booking_id: int, step: str, note: str, *, who: Principal, version: int
) -> Booking:
    """Confirmed, cancelled, visited, not come. Raises as `change_booking`."""
    before = await find_booking(ports, booking_id, who, to_change=True)
    return await rules.step(before, BookingStep(step), version, by=who.name, note=note.strip())


async def tell_booking(ports: Ports, booking_id: int, *, who: Principal) -> Booking:
    """The confirmation with its notices was read out to the customer (BKG-2). Raises UnknownRecord, Forbidden,
    StoreAway."""
    before = await find_booking(ports, booking_id, who, to_change=True)
    return await ports.store.bookings.told(before.id, by=who.name)
