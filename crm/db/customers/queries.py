"""Customers' cards in the store: found, saved with a history, and how often there was contact. CUS-1, CUS-2, CUS-3."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec
from sqlalchemy import ColumnElement, Select, case, delete, exists, func, or_, select, tuple_, update

from config.numbering import normalise
from crm.cases.organisation import SEES_ALL, Sight
from crm.customers.model import Contact, Customer, CustomerChange, CustomerFilter
from crm.db.audit.trail import AuditTrail
from crm.db.base.engine import Database
from crm.db.base.paging import cursor, page_size, parse_numbered
from crm.db.base.sight import card_visible
from crm.db.base.typed import typed
from crm.db.customers.rows import cards_of
from crm.db.customers.saving import bump, locked, next_rank, note_changes, save_card
from crm.db.schema.core import call, customer, customer_change, customer_number
from crm.errors import UnknownRecord
from crm.page import Page

_PERIODS: Final = (30, 90, 365)
_DIRECTIONS: Final = {"in": "inbound", "out": "outbound"}


EVERYBODY: Final = CustomerFilter()
_PART: Final = 250
"""Cards read at a time: between two parts others get their turn."""


class CustomerQueries:
    """All raise StoreAway."""

    def __init__(self, database: Database, audit: AuditTrail, area_code: str, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._audit = audit
        self._area_code = area_code
        self._clock = clock

    async def get(self, customer_id: int) -> Customer | None:
        """A merged card too, as it was; it says which one it became part of."""
        async with self._database.read() as connection:
            rows = list(await connection.execute(select(customer).where(customer.c.id == customer_id)))
            cards = await cards_of(connection, rows)
        return cards[0] if cards else None

    async def list(
        self,
        search: str | None = None,
        limit: int = 50,
        after: str | None = None,
        *,
        wanted: CustomerFilter = EVERYBODY,
        sight: Sight = SEES_ALL,
    ) -> Page[Customer]:
        """Lately changed first, without merged cards. Raises BadCursor."""
        size = page_size(limit)
        query = self.chosen(msgspec.structs.replace(wanted, search=search) if search else wanted)
        query = (
            query.where(card_visible(sight))
            .order_by(customer.c.updated_at.desc(), customer.c.id.desc())
            .limit(size + 1)
        )
        if after is not None:
            query = query.where(tuple_(customer.c.updated_at, customer.c.id) < tuple_(*parse_numbered(after)))
        async with self._database.read() as connection:
            rows = list(await connection.execute(query))
            cards = await cards_of(connection, rows[:size])
        more = cursor(rows[size - 1].updated_at, rows[size - 1].id) if len(rows) > size else None
        return Page(items=tuple(cards), next=more)

    async def all(self, wanted: CustomerFilter, most: int, sight: Sight = SEES_ALL) -> tuple[Customer, ...]:
        """The cards that the filter lets through by id, at most one more than `most`."""
        found: list[Customer] = []
        query = self.chosen(wanted).where(card_visible(sight)).order_by(customer.c.id).limit(_PART)
        async with self._database.read() as connection:
            while len(found) <= most:
                last = found[-1].id if found else 0
                rows = list(await connection.execute(query.where(customer.c.id > last)))
                found += await cards_of(connection, rows)
                if len(rows) < _PART:
                    break
        return tuple(found[: most + 1])

    def chosen(self, wanted: CustomerFilter) -> Select[Any]:
        """The rows of the cards that the filter lets through, in no order."""
        query = select(customer).where(customer.c.merged_into.is_(None))
        if wanted.search is not None and wanted.search.strip():
            query = query.where(self._contains(wanted.search.strip()))
        if wanted.kind is not None:
            query = query.where(customer.c.kind == wanted.kind)
        if wanted.key is not None:
            query = query.where(customer.c.key_customer == wanted.key)
        if wanted.looked_after_by is not None:
            query = query.where(customer.c.looked_after_by == wanted.looked_after_by)
        if wanted.quiet_since is not None:
            theirs = (call.c.customer_id == customer.c.id) & (call.c.invited_at >= wanted.quiet_since)
            query = query.where(~exists(select(call.c.call_id).where(theirs)))
        return query

    async def contact(self, customer_ids: Sequence[int]) -> dict[int, Contact]:
        """How often each of them called and was called, until now."""
        now = self._clock()
        counts = [
            func.sum(
                case(((call.c.direction == direction) & (call.c.invited_at >= now - timedelta(days=days)), 1), else_=0)
            ).label(f"{side}_{days}")
            for side, direction in _DIRECTIONS.items()
            for days in _PERIODS
        ]
        query = (
            select(call.c.customer_id, func.max(call.c.invited_at).label("last_at"), *counts)
            .where(call.c.customer_id.in_(customer_ids))
            .group_by(call.c.customer_id)
        )
        found = dict.fromkeys(customer_ids, Contact())
        async with self._database.read() as connection:
            for row in await connection.execute(query):
                found[row.customer_id] = typed(Contact, row)
        return found

    async def history(self, customer_id: int) -> tuple[CustomerChange, ...]:
        """Every change of the card and of those that were merged into it, the newest first."""
        part = select(customer.c.id).where(customer.c.merged_into == customer_id)
        query = (
            select(customer_change)
            .where(or_(customer_change.c.customer_id == customer_id, customer_change.c.customer_id.in_(part)))
            .order_by(customer_change.c.at.desc(), customer_change.c.id.desc())
        )
        async with self._database.read() as connection:
            return tuple(
                CustomerChange(
                    at=row.at, by=row.by, customer_id=row.customer_id, field=row.field, old=row.old, new=row.new
                )
                for row in await connection.execute(query)
            )

    async def save(self, card: Customer, *, by: str | None = None) -> Customer:
        """Makes the card (`id` 0) or overwrites it. Earlier tickets of its numbers become this customer's.

        Raises UnknownRecord, VersionConflict, CardMerged, NumberTaken; then nothing is written.
        """
        async with self._database.write() as connection:
            at = self._clock()
            customer_id = await save_card(connection, card, self._area_code, by, at)
            row = (await connection.execute(select(customer).where(customer.c.id == customer_id))).one()
            saved = (await cards_of(connection, [row]))[0]
            if by is not None:
                action = "customer_changed" if card.id else "customer_made"
                await self._audit.add(connection, at=at, by=by, action=action, subject=f"customer {customer_id}")
        return saved

    async def move_number(self, number: str, *, to: Customer, use: str, by: str) -> Customer:
        """Takes a number off the card that has it, and puts it on this one; earlier calls stay with the other.

        Raises UnknownRecord (nobody has it), VersionConflict, CardMerged.
        """
        key = normalise(number, self._area_code).normalised
        async with self._database.write() as connection:
            at = self._clock()
            query = select(customer_number).where(customer_number.c.normalised == key)
            found = (await connection.execute(query)).one_or_none()
            if found is None:
                raise UnknownRecord("number on a card", number)
            await locked(connection, to.id, to.version)
            rank = await next_rank(connection, to.id)
            where = update(customer_number).where(customer_number.c.normalised == key)
            await connection.execute(where.values(customer_id=to.id, rank=rank, use=use))
            for customer_id, old, new in ((found.customer_id, key, ""), (to.id, "", key)):
                await bump(connection, customer_id, at)
                await note_changes(connection, customer_id, [("moved_number", old, new)], by, at)
            row = (await connection.execute(select(customer).where(customer.c.id == to.id))).one()
            saved = (await cards_of(connection, [row]))[0]
            details = {"from": found.customer_id, "to": to.id}
            await self._audit.add(
                connection, at=at, by=by, action="number_moved", subject=f"customer {to.id}", details=details
            )
        return saved

    async def drop_changes(self, before: datetime) -> int:
        """Forgets changes older than that. How many."""
        async with self._database.write() as connection:
            done = await connection.execute(delete(customer_change).where(customer_change.c.at < before))
            return done.rowcount

    def _contains(self, search: str) -> ColumnElement[bool]:
        texts = (customer.c.name, customer.c.employer, customer.c.shop_name, customer.c.contact_person)
        parts: list[ColumnElement[bool]] = [text.icontains(search, autoescape=True) for text in texts]
        parts.append(customer.c.unit == search)
        if whole := normalise(search, self._area_code).normalised:
            numbers = select(customer_number.c.customer_id)
            parts.append(customer.c.id.in_(numbers.where(customer_number.c.normalised == whole)))
        return or_(*parts)
