"""A decision on a case written to its rows, in the caller's transaction: all of it or nothing. TKT-3, TKT-5, CPL-6."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from crm.cases.file import CaseFile, ClockRow, Decision
from crm.cases.steps import Judged, LoggedStep, details_of, name_of
from crm.db.base.engine import Database
from crm.db.followups.entering import NewCall, enter
from crm.db.followups.owed_calls import SYSTEM
from crm.db.schema.cases import ticket_clock, ticket_person, ticket_step
from crm.db.schema.core import colleague_message, due_call, ticket
from crm.db.tickets.search_index import index_ticket
from crm.errors import VersionConflict
from crm.followups.model import DueCallState


async def write(database: Database, connection: AsyncConnection, file: CaseFile, made: Decision, at: datetime) -> None:
    """A decision, all of it. Raises VersionConflict when the ticket was written meanwhile without a lock."""
    if made.taken:
        await connection.execute(insert(ticket_step), [_step_row(file.number, each) for each in made.taken])
        mine = (ticket.c.number == file.number) & (ticket.c.version == file.version)
        done = await connection.execute(update(ticket).where(mine).values(**made.columns, version=file.version + 1))
        if done.rowcount != 1:
            raise VersionConflict(f"ticket {file.number}", file.version, file.version + 1)
        if made.case.merged_into is not None:
            await connection.execute(
                update(ticket).where(ticket.c.case_of == file.number).values(case_of=made.case.merged_into)
            )
        await _write_people(connection, file, made)
        await index_ticket(connection, file.number)
    await _write_clocks(database, connection, file.number, made.clocks)
    await _write_notices(database, connection, file.number, made, at)
    await _write_calls(database, connection, file, made, at)


def _step_row(number: str, taken: LoggedStep) -> dict[str, Any]:
    step = taken.step
    return {"ticket": number, "at": taken.at, "by": taken.by, "step": name_of(step), "details": details_of(step)}


async def _write_people(connection: AsyncConnection, file: CaseFile, made: Decision) -> None:
    case = made.case
    judged = [each.at for each in (*file.taken, *made.taken) if isinstance(each.step, Judged)]
    rows = [
        {
            "ticket": file.number,
            "person": person,
            "verdict": case.verdict if person in case.persons else None,
            "judged_at": judged[-1] if judged and person in case.persons else None,
        }
        for person in sorted({*case.about, *case.persons})
    ]
    await connection.execute(delete(ticket_person).where(ticket_person.c.ticket == file.number))
    if rows:
        await connection.execute(insert(ticket_person), rows)


async def _write_clocks(database: Database, connection: AsyncConnection, number: str, rows: Sequence[ClockRow]) -> None:
    made = [_clock_row(number, each) for each in rows]
    kept = {(each["clause"], each["round"]) for each in made}
    known = await connection.execute(
        select(ticket_clock.c.clause, ticket_clock.c.round).where(ticket_clock.c.ticket == number)
    )
    for clause, count in known.all():
        if (clause, count) not in kept:
            gone = (
                (ticket_clock.c.ticket == number) & (ticket_clock.c.clause == clause) & (ticket_clock.c.round == count)
            )
            await connection.execute(delete(ticket_clock).where(gone))
    await database.upsert(connection, ticket_clock, made, ["ticket", "clause", "round"])


def _clock_row(number: str, row: ClockRow) -> dict[str, Any]:
    clock = row.clock
    return {
        "ticket": number,
        "clause": clock.clause,
        "round": clock.round,
        "in_force_from": clock.in_force_from,
        "started_at": clock.started_at,
        "due_at": clock.due_at,
        "provisional": clock.provisional,
        "stopped_at": clock.stopped_at,
        "verdict": clock.verdict(clock.stopped_at) if clock.stopped_at else None,
        "holder": clock.holder,
        "person": clock.person,
        "told": row.told,
        "tell_at": row.tell_at,
    }


async def _write_notices(
    database: Database, connection: AsyncConnection, number: str, made: Decision, at: datetime
) -> None:
    rows = [
        {
            "key": each.key,
            "at": at,
            "sender": SYSTEM,
            "recipient": each.recipient,
            "text": each.text,
            "ticket": number,
            "caller": "",
        }
        for each in made.notices
    ]
    await database.insert_new(connection, colleague_message, rows, ["key"])


_OFF: Final = {"state": DueCallState.CANCELLED.value, "closed_by": SYSTEM, "lease_until": None}


async def _write_calls(
    database: Database, connection: AsyncConnection, file: CaseFile, made: Decision, at: datetime
) -> None:
    """Calls that nobody has begun are called off; new ones are entered under their keys."""
    for prefix in made.calls_over:
        scheduled = due_call.c.key.startswith(prefix, autoescape=True) & (due_call.c.state == DueCallState.SCHEDULED)
        await connection.execute(
            update(due_call).where(due_call.c.ticket == file.number, scheduled).values(**_OFF, closed_at=at)
        )
    calls = [
        NewCall(
            key=each.key,
            number=file.number_to_call,
            number_key=file.number_key,
            due_at=each.due_at,
            ticket=file.number,
            queue=each.queue,
            note=each.note,
            customer_id=file.customer_id,
            created_at=at,
            created_by=each.by,
        )
        for each in made.calls
    ]
    await enter(database, connection, calls)
