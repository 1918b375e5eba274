"""Bookings as rows: made, moved, cancelled, so that no slot is oversold and no guide is in two places. BKG-1, BKG-2.

Whoever books on a day has that day for himself until the transaction ends (an advisory lock on PostgreSQL, BEGIN
IMMEDIATE on SQLite), sums up what is taken, and asks the rule. Giving places back needs no lock. ADR 24.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import insert, select, text, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from config.numbering import normalise
from crm.bookings.model import (
    Aftermath,
    Booking,
    BookingRequest,
    BookingState,
    BookingStep,
    StepEntry,
    apply,
    call_key,
)
from crm.bookings.slots import Occupied, Placing, Slot
from crm.cases.organisation import SEES_ALL, Sight
from crm.db.audit.trail import AuditTrail
from crm.db.base.engine import Database
from crm.db.base.paging import cursor, page_size, parse_numbered
from crm.db.base.sight import visible
from crm.db.bookings.calls import call_of, withdraw_calls
from crm.db.bookings.on_ticket import classify, owner_of, unwanted
from crm.db.bookings.rows import (
    booking_row,
    find,
    locked,
    required,
    select_bookings,
    set_booking,
    step_entry,
    taken_around,
)
from crm.db.bookings.steps import differences, step_insert
from crm.db.followups.entering import enter
from crm.db.outbox.table import OutboxTable
from crm.db.schema.bookings import booking, booking_step
from crm.page import Page
from crm.tickets.model import Detail

_DAY_LOCK: Final = 0x424B
"""First half of PostgreSQL's advisory lock of a day; the second is the day."""
AROUND: Final = timedelta(days=1)
"""What a slot is compared with: the guides' tours of the day are among it."""


class BookingTable:
    """All raise StoreAway."""

    def __init__(self, database: Database, area_code: str, clock: Callable[[], datetime], audit: AuditTrail) -> None:
        self._database = database
        self._area_code = area_code
        self._clock = clock
        self._audit = audit
        self._outbox = OutboxTable(database)

    # --- reading ---

    async def get(self, booking_id: int) -> Booking | None:
        async with self._database.read() as connection:
            return await find(connection, booking_id)

    async def taken(self, since: datetime, until: datetime) -> tuple[Occupied, ...]:
        """What is taken in a span, by all bookings that are not cancelled."""
        async with self._database.read() as connection:
            return await taken_around(connection, since, until)

    async def list(
        self,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        state: str | None = None,
        ticket_number: str | None = None,
        customer_id: int | None = None,
        sight: Sight = SEES_ALL,
        limit: int = 50,
        after: str | None = None,
    ) -> Page[Booking]:
        """By the beginning of the visit. `since` inclusive, `until` exclusive. Raises BadCursor."""
        size = page_size(limit)
        query = select_bookings().where(visible(sight)).order_by(booking.c.starts_at, booking.c.id).limit(size + 1)
        for column, wanted in (
            (booking.c.state, state),
            (booking.c.ticket, ticket_number),
            (booking.c.customer_id, customer_id),
        ):
            if wanted is not None:
                query = query.where(column == wanted)
        if since is not None:
            query = query.where(booking.c.starts_at >= since)
        if until is not None:
            query = query.where(booking.c.starts_at < until)
        if after is not None:
            query = query.where(tuple_(booking.c.starts_at, booking.c.id) > tuple_(*parse_numbered(after)))
        async with self._database.read() as connection:
            rows = [booking_row(row) for row in await connection.execute(query)]
        more = cursor(rows[size - 1].starts_at, rows[size - 1].id) if len(rows) > size else None
        return Page(items=tuple(rows[:size]), next=more)

    async def between(self, since: datetime, until: datetime) -> Sequence[Booking]:
        """All of a period, for figures."""
        query = select_bookings().where(booking.c.starts_at >= since, booking.c.starts_at < until)
        async with self._database.read() as connection:
            return [booking_row(row) for row in await connection.execute(query.order_by(booking.c.starts_at))]

    async def history(self, booking_id: int) -> tuple[StepEntry, ...]:
        """Every step of a booking, oldest first."""
        query = select(booking_step).where(booking_step.c.subject == subject(booking_id)).order_by(booking_step.c.id)
        async with self._database.read() as connection:
            return tuple(step_entry(row) for row in await connection.execute(query))

    # --- writing ---

    async def book(
        self,
        key: str,
        ticket_number: str,
        slot: Slot,
        wish: BookingRequest,
        place: Placing,
        after: Aftermath,
        *,
        by: str,
    ) -> Booking:
        """Takes the places and all that goes with them, once per `key`. Raises UnknownRecord, BookingRefused."""
        now = self._clock()
        async with self._database.write() as connection:
            await self._lock_day(connection, slot.day)
            if (known := await self._by_key(connection, key)) is not None:
                return known
            owner = await owner_of(connection, ticket_number, wish.contact_number, self._area_code)
            guide = place(await taken_around(connection, slot.starts_at - AROUND, slot.ends_at + AROUND))
            row = self._columns(slot, wish, guide)
            row |= {"key": key, "ticket": ticket_number, "customer_id": owner, "state": BookingState.BOOKED.value}
            row |= {"made_at": now, "made_by": by, "version": 1}
            made = insert(booking).values(**row).returning(booking.c.id)
            booking_id = int((await connection.execute(made)).scalar_one())
            booked = await required(connection, booking_id)
            await classify(connection, booked, now)
            details: dict[str, Detail] = {"starts_at": booked.starts_at.isoformat(), "party": booked.party}
            await self._record(connection, booked, "booked", by, details | {"guide": guide, "language": wish.language})
            await self._follow(connection, booked, after, by)
            await self._audit_row(connection, booked, "booking_made", by, details)
            return booked

    async def change(
        self,
        before: Booking,
        slot: Slot | None,
        wish: BookingRequest,
        place: Placing | None,
        after: Aftermath | None,
        *,
        by: str,
    ) -> Booking:
        """Puts a booking as it was read right: other places (`slot` and `place`), or only what is written on it.

        The old places are free and the new ones taken in one go, or nothing has changed. `after`: the calls and the
        confirmation are made anew. Raises UnknownRecord, VersionConflict, IllegalTransition, BookingRefused.
        """
        async with self._database.write() as connection:
            if slot is not None:
                await self._lock_day(connection, slot.day)
            await locked(connection, before.id, before.version)
            values: dict[str, Any] = {name: getattr(wish, name) for name in ("contact_name", "contact_number", "note")}
            values["number_key"] = normalise(wish.contact_number, self._area_code).normalised
            if slot is not None and place is not None:
                state = apply(before.state, BookingStep.MOVE)
                taken = await taken_around(connection, slot.starts_at - AROUND, slot.ends_at + AROUND)
                guide = place([each for each in taken if each.booking != before.id])
                values = self._columns(slot, wish, guide) | {"state": state.value, "told_at": None}
            await set_booking(connection, before, values)
            changed = await required(connection, before.id)
            details = differences(before, changed)
            await self._record(connection, changed, "changed" if slot is None else "moved", by, details)
            if after is not None:
                await self._give_up(connection, changed.id, by)
                await self._follow(connection, changed, after, by)
            await self._audit_row(connection, changed, "booking_changed", by, details)
            return changed

    async def step(
        self,
        booking_id: int,
        step: BookingStep,
        version: int,
        *,
        by: str,
        note: str = "",
        survey: tuple[datetime, str] | None = None,
    ) -> Booking:
        """Moves the state; `survey`: when and in whose name the visitor is asked how it was, unless that is unwanted.

        Raises UnknownRecord, VersionConflict, IllegalTransition.
        """
        async with self._database.write() as connection:
            before = await locked(connection, booking_id, version)
            await set_booking(connection, before, {"state": apply(before.state, step).value})
            row = await required(connection, booking_id)
            details: dict[str, Detail] = {"note": note} if note else {}
            await self._record(connection, row, step.value, by, details)
            if step in (BookingStep.CANCEL, BookingStep.ARRIVE, BookingStep.MISS):
                await self._give_up(connection, booking_id, by)
            if survey is not None and not await unwanted(connection, row):
                await self._call(connection, row, "survey", *survey, note="参观后回访：请打分（1–5）", by=by)
            await self._audit_row(connection, row, f"booking_{step.value}", by, details)
            return row

    async def told(self, booking_id: int, *, by: str) -> Booking:
        """The confirmation was read out to the customer; again changes nothing. Raises UnknownRecord."""
        async with self._database.write() as connection:
            before = await locked(connection, booking_id, None)
            if before.told_at is not None:
                return before
            await set_booking(connection, before, {"told_at": self._clock()})
            row = await required(connection, booking_id)
            await self._record(connection, row, "told", by, {})
            await self._audit_row(connection, row, "booking_told", by, {})
            return row

    # --- parts of a transaction ---

    async def _lock_day(self, connection: AsyncConnection, day: date) -> None:
        if self._database.dialect == "postgresql":
            lock = text("SELECT pg_advisory_xact_lock(:space, :day)")
            await connection.execute(lock, {"space": _DAY_LOCK, "day": day.toordinal()})

    async def _by_key(self, connection: AsyncConnection, key: str) -> Booking | None:
        row = (await connection.execute(select_bookings().where(booking.c.key == key))).one_or_none()
        return None if row is None else booking_row(row)

    def _columns(self, slot: Slot, wish: BookingRequest, guide: str | None) -> dict[str, Any]:
        return {
            "starts_at": slot.starts_at,
            "ends_at": slot.ends_at,
            "party": wish.party,
            "language": wish.language,
            "guide": guide,
            "contact_name": wish.contact_name,
            "contact_number": wish.contact_number,
            "number_key": normalise(wish.contact_number, self._area_code).normalised,
            "note": wish.note,
        }

    async def _follow(self, connection: AsyncConnection, row: Booking, after: Aftermath, by: str) -> None:
        """The reminder call and the written confirmation that this booking, as it is now, gives rise to."""
        if after.reminder_at is not None:
            await self._call(connection, row, "reminder", after.reminder_at, after.queue, note="参观提醒", by=by)
        if (message := after.message(row)) is not None:
            await self._outbox.enter(connection, message, self._clock())

    async def _call(
        self,
        connection: AsyncConnection,
        row: Booking,
        purpose: Any,
        due_at: datetime,
        queue: str,
        *,
        note: str,
        by: str,
    ) -> None:
        key = call_key(row.id, purpose, row.version)
        at = self._clock()
        call = call_of(row, key=key, due_at=due_at, queue=queue, note=note, area_code=self._area_code, at=at, by=by)
        if call is not None:
            await enter(self._database, connection, [call])

    async def _give_up(self, connection: AsyncConnection, booking_id: int, by: str) -> None:
        await connection.execute(withdraw_calls(booking_id, at=self._clock(), by=by))
        await self._outbox.withdraw(connection, subject(booking_id))

    async def _record(
        self, connection: AsyncConnection, row: Booking, step: str, by: str, details: Mapping[str, Detail]
    ) -> None:
        entry = step_insert(
            subject=subject(row.id), ticket=row.ticket, at=self._clock(), by=by, step=step, details=details
        )
        await connection.execute(entry)

    async def _audit_row(
        self, connection: AsyncConnection, row: Booking, action: str, by: str, details: Mapping[str, Detail]
    ) -> None:
        about = {"ticket": row.ticket, **details}
        await self._audit.add(
            connection, at=self._clock(), by=by, action=action, subject=subject(row.id), details=about
        )


def subject(booking_id: int) -> str:
    """How the history, the audit trail and the outbox name a booking."""
    return f"booking {booking_id}"
