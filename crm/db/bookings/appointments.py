"""Appointments at customers' places as rows: proposed, agreed, kept; and the notices to whoever goes. BKG-5."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from crm.bookings.appointments import Appointment, AppointmentState, AppointmentStep, Visit, apply
from crm.bookings.model import StepEntry
from crm.cases.organisation import SEES_ALL, Sight
from crm.db.audit.trail import AuditTrail
from crm.db.base.engine import Database
from crm.db.base.paging import cursor, page_size, parse_numbered
from crm.db.base.sight import visible
from crm.db.bookings.on_ticket import owner_of
from crm.db.bookings.rows import appointment_row, select_appointments, step_entry
from crm.db.bookings.steps import differences, step_insert
from crm.db.followups.owed_calls import SYSTEM
from crm.db.schema.bookings import appointment, booking_step
from crm.db.schema.core import colleague_message
from crm.db.schema.users import in_force, user_account
from crm.errors import UnknownRecord, VersionConflict
from crm.page import Page
from crm.tickets.model import Detail

_VISIT = Visit.__struct_fields__


Wording = Callable[[Appointment, bool], str]
"""What is told of an appointment: before it, or (True) that nobody has come."""


class AppointmentTable:
    """All raise StoreAway."""

    def __init__(self, database: Database, area_code: str, clock: Callable[[], datetime], audit: AuditTrail) -> None:
        self._database = database
        self._area_code = area_code
        self._clock = clock
        self._audit = audit

    async def get(self, appointment_id: int) -> Appointment | None:
        async with self._database.read() as connection:
            query = select_appointments().where(appointment.c.id == appointment_id)
            row = (await connection.execute(query)).one_or_none()
        return None if row is None else appointment_row(row)

    async def list(
        self,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        state: str | None = None,
        ticket_number: str | None = None,
        person: str | None = None,
        sight: Sight = SEES_ALL,
        limit: int = 50,
        after: str | None = None,
    ) -> Page[Appointment]:
        """By their time. `since` inclusive, `until` exclusive. Raises BadCursor."""
        size, table = page_size(limit), appointment
        query = select_appointments().where(visible(sight)).order_by(table.c.at, table.c.id).limit(size + 1)
        for column, wanted in ((table.c.state, state), (table.c.ticket, ticket_number), (table.c.person, person)):
            if wanted is not None:
                query = query.where(column == wanted)
        if since is not None:
            query = query.where(table.c.at >= since)
        if until is not None:
            query = query.where(table.c.at < until)
        if after is not None:
            query = query.where(tuple_(table.c.at, table.c.id) > tuple_(*parse_numbered(after)))
        async with self._database.read() as connection:
            rows = [appointment_row(row) for row in await connection.execute(query)]
        more = cursor(rows[size - 1].at, rows[size - 1].id) if len(rows) > size else None
        return Page(items=tuple(rows[:size]), next=more)

    async def between(self, since: datetime, until: datetime) -> Sequence[Appointment]:
        """All of a period, for figures."""
        query = select_appointments().where(appointment.c.at >= since, appointment.c.at < until)
        async with self._database.read() as connection:
            return [appointment_row(row) for row in await connection.execute(query.order_by(appointment.c.at))]

    async def history(self, appointment_id: int) -> tuple[StepEntry, ...]:
        """Every step, oldest first."""
        mine = booking_step.c.subject == subject(appointment_id)
        async with self._database.read() as connection:
            rows = await connection.execute(select(booking_step).where(mine).order_by(booking_step.c.id))
            return tuple(step_entry(row) for row in rows)

    async def propose(
        self, key: str, ticket_number: str, visit: Visit, *, by: str, agreed: bool, because: str
    ) -> Appointment:
        """Enters an appointment, once per `key`; `agreed`: the customer has said yes already. Raises UnknownRecord."""
        now = self._clock()
        async with self._database.write() as connection:
            owner = await owner_of(connection, ticket_number, visit.contact_number, self._area_code)
            state = AppointmentState.AGREED if agreed else AppointmentState.PROPOSED
            row = {name: getattr(visit, name) for name in _VISIT}
            row |= {"key": key, "ticket": ticket_number, "customer_id": owner, "state": state.value, "version": 1}
            row |= {"proposed_at": now, "proposed_by": by, "because": because if agreed else ""}
            row |= {"agreed_at": now if agreed else None, "agreed_by": by if agreed else None}
            known = select(appointment.c.id).where(appointment.c.key == key)
            if (await connection.execute(known)).first() is None:
                await self._database.insert_new(connection, appointment, [row], ["key"])
                made = await _by_key(connection, key)
                details: dict[str, Detail] = {"at": made.at.isoformat(), "person": made.person, "place": made.place}
                await self._record(connection, made, state.value, by, details)
            return await _by_key(connection, key)

    async def change(self, before: Appointment, visit: Visit, *, by: str) -> Appointment:
        """Puts an appointment as it was read right. Another time has to be agreed to again.

        Raises UnknownRecord, VersionConflict, IllegalTransition.
        """
        values = {name: getattr(visit, name) for name in _VISIT}
        moved = visit.at != before.at
        if moved:
            state = apply(before.state, AppointmentStep.PROPOSE).value
            cleared = dict.fromkeys(("agreed_at", "agreed_by", "arrived_at", "reminded_at", "warned_at"))
            values |= {"state": state, "because": "", "proposed_at": self._clock(), "proposed_by": by, **cleared}
        elif visit.person != before.person:
            values["reminded_at"] = None  # the new one has to be told
        async with self._database.write() as connection:
            await _locked(connection, before.id, before.version)
            after = await _write(connection, before, values)
            await self._record(connection, after, "moved" if moved else "changed", by, differences(before, after))
            return after

    async def step(
        self, appointment_id: int, step: AppointmentStep, version: int, *, by: str, note: str = ""
    ) -> Appointment:
        """Moves the state; `note`: of an agreement, why it comes so late. Raises as `change`."""
        now = self._clock()
        async with self._database.write() as connection:
            before = await _locked(connection, appointment_id, version)
            values: dict[str, Any] = {"state": apply(before.state, step).value}
            if step is AppointmentStep.AGREE:
                values |= {"agreed_at": now, "agreed_by": by, "because": note}
            if step in (AppointmentStep.COME_IN_TIME, AppointmentStep.COME_LATE):
                values["arrived_at"] = now
            after = await _write(connection, before, values)
            await self._record(connection, after, step.value, by, {"note": note} if note else {})
            return after

    async def tell(self, now: datetime, *, ahead: timedelta, late: timedelta, words: Wording) -> int:
        """Reminds whoever goes, and warns supervisors of whoever has not come; once each. How many were told."""
        agreed = appointment.c.state == AppointmentState.AGREED.value
        soon = agreed & appointment.c.reminded_at.is_(None) & (appointment.c.at <= now + ahead)
        overdue = agreed & appointment.c.warned_at.is_(None) & (appointment.c.at < now - late)
        async with self._database.write() as connection:
            found = await connection.execute(
                select_appointments().where(soon).with_for_update(of=appointment, skip_locked=True)
            )
            coming = [appointment_row(row) for row in found]
            found = await connection.execute(
                select_appointments().where(overdue).with_for_update(of=appointment, skip_locked=True)
            )
            missing = [appointment_row(row) for row in found]
            for rows, column in ((coming, "reminded_at"), (missing, "warned_at")):
                ids = appointment.c.id.in_([row.id for row in rows])
                await connection.execute(update(appointment).where(ids).values(**{column: now}))
            supervisors = await _supervisors(connection) if missing else []
            notes = [(row, row.person, words(row, False)) for row in coming if row.at > now]
            notes += [(row, name, words(row, True)) for row in missing for name in {row.person, *supervisors}]
            messages = [_message(row, name, text, now) for row, name, text in notes]
            await self._database.insert_new(connection, colleague_message, messages, ["key"])
        return len(messages)

    async def _record(
        self, connection: AsyncConnection, row: Appointment, step: str, by: str, details: Mapping[str, Detail]
    ) -> None:
        """Into the history and the audit trail."""
        now, about = self._clock(), subject(row.id)
        entry = step_insert(subject=about, ticket=row.ticket, at=now, by=by, step=step, details=details)
        await connection.execute(entry)
        told = {"ticket": row.ticket, **details}
        await self._audit.add(connection, at=now, by=by, action=f"appointment_{step}", subject=about, details=told)


def subject(appointment_id: int) -> str:
    """How the history and the audit trail name an appointment."""
    return f"appointment {appointment_id}"


async def _by_key(connection: AsyncConnection, key: str) -> Appointment:
    return appointment_row((await connection.execute(select_appointments().where(appointment.c.key == key))).one())


async def _locked(connection: AsyncConnection, appointment_id: int, version: int) -> Appointment:
    mine = appointment.c.id == appointment_id
    await connection.execute(select(appointment.c.id).where(mine).with_for_update())
    row = (await connection.execute(select_appointments().where(mine))).one_or_none()
    if row is None:
        raise UnknownRecord("appointment", appointment_id)
    if row.version != version:
        raise VersionConflict(f"appointment {appointment_id}", version, row.version)
    return appointment_row(row)


async def _write(connection: AsyncConnection, row: Appointment, values: Mapping[str, Any]) -> Appointment:
    mine = appointment.c.id == row.id
    await connection.execute(update(appointment).where(mine).values(**values, version=row.version + 1))
    return appointment_row((await connection.execute(select_appointments().where(mine))).one())


async def _supervisors(connection: AsyncConnection) -> list[str]:
    query = select(user_account.c.name).where(user_account.c.role == "supervisor", in_force)
    return list((await connection.execute(query)).scalars())


def _message(row: Appointment, recipient: str, text: str, now: datetime) -> dict[str, Any]:
    return {
        "key": f"{subject(row.id)}:{row.version}:{now.isoformat()}:{recipient}",
        "at": now,
        "sender": SYSTEM,
        "recipient": recipient,
        "text": text,
        "ticket": row.ticket,
        "caller": "",
    }
