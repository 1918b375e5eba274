"""Keeps the projector and what changes who a number belongs to apart: on PostgreSQL, where both could run at once.

SQLite has one writer at a time anyway. CUS-4.
"""

from typing import Final

from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncConnection

_LOCK: Final = 0x53414352


def beside_others(connection: Connection) -> None:
    """The projector's side: any number of batches at once, none while a card is merged or removed."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock_shared(:key)"), {"key": _LOCK})


async def alone(connection: AsyncConnection) -> None:
    """The other side, until the transaction ends: no batch is written meanwhile."""
    if connection.dialect.name == "postgresql":
        await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
