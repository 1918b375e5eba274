"""Who saw whose card when, and what for. CUS-4."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import delete, insert, select, tuple_

from crm.customers.model import Access
from crm.db.audit.trail import AuditTrail
from crm.db.base.engine import Database
from crm.db.base.paging import cursor, page_size, parse_numbered
from crm.db.base.typed import typed
from crm.db.schema.customers import customer_access
from crm.page import Page
from crm.tickets.model import Detail

_PART: Final = 500
"""Rows written by one statement: between two of them others get their turn on the loop."""


class AccessLog:
    """All raise StoreAway: who cannot be logged does not see."""

    def __init__(self, database: Database, audit: AuditTrail, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._audit = audit
        self._clock = clock

    async def opened(self, customer_id: int, *, by: str) -> None:
        """A card was looked at, with numbers as this person may see them."""
        row = {"at": self._clock(), "by": by, "customer_id": customer_id, "what": "opened"}
        async with self._database.write() as connection:
            await connection.execute(insert(customer_access).values(row))

    async def revealed(self, customer_id: int, *, by: str, reason: str, ticket: str | None) -> None:
        """Numbers were shown in full on somebody's wish: that is in the audit trail too, without the reason's
        words, which may name the person and could never be removed there."""
        async with self._database.write() as connection:
            at = self._clock()
            row = {"at": at, "by": by, "customer_id": customer_id, "what": "revealed"}
            await connection.execute(insert(customer_access).values(**row, reason=reason, ticket=ticket))
            await self._audit.add(
                connection,
                at=at,
                by=by,
                action="customer_revealed",
                subject=f"customer {customer_id}",
                details={"ticket": ticket},
            )

    async def number_revealed(self, subject: str, *, by: str, ticket: str) -> None:
        """As `revealed`, of a number that is on no card: in the audit trail alone."""
        async with self._database.write() as connection:
            await self._audit.add(
                connection,
                at=self._clock(),
                by=by,
                action="number_revealed",
                subject=subject,
                details={"ticket": ticket},
            )

    async def exported(self, customer_ids: Sequence[int], *, by: str, reason: str, form: str) -> None:
        """Before the first byte leaves."""
        async with self._database.write() as connection:
            at = self._clock()
            rows = [
                {"at": at, "by": by, "customer_id": each, "what": "exported", "reason": reason} for each in customer_ids
            ]
            for start in range(0, len(rows), _PART):
                await connection.execute(insert(customer_access), rows[start : start + _PART])
            details: dict[str, Detail] = {"reason": reason, "count": len(rows), "format": form}
            await self._audit.add(
                connection, at=at, by=by, action="customers_exported", subject="customers", details=details
            )

    async def list(
        self, *, customer_id: int | None = None, by: str | None = None, limit: int = 50, after: str | None = None
    ) -> Page[Access]:
        """Newest first. Raises BadCursor."""
        table, size = customer_access, page_size(limit)
        query = select(table).order_by(table.c.at.desc(), table.c.id.desc()).limit(size + 1)
        if customer_id is not None:
            query = query.where(table.c.customer_id == customer_id)
        if by is not None:
            query = query.where(table.c.by == by)
        if after is not None:
            query = query.where(tuple_(table.c.at, table.c.id) < tuple_(*parse_numbered(after)))
        async with self._database.read() as connection:
            rows = [typed(Access, row) for row in await connection.execute(query)]
        last = rows[size - 1] if len(rows) > size else None
        return Page(items=tuple(rows[:size]), next=cursor(last.at, last.id) if last else None)

    async def drop(self, before: datetime) -> int:
        """Forgets what is older. How many."""
        async with self._database.write() as connection:
            return (await connection.execute(delete(customer_access).where(customer_access.c.at < before))).rowcount
