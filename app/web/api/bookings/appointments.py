"""Appointments at the customer's place (adapter): proposed, agreed, kept. BKG-5, FUP-3, CUS-4."""

from typing import Any, Final

import msgspec
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
from app.web.api.bookings.bookings import customer_ref, step_out
from app.web.api.common.shown import is_masked, shaped
from app.web.http.contract import Named, Nothing
from app.web.http.operations import AnyOperation, Ask, id_of, operation
from app.web.wire.problems import Problem
from crm.bookings.appointments import Appointment, Visit, days_before
from crm.errors import VersionConflict
from crm.use_cases.bookings import appointments as use_cases
from crm.use_cases.bookings.appointments import NewAppointment


async def list_appointments(ask: Ask[AppointmentQuery, Nothing]) -> AppointmentsOut:
    """By their time, with the site's rules."""
    query, rules = ask.query, ask.services.site.bookings.appointments
    page = await ask.seen.visits.appointments(
        since=query.since,
        until=query.until,
        state=query.state,
        ticket_number=query.ticket,
        person=query.person,
        limit=query.limit,
        after=query.after,
    )
    return AppointmentsOut(
        items=[_out(ask, row) for row in page.items],
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
    body = ask.body
    visit = {name: getattr(body, name) for name in Visit.__struct_fields__}
    new = NewAppointment(ticket=body.ticket, visit=visit, agreed=body.agreed, because=body.because, key=body.key)
    return await _full(ask, await ask.do(use_cases.propose_appointment, new))


async def patch_appointment(ask: Ask[Nothing, AppointmentPatch]) -> AppointmentFull:
    """Another time has to be agreed to again; 409 with `current` when it is stale."""
    patch, appointment_id = msgspec.structs.asdict(ask.body), id_of(ask, "appointment")
    version = patch.pop("version")
    changes = {name: value for name, value in patch.items() if value is not UNSET}
    try:
        changed = await ask.do(use_cases.change_appointment, appointment_id, changes, version=version)
    except VersionConflict as exc:
        raise await _stale(ask, exc) from exc
    return await _full(ask, changed)


async def step_appointment(ask: Ask[Nothing, AppointmentStepWish]) -> AppointmentFull:
    """Agreed, arrived (in time or late), missed, cancelled."""
    wish, appointment_id = ask.body, id_of(ask, "appointment")
    try:
        done = await ask.do(use_cases.step_appointment, appointment_id, wish.step, wish.note, version=wish.version)
    except VersionConflict as exc:
        raise await _stale(ask, exc) from exc
    return await _full(ask, done)


def _out(ask: Ask[Any, Any], row: Appointment) -> AppointmentOut:
    agreed = None if row.agreed_at is None else days_before(row.at, row.agreed_at, ask.services.site.zone)
    shown = {"number_masked": is_masked(row.contact_number), "customer": customer_ref(row)}
    return shaped(AppointmentOut, row, id=str(row.id), days_before=agreed, **shown)


async def _full(ask: Ask[Nothing, Any], row: Appointment) -> AppointmentFull:
    history = [step_out(entry) for entry in await ask.seen.visits.history_of(row)]
    return shaped(AppointmentFull, _out(ask, row), history=history)


async def _appointment_of(ask: Ask[Nothing, Any]) -> Appointment:
    """The appointment of the path, as far as its ticket may be seen."""
    return await ask.seen.visits.shown(await ask.seen.visits.appointment(id_of(ask, "appointment")))


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
