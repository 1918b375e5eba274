"""Mails that could not be read, as rows: counted before they begin, kept until somebody has dealt with them. OPS-7."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row, delete, func, select, update

from crm.db.audit.trail import AuditTrail
from crm.db.base.engine import Database
from crm.db.base.typed import typed
from crm.db.schema.intake import mail_aside
from crm.errors import NotNow, UnknownRecord
from crm.intake.aside import AsideMail, AsideState

_LONGEST_LIST: Final = 200


class AsideTable:
    """All raise StoreAway."""

    def __init__(self, database: Database, audit: AuditTrail, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._audit = audit
        self._clock = clock

    async def begin(self, place: str) -> AsideMail:
        """Counts a try before it is made, so that it counts whatever becomes of this process."""
        row = {"place": place, "tries": 0, "at": self._clock(), "state": "trying", "size": 0}
        async with self._database.write() as connection:
            await self._database.insert_new(connection, mail_aside, [row], ["place"])
            here = mail_aside.c.place == place
            trying = here & (mail_aside.c.state == "trying")
            await connection.execute(update(mail_aside).where(trying).values(tries=mail_aside.c.tries + 1))
            return _row((await connection.execute(select(mail_aside).where(here))).one())

    async def excuse(self, place: str) -> None:
        """The try ended for a reason that is not the mail's: it does not count."""
        await self._change(place, tries=mail_aside.c.tries - 1)

    async def note(self, place: str, why: str) -> None:
        await self._change(place, why=why)

    async def forget(self, place: str) -> None:
        """It was read."""
        here = (mail_aside.c.place == place) & (mail_aside.c.state == "trying")
        async with self._database.write() as connection:
            await connection.execute(delete(mail_aside).where(here))

    async def keep(self, place: str, *, file: str, size: int) -> None:
        """Its bytes are on the disk; from now on it is on the list."""
        await self._change(place, state="kept", file=file, size=size, at=self._clock())

    async def list(self, state: AsideState) -> tuple[AsideMail, ...]:
        """Newest first."""
        query = select(mail_aside).where(mail_aside.c.state == state).order_by(mail_aside.c.id.desc())
        async with self._database.read() as connection:
            return tuple(_row(row) for row in await connection.execute(query.limit(_LONGEST_LIST)))

    async def waiting(self) -> int:
        """How many a person has to deal with."""
        query = select(func.count()).select_from(mail_aside).where(mail_aside.c.state == "kept")
        async with self._database.read() as connection:
            return int((await connection.execute(query)).scalar_one())

    async def get(self, mail_id: int) -> AsideMail:
        """Raises UnknownRecord."""
        query = select(mail_aside).where(mail_aside.c.id == mail_id, mail_aside.c.state != "trying")
        async with self._database.read() as connection:
            row = (await connection.execute(query)).one_or_none()
        if row is None:
            raise UnknownRecord("mail set aside", mail_id)
        return _row(row)

    async def settle(
        self, mail_id: int, state: AsideState, *, by: str, ticket: str | None = None, note: str = ""
    ) -> AsideMail:
        """Somebody has dealt with it. Raises UnknownRecord, NotNow (somebody else has)."""
        values = {"state": state, "by": by, "ticket": ticket, "note": note, "done_at": self._clock()}
        kept = (mail_aside.c.id == mail_id) & (mail_aside.c.state == "kept")
        async with self._database.write() as connection:
            changed = await connection.execute(update(mail_aside).where(kept).values(**values))
            row = (await connection.execute(select(mail_aside).where(mail_aside.c.id == mail_id))).one_or_none()
            if row is None:
                raise UnknownRecord("mail set aside", mail_id)
            if not changed.rowcount:
                raise NotNow(f"Mail {mail_id} has been dealt with by {row.by}.")
            subject = f"mail {mail_id}"
            details = {"note": note} | ({"ticket": ticket} if ticket else {})
            await self._audit.add(connection, at=self._clock(), by=by, action=state, subject=subject, details=details)
        return _row(row)

    async def settled_before(self, before: datetime) -> tuple[AsideMail, ...]:
        """Those whose bytes are still there."""
        query = select(mail_aside).where(mail_aside.c.done_at < before, mail_aside.c.file != "").limit(_LONGEST_LIST)
        async with self._database.read() as connection:
            return tuple(_row(row) for row in await connection.execute(query))

    async def file_is_gone(self, mail_id: int) -> None:
        async with self._database.write() as connection:
            await connection.execute(update(mail_aside).where(mail_aside.c.id == mail_id).values(file=""))

    async def _change(self, place: str, **values: Any) -> None:
        trying = (mail_aside.c.place == place) & (mail_aside.c.state == "trying")
        async with self._database.write() as connection:
            await connection.execute(update(mail_aside).where(trying).values(**values))


def _row(row: Row[Any]) -> AsideMail:
    return typed(AsideMail, row)
