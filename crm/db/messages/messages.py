"""Messages between colleagues as rows: written once per key, read once. It tells nobody: the pages do that. TEL-7."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select, tuple_, update

from crm.db.base.engine import Database
from crm.db.base.paging import cursor, page_size, parse_numbered
from crm.db.schema.core import colleague_message
from crm.errors import UnknownRecord
from crm.messages.model import ColleagueMessage, checked_text
from crm.page import Page


class MessageTable:
    """All raise StoreAway."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    async def send(
        self, *, sender: str, recipient: str, text: str, key: str, ticket: str | None = None, caller: str = ""
    ) -> ColleagueMessage:
        """Writes a message, once per `key`: the same key again returns what is there. Raises ValueError (text)."""
        row = {
            "key": key,
            "at": self._clock(),
            "sender": sender,
            "recipient": recipient,
            "text": checked_text(text),
            "ticket": ticket,
            "caller": caller,
        }
        async with self._database.write() as connection:
            await self._database.insert_new(connection, colleague_message, [row], ["key"])
            found = await connection.execute(select(colleague_message).where(colleague_message.c.key == key))
            return message_of(found.one())

    async def read(self, message_id: int) -> ColleagueMessage:
        """The recipient has read it; the first time counts. Raises UnknownRecord."""
        mine = colleague_message.c.id == message_id
        async with self._database.write() as connection:
            await connection.execute(
                update(colleague_message)
                .where(mine, colleague_message.c.read_at.is_(None))
                .values(read_at=self._clock())
            )
            row = (await connection.execute(select(colleague_message).where(mine))).one_or_none()
        if row is None:
            raise UnknownRecord("message", message_id)
        return message_of(row)

    async def get(self, message_id: int) -> ColleagueMessage | None:
        async with self._database.read() as connection:
            query = select(colleague_message).where(colleague_message.c.id == message_id)
            row = (await connection.execute(query)).one_or_none()
        return None if row is None else message_of(row)

    async def list(
        self,
        *,
        recipient: str | None = None,
        sender: str | None = None,
        unread: bool = False,
        limit: int = 50,
        after: str | None = None,
    ) -> Page[ColleagueMessage]:
        """Newest first. Raises BadCursor."""
        table, size = colleague_message, page_size(limit)
        query = select(table).order_by(table.c.at.desc(), table.c.id.desc()).limit(size + 1)
        if recipient is not None:
            query = query.where(table.c.recipient == recipient)
        if sender is not None:
            query = query.where(table.c.sender == sender)
        if unread:
            query = query.where(table.c.read_at.is_(None))
        if after is not None:
            query = query.where(tuple_(table.c.at, table.c.id) < tuple_(*parse_numbered(after)))
        async with self._database.read() as connection:
            rows = [message_of(row) for row in await connection.execute(query)]
        last = rows[size - 1] if len(rows) > size else None
        return Page(items=tuple(rows[:size]), next=cursor(last.at, last.id) if last else None)


def message_of(row: Row[Any]) -> ColleagueMessage:
    return ColleagueMessage(
        id=row.id,
        at=row.at,
        sender=row.sender,
        recipient=row.recipient,
        text=row.text,
        ticket=row.ticket,
        caller=row.caller,
        read_at=row.read_at,
    )
