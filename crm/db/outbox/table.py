"""The outbox: messages are entered in the transaction of what they tell, claimed with a lease, sent, tried again.

It sends nothing itself. A process that dies between sending and saying so makes a message go out twice. BKG-2.
"""

from base64 import b32encode
from collections.abc import Sequence
from datetime import datetime, timedelta
from secrets import token_bytes
from typing import Any, Final

from sqlalchemy import Row, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from crm.db.base.engine import Database
from crm.db.base.typed import typed
from crm.db.schema.outbox import outbox
from crm.outbox.model import OutboxRow, OutMessage

_LONGEST_ERROR: Final = 300


class OutboxTable:
    """All raise StoreAway."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def enter(self, connection: AsyncConnection, message: OutMessage, at: datetime) -> None:
        """In the caller's transaction; once per key."""
        row = {name: getattr(message, name) for name in message.__struct_fields__}
        row |= {"state": "waiting", "created_at": at, "next_at": at, "attempts": 0}
        row |= {"token": _random(), "message_id": _random()}
        await self._database.insert_new(connection, outbox, [row], ["key"])

    async def withdraw(self, connection: AsyncConnection, about: str) -> None:
        """What waits of this matter is not true any more: it does not go out. In the caller's transaction."""
        waiting = (outbox.c.about == about) & (outbox.c.state == "waiting")
        await connection.execute(update(outbox).where(waiting).values(state="failed", error="withdrawn"))

    async def claim(self, now: datetime, *, lease_s: float, limit: int) -> list[OutboxRow]:
        """What is due, oldest first, for `lease_s` seconds: nobody else is given it meanwhile."""
        due = (
            (outbox.c.state == "waiting")
            & (outbox.c.next_at <= now)
            & or_(outbox.c.lease_until.is_(None), outbox.c.lease_until < now)
        )
        query = select(outbox).where(due).order_by(outbox.c.next_at, outbox.c.id).limit(limit)
        async with self._database.write() as connection:
            rows = (await connection.execute(query.with_for_update(skip_locked=True))).all()
            taken = outbox.c.id.in_([row.id for row in rows])
            until = now + timedelta(seconds=lease_s)
            await connection.execute(update(outbox).where(taken).values(lease_until=until))
        return [_row(row) for row in rows]

    async def sent(self, message_id: int, at: datetime) -> None:
        values = {"state": "sent", "sent_at": at, "attempts": outbox.c.attempts + 1, "lease_until": None, "error": ""}
        await self._set(message_id, values)

    async def failed(self, message_id: int, error: str, next_at: datetime | None) -> None:
        """An attempt failed; the next is due at `next_at`, or there is none."""
        again: dict[str, Any] = {"state": "failed"} if next_at is None else {"next_at": next_at}
        failure = {"attempts": outbox.c.attempts + 1, "lease_until": None, "error": error[:_LONGEST_ERROR]}
        await self._set(message_id, again | failure)

    async def about(self, subject: str) -> Sequence[OutboxRow]:
        """All messages of a matter, newest first."""
        query = select(outbox).where(outbox.c.about == subject).order_by(outbox.c.id.desc())
        async with self._database.read() as connection:
            return [_row(row) for row in await connection.execute(query)]

    async def _set(self, message_id: int, values: dict[str, Any]) -> None:
        async with self._database.write() as connection:
            await connection.execute(update(outbox).where(outbox.c.id == message_id).values(**values))


def _random() -> str:
    """128 bits that nobody guesses, in 26 signs that mail programs leave alone."""
    return b32encode(token_bytes(16)).decode("ascii").rstrip("=").lower()


def _row(row: Row[Any]) -> OutboxRow:
    return typed(OutboxRow, row)
