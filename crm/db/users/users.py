"""Accounts of people: passwords (argon2id) and the back-off after wrong ones. The limits are rules in crm/users."""

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from sqlalchemy import Row, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from crm.db.base.engine import Database
from crm.db.schema.core import user_account, user_session
from crm.db.users.sessions import SessionTable, user_row
from crm.errors import AccountLocked, UnknownRecord
from crm.users.model import SiteAgent, User, lock_after

log = logging.getLogger(__name__)

_HASHES_AT_ONCE: Final = 2
"""A hash takes 19 MiB and most of a core for some 30 ms: more at once would only be slower for all."""


class UserTable:
    """Who may log in. `sessions` are theirs. All raise StoreAway."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock
        self._hasher = PasswordHasher(memory_cost=19 * 1024, time_cost=2, parallelism=1)
        self._hashing = asyncio.Semaphore(_HASHES_AT_ONCE)
        self._nobody: str | None = None
        self.sessions = SessionTable(database)

    async def sync_from_site(self, agents: Iterable[SiteAgent], passwords: Mapping[str, str]) -> None:
        """The site's agents become the users. A password is only set where there is none yet; who is no longer in the
        site cannot log in any more, and is logged out."""
        wanted = {agent.id: agent for agent in agents}
        async with self._database.read() as connection:
            known = {row.name: row for row in await connection.execute(select(user_account))}
        hashes = {
            name: await self._hash(passwords[name])
            for name in wanted
            if name in passwords and (name not in known or known[name].password_hash is None)
        }
        rows = [
            {
                "name": agent.id,
                "display_name": agent.name,
                "display_name_en": agent.name_en,
                "role": agent.role,
                "active": True,
                "password_hash": hashes.get(agent.id) or (known[agent.id].password_hash if agent.id in known else None),
            }
            for agent in wanted.values()
        ]
        gone = known.keys() - wanted.keys()
        async with self._database.write() as connection:
            await self._database.upsert(connection, user_account, rows, ["name"])
            await connection.execute(update(user_account).where(user_account.c.name.in_(gone)).values(active=False))
            await connection.execute(delete(user_session).where(user_session.c.name.in_(gone)))

    async def get(self, name: str) -> User | None:
        """The user of that name, if active."""
        async with self._database.read() as connection:
            row = await _account(connection, name)
        return None if row is None or not row.active else user_row(row)

    async def set_password(self, name: str, password: str) -> None:
        """Sets it, unlocks the account and ends all its sessions. Raises UnknownRecord."""
        password_hash = await self._hash(password)
        async with self._database.write() as connection:
            done = await connection.execute(
                update(user_account)
                .where(user_account.c.name == name)
                .values(password_hash=password_hash, failures=0, locked_until=None)
            )
            if done.rowcount != 1:
                raise UnknownRecord("user", name)
            await connection.execute(delete(user_session).where(user_session.c.name == name))

    async def verify(self, name: str, password: str) -> User | None:
        """The user when the password is right, else None, after the same time whether or not the name exists.

        Raises AccountLocked after too many wrong ones: then the password was not looked at.
        """
        async with self._hashing:
            async with self._database.read() as connection:
                row = await _account(connection, name)
            now = self._clock()
            if row is not None and row.locked_until is not None and now < row.locked_until:
                raise AccountLocked(row.locked_until)
            right = await self._is_right(row, password)
            if row is None or not row.active or row.password_hash is None:
                return None
            if not right:
                await self._count_failure(name, now)
                return None
            if row.failures:
                await self._forgive(name)
            return user_row(row)

    async def _is_right(self, row: Row[Any] | None, password: str) -> bool:
        if self._nobody is None:
            self._nobody = await asyncio.to_thread(self._hasher.hash, "")
        stored = self._nobody if row is None or row.password_hash is None else row.password_hash
        try:
            return await asyncio.to_thread(self._hasher.verify, stored, password)
        except VerifyMismatchError:
            return False
        except InvalidHashError:
            log.error(
                "the password hash of %s is damaged: set a new one", row and row.name, extra={"action": "bad_hash"}
            )
            return False

    async def _hash(self, password: str) -> str:
        async with self._hashing:
            return await asyncio.to_thread(self._hasher.hash, password)

    async def _count_failure(self, name: str, now: datetime) -> None:
        async with self._database.write() as connection:
            done = await connection.execute(
                update(user_account)
                .where(user_account.c.name == name)
                .values(failures=user_account.c.failures + 1)
                .returning(user_account.c.failures)
            )
            failures = int(done.scalar_one())
            wait = lock_after(failures)
            if wait:
                await connection.execute(
                    update(user_account).where(user_account.c.name == name).values(locked_until=now + wait)
                )
                log.warning("account %s locked for %s after %d wrong passwords", name, wait, failures)

    async def _forgive(self, name: str) -> None:
        async with self._database.write() as connection:
            await connection.execute(
                update(user_account).where(user_account.c.name == name).values(failures=0, locked_until=None)
            )


async def _account(connection: AsyncConnection, name: str) -> Row[Any] | None:
    return (await connection.execute(select(user_account).where(user_account.c.name == name))).one_or_none()
