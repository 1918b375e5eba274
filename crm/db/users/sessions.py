"""Login sessions: a random token for the browser, its hash for us: who reads the database can log in as nobody."""

import hashlib
import secrets
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Row, and_, case, delete, func, insert, or_, select, update

from crm.db.base.engine import Database
from crm.db.base.typed import typed
from crm.db.schema.users import has_factor, in_force, user_account, user_session
from crm.users.model import (
    MOST_SESSIONS,
    SESSION_ABSOLUTE,
    SESSION_IDLE,
    Place,
    Proof,
    Session,
    User,
    session_is_valid,
)

SEEN_EVERY: Final = timedelta(minutes=1)
"""How exact `seen_at` is: not every request needs to write."""


_ID_LENGTH: Final = 16
_ID: Final = func.substr(user_session.c.token_hash, 1, _ID_LENGTH)


def session_id(token: str) -> str:
    """What a session is called where people see it: it tells them apart and opens none."""
    return _hash(token)[:_ID_LENGTH]


def user_row(row: Row[Any]) -> User:
    """A User of a row with the account's columns."""
    return typed(User, row)


def still_valid(now: datetime) -> Any:
    """The condition under which a session holds (crm.users.model.session_is_valid)."""
    return and_(user_session.c.seen_at > now - SESSION_IDLE, user_session.c.created_at > now - SESSION_ABSOLUTE)


class SessionTable:
    """All raise StoreAway."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def create(self, name: str, place: Place, now: datetime, proof: Proof = "password") -> str:
        """A new session; returns the token, which is kept nowhere else. Sessions that are over are swept on the way,
        and those that are too many at once (crm.users.model.MOST_SESSIONS)."""
        token = secrets.token_urlsafe(32)
        over = or_(user_session.c.seen_at <= now - SESSION_IDLE, user_session.c.created_at <= now - SESSION_ABSOLUTE)
        row = {"name": name, "created_at": now, "seen_at": now, "address": place.address, "browser": place.browser}
        proved = case((user_session.c.proof == "password", 0), else_=1)
        kept = select(user_session.c.token_hash).where(user_session.c.name == name)
        kept = kept.order_by(proved.desc(), user_session.c.seen_at.desc()).limit(MOST_SESSIONS - 1)
        account = select(user_account.c.name).where(user_account.c.name == name).with_for_update()
        async with self._database.write() as connection:
            await connection.execute(account)  # logins at once: one after the other
            await connection.execute(delete(user_session).where(over))
            hashes = (await connection.execute(kept)).scalars().all()
            await connection.execute(
                delete(user_session).where(user_session.c.name == name, user_session.c.token_hash.not_in(hashes))
            )
            await connection.execute(insert(user_session).values(token_hash=_hash(token), proof=proof, **row))
        return token

    async def lookup(self, token: str, now: datetime) -> User | None:
        """Whose session it is; None when it never was, is over (30 min idle, 12 h in all), or gives no rights now."""
        key = _hash(token)
        query = (
            select(
                user_account,
                user_session.c.created_at,
                user_session.c.seen_at,
                user_session.c.proof,
                func.coalesce(user_session.c.confirmed_at, user_session.c.created_at).label("shown_at"),
                has_factor.label("has_factor"),
            )
            .join_from(user_session, user_account, user_session.c.name == user_account.c.name)
            .where(user_session.c.token_hash == key, in_force)
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

    async def list(self, name: str, now: datetime) -> tuple[Session, ...]:
        """Those of a person that hold, the one used last first."""
        query = select(user_session).where(user_session.c.name == name, still_valid(now))
        async with self._database.read() as connection:
            rows = (await connection.execute(query.order_by(user_session.c.seen_at.desc()))).all()
        return tuple(typed(Session, row, id=row.token_hash[:_ID_LENGTH]) for row in rows)

    async def prove(self, name: str, session: str) -> None:
        """This session's person has shown a code."""
        this = (user_session.c.name == name, _ID == session)
        async with self._database.write() as connection:
            await connection.execute(update(user_session).where(*this).values(proof="code"))

    async def confirm(self, name: str, session: str, now: datetime) -> None:
        """This session's person has shown the password again."""
        this = (user_session.c.name == name, _ID == session)
        async with self._database.write() as connection:
            await connection.execute(update(user_session).where(*this).values(confirmed_at=now))

    async def revoke(self, token: str) -> None:
        """Ends the session; one that is not there is ended already."""
        async with self._database.write() as connection:
            await connection.execute(delete(user_session).where(user_session.c.token_hash == _hash(token)))

    async def end(self, name: str, *, only: str | None = None, but: str | None = None) -> int:
        """Ends a person's sessions: all, `only` the one with this id, or all `but` that one. Returns how many."""
        which = [user_session.c.name == name]
        if only is not None:
            which.append(_ID == only)
        if but is not None:
            which.append(_ID != but)
        async with self._database.write() as connection:
            return (await connection.execute(delete(user_session).where(*which))).rowcount

    async def end_all(self, names: Collection[str]) -> None:
        """Ends all sessions of these people."""
        async with self._database.write() as connection:
            await connection.execute(delete(user_session).where(user_session.c.name.in_(names)))


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest()
