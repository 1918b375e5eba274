"""Slots, bookings and their figures (adapter): every agent books, changes and marks. BKG-1 to BKG-4, CUS-4."""

import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any, Final

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
from app.web.api.common.shown import Reader, shaped
from app.web.api.tickets.tickets import find_ticket, reader, sight_of
from app.web.http.contract import Listed, Nothing
from app.web.http.operations import AnyOperation, Ask, operation
from app.web.wire.desk_messages import TicketChanged
from app.web.wire.problems import Problem, invalid
from config.numbering import normalise
from config.values.fields import END_OF_DAY
from crm.bookings.appointments import Appointment
from crm.bookings.figures import appointment_figures, grouped, visit_figures
from crm.bookings.model import Booking, BookingStep, StepEntry, Wish
from crm.errors import BookingRefused, VersionConflict
from crm.rights import may_reveal
from crm.tickets.model import Detail, TicketDetail
from crm.use_cases.bookings import SlotNow

LONGEST: Final = timedelta(days=400)


async def get_slots(ask: Ask[SlotsQuery, Nothing]) -> SlotsOut:
    """The slots of a day or a week as they stand."""
    desk, query = ask.services.bookings, ask.query
    today = ask.services.clock().astimezone(ask.services.site.zone).date()
    if not date(2000, 1, 1) <= (query.day or today) <= date(2200, 1, 1):
        raise invalid("day", "a date of this century or the next")
    days = await desk.slots(query.day or today, query.days)
    shown = [SlotDayOut(day=f"{day}", kind=kind, slots=[_slot(slot) for slot in slots]) for day, kind, slots in days]
    return SlotsOut(today=f"{today}", days=shown, rules=_rules(ask))


async def list_bookings(ask: Ask[BookingQuery, Nothing]) -> Listed[BookingOut]:
    query = ask.query
    page = await ask.services.store.bookings.list(
        since=query.since,
        until=query.until,
        state=query.state,
        ticket_number=query.ticket,
        customer_id=query.customer,
        sight=sight_of(ask),
        limit=query.limit,
        after=query.after,
    )
    eyes, about = reader(ask), await about_me(ask, page.items)
    return Listed(items=[_out(eyes, row, sees(ask, eyes, row, about)) for row in page.items], next=page.next)


async def get_booking(ask: Ask[Nothing, Nothing]) -> BookingFull:
    return await _full(ask, await _booking_of(ask))


async def create_booking(ask: Ask[Nothing, BookingNew]) -> BookingFull:
    """409 with `reason` (full, no_guide, …) when it cannot be had; the same `key` again answers with the first."""
    new = ask.body
    ticket = await ticket_to_write_on(ask, new.ticket)
    wish = Wish(
        party=new.party,
        language=new.language or None,
        guide=new.guide or None,
        contact_name=_name(new.contact_name, ticket),
        contact_number=whole_number(ask, new.contact_number, ticket),
        note=new.note.strip(),
    )
    key = f"{ask.who.name}:{new.key or uuid.uuid4()}"
    with refusals():
        made = await ask.services.bookings.book(key, ticket.number, new.starts_at, wish, by=ask.who.name)
    await put_on_record(ask, made)
    now = await ticket_to_write_on(ask, ticket.number)
    ask.services.hub.publish(ask.who.name, TicketChanged(ticket=now.number, version=now.version))
    return await _full(ask, made)


async def patch_booking(ask: Ask[Nothing, BookingPatch]) -> BookingFull:
    """Places move in one go or stay; 409 with `current` when somebody else saved since `version` was read."""
    booking, patch = await _booking_of(ask, to_change=True), ask.body
    if booking.version != patch.version:
        raise await _stale(ask, VersionConflict(f"booking {booking.id}", patch.version, booking.version))
    names = ("party", "language", "contact_name", "note")
    given = {name: getattr(booking if getattr(patch, name) is UNSET else patch, name) for name in names}
    starts_at = booking.starts_at if patch.starts_at is UNSET else patch.starts_at
    same = (starts_at, given["language"]) == (booking.starts_at, booking.language)
    guide = patch.guide if patch.guide is not UNSET else booking.guide if same else None
    number = booking.contact_number
    if patch.contact_number is not UNSET:
        number = whole_number(ask, patch.contact_number, None)
    wish = Wish(**given, guide=guide if given["language"] else None, contact_number=number)
    with refusals():
        try:
            changed = await ask.services.bookings.change(booking, starts_at, wish, by=ask.who.name)
        except VersionConflict as exc:
            raise await _stale(ask, exc) from exc
    return await _full(ask, changed)


async def step_booking(ask: Ask[Nothing, BookingStepWish]) -> BookingFull:
    """Confirmed, cancelled, visited, not come."""
    booking, wish = await _booking_of(ask, to_change=True), ask.body
    with refusals():
        try:
            done = await ask.services.bookings.step(
                booking, BookingStep(wish.step), wish.version, by=ask.who.name, note=wish.note.strip()
            )
        except VersionConflict as exc:
            raise await _stale(ask, exc) from exc
    return await _full(ask, done)


async def tell_booking(ask: Ask[Nothing, Nothing]) -> BookingFull:
    """The confirmation with its notices was read out to the customer (BKG-2)."""
    booking = await _booking_of(ask, to_change=True)
    return await _full(ask, await ask.services.store.bookings.told(booking.id, by=ask.who.name))


async def get_booking_figures(ask: Ask[VisitFiguresQuery, Nothing]) -> VisitFiguresOut:
    query, site = ask.query, ask.services.site
    if not timedelta(0) < query.until - query.since <= LONGEST:
        raise invalid("until", f"after `since`, at most {LONGEST.days} days")
    rows = await ask.services.store.bookings.between(query.since, query.until)
    visits = await ask.services.store.appointments.between(query.since, query.until)
    groups = grouped(rows, query.by, site.zone)
    return VisitFiguresOut(
        since=query.since,
        until=query.until,
        by=query.by,
        total=visit_figures(rows),
        groups=[VisitGroup(group=name, figures=figures) for name, figures in groups.items()],
        appointments=appointment_figures(visits, site.bookings.appointments, site.zone),
    )


# --- shared with appointments ---


@contextmanager
def refusals() -> Iterator[None]:
    """What cannot be had, with its reason for the page's words."""
    try:
        yield
    except BookingRefused as refused:
        raise Problem("conflict", f"{refused}", reason=refused.reason) from refused


async def ticket_to_write_on(ask: Ask[Nothing, Any], number: str) -> TicketDetail:
    """The ticket that something hangs on. Raises Problem for one that is hidden, or about whoever asks (LNE-6)."""
    ticket = await find_ticket(ask, number)
    if ticket is None:
        raise invalid("ticket", f"no ticket {number}")
    await _not_about_me(ask, number)
    return ticket


async def ticket_seen(ask: Ask[Nothing, Any], number: str, *, to_change: bool) -> bool:
    """Whether whoever asks may see what hangs on a ticket. Raises Problem when it may not be changed."""
    if await find_ticket(ask, number) is None:
        return False
    if to_change:
        await _not_about_me(ask, number)
    return True


async def _not_about_me(ask: Ask[Nothing, Any], number: str) -> None:
    agent = ask.who.agent
    if agent is not None and await ask.services.store.cases.lists.is_about(number, agent):
        raise Problem("forbidden", f"Ticket {number} is about you.")


async def about_me(ask: Ask[Any, Any], rows: Sequence[Booking | Appointment]) -> frozenset[str]:
    """The tickets of these that are complaints of whoever asks."""
    numbers = {row.ticket for row in rows}
    agent = ask.who.agent
    return await ask.services.store.cases.lists.about_of(numbers, agent) if agent and numbers else frozenset()


async def put_on_record(ask: Ask[Any, Any], row: Booking | Appointment) -> None:
    """Logs that whoever asks now sees a number that the ticket alone does not show them (CUS-4)."""
    eyes, accesses = reader(ask), ask.services.store.accesses
    by_ticket = eyes.sees(row.ticket, row.ticket_agent)
    if by_ticket or not row.contact_number or not sees(ask, eyes, row, await about_me(ask, [row])):
        return
    subject = f"{'booking' if isinstance(row, Booking) else 'appointment'} {row.id}"
    if row.customer_id is None:
        await accesses.number_revealed(subject, by=ask.who.name, ticket=row.ticket)
    else:
        await accesses.revealed(row.customer_id, by=ask.who.name, reason=subject, ticket=row.ticket)


def whole_number(ask: Ask[Nothing, Any], given: str | None, ticket: TicketDetail | None) -> str:
    """The number to ring: the given one, else the ticket's; "" for a customer without one. Raises Problem."""
    if given is None:
        number = (ticket.contact_number or ticket.ani) if ticket else ""
        return number if normalise(number, ask.services.site.area_code).normalised else ""
    if given and ("*" in given or not normalise(given, ask.services.site.area_code).normalised):
        raise invalid("contact_number", "a whole telephone number, or none")
    return given.strip()


def _name(given: str | None, ticket: TicketDetail) -> str:
    return (ticket.contact_name or ticket.customer_name or "") if given is None else given.strip()


def sees(ask: Ask[Any, Any], eyes: Reader, row: Booking | Appointment, about: frozenset[str]) -> bool:
    """Whether this reader is shown the number: by the ticket; by going there; or by having made it, on a ticket whose
    number may be revealed to the reader (CUS-4). `about`: tickets about the reader show it by neither."""
    if eyes.sees(row.ticket, row.ticket_agent):
        return True
    made = row.made_by if isinstance(row, Booking) else row.proposed_by
    mine = made == ask.who.name and may_reveal(ask.who, row.ticket, row.ticket_agent)
    goes = isinstance(row, Appointment) and row.person == ask.who.agent
    return (mine or goes) and row.ticket not in about


def customer_ref(row: Booking | Appointment) -> CustomerRef | None:
    return None if row.customer_id is None else CustomerRef(id=str(row.customer_id), name=row.customer_name or "")


def step_out(eyes: Reader, entry: StepEntry, seen: bool) -> BookingStepOut:
    """A step of the history; numbers in it masked as elsewhere."""
    details: dict[str, Detail] = {
        name: eyes.number(value, seen=seen) if name.endswith("contact_number") and isinstance(value, str) else value
        for name, value in entry.details.items()
    }
    return shaped(BookingStepOut, entry, details=details)


# --- parts ---


def _out(eyes: Reader, row: Booking, seen: bool) -> BookingOut:
    number = eyes.number(row.contact_number, seen=seen)
    shown = {"contact_number": number, "number_masked": not seen, "customer": customer_ref(row)}
    return shaped(BookingOut, row, id=str(row.id), **shown)


async def _full(ask: Ask[Nothing, Any], row: Booking) -> BookingFull:
    eyes, store = reader(ask), ask.services.store
    seen = sees(ask, eyes, row, await about_me(ask, [row]))
    words = ask.services.bookings.confirmation(row)
    newest = next(iter(await store.outbox.about(f"booking {row.id}")), None)
    confirmation = ConfirmationOut(zh=words.zh, en=words.en, sent=shaped(SentOut, newest) if newest else None)
    history = [step_out(eyes, entry, seen) for entry in await store.bookings.history(row.id)]
    return shaped(BookingFull, _out(eyes, row, seen), confirmation=confirmation, history=history)


async def _booking_of(ask: Ask[Nothing, Any], *, to_change: bool = False) -> Booking:
    """The booking of the path, as far as its ticket may be seen. Raises Problem."""
    booking_id = ask.path("id")
    row = await ask.services.store.bookings.get(int(booking_id)) if _is_id(booking_id) else None
    if row is None or not await ticket_seen(ask, row.ticket, to_change=to_change):
        raise Problem("not_found", f"No booking {booking_id}.")
    return row


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 18


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
    desk = ask.services.bookings
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
