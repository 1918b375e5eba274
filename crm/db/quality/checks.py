"""Spot checks as rows: drawn once per recording, scored, answered, decided; every step is kept. QUA-2."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Row, Select, insert, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from crm.cases.organisation import SEES_ALL, Sight
from crm.db.audit.trail import AuditTrail
from crm.db.base.engine import Database
from crm.db.base.paging import cursor, page_size, parse_numbered
from crm.db.base.sight import hangs_on_visible
from crm.db.base.typed import typed
from crm.db.messages.notices import enter_notice
from crm.db.quality.tables import quality_check, quality_check_step
from crm.db.schema.core import event, recording
from crm.errors import UnknownRecord, VersionConflict
from crm.journal.decoding import decode_event
from crm.journal.events import CallEvent
from crm.page import Page
from crm.quality.model import Check, CheckEntry, CheckFull
from crm.quality.sampling import RecordedTalk, recorded_talks
from crm.quality.scorecard import CheckState, CheckStep, Result, apply
from crm.tickets.call_rows import RecordingKind

_TALKS = ("TalkStarted", "OutsideTalkStarted", "AgentLeft", "CallEnded")
Details = Mapping[str, object]


class CheckTable:
    """All raise StoreAway."""

    def __init__(self, database: Database, clock: Callable[[], datetime], audit: AuditTrail) -> None:
        self._database = database
        self._clock = clock
        self._audit = audit

    async def draw(
        self,
        week: str,
        period: tuple[datetime, datetime],
        choose: Callable[[Sequence[RecordedTalk], Sequence[RecordedTalk]], list[RecordedTalk]],
        *,
        by: str,
    ) -> int:
        """Enters what `choose` takes of the week's recorded talks, given those drawn before. Returns how many."""
        now = self._clock()
        async with self._database.write() as connection:
            sounds = await _sounds(connection, *period)
            talks = await _talks(connection, {row.call_id for row in sounds.values()}, sounds)
            known = select(recording.c.file).join_from(quality_check, recording).where(quality_check.c.week == week)
            files = set((await connection.execute(known)).scalars())
            chosen = choose(talks, [talk for talk in talks if talk.file in files])
            rows = [_new_row(talk, sounds[talk.file], week) | {"drawn_at": now, "drawn_by": by} for talk in chosen]
            await self._database.insert_new(connection, quality_check, rows, ["recording_id"])
            details = {"drawn": len(rows)}
            await self._audit.add(
                connection, at=now, by=by, action="draw_checks", subject=f"week {week}", details=details
            )
        return len(rows)

    async def step(
        self,
        check_id: int,
        step: CheckStep,
        *,
        by: str,
        version: int,
        details: Details,
        result: Result | None = None,
        notice: tuple[Iterable[str], str] | None = None,
    ) -> CheckFull:
        """Takes a step; `result`: what the marks come to now; `notice`: to whom it is told, in these words.

        Raises UnknownRecord, VersionConflict, IllegalTransition.
        """
        now = self._clock()
        async with self._database.write() as connection:
            query = select(quality_check).where(quality_check.c.id == check_id).with_for_update()
            row = (await connection.execute(query)).one_or_none()
            if row is None:
                raise UnknownRecord("spot check", check_id)
            state = apply(CheckState(row.state), step)
            if row.version != version:
                raise VersionConflict(f"spot check {check_id}", version, row.version)
            changes: dict[str, Any] = {"state": state.value, "version": version + 1}
            if result is not None:
                changes |= {"score": result.score, "attitude": result.attitude, "knowledge": result.knowledge}
            await connection.execute(update(quality_check).where(quality_check.c.id == check_id).values(**changes))
            taken = {"check_id": check_id, "version": version + 1, "at": now, "by": by, "step": step.value}
            await connection.execute(insert(quality_check_step).values(**taken, details=_text(details)))
            if notice is not None:  # not on the ticket: whoever reads that would read the score
                to, words = notice
                key = f"check:{check_id}:{version + 1}"
                await enter_notice(self._database, connection, to=to, text=words, key=key, at=now)
            found = await _full(connection, check_id)
            told = {"agent": row.agent, "score": found.score, "version": found.version}
            await self._audit.add(
                connection, at=now, by=by, action=f"check_{step.value}", subject=f"check {check_id}", details=told
            )
        return found

    async def get(self, check_id: int) -> CheckFull | None:
        """The check with all steps, oldest first; None when there is none."""
        async with self._database.read() as connection:
            try:
                return await _full(connection, check_id)
            except UnknownRecord:
                return None

    async def list(
        self,
        *,
        agent: str | None = None,
        week: str | None = None,
        states: Iterable[CheckState] = (),
        period: tuple[datetime, datetime] | None = None,
        limit: int = 50,
        after: str | None = None,
        sight: Sight = SEES_ALL,
    ) -> Page[Check]:
        """The latest talks first; `period`: of the talks. Raises BadCursor."""
        table, size = quality_check, page_size(limit)
        query = _checks().order_by(table.c.talked_at.desc(), table.c.id.desc()).limit(size + 1)
        query = query.where(hangs_on_visible(table.c.ticket, sight))
        if agent is not None:
            query = query.where(table.c.agent == agent)
        if week is not None:
            query = query.where(table.c.week == week)
        if wanted := [state.value for state in states]:
            query = query.where(table.c.state.in_(wanted))
        if period is not None:
            query = query.where(table.c.talked_at >= period[0], table.c.talked_at < period[1])
        if after is not None:
            query = query.where(tuple_(table.c.talked_at, table.c.id) < tuple_(*parse_numbered(after)))
        async with self._database.read() as connection:
            rows = [_check(row) for row in await connection.execute(query)]
        last = rows[size - 1] if len(rows) > size else None
        return Page(items=tuple(rows[:size]), next=cursor(last.talked_at, last.id) if last else None)


async def _sounds(connection: AsyncConnection, since: datetime, until: datetime) -> dict[str, Row[Any]]:
    """The talks' recordings of a period that are still there, by file."""
    of_talks = (recording.c.kind == RecordingKind.TALK.value) & recording.c.deleted_at.is_(None)
    query = select(recording).where(recording.c.recorded_at >= since, recording.c.recorded_at < until, of_talks)
    return {row.file: row for row in await connection.execute(query)}


async def _talks(
    connection: AsyncConnection, calls: Iterable[str], sounds: Mapping[str, Row[Any]]
) -> list[RecordedTalk]:
    """Who talked on these recordings, and for how long: the calls' events know."""
    told: dict[str, list[CallEvent]] = {}
    ids = sorted(calls)
    for start in range(0, len(ids), 500):
        of_them = event.c.call_id.in_(ids[start : start + 500]) & event.c.name.in_(_TALKS)
        query = select(event.c.call_id, event.c.payload).where(of_them).order_by(event.c.at, event.c.id)
        for call_id, payload in await connection.execute(query):
            each = decode_event(payload)
            if isinstance(each, CallEvent):
                told.setdefault(call_id, []).append(each)
    return [talk for story in told.values() for talk in recorded_talks(story) if talk.file in sounds]


def _new_row(talk: RecordedTalk, sound: Row[Any], week: str) -> dict[str, Any]:
    return {
        "recording_id": sound.id,
        "ticket": sound.ticket,
        "call_id": sound.call_id,
        "agent": talk.agent,
        "week": week,
        "talked_at": talk.at,
        "duration_s": talk.duration_s,
        "state": CheckState.DRAWN.value,
        "version": 1,
    }


def _checks() -> Select[Any]:
    return select(quality_check, recording.c.deleted_at).join_from(quality_check, recording)


def _check(row: Row[Any]) -> Check:
    return typed(Check, row, available=row.deleted_at is None)


async def _full(connection: AsyncConnection, check_id: int) -> CheckFull:
    row = (await connection.execute(_checks().where(quality_check.c.id == check_id))).one_or_none()
    if row is None:
        raise UnknownRecord("spot check", check_id)
    query = select(quality_check_step).where(quality_check_step.c.check_id == check_id)
    steps = await connection.execute(query.order_by(quality_check_step.c.version))
    return typed(CheckFull, row, available=row.deleted_at is None, steps=tuple(_entry(each) for each in steps))


def _entry(row: Row[Any]) -> CheckEntry:
    details = msgspec.json.decode(row.details, type=dict[str, Any]) if row.details else {}
    return msgspec.convert(
        {"at": row.at, "by": row.by, "step": row.step, "version": row.version, **details}, CheckEntry
    )


def _text(details: Details) -> str:
    return msgspec.json.encode(details, order="sorted").decode() if details else ""
