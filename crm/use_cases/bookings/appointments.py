"""Appointments at the customer's place proposed, changed, kept (flow): one act, one transaction. BKG-5, CUS-4."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from crm.bookings.appointments import Appointment, Visit
from crm.errors import BadValue, Forbidden, VersionConflict
from crm.rights import Principal, may_reveal
from crm.tickets.model import TicketDetail
from crm.use_cases.bookings.access import (
    Desk,
    find_appointment,
    name_of,
    put_on_record,
    ticket_to_write_on,
    whole_number,
)
from crm.use_cases.bookings.desk import BookingDesk
from crm.use_cases.cases import Ports


@dataclass(frozen=True, kw_only=True)
class NewAppointment:
    """`visit`: as it was entered. `contact_*` None: the ticket's. `agreed`: the customer has said yes already;
    `because`: why so late. `key`: the same one twice makes one appointment."""

    ticket: str
    visit: dict[str, Any]
    agreed: bool
    because: str
    key: str | None


async def propose_appointment(ports: Ports, rules: BookingDesk, new: NewAppointment, *, desk: Desk) -> Appointment:
    """With it, that whoever enters it sees the number. Raises BadValue, Forbidden, BookingRefused, StoreAway; then
    nothing is entered."""
    ticket = await ticket_to_write_on(ports, new.ticket, desk.who)
    await _check(ports, new.visit["kind"], new.visit["person"], ticket, desk.who)
    kept: dict[str, Any] = {name: new.visit[name].strip() for name in ("place", "note")}
    kept["contact_name"] = name_of(new.visit["contact_name"], ticket)
    kept["contact_number"] = whole_number(ports, new.visit["contact_number"], ticket)
    visit = Visit(**new.visit | kept)
    key = f"{desk.who.name}:{new.key or uuid.uuid4()}"
    async with ports.act() as act:
        made = await rules.within(act.store).propose(
            key, ticket.number, visit, by=desk.who.name, agreed=new.agreed, because=new.because.strip()
        )
        await put_on_record(act, made, desk)
    return made


async def change_appointment(
    ports: Ports, rules: BookingDesk, appointment_id: int, changes: Mapping[str, Any], *, desk: Desk, version: int
) -> Appointment:
    """Another time has to be agreed to again; who is to go now sees the number, which is on record with it.

    Raises UnknownRecord, Forbidden, BadValue, VersionConflict, IllegalTransition, BookingRefused, StoreAway.
    """
    before = await find_appointment(ports, appointment_id, desk.who, to_change=True)
    if before.version != version:
        raise VersionConflict(f"appointment {before.id}", version, before.version)
    fields = {name: changes.get(name, getattr(before, name)) for name in Visit.__struct_fields__}
    if "contact_number" in changes:
        fields["contact_number"] = whole_number(ports, changes["contact_number"], None)
    visit = Visit(**fields)
    await _check(ports, visit.kind, visit.person, await ticket_to_write_on(ports, before.ticket, desk.who), desk.who)
    async with ports.act() as act:
        changed = await rules.within(act.store).change_appointment(before, visit, by=desk.who.name)
        if changed.person != before.person:
            await put_on_record(act, changed, desk)
    return changed


async def step_appointment(
    ports: Ports, rules: BookingDesk, appointment_id: int, step: str, note: str, *, who: Principal, version: int
) -> Appointment:
    """Agreed, arrived (in time or late), missed, cancelled. Raises as `change_appointment`."""
    before = await find_appointment(ports, appointment_id, who, to_change=True)
    return await rules.step_appointment(before, step, version, by=who.name, note=note.strip())


async def _check(ports: Ports, kind: str, person: str, ticket: TicketDetail, who: Principal) -> None:
    """Raises BadValue for a kind or a person that the site does not have, and for a person who may not see the ticket
    or whom it is about; Forbidden when whoever asks may not show the number to that person."""
    site = ports.site
    kinds = [known.id for known in site.bookings.appointments.kinds]
    if kind not in kinds:
        raise BadValue("kind", f"one of {', '.join(kinds)}")
    if person not in {agent.id for agent in site.agents}:
        raise BadValue("person", f"no colleague {person}")
    sight = ports.cases.organisation.sight(person, site.agent(person).role)
    seen = sight.sees(restricted=ticket.restricted, department=ticket.department, level=ticket.level)
    if not seen or await ports.store.cases.lists.is_about(ticket.number, person):
        raise BadValue("person", "somebody who may have this ticket")
    if person == who.agent and not may_reveal(who, ticket.number, ticket.agent):
        raise Forbidden(f"Ticket {ticket.number} is {ticket.agent}'s, who says who goes.")
