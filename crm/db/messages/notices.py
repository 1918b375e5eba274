"""A notice of the system to a colleague: a message without a human sender, in the transaction of what it is about."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from crm.db.base.engine import Database
from crm.db.followups.owed_calls import SYSTEM
from crm.db.schema.core import colleague_message
from crm.messages.model import MAX_TEXT


async def enter_notice(
    database: Database,
    connection: AsyncConnection,
    *,
    to: Iterable[str],
    text: str,
    key: str,
    at: datetime,
    ticket: str | None = None,
) -> None:
    """One message to each of these people, once per `key`."""
    rows = [
        {
            "key": f"{key}:{person}",
            "at": at,
            "sender": SYSTEM,
            "recipient": person,
            "text": text[:MAX_TEXT],
            "ticket": ticket,
            "caller": "",
        }
        for person in to
    ]
    await database.insert_new(connection, colleague_message, rows, ["key"])
