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
from app.web.api.bookings.bookings import customer_ref, refusals, sees, step_out, ticket_named, whole_number
from app.web.api.common.shown import Reader, shaped
from app.web.api.tickets.tickets import reader
from app.web.http.contract import Named, Nothing
from app.web.http.operations import AnyOperation, Ask, operation
from app.web.wire.problems import Problem, invalid
from crm.bookings.appointments import Appointment, Visit, days_before
from crm.errors import VersionConflict


async def list_appointments(ask: Ask[AppointmentQuery, Nothing]) -> AppointmentsOut:
    """By their time, with the site's rules."""
    query, rules = ask.query, ask.services.site.bookings.appointments
    page = await ask.services.store.appointments.list(
        since=query.since,
        until=query.until,
        state=query.state,
        ticket_number=query.ticket,
        person=query.person,
        limit=query.limit,
        after=query.after,
    )
    eyes = reader(ask)
    return AppointmentsOut(
        items=[_out(ask, eyes, row) for row in page.items],
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
    ticket = await ticket_named(ask, new.ticket)
    _check(ask, new.kind, new.person)
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
    return await _full(ask, made)


async def patch_appointment(ask: Ask[Nothing, AppointmentPatch]) -> AppointmentFull:
    """Another time has to be agreed to again; 409 with `current` when it is stale."""
    row, patch = await _appointment_of(ask), ask.body
    if row.version != patch.version:
        raise await _stale(ask, VersionConflict(f"appointment {row.id}", patch.version, row.version))
    given = {name: getattr(patch, name) for name in Visit.__struct_fields__}
    fields = {name: getattr(row, name) if value is UNSET else value for name, value in given.items()}
    if patch.contact_number is not UNSET:
        fields["contact_number"] = whole_number(ask, patch.contact_number, None)
    visit = Visit(**fields)
    _check(ask, visit.kind, visit.person)
    with refusals():
        try:
            changed = await ask.services.bookings.change_appointment(row, visit, by=ask.who.name)
        except VersionConflict as exc:
            raise await _stale(ask, exc) from exc
    return await _full(ask, changed)


async def step_appointment(ask: Ask[Nothing, AppointmentStepWish]) -> AppointmentFull:
    """Agreed, arrived (in time or late), missed, cancelled."""
    row, wish = await _appointment_of(ask), ask.body
    with refusals():
        try:
            done = await ask.services.bookings.step_appointment(
                row, wish.step, wish.version, by=ask.who.name, note=wish.note.strip()
            )
        except VersionConflict as exc:
            raise await _stale(ask, exc) from exc
    return await _full(ask, done)


def _check(ask: Ask[Nothing, Any], kind: str, person: str) -> None:
    """Raises Problem for a kind or a person that the site does not have."""
    kinds = [known.id for known in ask.services.site.bookings.appointments.kinds]
    if kind not in kinds:
        raise invalid("kind", f"one of {', '.join(kinds)}")
    if person not in {agent.id for agent in ask.services.site.agents}:
        raise invalid("person", f"no colleague {person}")


def _out(ask: Ask[Any, Any], eyes: Reader, row: Appointment) -> AppointmentOut:
    seen = sees(ask, eyes, row)
    agreed = None if row.agreed_at is None else days_before(row.at, row.agreed_at, ask.services.site.zone)
    number = eyes.number(row.contact_number, seen=seen)
    shown = {"contact_number": number, "number_masked": not seen, "customer": customer_ref(row)}
    return shaped(AppointmentOut, row, id=str(row.id), days_before=agreed, **shown)


async def _full(ask: Ask[Nothing, Any], row: Appointment) -> AppointmentFull:
    eyes = reader(ask)
    entries = await ask.services.store.appointments.history(row.id)
    history = [step_out(eyes, entry, sees(ask, eyes, row)) for entry in entries]
    return shaped(AppointmentFull, _out(ask, eyes, row), history=history)


async def _appointment_of(ask: Ask[Nothing, Any]) -> Appointment:
    appointment_id = ask.path("id")
    is_id = appointment_id.isascii() and appointment_id.isdecimal() and len(appointment_id) < 18
    row = await ask.services.store.appointments.get(int(appointment_id)) if is_id else None
    if row is None:
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
