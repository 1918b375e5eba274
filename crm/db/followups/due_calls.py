"""The table of due calls: claim, lease, fence (design D6). It dials nothing; times are rules of crm/followups. FUP-6.

A step is one UPDATE whose WHERE names the owner, the fence and the states it is possible in. Whether a lease has run
out is judged by the database's clock on PostgreSQL, where workers are many machines, and by the given `now` on SQLite,
where they are one. Claims are made one after the other: an advisory lock on PostgreSQL, BEGIN IMMEDIATE on SQLite.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Interval, Select, bindparam, delete, func, literal, select, text, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from config.numbering import normalise
from crm.cases.organisation import SEES_ALL, Sight
from crm.db.audit.trail import AuditTrail
from crm.db.base.engine import Database
from crm.db.base.paging import cursor, page_size, parse_numbered
from crm.db.base.sight import hangs_on_visible
from crm.db.followups.due_call_rows import NOW, attempt_of, attempt_row, due_call_row, ready, stale, still_ours
from crm.db.followups.entering import NewCall, enter
from crm.db.followups.owed_calls import warn_of_fault
from crm.db.schema.core import UtcDateTime, customer_number, due_call, due_call_attempt
from crm.errors import ClaimLost, IllegalTransition, UnknownRecord
from crm.followups import model
from crm.followups.model import (
    OWNED,
    REACHED,
    Attempt,
    DueCall,
    DueCallKind,
    DueCallState,
    DueCallStep,
    Outcome,
    states_before,
    target,
)
from crm.page import Page

_CLAIM_LOCK: Final = 0x44554543
_IN_TURN_AT_ONCE: Final = 1000
_NOBODY: Final = {"owner": None, "lease_until": None, "accepted_by": None, "accepted_at": None}


def _first(*wanted: ColumnElement[bool]) -> Select[int]:
    """Asked twice a second for ever: made once, since what SQLAlchemy makes for it is left to the garbage collector."""
    order = (due_call.c.due_at, due_call.c.id)
    return select(due_call.c.id).where(*wanted).order_by(*order).limit(bindparam("most"))


_IN_TURN: Final = due_call.c.kind == DueCallKind.QUEUE_CALLBACK
"""They wait for agents: no others wait for them."""
_READY: Final = _first(ready(), ~_IN_TURN)
_READY_IN_TURN: Final = _first(ready(), _IN_TURN)
_NOT_RUNNING: Final = due_call.c.id.not_in(bindparam("running", expanding=True))
_LEFT: Final = {
    "postgresql": _first(stale(func.clock_timestamp(type_=UtcDateTime())), _NOT_RUNNING),
    "sqlite": _first(stale(NOW), _NOT_RUNNING),
}


class DueCallTable:
    """What is owed, and to whom it has been given to dial. All raise StoreAway."""

    def __init__(self, database: Database, area_code: str, clock: Callable[[], datetime], audit: AuditTrail) -> None:
        self._database = database
        self._area_code = area_code
        self._clock = clock
        self._audit = audit

    async def schedule(
        self,
        *,
        kind: DueCallKind,
        number: str,
        due_at: datetime,
        ticket: str | None,
        queue: str,
        note: str,
        key: str,
        customer_id: int | None = None,
        by: str | None = None,
    ) -> DueCall:
        """Enters a call, once per `key`: the same key again returns what is there. Raises ValueError for no number."""
        async with self._database.write() as connection:
            known = (await connection.execute(select(due_call.c.id).where(due_call.c.key == key))).first()
            made = await self.enter(
                connection,
                kind=kind,
                number=number,
                due_at=due_at,
                ticket=ticket,
                queue=queue,
                note=note,
                key=key,
                customer_id=customer_id,
                by=by,
            )
            if known is None and by is not None:
                await self._log(connection, "promised", made, by)
            return made

    async def enter(
        self,
        connection: AsyncConnection,
        *,
        kind: DueCallKind,
        number: str,
        due_at: datetime,
        ticket: str | None,
        queue: str,
        note: str,
        key: str,
        customer_id: int | None = None,
        by: str | None = None,
    ) -> DueCall:
        """As `schedule`, in the transaction of what it follows from."""
        number_key = self._number_key(number)
        new = NewCall(
            key=key,
            kind=kind,
            number=number,
            number_key=number_key,
            due_at=due_at,
            ticket=ticket,
            queue=queue,
            note=note,
            customer_id=customer_id or await _owner_of(connection, number_key),
            created_at=self._clock(),
            created_by=by,
        )
        await enter(self._database, connection, [new])
        return due_call_row((await connection.execute(select(due_call).where(due_call.c.key == key))).one())

    async def keep_place(
        self,
        owner: str,
        *,
        number: str,
        ticket: str,
        queue: str,
        queued_at: datetime,
        language: str,
        key: str,
        now: datetime,
        lease_s: float,
    ) -> DueCall | None:
        """Enters a callback in turn, claimed at once: its place is in the line before anybody else could claim it.

        None when that number is being called already, or has a place. Raises ValueError for no number.
        """
        number_key = self._number_key(number)
        async with self._database.write() as connection:
            if self._database.dialect == "postgresql":
                await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _CLAIM_LOCK})
            owned = select(due_call.c.id).where(due_call.c.number_key == number_key, due_call.c.state.in_(OWNED))
            if (await connection.execute(owned)).first() is not None:
                return None
            place = NewCall(
                key=key,
                kind=DueCallKind.QUEUE_CALLBACK,
                number=number,
                number_key=number_key,
                due_at=queued_at,
                ticket=ticket,
                queue=queue,
                customer_id=await _owner_of(connection, number_key),
                created_at=self._clock(),
            )
            await enter(self._database, connection, [place])
            claimed = {"state": DueCallState.CLAIMED.value, "attempts": 1, "fence": 1, "owner": owner}
            kept = {"queued_at": queued_at, "language": language, "lease_until": self._lease_end(now, lease_s)}
            await _set(connection, due_call.c.key == key, claimed | kept)
            return due_call_row((await connection.execute(select(due_call).where(due_call.c.key == key))).one())

    def _number_key(self, number: str) -> str:
        """Raises ValueError for no number."""
        key = normalise(number, self._area_code).normalised
        if not key:
            raise ValueError(f"nobody can be rung at {number!r}")
        return key

    async def claim(
        self, owner: str, *, now: datetime, lease_s: float, limit: int, running: Collection[int] = ()
    ) -> list[DueCall]:
        """Takes what is due, and what another worker let go stale, for `lease_s` seconds, each with a new fence.

        `owner` names this process, not this machine. Two calls to one number are never out at the same time. A row that
        its last worker was dialling comes back with `resume`: the same attempt, on the same channel id. The others
        count as an attempt from here on, unless they are released. `running` are ids that this worker still has in
        hand: it must not take over from itself when its own lease ran out while the store was away.
        """
        async with self._database.write() as connection:
            if self._database.dialect == "postgresql":
                await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _CLAIM_LOCK})
            most = max(limit, _IN_TURN_AT_ONCE)
            left = await _ids(connection, _LEFT[self._database.dialect], most, now=now, running=list(running))
            fresh = [
                *await _ids(connection, _READY, limit - len(left), now=now),
                *await _ids(connection, _READY_IN_TURN, _IN_TURN_AT_ONCE, now=now),
            ]
            if not left and not fresh:  # nearly every second
                return []
            lease = {"owner": owner, "lease_until": self._lease_end(now, lease_s), "fence": due_call.c.fence + 1}
            await _set(connection, due_call.c.id.in_(left), lease)
            # An agent who had accepted is asked again: nobody knows who is still at the desk.
            again = due_call.c.id.in_(left) & (due_call.c.state == DueCallState.CLAIMED)
            await _set(connection, again, {"accepted_by": None, "accepted_at": None})
            begun = {"state": DueCallState.CLAIMED.value, "attempts": due_call.c.attempts + 1, "channel_id": None}
            await _set(connection, due_call.c.id.in_(fresh), lease | begun)
            taken = due_call.c.id.in_([*left, *fresh])
            rows = await connection.execute(select(due_call).where(taken).order_by(due_call.c.due_at, due_call.c.id))
            return [due_call_row(row, claimed=True) for row in rows]

    async def inherit(self, owner: str, now: datetime) -> None:
        """Whoever had this name before is dead: what it held can be claimed at once, not when its lease runs out."""
        async with self._database.write() as connection:
            held = (due_call.c.owner == owner) & due_call.c.state.in_(OWNED)
            await _set(connection, held, {"lease_until": self._lease_end(now, -1.0)})

    async def dialling(
        self,
        claim: DueCall,
        channel_id: str,
        *,
        agent: str | None = None,
        call_id: str | None = None,
        ticket: str | None = None,
    ) -> None:
        """To be written before anything is sent to the telephone network. Raises ClaimLost: then dial nothing.

        `ticket` is the attempt's; a due call that had none keeps it, so that all its attempts are on one ticket.
        """
        changes = {"channel_id": channel_id} | ({"ticket": ticket} if ticket is not None else {})
        async with self._database.write() as connection:
            await self._step(connection, claim, DueCallStep.DIAL, changes)
            await self._attempt(connection, claim, self._clock(), channel_id)
            known = {name: value for name, value in (("agent", agent), ("call_id", call_id)) if value is not None}
            if known:
                await connection.execute(update(due_call_attempt).where(attempt_of(claim)).values(known))

    async def talking(self, claim: DueCall) -> None:
        """The customer answered. Raises ClaimLost."""
        async with self._database.write() as connection:
            await self._step(connection, claim, DueCallStep.ANSWER, {})

    async def renew(self, claim: DueCall, now: datetime, lease_s: float) -> None:
        """Keeps the claim for `lease_s` seconds from now. Raises ClaimLost."""
        async with self._database.write() as connection:
            done = await _set(connection, still_ours(claim), {"lease_until": self._lease_end(now, lease_s)})
            if done != 1:
                raise ClaimLost(claim.id, claim.fence)

    async def finish(
        self, claim: DueCall, outcome: Outcome, at: datetime, *, call_id: str | None = None, fault: str = ""
    ) -> None:
        """The last word: `done` when the customer was reached, else `failed`; `fault` says by which of ours. Raises
        ClaimLost."""
        step = DueCallStep.SUCCEED if outcome in REACHED else DueCallStep.FAIL
        closing = {"outcome": Outcome(outcome).value, "closed_at": at, "lease_until": None, "fault": fault}
        async with self._database.write() as connection:
            await self._step(connection, claim, step, closing)
            await self._ended(connection, claim, outcome, at, call_id)
            if outcome is Outcome.FAULT:
                await connection.run_sync(warn_of_fault, claim, fault, at)

    async def retry(
        self,
        claim: DueCall,
        outcome: Outcome,
        next_at: datetime,
        *,
        at: datetime | None = None,
        call_id: str | None = None,
    ) -> None:
        """This attempt failed at `at` (default: now); the next is due at `next_at`. Raises ClaimLost."""
        again = {"due_at": next_at, "outcome": Outcome(outcome).value, **_NOBODY}
        async with self._database.write() as connection:
            await self._step(connection, claim, DueCallStep.RETRY, again)
            await self._ended(connection, claim, outcome, at or self._clock(), call_id)

    async def release(self, claim: DueCall, next_at: datetime) -> None:
        """Gives the call back undialled, no attempt counted. Only for what was surely never sent. Raises ClaimLost."""
        again = {"due_at": next_at, "attempts": due_call.c.attempts - 1, "channel_id": None, **_NOBODY}
        async with self._database.write() as connection:
            await self._step(connection, claim, DueCallStep.RELEASE, again)
            await connection.execute(
                delete(due_call_attempt).where(attempt_of(claim), due_call_attempt.c.outcome.is_(None))
            )

    async def cancel(self, due_call_id: int, by: str) -> DueCall:
        """Calls it off; its worker loses the claim. Raises UnknownRecord, and IllegalTransition once it is dialled."""
        async with self._database.write() as connection:
            row = await self.call_off(connection, due_call_id, by)
            await self._log(connection, "cancelled", row, by)
            return row

    async def call_off(self, connection: AsyncConnection, due_call_id: int, by: str) -> DueCall:
        """As `cancel`, in the transaction of what makes the call needless."""
        changes = {"state": DueCallState.CANCELLED.value, "closed_at": self._clock(), "closed_by": by}
        possible = due_call.c.state.in_(states_before(DueCallStep.CANCEL)) & (due_call.c.id == due_call_id)
        done = await _set(connection, possible, {**changes, "fence": due_call.c.fence + 1, "lease_until": None})
        row = await self._required(connection, due_call_id)
        if done != 1:
            raise IllegalTransition(row.state, DueCallStep.CANCEL)
        return row

    async def take_up(self, due_call_id: int, by: str) -> DueCall:
        """Makes a call that was set aside due again, now. Raises UnknownRecord, IllegalTransition."""
        now = self._clock()
        again = {"state": target(DueCallStep.TAKE_UP).value, "due_at": now, "outcome": None, "fault": "", **_NOBODY}
        async with self._database.write() as connection:
            aside = due_call.c.state.in_(states_before(DueCallStep.TAKE_UP)) & (due_call.c.outcome == Outcome.FAULT)
            done = await _set(connection, aside & (due_call.c.id == due_call_id), {**again, "closed_at": None})
            row = await self._required(connection, due_call_id)
            if done != 1:
                raise IllegalTransition(row.state, DueCallStep.TAKE_UP)
            await self._log(connection, "taken_up", row, by)
            return row

    async def _log(self, connection: AsyncConnection, action: str, row: DueCall, by: str) -> None:
        details = {"kind": row.kind.value, "ticket": row.ticket}
        subject = f"due_call {row.id}"
        await self._audit.add(connection, at=self._clock(), by=by, action=action, subject=subject, details=details)

    async def accept(self, due_call_id: int, agent_id: str) -> DueCall:
        """The agent who was asked says yes; the first one counts, and may say it twice.

        Raises UnknownRecord, and IllegalTransition when it is not on offer or another agent was faster.
        """
        async with self._database.write() as connection:
            offered = (
                (due_call.c.id == due_call_id)
                & (due_call.c.state == DueCallState.CLAIMED)
                & due_call.c.accepted_by.is_(None)
            )
            await _set(connection, offered, {"accepted_by": agent_id, "accepted_at": self._clock()})
            row = await self._required(connection, due_call_id)
            if row.accepted_by != agent_id:
                raise IllegalTransition(row.state, "accept")
            return row

    async def get(self, due_call_id: int) -> DueCall | None:
        async with self._database.read() as connection:
            row = (await connection.execute(select(due_call).where(due_call.c.id == due_call_id))).one_or_none()
        return None if row is None else due_call_row(row)

    async def list(
        self,
        *,
        limit: int = 50,
        after: str | None = None,
        state: str | None = None,
        kind: str | None = None,
        ticket: str | None = None,
        sight: Sight = SEES_ALL,
        outcome: str | None = None,
    ) -> Page[DueCall]:
        """What is due first comes first. Raises BadCursor."""
        size = page_size(limit)
        query = select(due_call).order_by(due_call.c.due_at, due_call.c.id).limit(size + 1)
        query = query.where(hangs_on_visible(due_call.c.ticket, sight))
        equal = {"state": state, "kind": kind, "ticket": ticket, "outcome": outcome}
        for column, wanted in ((due_call.c[name], wanted) for name, wanted in equal.items()):
            if wanted is not None:
                query = query.where(column == wanted)
        if after is not None:
            query = query.where(tuple_(due_call.c.due_at, due_call.c.id) > tuple_(*parse_numbered(after)))
        async with self._database.read() as connection:
            rows = [due_call_row(row) for row in await connection.execute(query)]
        more = cursor(rows[size - 1].due_at, rows[size - 1].id) if len(rows) > size else None
        return Page(items=tuple(rows[:size]), next=more)

    async def attempts(self, due_call_id: int) -> tuple[Attempt, ...]:
        """All diallings of a due call, oldest first."""
        query = select(due_call_attempt).where(due_call_attempt.c.due_call == due_call_id)
        async with self._database.read() as connection:
            rows = await connection.execute(query.order_by(due_call_attempt.c.attempt))
            return tuple(attempt_row(row) for row in rows)

    def _lease_end(self, now: datetime, lease_s: float) -> ColumnElement[datetime]:
        length = timedelta(seconds=lease_s)
        if self._database.dialect == "postgresql":
            return func.clock_timestamp(type_=UtcDateTime()) + literal(length, Interval())
        return literal(now + length, UtcDateTime())

    async def _required(self, connection: AsyncConnection, due_call_id: int) -> DueCall:
        row = (await connection.execute(select(due_call).where(due_call.c.id == due_call_id))).one_or_none()
        if row is None:
            raise UnknownRecord("due call", due_call_id)
        return due_call_row(row)

    async def _step(
        self, connection: AsyncConnection, claim: DueCall, step: DueCallStep, changes: Mapping[str, Any]
    ) -> None:
        """Makes a step as the owner. When nothing was updated, says why."""
        possible = still_ours(claim) & due_call.c.state.in_(states_before(step))
        if await _set(connection, possible, {"state": target(step).value, **changes}) == 1:
            return
        row = await self._required(connection, claim.id)
        if row.fence == claim.fence and row.owner == claim.owner:
            raise IllegalTransition(row.state, step)
        raise ClaimLost(claim.id, claim.fence)

    async def _attempt(self, connection: AsyncConnection, claim: DueCall, at: datetime, channel_id: str) -> None:
        row = {"due_call": claim.id, "attempt": claim.attempts, "at": at, "channel_id": channel_id}
        await self._database.insert_new(connection, due_call_attempt, [row], ["due_call", "attempt"])

    async def _ended(
        self, connection: AsyncConnection, claim: DueCall, outcome: Outcome, at: datetime, call_id: str | None
    ) -> None:
        await self._attempt(connection, claim, at, claim.channel_id or model.channel_id(claim.id, claim.attempts))
        ended: dict[str, Any] = {"outcome": Outcome(outcome).value, "ended_at": at}
        if call_id is not None:
            ended["call_id"] = call_id
        await connection.execute(update(due_call_attempt).where(attempt_of(claim)).values(ended))


async def _ids(connection: AsyncConnection, query: Select[int], limit: int, **given: object) -> Sequence[int]:
    if limit < 1:
        return []
    return (await connection.execute(query, {"most": limit, **given})).scalars().all()


async def _set(connection: AsyncConnection, which: ColumnElement[bool], changes: Mapping[str, Any]) -> int:
    """Returns how many rows were changed."""
    return int((await connection.execute(update(due_call).where(which).values(**changes))).rowcount)


async def _owner_of(connection: AsyncConnection, number_key: str) -> int | None:
    query = select(customer_number.c.customer_id).where(customer_number.c.normalised == number_key)
    return (await connection.execute(query)).scalar_one_or_none()
