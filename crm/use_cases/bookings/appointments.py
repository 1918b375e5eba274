"""Appointments at the customer's place proposed, changed, kept (flow): one act, one transaction. BKG-5, CUS-4."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from crm.bookings.appointments import Appointment, Visit
from crm.errors import BadValue, Forbidden, VersionConflict
from crm.rights import may_reveal
from crm.seen.opening import restored_in
from crm.tickets.model import TicketDetail
from crm.use_cases.bookings.access import name_of, whole_number
from crm.use_cases.bookings.desk import desk_of
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


async def propose_appointment(ports: Ports, new: NewAppointment) -> Appointment:
    """With it, that whoever enters it sees the number. Raises BadValue, Forbidden, BookingRefused, StoreAway; then
    nothing is entered."""
    ticket = await ports.seen.visits.ticket_to_add_to(new.ticket)
    await _check(ports, new.visit["kind"], new.visit["person"], ticket)
    kept: dict[str, Any] = {name: new.visit[name].strip() for name in ("place", "note")}
    kept["contact_name"] = name_of(new.visit["contact_name"], ticket)
    kept["contact_number"] = whole_number(ports, new.visit["contact_number"], ticket)
    visit = Visit(**new.visit | kept)
    key = f"{ports.who.name}:{new.key or uuid.uuid4()}"
    async with ports.act() as act:
        made = await desk_of(act).propose(
            key, ticket.number, visit, by=ports.who.name, agreed=new.agreed, because=new.because.strip()
        )
        await act.seen.visits.note_seen(made)
    return await ports.seen.visits.shown(made)


async def change_appointment(
    ports: Ports, appointment_id: int, changes: Mapping[str, Any], *, version: int
) -> Appointment:
    """Another time has to be agreed to again; who is to go now sees the number, which is on record with it.

    Raises UnknownRecord, Forbidden, BadValue, VersionConflict, IllegalTransition, BookingRefused, StoreAway.
    """
    before = await ports.seen.visits.appointment(appointment_id, to_change=True)
    if before.version != version:
        raise VersionConflict(f"appointment {before.id}", version, before.version)
    changes = restored_in(changes, before)
    fields = {name: changes.get(name, getattr(before, name)) for name in Visit.__struct_fields__}
    if "contact_number" in changes:
        fields["contact_number"] = whole_number(ports, changes["contact_number"], None)
    visit = Visit(**fields)
    await _check(ports, visit.kind, visit.person, await ports.seen.visits.ticket_to_add_to(before.ticket))
    async with ports.act() as act:
        changed = await desk_of(act).change_appointment(before, visit, by=ports.who.name)
        if changed.person != before.person:
            await act.seen.visits.note_seen(changed)
    return await ports.seen.visits.shown(changed)


async def step_appointment(ports: Ports, appointment_id: int, step: str, note: str, *, version: int) -> Appointment:
    """Agreed, arrived (in time or late), missed, cancelled. Raises as `change_appointment`."""
    before = await ports.seen.visits.appointment(appointment_id, to_change=True)
    done = await desk_of(ports).step_appointment(before, step, version, by=ports.who.name, note=note.strip())
    return await ports.seen.visits.shown(done)


async def _check(ports: Ports, kind: str, person: str, ticket: TicketDetail) -> None:
    """Raises BadValue for a kind or a person that the site does not have, and for a person who may not see the ticket
    or whom it is about; Forbidden when whoever asks may not show the number to that person."""
    site = ports.site
    kinds = [known.id for known in site.bookings.appointments.kinds]
    if kind not in kinds:
        raise BadValue("kind", f"one of {', '.join(kinds)}")
    if person not in {agent.id for agent in site.agents}:
        raise BadValue("person", f"no colleague {person}")
    sight = ports.cases.organisation.sight(person, site.agent(person).role)
    seen = await ports.store.rights.seen([ticket.number], sight)
    if not seen or await ports.store.rights.about([ticket.number], person):
        raise BadValue("person", "somebody who may have this ticket")
    who = ports.who
    if person == who.agent and not may_reveal(who, ticket.number, ticket.agent):
        raise Forbidden(f"Ticket {ticket.number} is {ticket.agent}'s, who says who goes.")
