"""API keys: made, found by their hash, used, refused, revoked, each with its row on the audit trail. ACC-4.

A key is 256 random bits, so SHA-256 is enough: there is nothing to guess that a slow hash would protect.
"""

import hashlib
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Row, insert, select, update
from sqlalchemy.exc import IntegrityError

from crm.db.audit.trail import AuditTrail
from crm.db.base.engine import Database
from crm.db.base.typed import typed
from crm.db.keys.tables import api_key
from crm.errors import NotLikeThis, UnknownRecord
from crm.keys.model import MARK, ApiKey
from crm.tickets.model import Detail

NOTED_EVERY: Final = timedelta(minutes=1)
"""How exact `used_at` and `refused_at` are: not every request needs to write, and nobody fills the trail."""


class KeyTable:
    """All raise StoreAway."""

    def __init__(self, database: Database, trail: AuditTrail, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._audit = trail
        self._clock = clock

    async def list(self) -> tuple[ApiKey, ...]:
        """All there have been, newest first."""
        async with self._database.read() as connection:
            rows = await connection.execute(select(api_key).order_by(api_key.c.created_at.desc(), api_key.c.name))
            return tuple(_key(row) for row in rows)

    async def get(self, name: str) -> ApiKey:
        """Raises UnknownRecord."""
        async with self._database.read() as connection:
            row = (await connection.execute(select(api_key).where(api_key.c.name == name))).one_or_none()
        if row is None:
            raise UnknownRecord("API key", name)
        return _key(row)

    async def create(self, key: ApiKey, secret: str) -> None:
        """Only the hash of the secret is kept. Raises NotLikeThis when there has ever been one of that name."""
        row = {name: getattr(key, name) for name in ApiKey.__struct_fields__} | {"scope": " ".join(key.scope)}
        try:
            async with self._database.write() as connection:
                await connection.execute(insert(api_key).values(**row, key_hash=_hash(secret)))
                details: dict[str, Detail] = {"role": key.role, "scope": row["scope"]}
                await self._log(connection, "created", key.name, key.created_by, details)
        except IntegrityError as exc:
            raise NotLikeThis(
                "name_taken",
                f"There has been a key {key.name} already: use another name.",
                f"已经有过名为 {key.name} 的密钥，请换一个名称。",
            ) from exc

    async def revoke(self, name: str, *, by: str) -> ApiKey:
        """For good. A key that is revoked stays as it is. Raises UnknownRecord."""
        async with self._database.write() as connection:
            done = await connection.execute(
                update(api_key)
                .where(api_key.c.name == name, api_key.c.revoked_at.is_(None))
                .values(revoked_at=self._clock(), revoked_by=by)
            )
            if done.rowcount:
                await self._log(connection, "revoked", name, by)
        return await self.get(name)

    async def find(self, secret: str) -> ApiKey | None:
        """Whose secret it is, also of a key that no longer opens; None when it never was one."""
        async with self._database.read() as connection:
            query = select(api_key).where(api_key.c.key_hash == _hash(secret))
            row = (await connection.execute(query)).one_or_none()
        return None if row is None else _key(row)

    async def note_use(self, key: ApiKey) -> None:
        """Notes that it was used now, exact to a minute."""
        now = self._clock()
        if key.used_at is None or now - key.used_at >= NOTED_EVERY:
            async with self._database.write() as connection:
                await connection.execute(update(api_key).where(api_key.c.name == key.name).values(used_at=now))

    async def note_closed(self, key: ApiKey) -> None:
        """Notes, once a minute, that somebody still uses a key that opens nothing any more."""
        now = self._clock()
        if key.refused_at is None or now - key.refused_at >= NOTED_EVERY:
            await self._refused(key.name, now, {"why": key.closed(now)})

    async def _refused(self, name: str, now: datetime, details: Mapping[str, Detail]) -> None:
        async with self._database.write() as connection:
            await connection.execute(update(api_key).where(api_key.c.name == name).values(refused_at=now))
            await self._log(connection, "refused", name, MARK + name, details)

    async def _log(
        self, connection: Any, action: str, name: str, by: str, details: Mapping[str, Detail] | None = None
    ) -> None:
        await self._audit.add(
            connection, at=self._clock(), by=by, action=action, subject=f"api_key {name}", details=details
        )


def _key(row: Row[Any]) -> ApiKey:
    return typed(ApiKey, row, scope=tuple(row.scope.split()))


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
