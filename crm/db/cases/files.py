"""A case read from its rows, in the caller's transaction. TKT-3, CPL-9."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from config.numbering import normalise
from crm.cases.file import CaseFile, Told
from crm.cases.guards import Other
from crm.cases.model import Stage
from crm.cases.organisation import Sight
from crm.cases.steps import Linked, LoggedStep, details_of, step_of
from crm.db.base.sight import visible
from crm.db.schema.cases import ticket_clock, ticket_person, ticket_step
from crm.db.schema.core import call, ticket
from crm.errors import UnknownRecord


async def lock(connection: AsyncConnection, *numbers: str | None) -> None:
    """Nobody else writes on these tickets until the transaction ends. In the order of their numbers, so that two who
    merge two cases into each other wait instead of both succeeding."""
    rows = select(ticket.c.number).where(ticket.c.number.in_([each for each in numbers if each]))
    await connection.execute(rows.order_by(ticket.c.number).with_for_update())


async def load(connection: AsyncConnection, number: str, area_code: str) -> CaseFile:
    """Everything on the case. Raises UnknownRecord."""
    query = select(ticket, call.c.queue).join_from(ticket, call, ticket.c.call_id == call.c.call_id, isouter=True)
    row = (await connection.execute(query.where(ticket.c.number == number))).one_or_none()
    if row is None:
        raise UnknownRecord("ticket", number)
    to_call = row.contact_number or row.number_key
    attached = list(
        await connection.execute(
            select(ticket.c.number, ticket.c.agent).where(ticket.c.case_of == number).order_by(ticket.c.opened_at)
        )
    )
    talks = select(call.c.talk_at).where(call.c.ticket == number, call.c.talk_at.is_not(None))
    told = select(ticket_clock).where(ticket_clock.c.ticket == number)
    return CaseFile(
        number=number,
        version=row.version,
        opened_at=row.opened_at,
        channel=row.channel,
        line=row.line,
        dnis=row.dnis,
        queue=row.queue,
        agent=row.agent,
        number_to_call=to_call,
        number_key=normalise(to_call, area_code).normalised if to_call else "",
        customer_id=row.customer_id,
        case_of=row.case_of,
        taken=await log_of(connection, number),
        talks=tuple(sorted((await connection.execute(talks)).scalars())),
        callers=frozenset(each.agent for each in attached if each.agent),
        attached=tuple(each.number for each in attached),
        told={
            (each.clause, each.round): Told(rungs=each.told, due_at=each.due_at)
            for each in await connection.execute(told)
        },
    )


async def linked_from(connection: AsyncConnection, number: str) -> tuple[str, ...]:
    """The cases that were linked to this one (CPL-8)."""
    named = (ticket_step.c.step == "linked") & (ticket_step.c.details == details_of(Linked(to=number)))
    query = select(ticket_step.c.ticket).where(named).order_by(ticket_step.c.id)
    return tuple(dict.fromkeys((await connection.execute(query)).scalars()))


async def log_of(connection: AsyncConnection, number: str) -> tuple[LoggedStep, ...]:
    query = select(ticket_step).where(ticket_step.c.ticket == number).order_by(ticket_step.c.id)
    return tuple(taken_of(row) for row in await connection.execute(query))


def taken_of(row: Row[Any]) -> LoggedStep:
    return LoggedStep(id=row.id, at=row.at, by=row.by, step=step_of(row.step, row.details))


async def other(connection: AsyncConnection, number: str, sight: Sight) -> Other:
    """Another ticket that a step names, if whoever takes it may see that one."""
    seen = select(ticket).where(ticket.c.number == number, visible(sight))
    found = (await connection.execute(seen)).one_or_none()
    if found is None:
        return Other(number=number, stage=None)
    return Other(number=number, stage=Stage(found.stage or "new"), merged_into=found.case_of)


async def valid_complaints(
    connection: AsyncConnection, persons: Sequence[str], since: datetime, until: datetime, *, but: str = ""
) -> dict[str, int]:
    """How many valid complaints about each were judged in [since, until), that of ticket `but` left out (CPL-9)."""
    counted = (
        select(ticket_person.c.person, func.count().label("count"))
        .where(
            ticket_person.c.person.in_(persons),
            ticket_person.c.verdict == "valid",
            ticket_person.c.judged_at >= since,
            ticket_person.c.judged_at < until,
            ticket_person.c.ticket != but,
        )
        .group_by(ticket_person.c.person)
    )
    return {row.person: row[1] for row in await connection.execute(counted)}
