"""Queries over tickets, and what people write on them. The projector makes the rows. TKT-3, TKT-7."""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, Select, func, insert, or_, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from config.numbering import normalise
from crm.cases.organisation import SEES_ALL, Sight
from crm.db.audit.trail import AuditTrail
from crm.db.base.engine import Database
from crm.db.base.paging import cursor, page_size, parse
from crm.db.base.sight import visible
from crm.db.base.typed import typed
from crm.db.calls.calls import call_row, select_calls
from crm.db.calls.recordings import recording_row
from crm.db.schema.core import call, customer, customer_number, recording, ticket, ticket_change
from crm.db.tickets.search_index import index_ticket
from crm.db.tickets.timeline import timeline
from crm.errors import UnknownRecord, VersionConflict
from crm.page import Page
from crm.tickets.model import TicketDetail, TicketForm, TicketRow, TicketState, TicketStep, apply

NEWEST = (ticket.c.opened_at.desc(), ticket.c.number.desc())


class TicketQueries:
    """What pages ask about tickets and change on them. All raise StoreAway."""

    def __init__(self, database: Database, area_code: str, clock: Callable[[], datetime], audit: AuditTrail) -> None:
        self._database = database
        self._area_code = area_code
        self._clock = clock
        self._audit = audit

    async def list(
        self,
        *,
        limit: int = 50,
        after: str | None = None,
        kind: str | None = None,
        state: str | None = None,
        line: str | None = None,
        agent: str | None = None,
        ani: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        sight: Sight = SEES_ALL,
        channel: str | None = None,
    ) -> Page[TicketRow]:
        """Newest first, filtered; `channel` other: not by telephone; `ani` in any notation; `since` inclusive, `until`
        exclusive. Raises BadCursor."""
        query = select_tickets().where(visible(sight)).order_by(*NEWEST)
        for column, wanted in ((ticket.c.kind, kind), (ticket.c.state, state), (ticket.c.line, line)):
            if wanted is not None:
                query = query.where(column == wanted)
        if agent is not None:
            query = query.where(ticket.c.agent == agent)
        if ani is not None:
            query = query.where(ticket.c.number_key == normalise(ani, self._area_code).normalised)
        if channel is not None:
            query = query.where(ticket.c.channel != "telephone" if channel == "other" else ticket.c.channel == channel)
        if since is not None:
            query = query.where(ticket.c.opened_at >= since)
        if until is not None:
            query = query.where(ticket.c.opened_at < until)
        if after is not None:
            query = query.where(tuple_(ticket.c.opened_at, ticket.c.number) < tuple_(*parse(after)))
        size = page_size(limit)
        async with self._database.read() as connection:
            rows = [ticket_row(row) for row in await connection.execute(query.limit(size + 1))]
        more = cursor(rows[size - 1].opened_at, rows[size - 1].number) if len(rows) > size else None
        return Page(items=tuple(rows[:size]), next=more)

    async def get(self, number: str) -> TicketDetail | None:
        """The ticket with its calls, timeline and recordings; None when there is none of that number (yet)."""
        async with self._database.read() as connection:
            return await _detail(connection, number)

    async def for_customer(self, customer_id: int, limit: int = 5, sight: Sight = SEES_ALL) -> tuple[TicketRow, ...]:
        """The newest tickets of a customer, those of the numbers on the card among them."""
        numbers = select(customer_number.c.normalised).where(customer_number.c.customer_id == customer_id)
        theirs = or_(ticket.c.customer_id == customer_id, ticket.c.number_key.in_(numbers))
        query = select_tickets().where(theirs, visible(sight)).order_by(*NEWEST).limit(page_size(limit))
        async with self._database.read() as connection:
            return tuple(ticket_row(row) for row in await connection.execute(query))

    async def last_number(self, local_day: date) -> str | None:
        """The highest number of a day, for Journal.note_ticket: a new journal at an old store counts on from there."""
        day = ticket.c.number.like(f"{local_day:%Y%m%d}-%")
        query = select(ticket.c.number).where(day).order_by(func.length(ticket.c.number).desc(), ticket.c.number.desc())
        async with self._database.read() as connection:
            return (await connection.execute(query.limit(1))).scalar_one_or_none()

    async def save_form(
        self, number: str, form: TicketForm, *, by: str, version: int, step: TicketStep | None = None
    ) -> TicketDetail:
        """Writes the fields that the form sets, and moves the state by `step`: one change; each field that really
        changed becomes a line of the timeline.

        Raises UnknownRecord, IllegalTransition, and VersionConflict when somebody saved since `version` was read; then
        nothing is written.
        """

        def wanted(row: Row[Any]) -> Mapping[str, str | None]:
            moved = {} if step is None else {"state": apply(TicketState(row.state), step).value}
            return form.changes() | moved

        async with self._database.write() as connection:
            return await self._change(connection, number, version, by, wanted)

    async def _change(
        self,
        connection: AsyncConnection,
        number: str,
        version: int,
        by: str,
        wanted: Callable[[Row[Any]], Mapping[str, str | None]],
    ) -> TicketDetail:
        found = await connection.execute(select(ticket).where(ticket.c.number == number).with_for_update())
        row = found.one_or_none()
        if row is None:
            raise UnknownRecord("ticket", number)
        if row.version != version:
            raise VersionConflict(f"ticket {number}", version, row.version)
        old = row._mapping
        changes = {name: value for name, value in wanted(row).items() if old[name] != value}
        if changes:
            await connection.execute(
                update(ticket).where(ticket.c.number == number).values(**changes, version=version + 1)
            )
            at = self._clock()
            lines = [
                {"ticket": number, "at": at, "by": by, "field": name, "old": old[name], "new": new}
                for name, new in changes.items()
            ]
            await connection.execute(insert(ticket_change), lines)
            await index_ticket(connection, number)
            fields = {"fields": ", ".join(sorted(changes))}
            await self._audit.add(
                connection, at=at, by=by, action="changed", subject=f"ticket {number}", details=fields
            )
        detail = await _detail(connection, number)
        if detail is None:
            raise UnknownRecord("ticket", number)
        return detail


def select_tickets() -> Select[Any]:
    """All that `ticket_row` reads."""
    return (
        select(ticket, call.c.queue, call.c.outcome, customer.c.name.label("customer_name"))
        .join_from(ticket, call, ticket.c.call_id == call.c.call_id, isouter=True)
        .join(customer, ticket.c.customer_id == customer.c.id, isouter=True)
    )


def ticket_row(row: Row[Any]) -> TicketRow:
    """A TicketRow of a row of `select_tickets`."""
    return typed(TicketRow, row, call=row.call_id)


async def _detail(connection: AsyncConnection, number: str) -> TicketDetail | None:
    row = (await connection.execute(select_tickets().where(ticket.c.number == number))).one_or_none()
    if row is None:
        return None
    calls = await connection.execute(select_calls().where(call.c.ticket == number).order_by(call.c.invited_at))
    recordings = await connection.execute(
        select(recording).where(recording.c.ticket == number).order_by(recording.c.recorded_at)
    )
    return typed(
        TicketDetail,
        row,
        call=row.call_id,
        calls=tuple(call_row(each) for each in calls),
        recordings=tuple(recording_row(each) for each in recordings),
        timeline=await timeline(connection, number),
    )
