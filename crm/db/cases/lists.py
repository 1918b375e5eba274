"""What is asked of many cases: who has which, by when; what was late, against whom. Restricted ones stay hidden.

TKT-7, CPL-6, CPL-9, LNE-2, LNE-6, CUS-2.
"""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, func, literal, or_, select, tuple_

from config.numbering import normalise
from crm.cases.listed import CaseFilter, CaseRow, ClockEntry, Held
from crm.cases.model import OPEN, Stage
from crm.cases.organisation import Sight
from crm.db.base.engine import Database
from crm.db.base.paging import cursor, page_size, parse
from crm.db.base.sight import visible
from crm.db.base.typed import typed
from crm.db.cases import files
from crm.db.schema.cases import ticket_clock, ticket_person
from crm.db.schema.core import UtcDateTime, customer_number, ticket
from crm.db.tickets.tickets import NEWEST, select_tickets, ticket_row
from crm.errors import BadCursor
from crm.page import Page
from crm.tickets.model import TicketRow

_NEVER: Final = datetime(9999, 1, 1, tzinfo=UTC)
"""Sorts what nothing is due of behind all that is."""


_FIRST_DUE: Final = (
    select(
        ticket_clock.c.ticket,
        func.min(ticket_clock.c.due_at).label("due_at"),
        func.count().label("clauses"),
    )
    .where(ticket_clock.c.stopped_at.is_(None))
    .group_by(ticket_clock.c.ticket)
    .subquery()
)


class CaseLists:
    """All raise StoreAway; those with pages BadCursor."""

    def __init__(self, database: Database, area_code: str) -> None:
        self._database = database
        self._area_code = area_code

    async def list(
        self, wanted: CaseFilter, sight: Sight, now: datetime, *, limit: int = 50, after: str | None = None
    ) -> Page[CaseRow]:
        """What is due first comes first."""
        due = func.coalesce(_FIRST_DUE.c.due_at, literal(_NEVER, UtcDateTime()), type_=UtcDateTime())
        query = (
            select_tickets()
            .add_columns(_FIRST_DUE.c.due_at, func.coalesce(_FIRST_DUE.c.clauses, 0).label("clauses"))
            .outerjoin(_FIRST_DUE, _FIRST_DUE.c.ticket == ticket.c.number)
            .where(ticket.c.stage.is_not(None), visible(sight), *_conditions(wanted, now))
            .order_by(due, ticket.c.number)
        )
        if after is not None:
            query = query.where(tuple_(due, ticket.c.number) > tuple_(*parse(after)))
        size = page_size(limit)
        async with self._database.read() as connection:
            rows = [_case_row(row) for row in await connection.execute(query.limit(size + 1))]
        more = cursor(rows[size - 1].due_at or _NEVER, rows[size - 1].number) if len(rows) > size else None
        return Page(items=tuple(rows[:size]), next=more)

    async def open_of(self, number: str, sight: Sight, *, but: str = "", limit: int = 5) -> tuple[TicketRow, ...]:
        """The open complaints of whoever has this number, and other open cases: a call may be about one of them."""
        key = normalise(number, self._area_code).normalised
        if not key:
            return ()
        owner = select(customer_number.c.customer_id).where(customer_number.c.normalised == key).scalar_subquery()
        query = select_tickets().where(
            or_(ticket.c.number_key == key, ticket.c.customer_id == owner),
            ticket.c.stage.in_([stage.value for stage in OPEN]),
            ticket.c.number != but,
            visible(sight),
        )
        complaints_first = (ticket.c.kind != "complaint", *NEWEST)
        async with self._database.read() as connection:
            rows = await connection.execute(query.order_by(*complaints_first).limit(limit))
            return tuple(ticket_row(row) for row in rows)

    async def hidden(self, numbers: Collection[str], sight: Sight) -> frozenset[str]:
        """Those of these tickets that must not be shown."""
        if not numbers:
            return frozenset()
        query = select(ticket.c.number).where(ticket.c.number.in_(set(numbers)), ~visible(sight))
        async with self._database.read() as connection:
            return frozenset((await connection.execute(query)).scalars())

    async def late(
        self,
        sight: Sight,
        now: datetime,
        since: datetime,
        until: datetime,
        *,
        holder: str | None = None,
        person: str | None = None,
        limit: int = 50,
        after: str | None = None,
    ) -> Page[ClockEntry]:
        """超时问责: what was or is late, of the deadlines in [since, until), the newest first (CPL-6)."""
        query = _late(_entries(sight), now, since, until)
        for column, value in ((ticket_clock.c.holder, holder), (ticket_clock.c.person, person)):
            if value is not None:
                query = query.where(column == value)
        order = (ticket_clock.c.due_at, ticket_clock.c.ticket, ticket_clock.c.clause, ticket_clock.c.round)
        if after is not None:
            query = query.where(tuple_(*order) < tuple_(*_clock_place(after)))
        return await self._page(query.order_by(*(each.desc() for each in order)), now, limit)

    async def held_against(self, sight: Sight, now: datetime, since: datetime, until: datetime) -> tuple[Held, ...]:
        """The breaches of a time by unit and person, the most first."""
        query = _late(
            select(ticket_clock.c.holder, ticket_clock.c.person, func.count().label("count"))
            .join(ticket, ticket.c.number == ticket_clock.c.ticket)
            .where(visible(sight)),
            now,
            since,
            until,
        ).group_by(ticket_clock.c.holder, ticket_clock.c.person)
        async with self._database.read() as connection:
            found = [typed(Held, row) for row in await connection.execute(query)]
        return tuple(sorted(found, key=lambda each: (-each.count, each.holder or "", each.person or "")))

    async def valid_complaints(self, since: datetime, until: datetime) -> dict[str, int]:
        """Of everybody who has one (CPL-9)."""
        async with self._database.read() as connection:
            known = select(ticket_person.c.person).where(ticket_person.c.verdict == "valid").distinct()
            persons = (await connection.execute(known)).scalars().all()
            return await files.valid_complaints(connection, persons, since, until)

    async def at_risk(
        self,
        sight: Sight,
        now: datetime,
        *,
        holders: frozenset[str] | None = None,
        level: str | None = None,
        limit: int = 50,
        after: str | None = None,
    ) -> Page[ClockEntry]:
        """Clocks that run and have passed the first rung of their ladder, what is due first (RPT-1)."""
        query = _entries(sight).where(_risky(now))
        if holders is not None:
            query = query.where(ticket_clock.c.holder.in_(holders))
        if level is not None:
            query = query.where(ticket.c.level == level)
        order = (ticket_clock.c.due_at, ticket_clock.c.ticket, ticket_clock.c.clause, ticket_clock.c.round)
        if after is not None:
            query = query.where(tuple_(*order) > tuple_(*_clock_place(after)))
        return await self._page(query.order_by(*order), now, limit)

    async def risks(self, now: datetime) -> tuple[int, int]:
        """How many clocks that run are warned of, and how many are late."""
        late = ticket_clock.c.due_at < now
        query = select(late.label("late"), func.count()).where(_risky(now)).group_by(late)
        async with self._database.read() as connection:
            found = {bool(is_late): count for is_late, count in await connection.execute(query)}
        return found.get(False, 0), found.get(True, 0)

    async def _page(self, query: Select[Any], now: datetime, limit: int) -> Page[ClockEntry]:
        size = page_size(limit)
        async with self._database.read() as connection:
            rows = [_entry(row, now) for row in await connection.execute(query.limit(size + 1))]
        last = rows[size - 1] if len(rows) > size else None
        more = cursor(last.due_at or _NEVER, f"{last.ticket}/{last.round}/{last.clause}") if last else None
        return Page(items=tuple(rows[:size]), next=more)


def _conditions(wanted: CaseFilter, now: datetime) -> list[ColumnElement[bool]]:
    pairs = (
        (ticket.c.stage, wanted.stage),
        (ticket.c.kind, wanted.kind),
        (ticket.c.severity, wanted.severity),
        (ticket.c.level, wanted.level),
        (ticket.c.department, wanted.department),
        (ticket.c.category, wanted.category),
        (ticket.c.restricted, wanted.restricted),
    )
    found: list[ColumnElement[bool]] = [column == value for column, value in pairs if value is not None]
    if wanted.open is not None:
        is_open = ticket.c.stage.in_([stage.value for stage in (*OPEN, Stage.REGISTERED)])
        found.append(is_open if wanted.open else ~is_open)
    if wanted.holders is not None:
        found.append(ticket.c.holder.in_(wanted.holders))
    if wanted.due_before is not None:
        found.append(_FIRST_DUE.c.due_at < wanted.due_before)
    if wanted.overdue is not None:
        late = and_(_FIRST_DUE.c.due_at.is_not(None), _FIRST_DUE.c.due_at < now)
        found.append(late if wanted.overdue else ~late)
    return found


def _case_row(row: Any) -> CaseRow:
    return typed(CaseRow, row, call=row.call_id)


def _entries(sight: Sight) -> Select[Any]:
    return (
        select(ticket_clock, ticket.c.kind, ticket.c.severity, ticket.c.matter)
        .join(ticket, ticket.c.number == ticket_clock.c.ticket)
        .where(visible(sight))
    )


def _late(query: Select[Any], now: datetime, since: datetime, until: datetime) -> Select[Any]:
    stopped = func.coalesce(ticket_clock.c.stopped_at, literal(now, UtcDateTime()), type_=UtcDateTime())
    in_time = (ticket_clock.c.due_at >= since) & (ticket_clock.c.due_at < until)
    return query.where(ticket_clock.c.due_at < stopped, in_time)


def _risky(now: datetime) -> ColumnElement[bool]:
    passed = or_(ticket_clock.c.told > 0, ticket_clock.c.tell_at <= now, ticket_clock.c.due_at < now)
    return and_(ticket_clock.c.stopped_at.is_(None), ticket_clock.c.due_at.is_not(None), passed)


def _entry(row: Any, now: datetime) -> ClockEntry:
    late = row.due_at is not None and row.due_at < now
    running = "late" if late else "paused" if row.due_at is None else "running"
    return typed(ClockEntry, row, verdict=row.verdict or running)


def _clock_place(after: str) -> Sequence[object]:
    at, key = parse(after)
    number, _, rest = key.partition("/")
    count, _, clause = rest.partition("/")
    if not (number and count.isdecimal() and clause):
        raise BadCursor(f"not a cursor of this list: {after!r}")
    return at, number, clause, int(count)
