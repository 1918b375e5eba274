"""Slots, bookings and their figures (adapter): every agent books, changes and marks. BKG-1 to BKG-4, CUS-4."""

from datetime import date, timedelta
from typing import Any, Final

import msgspec
from msgspec import UNSET

from app.web.api.bookings.booking_shapes import (
    BookingFull,
    BookingNew,
    BookingOut,
    BookingPatch,
    BookingQuery,
    BookingRules,
    BookingStepOut,
    BookingStepWish,
    ConfirmationOut,
    GuideNow,
    GuideOut,
    NoticeOut,
    SentOut,
    SlotDayOut,
    SlotOut,
    SlotsOut,
    SlotsQuery,
    VisitFiguresOut,
    VisitFiguresQuery,
    VisitGroup,
)
from app.web.api.common.records import CustomerRef
from app.web.api.common.shown import is_masked, shaped
from app.web.http.contract import Listed, Nothing
from app.web.http.operations import AnyOperation, Ask, id_of, operation
from app.web.wire.desk_messages import TicketChanged
from app.web.wire.problems import Problem, invalid
from config.values.fields import END_OF_DAY
from crm.bookings.appointments import Appointment
from crm.bookings.model import Booking, StepEntry
from crm.errors import VersionConflict
from crm.use_cases.bookings import visits
from crm.use_cases.bookings.desk import SlotNow
from crm.use_cases.bookings.visits import NewBooking

LONGEST: Final = timedelta(days=400)


async def get_slots(ask: Ask[SlotsQuery, Nothing]) -> SlotsOut:
    """The slots of a day or a week as they stand."""
    query = ask.query
    today = ask.services.clock().astimezone(ask.services.site.zone).date()
    if not date(2000, 1, 1) <= (query.day or today) <= date(2200, 1, 1):
        raise invalid("day", "a date of this century or the next")
    days = await ask.acts.visits.slots(query.day or today, query.days)
    shown = [SlotDayOut(day=f"{day}", kind=kind, slots=[_slot(slot) for slot in slots]) for day, kind, slots in days]
    return SlotsOut(today=f"{today}", days=shown, rules=_rules(ask))


async def list_bookings(ask: Ask[BookingQuery, Nothing]) -> Listed[BookingOut]:
    query = ask.query
    page = await ask.seen.visits.bookings(
        since=query.since,
        until=query.until,
        state=query.state,
        ticket_number=query.ticket,
        customer_id=query.customer,
        limit=query.limit,
        after=query.after,
    )
    return Listed(items=[_out(row) for row in page.items], next=page.next)


async def get_booking(ask: Ask[Nothing, Nothing]) -> BookingFull:
    return await _full(ask, await _booking_of(ask))


async def create_booking(ask: Ask[Nothing, BookingNew]) -> BookingFull:
    """409 with `reason` (full, no_guide, …) when it cannot be had; the same `key` again answers with the first."""
    made = await ask.do(visits.make_booking, NewBooking(**msgspec.structs.asdict(ask.body)))
    now = await ask.seen.visits.ticket_to_add_to(made.ticket)
    ask.services.hub.publish(ask.who.name, TicketChanged(ticket=now.number, version=now.version))
    return await _full(ask, made)


async def patch_booking(ask: Ask[Nothing, BookingPatch]) -> BookingFull:
    """Places move in one go or stay; 409 with `current` when somebody else saved since `version` was read."""
    patch, booking_id = msgspec.structs.asdict(ask.body), id_of(ask, "booking")
    version = patch.pop("version")
    changes = {name: value for name, value in patch.items() if value is not UNSET}
    try:
        changed = await ask.do(visits.change_booking, booking_id, changes, version=version)
    except VersionConflict as exc:
        raise await _stale(ask, exc) from exc
    return await _full(ask, changed)


async def step_booking(ask: Ask[Nothing, BookingStepWish]) -> BookingFull:
    """Confirmed, cancelled, visited, not come."""
    wish, booking_id = ask.body, id_of(ask, "booking")
    try:
        done = await ask.do(visits.step_booking, booking_id, wish.step, wish.note, version=wish.version)
    except VersionConflict as exc:
        raise await _stale(ask, exc) from exc
    return await _full(ask, done)


async def tell_booking(ask: Ask[Nothing, Nothing]) -> BookingFull:
    """The confirmation with its notices was read out to the customer (BKG-2)."""
    return await _full(ask, await ask.do(visits.tell_booking, id_of(ask, "booking")))


async def get_booking_figures(ask: Ask[VisitFiguresQuery, Nothing]) -> VisitFiguresOut:
    query = ask.query
    if not timedelta(0) < query.until - query.since <= LONGEST:
        raise invalid("until", f"after `since`, at most {LONGEST.days} days")
    total, groups, appointments = await ask.acts.reports.visit_figures(query.since, query.until, query.by)
    return VisitFiguresOut(
        since=query.since,
        until=query.until,
        by=query.by,
        total=total,
        groups=[VisitGroup(group=name, figures=figures) for name, figures in groups.items()],
        appointments=appointments,
    )


# --- shared with appointments ---


def customer_ref(row: Booking | Appointment) -> CustomerRef | None:
    return None if row.customer_id is None else CustomerRef(id=str(row.customer_id), name=row.customer_name or "")


def step_out(entry: StepEntry) -> BookingStepOut:
    """A step of the history."""
    return shaped(BookingStepOut, entry, details=dict(entry.details))


# --- parts ---


def _out(row: Booking) -> BookingOut:
    shown = {"number_masked": is_masked(row.contact_number), "customer": customer_ref(row)}
    return shaped(BookingOut, row, id=str(row.id), **shown)


async def _full(ask: Ask[Nothing, Any], row: Booking) -> BookingFull:
    words = ask.acts.visits.confirmation(row)
    newest = await ask.seen.house.sent_about(f"booking {row.id}")
    confirmation = ConfirmationOut(zh=words.zh, en=words.en, sent=shaped(SentOut, newest) if newest else None)
    history = [step_out(entry) for entry in await ask.seen.visits.history_of(row)]
    return shaped(BookingFull, _out(row), confirmation=confirmation, history=history)


async def _booking_of(ask: Ask[Nothing, Any]) -> Booking:
    """The booking of the path, as far as its ticket may be seen."""
    return await ask.seen.visits.shown(await ask.seen.visits.booking(id_of(ask, "booking")))


async def _stale(ask: Ask[Nothing, Any], exc: VersionConflict) -> Problem:
    return Problem("stale", f"{exc}", current=await _full(ask, await _booking_of(ask)))


def _slot(now: SlotNow) -> SlotOut:
    slot = now.slot
    return SlotOut(
        starts=f"{slot.starts:%H:%M}",
        ends="24:00" if slot.ends == END_OF_DAY else f"{slot.ends:%H:%M}",
        starts_at=slot.starts_at,
        ends_at=slot.ends_at,
        capacity=slot.capacity,
        taken=now.taken,
        free=max(0, slot.capacity - now.taken),
        why_not=now.why_not,
        guides=[GuideNow(guide=guide.id, booking=str(by) if by else None) for guide, by in now.guides],
    )


def _rules(ask: Ask[SlotsQuery, Nothing]) -> BookingRules:
    desk = ask.acts.visits
    visits = desk.rules.visits
    return BookingRules(
        offered=visits is not None,
        smallest=visits.party.smallest if visits else 1,
        largest=visits.party.largest if visits else 1,
        days_ahead=visits.days_ahead if visits else 0,
        languages=list(desk.rules.languages),
        guides=[
            GuideOut(id=guide.id, name=guide.name, name_en=guide.name_en, languages=list(guide.languages))
            for guide in desk.rules.guides
        ],
        notices=[NoticeOut(zh=notice.zh, en=notice.en) for notice in desk.rules.notices],
        reminds=desk.rules.reminder is not None,
        sends=desk.sends,
    )


# fmt: off
BOOKINGS: Final[tuple[AnyOperation, ...]] = (
    operation("get_slots", "GET /api/slots", get_slots,
              "Visiting slots of a day or more: places, guides, rules", SlotsQuery, Nothing, SlotsOut),
    operation("list_bookings", "GET /api/bookings", list_bookings,
              "Bookings by the time of the visit", BookingQuery, Nothing, Listed[BookingOut]),
    operation("get_booking_figures", "GET /api/bookings/figures", get_booking_figures,
              "Figures of visits, guide services and appointments", VisitFiguresQuery, Nothing, VisitFiguresOut),
    operation("create_booking", "POST /api/bookings", create_booking,
              "Book a visit; 409 with `reason` when it cannot be had", Nothing, BookingNew, BookingFull, 201),
    operation("get_booking", "GET /api/bookings/{id}", get_booking,
              "A booking with its confirmation and history", Nothing, Nothing, BookingFull),
    operation("patch_booking", "PATCH /api/bookings/{id}", patch_booking,
              "Change a booking; 409 with `current` when it is stale", Nothing, BookingPatch, BookingFull),
    operation("step_booking", "POST /api/bookings/{id}/steps", step_booking,
              "Confirm, cancel, visited, not come", Nothing, BookingStepWish, BookingFull),
    operation("tell_booking", "POST /api/bookings/{id}/told", tell_booking,
              "The confirmation was read out", Nothing, Nothing, BookingFull),
)
# fmt: on
