"""Suggestions as rows: registered, passed on, decided, told; with the notices and the due call of each step. SUG-1."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Row, Select, insert, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from crm.cases.organisation import SEES_ALL, Sight
from crm.db.audit.trail import AuditTrail
from crm.db.base.engine import Database
from crm.db.base.paging import cursor, page_size, parse
from crm.db.base.sight import hangs_on_visible
from crm.db.base.typed import typed
from crm.db.followups.due_calls import DueCallTable
from crm.db.followups.owed_calls import SYSTEM
from crm.db.messages.notices import enter_notice
from crm.db.schema.core import due_call, ticket
from crm.db.schema.suggestions import suggestion, suggestion_step
from crm.errors import IllegalTransition, UnknownRecord, VersionConflict
from crm.followups.model import DueCallKind, DueCallState
from crm.page import Page
from crm.suggestions.model import (
    CallWish,
    Notice,
    Suggestion,
    SuggestionEntry,
    SuggestionState,
    SuggestionStep,
    apply,
)
from crm.tickets.model import Detail, TicketKind

DECIDED = (SuggestionState.ADOPTED, SuggestionState.DECLINED)
PENDING = (DueCallState.SCHEDULED, DueCallState.CLAIMED, DueCallState.DIALLING, DueCallState.TALKING)
"""States of a call that has not come to its end."""


class SuggestionTable:
    """All raise StoreAway."""

    def __init__(
        self, database: Database, clock: Callable[[], datetime], audit: AuditTrail, due_calls: DueCallTable
    ) -> None:
        self._database = database
        self._clock = clock
        self._audit = audit
        self._due_calls = due_calls

    async def register(
        self, number: str, *, nature: str, proposer: str, contact: str, summary: str, by: str
    ) -> Suggestion:
        """Enters the suggestion of a ticket, which is of that kind. A ticket has one.

        Raises UnknownRecord, and IllegalTransition for a ticket of another kind or one that has its suggestion.
        """
        now = self._clock()
        async with self._database.write() as connection:
            of_ticket = select(ticket.c.kind).where(ticket.c.number == number).with_for_update()
            found = (await connection.execute(of_ticket)).one_or_none()
            if found is None:
                raise UnknownRecord("ticket", number)
            if found.kind != TicketKind.SUGGESTION.value:
                raise IllegalTransition(found.kind or "unclassified", "registering a suggestion")
            if (await connection.execute(_one(number))).first() is not None:
                raise IllegalTransition("registered", "registering it again")
            row = {"nature": nature, "proposer": proposer, "contact": contact, "summary": summary}
            state = {"state": SuggestionState.REGISTERED.value, "version": 1}
            await connection.execute(
                insert(suggestion).values(ticket=number, registered_at=now, registered_by=by, **row, **state)
            )
            return await self._taken(connection, number, 1, SuggestionStep.REGISTER, by, now, {"nature": nature})

    async def step(
        self,
        number: str,
        step: SuggestionStep,
        *,
        by: str,
        version: int,
        changes: Mapping[str, Any],
        details: Mapping[str, Detail],
        notice: Notice | None = None,
        call: CallWish | None = None,
    ) -> Suggestion:
        """Takes a step; with it, in the same transaction, the notice and the due call that belong to it.

        Once the proposer is told otherwise, the call is called off. Raises UnknownRecord, VersionConflict,
        IllegalTransition (also while that call is being made), ValueError (nobody can be rung at the contact).
        """
        now = self._clock()
        async with self._database.write() as connection:
            row = (await connection.execute(_one(number).with_for_update(of=suggestion))).one_or_none()
            if row is None:
                raise UnknownRecord("suggestion of ticket", number)
            state = apply(SuggestionState(row.state), step)
            if row.version != version:
                raise VersionConflict(f"suggestion {number}", version, row.version)
            changes = {**changes, **await self._calls(connection, row, step, call, by)}
            if notice is not None:
                key = f"suggestion:{number}:{version + 1}"
                await enter_notice(
                    self._database, connection, to=notice.to, text=notice.text, key=key, at=now, ticket=number
                )
            mine = suggestion.c.ticket == number
            await connection.execute(
                update(suggestion).where(mine).values(**changes, state=state.value, version=version + 1)
            )
            return await self._taken(connection, number, version + 1, step, by, now, details)

    async def follow_up(
        self, now: datetime, every: timedelta, remind: Callable[[Suggestion], Notice]
    ) -> tuple[int, int]:
        """What has come of the calls to proposers, and whose department is late; to be called again and again.

        Returns how many proposers are known to be told now, and how many departments were reminded.
        """
        async with self._database.write() as connection:
            told = await _rows(connection, suggestion.c.state.in_(DECIDED), due_call.c.state == DueCallState.DONE)
            for one in told:
                await self._follow(connection, one, SuggestionStep.TOLD, now, {"due_call": one.due_call})
            late = await _rows(connection, suggestion.c.state == SuggestionState.PASSED, suggestion.c.remind_at <= now)
            for one in late:
                notice = remind(one)
                key = f"suggestion:{one.ticket}:{one.version + 1}:remind"
                await enter_notice(
                    self._database, connection, to=notice.to, text=notice.text, key=key, at=now, ticket=one.ticket
                )
                await self._follow(connection, one, SuggestionStep.REMIND, now, {}, remind_at=now + every)
        return len(told), len(late)

    async def get(self, number: str) -> tuple[Suggestion, tuple[SuggestionEntry, ...]] | None:
        """The suggestion of a ticket with its steps, oldest first; None when there is none."""
        async with self._database.read() as connection:
            row = (await connection.execute(_one(number))).one_or_none()
            if row is None:
                return None
            query = select(suggestion_step).where(suggestion_step.c.ticket == number)
            steps = await connection.execute(query.order_by(suggestion_step.c.version))
            return _suggestion(row), tuple(_entry(each) for each in steps)

    async def list(
        self,
        *,
        departments: Iterable[str] | None = None,
        by: str | None = None,
        states: Iterable[SuggestionState] = (),
        late_at: datetime | None = None,
        limit: int = 50,
        after: str | None = None,
        sight: Sight = SEES_ALL,
    ) -> Page[Suggestion]:
        """Newest first. `departments` and `by`: those that one of these has, or that this person registered; both
        None: all. `late_at`: only those that should have been decided by then. Raises BadCursor."""
        table, size = suggestion, page_size(limit)
        query = _suggestions().order_by(table.c.registered_at.desc(), table.c.ticket.desc()).limit(size + 1)
        query = query.where(hangs_on_visible(table.c.ticket, sight))
        if departments is not None:
            query = query.where(table.c.department.in_(list(departments)) | (table.c.registered_by == by))
        if wanted := [state.value for state in states]:
            query = query.where(table.c.state.in_(wanted))
        if late_at is not None:
            query = query.where(table.c.state == SuggestionState.PASSED.value, table.c.decide_by < late_at)
        if after is not None:
            query = query.where(tuple_(table.c.registered_at, table.c.ticket) < tuple_(*parse(after)))
        async with self._database.read() as connection:
            rows = [_suggestion(row) for row in await connection.execute(query)]
        last = rows[size - 1] if len(rows) > size else None
        return Page(items=tuple(rows[:size]), next=cursor(last.registered_at, last.ticket) if last else None)

    async def _follow(
        self,
        connection: AsyncConnection,
        one: Suggestion,
        step: SuggestionStep,
        now: datetime,
        details: Mapping[str, Detail],
        **changes: Any,
    ) -> None:
        """A step that the system takes, unless a person has taken one meanwhile: then it comes the next time."""
        state = apply(one.state, step)
        mine = (suggestion.c.ticket == one.ticket) & (suggestion.c.version == one.version)
        done = await connection.execute(
            update(suggestion).where(mine).values(**changes, state=state.value, version=one.version + 1)
        )
        if done.rowcount == 1:
            row = _step_row(one.ticket, one.version + 1, step, SYSTEM, now, details)
            await connection.execute(insert(suggestion_step).values(row))

    async def _calls(
        self, connection: AsyncConnection, row: Row[Any], step: SuggestionStep, wish: CallWish | None, by: str
    ) -> dict[str, int]:
        """Calls off what has become needless, enters what is due now; what of it is kept with the suggestion."""
        if step is SuggestionStep.TOLD and row.call_state in PENDING:
            await self._due_calls.call_off(connection, row.due_call, by)
        if wish is None:
            return {}
        if row.call_state in PENDING:
            raise IllegalTransition(f"{row.state}, with a call that is due", step)
        call = await self._due_calls.enter(
            connection,
            kind=DueCallKind.CALLBACK,
            number=row.contact,
            due_at=wish.due_at,
            ticket=row.ticket,
            queue=wish.queue,
            note=wish.note,
            key=f"suggestion:{row.ticket}:{row.version + 1}",
            by=by,
        )
        return {"due_call": call.id}

    async def _taken(
        self,
        connection: AsyncConnection,
        number: str,
        version: int,
        step: SuggestionStep,
        by: str,
        now: datetime,
        details: Mapping[str, Detail],
    ) -> Suggestion:
        """Puts the step on record, in the history and in the audit trail."""
        row = _step_row(number, version, step, by, now, details)
        await connection.execute(insert(suggestion_step).values(row))
        found = _suggestion((await connection.execute(_one(number))).one())
        told = {"version": version, "department": found.department}
        await self._audit.add(
            connection, at=now, by=by, action=f"suggestion_{step.value}", subject=f"ticket {number}", details=told
        )
        return found


def _suggestions() -> Select[Any]:
    return select(suggestion, due_call.c.state.label("call_state")).join_from(
        suggestion, due_call, suggestion.c.due_call == due_call.c.id, isouter=True
    )


def _one(number: str) -> Select[Any]:
    return _suggestions().where(suggestion.c.ticket == number)


def _suggestion(row: Row[Any]) -> Suggestion:
    return typed(Suggestion, row)


async def _rows(connection: AsyncConnection, *which: ColumnElement[bool]) -> list[Suggestion]:
    return [_suggestion(row) for row in await connection.execute(_suggestions().where(*which))]


def _step_row(
    number: str, version: int, step: SuggestionStep, by: str, at: datetime, details: Mapping[str, Detail]
) -> dict[str, Any]:
    text = msgspec.json.encode(details, order="sorted").decode() if details else ""
    return {"ticket": number, "version": version, "step": step.value, "by": by, "at": at, "details": text}


def _entry(row: Row[Any]) -> SuggestionEntry:
    details = msgspec.json.decode(row.details, type=dict[str, Detail]) if row.details else {}
    return SuggestionEntry(at=row.at, by=row.by, step=SuggestionStep(row.step), details=details)
