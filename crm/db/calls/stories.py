"""Calls as they were told: the stored events of each, for whoever counts them. Rows come from the projector. RPT-1."""

from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Select, select, tuple_

from crm.db.base.engine import Database
from crm.db.schema.core import call, event
from crm.journal.decoding import decode_event
from crm.journal.events import CallEvent

CHUNK: Final = 500
"""Calls read at a time: between two chunks others get their turn."""

Story = Sequence[CallEvent]


class StoryTable:
    """All raise StoreAway."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def arrived(self, since: datetime, until: datetime) -> AsyncIterator[list[Story]]:
        """The inbound calls of [since, until) in the order of arrival, chunk by chunk, each with all its events."""
        query = (
            select(call.c.call_id, call.c.invited_at)
            .where(call.c.direction == "inbound", call.c.invited_at >= since, call.c.invited_at < until)
            .order_by(call.c.invited_at, call.c.call_id)
            .limit(CHUNK)
        )
        page = query
        while True:
            async with self._database.read() as connection:
                rows = list(await connection.execute(page))
            if rows:
                yield list((await self.of([row.call_id for row in rows])).values())
            if len(rows) < CHUNK:
                return
            page = _behind(query, rows[-1].invited_at, rows[-1].call_id)

    async def of(self, calls: Sequence[str]) -> dict[str, Story]:
        """These calls' events by call, in the order of the journal. A call without any is left out."""
        query = select(event.c.call_id, event.c.payload).where(event.c.call_id.in_(calls)).order_by(event.c.id)
        stories: dict[str, list[CallEvent]] = defaultdict(list)
        async with self._database.read() as connection:
            for call_id, payload in await connection.execute(query):
                each = decode_event(payload)
                if isinstance(each, CallEvent):
                    stories[call_id].append(each)
        return dict(stories)


def _behind(query: Select[Any], at: datetime, call_id: str) -> Select[Any]:
    return query.where(tuple_(call.c.invited_at, call.c.call_id) > tuple_(at, call_id))
