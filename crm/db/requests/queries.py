"""Requests with an Idempotency-Key: claimed before they are carried out, kept with their answer, gone after a day."""

from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from crm.db.base.engine import Database
from crm.db.requests.tables import kept_request


class RequestTable:
    """All raise StoreAway."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def claim(self, user: str, key: str, fingerprint: str, at: datetime) -> Row[Any] | None:
        """None: the request is ours to carry out. Else what is there under this key: `fingerprint`, `status`,
        `answer`; a `status` of None: somebody has begun and never said how it ended."""
        row = {"user": user, "key": key, "fingerprint": fingerprint, "at": at}
        try:
            async with self._database.write() as connection:
                await connection.execute(insert(kept_request).values(**row))
        except IntegrityError:
            async with self._database.read() as connection:
                return (await connection.execute(select(kept_request).where(*_of(user, key)))).one_or_none()
        return None

    async def keep(self, user: str, key: str, status: int, answer: str) -> None:
        async with self._database.write() as connection:
            await connection.execute(update(kept_request).where(*_of(user, key)).values(status=status, answer=answer))

    async def release(self, user: str, key: str) -> None:
        """Nothing was done: the key may be used again."""
        async with self._database.write() as connection:
            await connection.execute(delete(kept_request).where(*_of(user, key)))

    async def forget(self, before: datetime) -> int:
        """How many were older."""
        async with self._database.write() as connection:
            return (await connection.execute(delete(kept_request).where(kept_request.c.at < before))).rowcount


def _of(user: str, key: str) -> tuple[Any, Any]:
    return kept_request.c.user == user, kept_request.c.key == key
