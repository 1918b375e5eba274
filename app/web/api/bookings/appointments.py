"""Appointments at the customer's place (adapter): proposed, agreed, kept. BKG-5, FUP-3, CUS-4."""

import uuid
from typing import Any, Final

from msgspec import UNSET

from app.web.api.bookings.booking_shapes import (
    AppointmentFull,
    AppointmentNew,
    AppointmentOut,
    AppointmentPatch,
    AppointmentQuery,
    AppointmentRules,
    AppointmentsOut,
    AppointmentStepWish,
)
from app.web.api.bookings.bookings import (
    about_me,
    customer_ref,
    put_on_record,
    refusals,
    sees,
    step_out,
    ticket_seen,
    ticket_to_write_on,
    whole_number,
)
from app.web.api.common.shown import Reader, shaped
from app.web.api.tickets.tickets import reader, sight_of
from app.web.http.contract import Named, Nothing
from app.web.http.operations import AnyOperation, Ask, operation
from app.web.wire.problems import Problem, invalid
from crm.bookings.appointments import Appointment, Visit, days_before
from crm.errors import VersionConflict
from crm.rights import may_reveal
from crm.tickets.model import TicketDetail


async def list_appointments(ask: Ask[AppointmentQuery, Nothing]) -> AppointmentsOut:
    """By their time, with the site's rules."""
    query, rules = ask.query, ask.services.site.bookings.appointments
    page = await ask.services.store.appointments.list(
        since=query.since,
        until=query.until,
        state=query.state,
        ticket_number=query.ticket,
        person=query.person,
        sight=sight_of(ask),
        limit=query.limit,
        after=query.after,
    )
    eyes, about = reader(ask), await about_me(ask, page.items)
    return AppointmentsOut(
        items=[_out(ask, eyes, row, sees(ask, eyes, row, about)) for row in page.items],
        next=page.next,
        rules=AppointmentRules(
            kinds=[Named(id=kind.id, title=kind.title, title_en=kind.title_en) for kind in rules.kinds],
            agreed_days_before=rules.agreed_days_before,
            late_after_minutes=rules.late_after_minutes,
        ),
    )


async def get_appointment(ask: Ask[Nothing, Nothing]) -> AppointmentFull:
    return await _full(ask, await _appointment_of(ask))


async def create_appointment(ask: Ask[Nothing, AppointmentNew]) -> AppointmentFull:
    """409 with `reason` too_short_notice when it is agreed too late and `because` is empty."""
    new = ask.body
    ticket = await ticket_to_write_on(ask, new.ticket)
    await _check(ask, new.kind, new.person, ticket)
    visit = Visit(
        kind=new.kind,
        at=new.at,
        person=new.person,
        place=new.place.strip(),
        contact_name=(ticket.contact_name or ticket.customer_name or "")
        if new.contact_name is None
        else new.contact_name.strip(),
        contact_number=whole_number(ask, new.contact_number, ticket),
        note=new.note.strip(),
    )
    key = f"{ask.who.name}:{new.key or uuid.uuid4()}"
    with refusals():
        made = await ask.services.bookings.propose(
            key, ticket.number, visit, by=ask.who.name, agreed=new.agreed, because=new.because.strip()
        )
    await put_on_record(ask, made)
    return await _full(ask, made)


async def patch_appointment(ask: Ask[Nothing, AppointmentPatch]) -> AppointmentFull:
    """Another time has to be agreed to again; 409 with `current` when it is stale."""
    row, patch = await _appointment_of(ask, to_change=True), ask.body
    if row.version != patch.version:
        raise await _stale(ask, VersionConflict(f"appointment {row.id}", patch.version, row.version))
    given = {name: getattr(patch, name) for name in Visit.__struct_fields__}
    fields = {name: getattr(row, name) if value is UNSET else value for name, value in given.items()}
    if patch.contact_number is not UNSET:
        fields["contact_number"] = whole_number(ask, patch.contact_number, None)
    visit = Visit(**fields)
    await _check(ask, visit.kind, visit.person, await ticket_to_write_on(ask, row.ticket))
    with refusals():
        try:
            changed = await ask.services.bookings.change_appointment(row, visit, by=ask.who.name)
        except VersionConflict as exc:
            raise await _stale(ask, exc) from exc
    if changed.person != row.person:
        await put_on_record(ask, changed)
    return await _full(ask, changed)


async def step_appointment(ask: Ask[Nothing, AppointmentStepWish]) -> AppointmentFull:
    """Agreed, arrived (in time or late), missed, cancelled."""
    row, wish = await _appointment_of(ask, to_change=True), ask.body
    with refusals():
        try:
            done = await ask.services.bookings.step_appointment(
                row, wish.step, wish.version, by=ask.who.name, note=wish.note.strip()
            )
        except VersionConflict as exc:
            raise await _stale(ask, exc) from exc
    return await _full(ask, done)


async def _check(ask: Ask[Nothing, Any], kind: str, person: str, ticket: TicketDetail) -> None:
    """Raises Problem for a kind or a person that the site does not have, and for a person who may not see the ticket,
    whom it is about, or to whom whoever asks may not show the number."""
    kinds = [known.id for known in ask.services.site.bookings.appointments.kinds]
    if kind not in kinds:
        raise invalid("kind", f"one of {', '.join(kinds)}")
    if person not in {agent.id for agent in ask.services.site.agents}:
        raise invalid("person", f"no colleague {person}")
    sight = ask.services.cases.organisation.sight(person, ask.services.site.agent(person).role)
    seen = sight.sees(restricted=ticket.restricted, department=ticket.department, level=ticket.level)
    if not seen or await ask.services.store.cases.lists.is_about(ticket.number, person):
        raise invalid("person", "somebody who may have this ticket")
    if person == ask.who.agent and not may_reveal(ask.who, ticket.number, ticket.agent):
        raise Problem("forbidden", f"Ticket {ticket.number} is {ticket.agent}'s, who says who goes.")


def _out(ask: Ask[Any, Any], eyes: Reader, row: Appointment, seen: bool) -> AppointmentOut:
    agreed = None if row.agreed_at is None else days_before(row.at, row.agreed_at, ask.services.site.zone)
    number = eyes.number(row.contact_number, seen=seen)
    shown = {"contact_number": number, "number_masked": not seen, "customer": customer_ref(row)}
    return shaped(AppointmentOut, row, id=str(row.id), days_before=agreed, **shown)


async def _full(ask: Ask[Nothing, Any], row: Appointment) -> AppointmentFull:
    eyes = reader(ask)
    seen = sees(ask, eyes, row, await about_me(ask, [row]))
    entries = await ask.services.store.appointments.history(row.id)
    history = [step_out(eyes, entry, seen) for entry in entries]
    return shaped(AppointmentFull, _out(ask, eyes, row, seen), history=history)


async def _appointment_of(ask: Ask[Nothing, Any], *, to_change: bool = False) -> Appointment:
    """The appointment of the path, as far as its ticket may be seen. Raises Problem."""
    appointment_id = ask.path("id")
    is_id = appointment_id.isascii() and appointment_id.isdecimal() and len(appointment_id) < 18
    row = await ask.services.store.appointments.get(int(appointment_id)) if is_id else None
    if row is None or not await ticket_seen(ask, row.ticket, to_change=to_change):
        raise Problem("not_found", f"No appointment {appointment_id}.")
    return row


async def _stale(ask: Ask[Nothing, Any], exc: VersionConflict) -> Problem:
    return Problem("stale", f"{exc}", current=await _full(ask, await _appointment_of(ask)))


# fmt: off
APPOINTMENTS: Final[tuple[AnyOperation, ...]] = (
    operation("list_appointments", "GET /api/appointments", list_appointments,
              "Appointments at customers' places, by their time", AppointmentQuery, Nothing, AppointmentsOut),
    operation("create_appointment", "POST /api/appointments", create_appointment,
              "Propose an appointment, or enter one that is agreed", Nothing, AppointmentNew, AppointmentFull, 201),
    operation("get_appointment", "GET /api/appointments/{id}", get_appointment,
              "An appointment with its history", Nothing, Nothing, AppointmentFull),
    operation("patch_appointment", "PATCH /api/appointments/{id}", patch_appointment,
              "Change an appointment; another time is agreed again", Nothing, AppointmentPatch, AppointmentFull),
    operation("step_appointment", "POST /api/appointments/{id}/steps", step_appointment,
              "Agreed, arrived, missed, cancelled", Nothing, AppointmentStepWish, AppointmentFull),
)
# fmt: on
