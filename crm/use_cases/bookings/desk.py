"""Booking as a desk does it (flow): the site's rules on its calendar, and the store's tables. BKG-1 to BKG-5."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from config.schema import Site
from config.service.bookings import Bookings, Guide
from config.values.hours import DayKind, SpecialDays
from config.words import Words
from crm.bookings.appointments import (
    Appointment,
    AppointmentState,
    AppointmentStep,
    Visit,
    arrival,
    check_agreement,
)
from crm.bookings.calls import reminder_due, survey_due
from crm.bookings.confirmation import Confirmation, House, confirmation
from crm.bookings.model import Aftermath, Booking, BookingRequest, BookingStep, check_time
from crm.bookings.slots import (
    Occupied,
    Slot,
    WhyNot,
    check_wish,
    engaged,
    placing,
    slots_of,
    taken_in,
    why_not,
    works,
)
from crm.bookings.words import visit_of_ours
from crm.db.store import Store
from crm.errors import BookingRefused
from crm.outbox.model import OutMessage
from crm.regulation.calendar import day_kind
from crm.use_cases.cases import Ports

CONFIRMATION: Final = "confirmation"
"""The route of outbox.yaml by which confirmations go."""


@dataclass(frozen=True)
class SlotNow:
    """A slot as it stands: visitors taken, why nobody can book it now, the guides at work and the booking each has."""

    slot: Slot
    taken: int
    why_not: WhyNot | None
    guides: tuple[tuple[Guide, int | None], ...]


def desk_of(ports: Ports) -> "BookingDesk":
    """The desk on the store of somebody's act."""
    return BookingDesk(ports.site, ports.store, ports.store.clock, ports.days)


class BookingDesk:
    """Everything raises StoreAway; what cannot be had raises BookingRefused with a reason for the page."""

    def __init__(self, site: Site, store: Store, clock: Callable[[], datetime], days: SpecialDays) -> None:
        self._site = site
        self._days = days
        self._store = store
        self._clock = clock

    @property
    def rules(self) -> Bookings:
        return self._site.bookings

    @property
    def sends(self) -> bool:
        """Whether confirmations leave the house; else they are read out."""
        return self._site.outbox.has(CONFIRMATION)

    def kind_of(self, day: date) -> DayKind:
        return day_kind(day, self._days)

    async def slots(self, since: date, days: int) -> list[tuple[date, DayKind, list[SlotNow]]]:
        """So many days from a date on, each with its slots in order."""
        start, end = self._midnight(since), self._midnight(since + timedelta(days=days))
        taken = await self._store.bookings.taken(start, end)
        return [
            (day, self.kind_of(day), [self._now(slot, taken) for slot in self._slots_on(day)])
            for day in (since + timedelta(days=number) for number in range(days))
        ]

    async def book(self, key: str, ticket: str, starts_at: datetime, wish: BookingRequest, *, by: str) -> Booking:
        """Raises UnknownRecord (ticket), BookingRefused."""
        check_wish(self.rules, wish)
        slot = self._bookable(starts_at)
        place = placing(self.rules, slot, self.kind_of(slot.day), wish)
        made = await self._store.bookings.book(key, ticket, slot, wish, place, self._aftermath(slot.starts_at), by=by)
        if (made.starts_at, made.party, made.language) != (slot.starts_at, wish.party, wish.language):
            raise BookingRefused("made_before", f"booking {made.id} was made by this dialog before, and otherwise")
        return made

    async def change(self, booking: Booking, starts_at: datetime, wish: BookingRequest, *, by: str) -> Booking:
        """Raises VersionConflict, IllegalTransition, BookingRefused."""
        now_wanted = (starts_at, wish.party, wish.language, wish.guide)
        if now_wanted == (booking.starts_at, booking.party, booking.language, booking.guide):
            rings = wish.contact_number != booking.contact_number
            after = self._aftermath(booking.starts_at) if rings else None
            return await self._store.bookings.change(booking, None, wish, None, after, by=by)
        check_wish(self.rules, wish)
        slot = self._bookable(starts_at)
        place = placing(self.rules, slot, self.kind_of(slot.day), wish)
        after = self._aftermath(slot.starts_at)
        return await self._store.bookings.change(booking, slot, wish, place, after, by=by)

    async def step(self, booking: Booking, step: BookingStep, version: int, *, by: str, note: str) -> Booking:
        """Raises VersionConflict, IllegalTransition, BookingRefused (too early)."""
        now, survey = self._clock(), None
        check_time(step, booking.starts_at, now, self._site.zone)
        if step is BookingStep.ARRIVE:
            hours = self._site.outbound.hours
            due = survey_due(booking.starts_at, now, self.rules.survey, hours, self._site.zone)
            survey = (due, self.queue) if due else None
        return await self._store.bookings.step(booking.id, step, version, by=by, note=note, survey=survey)

    def confirmation(self, booking: Booking) -> Confirmation:
        """What the customer is told."""
        return confirmation(booking, self.rules, House(self._site.name, self._site.name_en, self._site.zone))

    @property
    def queue(self) -> str:
        """Where customers of bookings get a person."""
        hotlines = [queue.name for queue in self._site.queues if queue.kind == "hotline"]
        return self.rules.queue or (hotlines or [queue.name for queue in self._site.queues])[0]

    # --- appointments ---

    async def propose(self, key: str, ticket: str, visit: Visit, *, by: str, agreed: bool, because: str) -> Appointment:
        """Raises UnknownRecord (ticket), BookingRefused (past, too short a notice)."""
        now, rules = self._clock(), self.rules.appointments
        check_agreement(visit.at, now, rules, self._site.zone, because if agreed else "not agreed yet")
        return await self._store.appointments.propose(key, ticket, visit, by=by, agreed=agreed, because=because)

    async def change_appointment(self, before: Appointment, visit: Visit, *, by: str) -> Appointment:
        """Raises VersionConflict, IllegalTransition, BookingRefused (past)."""
        if visit.at != before.at and visit.at <= self._clock():
            raise BookingRefused("past", "an appointment lies in the future")
        return await self._store.appointments.change(before, visit, by=by)

    async def step_appointment(
        self, before: Appointment, step: str, version: int, *, by: str, note: str
    ) -> Appointment:
        """`step`: agree, arrive, miss or cancel; whether somebody came late the clock says. Raises as above."""
        now, rules = self._clock(), self.rules.appointments
        taken = arrival(before.at, now, rules) if step == "arrive" else AppointmentStep(step)
        if taken is AppointmentStep.COME_IN_TIME and before.state is AppointmentState.MISSED:
            taken = AppointmentStep.COME_LATE
        if taken is AppointmentStep.AGREE:
            check_agreement(before.at, now, rules, self._site.zone, note)
        if taken is AppointmentStep.MISS and now < before.at:
            raise BookingRefused("too_early", "its time has not come yet: mark it missed when it has")
        return await self._store.appointments.step(before.id, taken, version, by=by, note=note)

    async def tell_of_appointments(self) -> int:
        """By the clock: whoever goes is reminded, and nobody's absence goes unnoticed."""
        rules = self.rules.appointments
        ahead, late = timedelta(hours=rules.notice_hours), timedelta(minutes=rules.late_after_minutes)
        return await self._store.appointments.tell(self._clock(), ahead=ahead, late=late, words=self._notice)

    # --- parts ---

    def _notice(self, row: Appointment, overdue: bool) -> str:
        kinds = self.rules.appointments.kinds
        kind = next(
            (Words(each.title, each.title_en) for each in kinds if each.id == row.kind), Words(row.kind, row.kind)
        )
        at = row.at.astimezone(self._site.zone)
        where = Words(
            f"{kind.zh}：{at.month}月{at.day}日 {at:%H:%M}，{row.place or '地址见工单'}，{row.contact_name or '客户'}",
            f"{kind.en}: {at:%Y-%m-%d %H:%M}, {row.place or 'address on the ticket'}, {row.contact_name or 'customer'}",
        )
        return visit_of_ours(where, row.person, overdue=overdue).on_screen()

    def _aftermath(self, starts_at: datetime) -> Aftermath:
        due = reminder_due(starts_at, self._clock(), self.rules.reminder, self._site.outbound.hours, self._site.zone)
        return Aftermath(reminder_at=due, queue=self.queue, message=self._message)

    def _message(self, booking: Booking) -> OutMessage | None:
        """The written confirmation; None when it is read out only."""
        if not self.sends or not booking.contact_number:
            return None
        words = self.confirmation(booking)
        return OutMessage(
            key=f"confirmation of booking {booking.id} at version {booking.version}",
            route=CONFIRMATION,
            recipient=booking.contact_number,
            title=self._site.name,
            text=words.en if booking.language == "en" else words.zh,
            about=f"booking {booking.id}",
            ticket=booking.ticket,
        )

    def _bookable(self, starts_at: datetime) -> Slot:
        """The slot that begins at an instant, if it can be booked now. Raises BookingRefused."""
        day = starts_at.astimezone(self._site.zone).date()
        slot = next((each for each in self._slots_on(day) if each.starts_at == starts_at), None)
        visits = self.rules.visits
        if slot is None or visits is None:
            raise BookingRefused("no_slot", "no slot begins then: choose one of the day's slots")
        if (why := why_not(slot, visits, self._clock(), self._site.zone)) is not None:
            raise BookingRefused(why, f"the slot cannot be booked now: {why}")
        return slot

    def _slots_on(self, day: date) -> Sequence[Slot]:
        visits = self.rules.visits
        return slots_of(day, visits, self.kind_of(day), self._site.zone) if visits else ()

    def _now(self, slot: Slot, taken: Sequence[Occupied]) -> SlotNow:
        assert self.rules.visits is not None, "there are no slots without visits"
        kind = self.kind_of(slot.day)
        guides = tuple((guide, engaged(guide, slot, taken)) for guide in self.rules.guides if works(guide, slot, kind))
        why = why_not(slot, self.rules.visits, self._clock(), self._site.zone)
        return SlotNow(slot, taken_in(slot, taken), why, guides)

    def _midnight(self, day: date) -> datetime:
        return datetime.combine(day, time.min, self._site.zone).astimezone(UTC)
