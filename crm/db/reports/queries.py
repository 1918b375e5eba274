"""What reports ask the store, a period at a time, and the register of reports that were made. RPT-2, RPT-3, RPT-4."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Row, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from crm.db.base.engine import Database
from crm.db.base.typed import typed
from crm.db.reports.tables import report_run
from crm.db.schema.cases import ticket_clock, ticket_step
from crm.db.schema.core import call, due_call, due_call_attempt, ticket
from crm.reports.compliance import ClockRow
from crm.reports.facts import Attempt, Facts, OutboundTalk, Score, StepFact, TicketFact
from crm.reports.run import ReportRun

_TOLD_STEPS = ("registered", "judged", "fed_back", "closed")


class ReportTable:
    """All raise StoreAway."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    async def facts(self, since: datetime, until: datetime) -> Facts:
        """What began in [since, until): tickets opened, clocks started, talks, attempts, answers, steps taken; and the
        clocks that were to stop in it."""
        async with self._database.read() as connection:
            return Facts(
                since=since,
                until=until,
                tickets=await _tickets(connection, since, until),
                clocks=await _clocks(connection, ticket_clock.c.started_at, since, until),
                fell_due=await _clocks(connection, ticket_clock.c.due_at, since, until),
                talks=await _talks(connection, since, until),
                attempts=await _attempts(connection, since, until),
                scores=await _scores(connection, since, until),
                steps=await _steps(connection, since, until),
            )

    async def began(self) -> datetime | None:
        """When the first ticket was opened; None: there is none yet, and nothing to report of."""
        async with self._database.read() as connection:
            first: datetime | None = (await connection.execute(select(func.min(ticket.c.opened_at)))).scalar_one()
            return first

    async def clocks_of(self, number: str) -> tuple[ClockRow, ...]:
        """All clocks of one ticket, in the order they began."""
        query = select(ticket_clock).where(ticket_clock.c.ticket == number).order_by(ticket_clock.c.started_at)
        async with self._database.read() as connection:
            return tuple(_clock(row) for row in await connection.execute(query))

    async def steps_of(self, number: str) -> tuple[StepFact, ...]:
        """All steps of one ticket, oldest first."""
        query = select(ticket_step).where(ticket_step.c.ticket == number).order_by(ticket_step.c.id)
        async with self._database.read() as connection:
            return tuple(_step(row) for row in await connection.execute(query))

    async def register(self, since: datetime, until: datetime) -> tuple[TicketFact, ...]:
        """The tickets of a period as the register (登记簿) lists them, oldest first."""
        async with self._database.read() as connection:
            return await _tickets(connection, since, until)

    async def begin(self, kind: str, period: str, summary: str, *, send: bool) -> bool:
        """Notes that a report was made; False when it had been, then nothing changes. `send`: it is to be sent now."""
        now = self._clock()
        row = {"kind": kind, "period": period, "made_at": now, "summary": summary, "try_at": now if send else None}
        known = select(report_run.c.kind).where(report_run.c.kind == kind, report_run.c.period == period)
        async with self._database.write() as connection:
            if (await connection.execute(known)).first() is not None:
                return False
            await self._database.insert_new(connection, report_run, [row], ["kind", "period"])
            return True

    async def has(self, kind: str, period: str) -> bool:
        """Whether that report has been made."""
        query = select(report_run.c.kind).where(report_run.c.kind == kind, report_run.c.period == period)
        async with self._database.read() as connection:
            return (await connection.execute(query)).first() is not None

    async def unsent(self) -> tuple[ReportRun, ...]:
        """Those whose turn it is to be sent now, oldest first."""
        query = select(report_run).where(report_run.c.try_at <= self._clock()).order_by(report_run.c.made_at)
        async with self._database.read() as connection:
            return tuple(_run(row) for row in await connection.execute(query))

    async def note_sending(
        self, run: ReportRun, *, reached: Sequence[str], failure: str, again_at: datetime | None
    ) -> None:
        """How an attempt to send it went. Without a failure it is sent; else it is tried `again_at`, or no more."""
        now = self._clock()
        values: dict[str, Any] = {"attempts": run.attempts + 1, "failure": failure, "try_at": again_at}
        values["reached"] = ",".join(reached)
        if not failure:
            values["sent_at"] = now
        mine = (report_run.c.kind == run.kind, report_run.c.period == run.period)
        async with self._database.write() as connection:
            await connection.execute(update(report_run).where(*mine).values(**values))

    async def list(self, limit: int) -> tuple[ReportRun, ...]:
        """The newest."""
        query = select(report_run).order_by(report_run.c.made_at.desc(), report_run.c.kind).limit(limit)
        async with self._database.read() as connection:
            return tuple(_run(row) for row in await connection.execute(query))


def _run(row: Row[Any]) -> ReportRun:
    return typed(ReportRun, row)


async def _tickets(connection: AsyncConnection, since: datetime, until: datetime) -> tuple[TicketFact, ...]:
    names = TicketFact.__dataclass_fields__
    query = select(*(ticket.c[name] for name in names)).where(ticket.c.opened_at >= since, ticket.c.opened_at < until)
    return tuple(typed(TicketFact, row) for row in await connection.execute(query.order_by(ticket.c.opened_at)))


def _clock(row: Row[Any]) -> ClockRow:
    return typed(ClockRow, row)


async def _clocks(
    connection: AsyncConnection, instant: ColumnElement[datetime], since: datetime, until: datetime
) -> tuple[ClockRow, ...]:
    query = select(ticket_clock).where(instant >= since, instant < until).order_by(instant)
    return tuple(_clock(row) for row in await connection.execute(query))


async def _talks(connection: AsyncConnection, since: datetime, until: datetime) -> tuple[OutboundTalk, ...]:
    query = (
        select(call.c.ticket, call.c.agent, call.c.talk_at, call.c.talk_s)
        .where(call.c.invited_at >= since, call.c.invited_at < until, call.c.talk_s.is_not(None))
        .where(or_(call.c.direction == "outbound", call.c.direction == "agent"))
        .order_by(call.c.invited_at)
    )
    return tuple(
        OutboundTalk(ticket=row.ticket, agent=row.agent, began_at=row.talk_at, talk_s=row.talk_s)
        for row in await connection.execute(query)
        if row.talk_at is not None
    )


async def _attempts(connection: AsyncConnection, since: datetime, until: datetime) -> tuple[Attempt, ...]:
    query = (
        select(due_call.c.ticket, due_call.c.kind, due_call_attempt.c.at)
        .join_from(due_call_attempt, due_call)
        .where(due_call_attempt.c.at >= since, due_call_attempt.c.at < until)
        .order_by(due_call_attempt.c.at)
    )
    return tuple(Attempt(ticket=row.ticket, kind=row.kind, at=row.at) for row in await connection.execute(query))


async def _scores(connection: AsyncConnection, since: datetime, until: datetime) -> tuple[Score, ...]:
    query = (
        select(call.c.invited_at, call.c.agent, call.c.queue, call.c.satisfaction)
        .where(call.c.invited_at >= since, call.c.invited_at < until, call.c.satisfaction.is_not(None))
        .order_by(call.c.invited_at)
    )
    return tuple(
        Score(at=row.invited_at, agent=row.agent, queue=row.queue, score=row.satisfaction)
        for row in await connection.execute(query)
    )


async def _steps(connection: AsyncConnection, since: datetime, until: datetime) -> tuple[StepFact, ...]:
    query = (
        select(ticket_step, ticket.c.category)
        .join_from(ticket_step, ticket)
        .where(ticket_step.c.step.in_(_TOLD_STEPS), ticket_step.c.at >= since, ticket_step.c.at < until)
        .order_by(ticket_step.c.id)
    )
    return tuple(_step(row, row.category) for row in await connection.execute(query))


def _step(row: Row[Any], category: str | None = None) -> StepFact:
    details = msgspec.json.decode(row.details, type=dict[str, object]) if row.details else {}
    return StepFact(ticket=row.ticket, at=row.at, by=row.by, step=row.step, details=details, category=category)
