"""Login sessions: a random token for the browser, its hash for us: who reads the database can log in as nobody."""

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Row, delete, insert, or_, select, update

from crm.db.base.engine import Database
from crm.db.schema.core import user_account, user_session
from crm.users.model import SESSION_ABSOLUTE, SESSION_IDLE, User, session_is_valid

SEEN_EVERY: Final = timedelta(minutes=1)
"""How exact `seen_at` is: not every request needs to write."""


def user_row(row: Row[Any]) -> User:
    """A User of a row with the account's columns."""
    return User(name=row.name, display_name=row.display_name, display_name_en=row.display_name_en, role=row.role)


class SessionTable:
    """All raise StoreAway."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def create(self, user: User, now: datetime) -> str:
        """A new session; returns the token, which is kept nowhere else. Sessions that are over are swept on the way."""
        token = secrets.token_urlsafe(32)
        over = or_(user_session.c.seen_at <= now - SESSION_IDLE, user_session.c.created_at <= now - SESSION_ABSOLUTE)
        async with self._database.write() as connection:
            await connection.execute(delete(user_session).where(over))
            row = {"token_hash": _hash(token), "name": user.name, "created_at": now, "seen_at": now}
            await connection.execute(insert(user_session).values(row))
        return token

    async def lookup(self, token: str, now: datetime) -> User | None:
        """Whose session it is; None when it never was, is over (30 min idle, 12 h in all), or its user is inactive."""
        key = _hash(token)
        query = (
            select(user_account, user_session.c.created_at, user_session.c.seen_at)
            .join_from(user_session, user_account, user_session.c.name == user_account.c.name)
            .where(user_session.c.token_hash == key, user_account.c.active)
        )
        async with self._database.read() as connection:
            row = (await connection.execute(query)).one_or_none()
        if row is None or not session_is_valid(created_at=row.created_at, seen_at=row.seen_at, now=now):
            return None
        if now - row.seen_at >= SEEN_EVERY:
            async with self._database.write() as connection:
                await connection.execute(
                    update(user_session).where(user_session.c.token_hash == key).values(seen_at=now)
                )
        return user_row(row)

    async def revoke(self, token: str) -> None:
        """Ends the session; one that is not there is ended already."""
        async with self._database.write() as connection:
            await connection.execute(delete(user_session).where(user_session.c.token_hash == _hash(token)))


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
