"""Machines on which somebody has logged in before, by a cookie's hash; it gives no right (crm/users/throttle.py)."""

import hashlib
import secrets
from datetime import datetime
from typing import Final

from sqlalchemy import delete, func, select

from crm.db.base.engine import Database
from crm.db.schema.users import user_device

MOST_DEVICES: Final = 20
"""Of one person; the one unseen for longest is forgotten."""


class DeviceTable:
    """All raise StoreAway."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def known(self, token: str | None, name: str) -> str | None:
        """What this machine is called, if this person has logged in on it before."""
        key = _hash(token or "")
        query = select(user_device.c.token_hash).where(user_device.c.token_hash == key, user_device.c.name == name)
        async with self._database.read() as connection:
            found: str | None = (await connection.execute(query)).scalar_one_or_none()
        return found

    async def remember(self, token: str | None, name: str, now: datetime) -> str:
        """This person has logged in on this machine; returns its token, a new one unless it had one of ours."""
        ours = select(func.count()).where(user_device.c.token_hash == _hash(token or ""))
        newest = select(user_device.c.token_hash).where(user_device.c.name == name)
        newest = newest.order_by(user_device.c.seen_at.desc()).limit(MOST_DEVICES)
        async with self._database.write() as connection:
            if token is None or not (await connection.execute(ours)).scalar_one():
                token = secrets.token_urlsafe(32)
            row = {"token_hash": _hash(token), "name": name, "seen_at": now}
            await self._database.upsert(connection, user_device, [row], ["token_hash", "name"])
            kept = (await connection.execute(newest)).scalars().all()
            await connection.execute(
                delete(user_device).where(user_device.c.name == name, user_device.c.token_hash.not_in(kept))
            )
        return token

    async def forget(self, name: str) -> None:
        """All machines of a person."""
        async with self._database.write() as connection:
            await connection.execute(delete(user_device).where(user_device.c.name == name))


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest()
