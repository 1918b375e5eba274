"""What a month says of each agent, and closed months: their figures are kept and never counted again. QUA-3."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

import msgspec
from sqlalchemy import case, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from crm.db.audit.trail import AuditTrail
from crm.db.base.engine import Database
from crm.db.quality.tables import agent_note, assessment, assessment_month, quality_check
from crm.db.schema.cases import ticket_clock, ticket_person
from crm.db.schema.core import call, ticket
from crm.errors import IllegalTransition
from crm.quality.assessment import AgentFacts, Assessed
from crm.quality.file import NoteKind
from crm.quality.month import ClosedMonth, Rated
from crm.quality.scorecard import CheckState
from crm.tickets.model import TicketState

Period = tuple[datetime, datetime]
_SATISFIED = 4
"""Of 1 to 5 (QUA-1)."""


class AssessmentTable:
    """All raise StoreAway."""

    def __init__(self, database: Database, clock: Callable[[], datetime], audit: AuditTrail) -> None:
        self._database = database
        self._clock = clock
        self._audit = audit

    async def facts(self, month: str, period: Period) -> dict[str, AgentFacts]:
        """What is known of a month now, by agent; agents of whom nothing is known are left out."""
        async with self._database.read() as connection:
            return await _facts(connection, month, period, self._clock())

    async def closed(self, month: str) -> ClosedMonth | None:
        """A month as it was closed; None while it is open."""
        async with self._database.read() as connection:
            head = await connection.execute(select(assessment_month).where(assessment_month.c.month == month))
            row = head.one_or_none()
            if row is None:
                return None
            query = select(assessment).where(assessment.c.month == month)
            rated = (await connection.execute(query.order_by(assessment.c.kind, assessment.c.subject))).all()
        by_kind: dict[str, list[Assessed]] = {"agent": [], "department": []}
        for each in rated:
            by_kind[each.kind].append(msgspec.json.decode(each.assessed, type=Assessed))
        return ClosedMonth(
            month=month,
            closed_at=row.closed_at,
            closed_by=row.closed_by,
            rule_version=row.rule_version,
            rated=Rated(agents=tuple(by_kind["agent"]), departments=tuple(by_kind["department"])),
        )

    async def close(
        self,
        month: str,
        period: Period,
        *,
        by: str,
        rules: tuple[str, str],
        rate: Callable[[Mapping[str, AgentFacts]], Rated],
    ) -> None:
        """Counts the month for the last time and keeps what comes of it. `rules`: their version and their text.

        Raises IllegalTransition when it is closed already, or an objection to a spot check of it is undecided.
        """
        now = self._clock()
        async with self._database.write() as connection:
            known = select(assessment_month.c.month).where(assessment_month.c.month == month)
            if (await connection.execute(known)).first() is not None:
                raise IllegalTransition("closed", f"closing month {month}")
            if undecided := await _undecided(connection, period):
                raise IllegalTransition("objected", f"closing month {month} before spot check {undecided} is decided")
            rated = rate(await _facts(connection, month, period, now))
            version, text = rules
            await connection.execute(
                insert(assessment_month).values(
                    month=month, closed_at=now, closed_by=by, rule_version=version, rules=text
                )
            )
            rows = _rows(month, "agent", rated.agents) + _rows(month, "department", rated.departments)
            if rows:
                await connection.execute(insert(assessment), rows)
            await self._audit.add(
                connection,
                at=now,
                by=by,
                action="close_month",
                subject=f"month {month}",
                details={"agents": len(rated.agents), "rules": version},
            )


def _rows(month: str, kind: str, rated: Sequence[Assessed]) -> list[dict[str, object]]:
    return [
        {
            "month": month,
            "kind": kind,
            "subject": each.subject,
            "score": each.score,
            "grade": each.grade,
            "assessed": msgspec.json.encode(each).decode(),
        }
        for each in rated
    ]


async def _undecided(connection: AsyncConnection, period: Period) -> int | None:
    table = quality_check.c
    query = select(table.id).where(
        table.talked_at >= period[0], table.talked_at < period[1], table.state == CheckState.OBJECTED.value
    )
    return (await connection.execute(query.order_by(table.id).limit(1))).scalar_one_or_none()


async def _facts(connection: AsyncConnection, month: str, period: Period, now: datetime) -> dict[str, AgentFacts]:
    found: dict[str, dict[str, object]] = {}
    checks = await _scores(connection, period)
    for agent, scores in checks.items():
        attitude, knowledge = zip(*scores, strict=True)
        found.setdefault(agent, {}).update(attitude=attitude, knowledge=knowledge)
    for counted in (
        await _clocks(connection, period, now),
        await _tickets(connection, period),
        await _satisfaction(connection, period),
        await _complaints(connection, month, period),
    ):
        for agent, counts in counted.items():
            found.setdefault(agent, {}).update(counts)
    return {agent: msgspec.convert({"agent": agent, **facts}, AgentFacts) for agent, facts in found.items()}


async def _scores(connection: AsyncConnection, period: Period) -> dict[str, list[tuple[float, float]]]:
    table = quality_check.c
    query = select(table.agent, table.attitude, table.knowledge).where(
        table.talked_at >= period[0], table.talked_at < period[1], table.score.is_not(None)
    )
    scores: dict[str, list[tuple[float, float]]] = {}
    for agent, attitude, knowledge in await connection.execute(query.order_by(table.id)):
        scores.setdefault(agent, []).append((attitude, knowledge))
    return scores


Counts = dict[str, dict[str, int]]


async def _clocks(connection: AsyncConnection, period: Period, now: datetime) -> Counts:
    """Clocks that fell due in the period; one that still runs counts once its time is over."""
    clock = ticket_clock.c
    in_time = func.sum(case((clock.stopped_at <= clock.due_at, 1), else_=0))
    query = (
        select(clock.person, func.count(), in_time)
        .where(clock.due_at >= period[0], clock.due_at < period[1], clock.person.is_not(None))
        .where(clock.stopped_at.is_not(None) | (clock.due_at <= now))
        .group_by(clock.person)
    )
    rows = await connection.execute(query)
    return {agent: {"clocks_due": due, "clocks_in_time": int(kept)} for agent, due, kept in rows}


async def _tickets(connection: AsyncConnection, period: Period) -> Counts:
    """Tickets opened in the period that are closed now, and those of them that took one call."""
    calls = select(func.count()).where(call.c.ticket == ticket.c.number).correlate(ticket).scalar_subquery()
    closed = (
        select(ticket.c.agent, calls.label("calls"))
        .where(ticket.c.opened_at >= period[0], ticket.c.opened_at < period[1], ticket.c.agent.is_not(None))
        .where(ticket.c.state == TicketState.CLOSED.value)
        .subquery()
    )
    at_first = func.sum(case((closed.c.calls == 1, 1), else_=0))
    rows = await connection.execute(select(closed.c.agent, func.count(), at_first).group_by(closed.c.agent))
    return {agent: {"closed": count, "closed_at_first": int(first)} for agent, count, first in rows}


async def _satisfaction(connection: AsyncConnection, period: Period) -> Counts:
    satisfied = func.sum(case((call.c.satisfaction >= _SATISFIED, 1), else_=0))
    query = (
        select(call.c.agent, func.count(), satisfied)
        .where(call.c.invited_at >= period[0], call.c.invited_at < period[1])
        .where(call.c.agent.is_not(None), call.c.satisfaction.is_not(None))
        .group_by(call.c.agent)
    )
    rows = await connection.execute(query)
    return {agent: {"surveyed": asked, "satisfied": int(liked)} for agent, asked, liked in rows}


async def _complaints(connection: AsyncConnection, month: str, period: Period) -> Counts:
    """Valid complaints: found against the agent on a case in the period (CPL-9), or noted on the file on a day of the
    month. One that is both is one; a note without a ticket stands for itself."""
    found, note = ticket_person.c, agent_note.c
    judged = select(found.person, found.ticket).where(
        found.verdict == "valid", found.judged_at >= period[0], found.judged_at < period[1]
    )
    noted = select(note.agent, note.ticket, note.id).where(
        note.day >= f"{month}-01", note.day <= f"{month}-31", note.kind == NoteKind.COMPLAINT.value
    )
    cases = {(row.person, row.ticket) for row in await connection.execute(judged)}
    cases |= {(row.agent, row.ticket or f"note {row.id}") for row in await connection.execute(noted)}
    return {agent: {"complaints": count} for agent, count in Counter(agent for agent, _ in cases).items()}
