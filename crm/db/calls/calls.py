"""Queries over calls. Rows come from the projector; nothing here writes."""

from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, select, tuple_

from config.numbering import normalise
from crm.cases.organisation import SEES_ALL, Sight
from crm.db.base.engine import Database
from crm.db.base.paging import cursor, page_size, parse
from crm.db.base.sight import hangs_on_visible
from crm.db.base.typed import typed
from crm.db.schema.core import call, customer
from crm.page import Page
from crm.tickets.call_rows import CallRow


def select_calls() -> Select[Any]:
    """All columns of CallRow."""
    return select(call, customer.c.name.label("customer_name")).join_from(
        call, customer, call.c.customer_id == customer.c.id, isouter=True
    )


def call_row(row: Row[Any]) -> CallRow:
    """A CallRow of a row of `select_calls`."""
    return typed(CallRow, row, call=row.call_id)


class CallQueries:
    """What pages ask about calls. All raise StoreAway."""

    def __init__(self, database: Database, area_code: str) -> None:
        self._database = database
        self._area_code = area_code

    async def get(self, call_id: str) -> CallRow | None:
        async with self._database.read() as connection:
            row = (await connection.execute(select_calls().where(call.c.call_id == call_id))).one_or_none()
        return None if row is None else call_row(row)

    async def list(
        self,
        *,
        limit: int = 50,
        after: str | None = None,
        caller: str | None = None,
        agent: str | None = None,
        line: str | None = None,
        queue: str | None = None,
        direction: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        sight: Sight = SEES_ALL,
    ) -> Page[CallRow]:
        """Newest first. `caller` is the customer's number in any notation; [since, until) is about the INVITE."""
        size = page_size(limit)
        query = select_calls().order_by(call.c.invited_at.desc(), call.c.call_id.desc()).limit(size + 1)
        if after is not None:
            query = query.where(tuple_(call.c.invited_at, call.c.call_id) < tuple_(*parse(after)))
        if caller is not None:
            query = query.where(call.c.number_key == normalise(caller, self._area_code).normalised)
        query = query.where(hangs_on_visible(call.c.ticket, sight))
        wanted = {call.c.agent: agent, call.c.line: line, call.c.queue: queue, call.c.direction: direction}
        for column, value in wanted.items():
            if value is not None:
                query = query.where(column == value)
        if since is not None:
            query = query.where(call.c.invited_at >= since)
        if until is not None:
            query = query.where(call.c.invited_at < until)
        async with self._database.read() as connection:
            rows = [call_row(row) for row in await connection.execute(query)]
        more = cursor(rows[size - 1].invited_at, rows[size - 1].call) if len(rows) > size else None
        return Page(items=tuple(rows[:size]), next=more)
