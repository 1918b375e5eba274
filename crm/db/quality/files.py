"""Agents' files as rows: notes are only added; and the days whose missed calls and breaches were gathered. QUA-6."""

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import Row, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from crm.db.audit.trail import AuditTrail
from crm.db.base.engine import Database
from crm.db.base.paging import cursor, page_size, parse_numbered
from crm.db.followups.owed_calls import SYSTEM
from crm.db.quality.tables import agent_note, quality_day
from crm.db.schema.cases import ticket_clock
from crm.db.schema.core import call, event
from crm.journal.events import AgentMissed
from crm.page import Page
from crm.quality.file import FileNote, NoteKind, missed_by_agent

_decoder = msgspec.json.Decoder(AgentMissed)
_LONGEST_CALL = timedelta(days=1)


class AgentFiles:
    """All raise StoreAway."""

    def __init__(self, database: Database, clock: Callable[[], datetime], audit: AuditTrail) -> None:
        self._database = database
        self._clock = clock
        self._audit = audit

    async def add(
        self,
        agent: str,
        kind: NoteKind,
        *,
        day: date,
        words: str,
        points: int,
        ticket: str | None,
        by: str,
        key: str,
    ) -> FileNote:
        """Writes a note, once per `key`: the same key again returns what is there."""
        now = self._clock()
        written = {"words": words, "points": points, "ticket": ticket, "by": by, "at": now, "key": key}
        row = {"agent": agent, "day": day.isoformat(), "kind": kind.value, **written}
        mine = select(agent_note).where(agent_note.c.key == key)
        async with self._database.write() as connection:
            if (before := (await connection.execute(mine)).one_or_none()) is not None:
                return _note(before)
            await self._database.insert_new(connection, agent_note, [row], ["key"])
            note = _note((await connection.execute(mine)).one())
            told = {"kind": kind.value, "points": points, "ticket": ticket, "note": note.id}
            await self._audit.add(
                connection, at=now, by=by, action="note_on_file", subject=f"agent {agent}", details=told
            )
        return note

    async def list(
        self, agent: str | None, *, kinds: Sequence[NoteKind] = (), limit: int = 50, after: str | None = None
    ) -> Page[FileNote]:
        """Newest first; `agent` None: everybody's. Raises BadCursor."""
        table, size = agent_note, page_size(limit)
        query = select(table).order_by(table.c.at.desc(), table.c.id.desc()).limit(size + 1)
        if agent is not None:
            query = query.where(table.c.agent == agent)
        if kinds:
            query = query.where(table.c.kind.in_([kind.value for kind in kinds]))
        if after is not None:
            query = query.where(tuple_(table.c.at, table.c.id) < tuple_(*parse_numbered(after)))
        async with self._database.read() as connection:
            rows = [_note(row) for row in await connection.execute(query)]
        last = rows[size - 1] if len(rows) > size else None
        return Page(items=tuple(rows[:size]), next=cursor(last.at, last.id) if last else None)

    async def last_gathered(self) -> date | None:
        """The last day that is done."""
        async with self._database.read() as connection:
            day = (await connection.execute(select(func.max(quality_day.c.day)))).scalar_one_or_none()
        return date.fromisoformat(day) if day else None

    async def gather(self, day: date, period: tuple[datetime, datetime]) -> int:
        """Notes the day's missed offers and breached clocks on their agents' files; a day that is done is left alone.

        `period`: the day's first instant and the next day's. Returns how many notes were written.
        """
        now = self._clock()
        done = select(quality_day.c.day).where(quality_day.c.day == day.isoformat())
        async with self._database.write() as connection:
            if (await connection.execute(done)).first() is not None:
                return 0
            mark = {"day": day.isoformat(), "gathered_at": now}
            await self._database.insert_new(connection, quality_day, [mark], ["day"])
            rows = [*await _missed(connection, day, *period), *await _breaches(connection, day, *period, now)]
            common = {"at": now, "day": day.isoformat(), "by": SYSTEM}
            await self._database.insert_new(connection, agent_note, [common | row for row in rows], ["key"])
        return len(rows)


async def _missed(connection: AsyncConnection, day: date, since: datetime, until: datetime) -> list[dict[str, Any]]:
    """One note an agent. By the calls, which have an index: nobody rings for longer than a day."""
    of_calls = (call.c.invited_at >= since - _LONGEST_CALL) & (call.c.invited_at < until)
    query = (
        select(event.c.payload)
        .join_from(call, event, (event.c.call_id == call.c.call_id) & (event.c.name == AgentMissed.__name__))
        .where(of_calls, event.c.at >= since, event.c.at < until)
    )
    missed = missed_by_agent([_decoder.decode(payload) for payload in (await connection.execute(query)).scalars()])
    return [_row(f"missed:{day}:{agent}", agent, NoteKind.MISSED, None, reasons) for agent, reasons in missed.items()]


async def _breaches(
    connection: AsyncConnection, day: date, since: datetime, until: datetime, now: datetime
) -> list[dict[str, Any]]:
    """One note a clock of a ticket that ran out on this day, on the file of the person who had it."""
    clock = ticket_clock.c
    late = clock.stopped_at.is_(None) | (clock.stopped_at > clock.due_at)
    query = select(ticket_clock).where(
        clock.due_at >= since, clock.due_at < until, clock.due_at < now, late, clock.person.is_not(None)
    )
    return [
        _row(
            f"breach:{row.ticket}:{row.clause}:{row.round}",
            row.person,
            NoteKind.BREACH,
            row.ticket,
            {"clause": row.clause, "due_at": row.due_at.isoformat()},
        )
        for row in await connection.execute(query)
    ]


def _row(key: str, agent: str, kind: NoteKind, ticket: str | None, details: object) -> dict[str, Any]:
    text = msgspec.json.encode(details, order="sorted").decode()
    return {"key": key, "agent": agent, "kind": kind.value, "ticket": ticket, "details": text}


def _note(row: Row[Any]) -> FileNote:
    return FileNote(
        id=row.id,
        agent=row.agent,
        at=row.at,
        day=date.fromisoformat(row.day),
        kind=NoteKind(row.kind),
        by=row.by,
        words=row.words,
        points=row.points,
        ticket=row.ticket,
        details=msgspec.json.decode(row.details, type=dict[str, int | str]) if row.details else {},
    )
