"""Cases in the store: one step, one transaction; what clocks say, told once. The rules decide (crm/cases). CPL, LNE."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from crm.cases.file import CaseFile, Decision
from crm.cases.organisation import Sight
from crm.db.audit.trail import AuditTrail
from crm.db.base.engine import Database
from crm.db.cases import files
from crm.db.cases.lists import CaseLists
from crm.db.cases.writing import write
from crm.db.messages.messages import message_of
from crm.db.schema.cases import ticket_clock
from crm.db.schema.core import colleague_message
from crm.errors import VersionConflict
from crm.messages.model import ColleagueMessage

Decide = Callable[[CaseFile], Decision]


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What a step needs to know beyond its own ticket. `other`: a ticket that it names, as somebody with that sight
    sees it; `persons`: whose valid complaints in [since, until) count."""

    other: str | None
    sight: Sight
    persons: tuple[str, ...]
    since: datetime
    until: datetime


class CaseTable:
    """All raise StoreAway. `lists` has what is asked of many cases."""

    def __init__(self, database: Database, area_code: str, clock: Callable[[], datetime], audit: AuditTrail) -> None:
        self._database = database
        self._area_code = area_code
        self._clock = clock
        self._audit = audit
        self.lists = CaseLists(database, area_code)

    async def get(self, number: str) -> CaseFile:
        """Raises UnknownRecord."""
        async with self._database.read() as connection:
            file = await files.load(connection, number, self._area_code)
            return replace(file, linked_from=await files.linked_from(connection, number))

    async def take(
        self, number: str, decide: Decide, *, version: int, by: str, wanted: Wanted
    ) -> tuple[ColleagueMessage, ...]:
        """Takes one step: `decide` says what is written. Returns the notices that went out.

        Raises UnknownRecord, VersionConflict, and what `decide` raises; then nothing is written.
        """
        async with self._database.write() as connection:
            await files.lock(connection, number, wanted.other)
            file = await files.load(connection, number, self._area_code)
            if file.version != version:
                raise VersionConflict(f"ticket {number}", version, file.version)
            made = decide(await self._completed(connection, file, wanted))
            at = self._clock()
            await write(self._database, connection, file, made, at)
            sent = await _sent(connection, made)
            first = made.taken[0].name if made.taken else "none"
            details = {"step": first, "stage": made.case.stage.value, "steps": len(made.taken)}
            await self._audit.add(
                connection, at=at, by=by, action="case_step", subject=f"ticket {number}", details=details
            )
            return sent

    async def due(self, now: datetime, limit: int) -> Sequence[str]:
        """The tickets of which somebody has to be told that a clock runs out, the longest overdue first."""
        query = (
            select(ticket_clock.c.ticket)
            .where(ticket_clock.c.tell_at <= now)
            .group_by(ticket_clock.c.ticket)
            .order_by(func.min(ticket_clock.c.tell_at), ticket_clock.c.ticket)
            .limit(limit)
        )
        async with self._database.read() as connection:
            return (await connection.execute(query)).scalars().all()

    async def running(self, since: datetime) -> Sequence[str]:
        """The tickets with a clock that stands still, or is due from that instant on."""
        ahead = or_(ticket_clock.c.due_at.is_(None), ticket_clock.c.due_at >= since)
        query = select(ticket_clock.c.ticket).where(ticket_clock.c.stopped_at.is_(None), ahead).distinct()
        async with self._database.read() as connection:
            return (await connection.execute(query)).scalars().all()

    async def warn(self, number: str, decide: Decide) -> tuple[ColleagueMessage, ...]:
        """Tells what the clocks of one ticket say. Who comes second, in another process or after a crash, finds it told
        and says nothing."""
        async with self._database.write() as connection:
            await files.lock(connection, number)
            file = await files.load(connection, number, self._area_code)
            made = decide(file)
            await write(self._database, connection, file, made, self._clock())
            return await _sent(connection, made)

    async def _completed(self, connection: AsyncConnection, file: CaseFile, wanted: Wanted) -> CaseFile:
        if wanted.other is not None:
            file = replace(file, other=await files.other(connection, wanted.other, wanted.sight))
        if wanted.persons:
            counted = await files.valid_complaints(
                connection, wanted.persons, wanted.since, wanted.until, but=file.number
            )
            file = replace(file, valid=counted)
        return file


async def _sent(connection: AsyncConnection, made: Decision) -> tuple[ColleagueMessage, ...]:
    keys = [notice.key for notice in made.notices]
    if not keys:
        return ()
    rows = await connection.execute(select(colleague_message).where(colleague_message.c.key.in_(keys)))
    return tuple(message_of(row) for row in rows)
