"""Customers' cards in the store: found by number in any notation, changed with a history. CUS-1, CUS-2, CUS-3."""

import asyncio
import re
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Final

import msgspec
from sqlalchemy import ColumnElement, Row, Select, delete, insert, or_, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from crm.customers.model import Customer, CustomerNumber
from crm.customers.numbers import NumberKind, normalise
from crm.db.engine import Database
from crm.db.paging import cursor, page_size, parse_numbered
from crm.db.schema import call, customer, customer_change, customer_number, ticket
from crm.errors import NumberTaken, UnknownRecord, VersionConflict
from crm.page import Page

_KEPT: Final = (
    "name",
    "form_of_address",
    "employer",
    "post",
    "address",
    "notes",
    "key_customer",
    "do_not_call",
)


class CustomerQueries:
    """All raise StoreAway."""

    def __init__(self, database: Database, area_code: str, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._area_code = area_code
        self._clock = clock

    async def get(self, customer_id: int) -> Customer | None:
        return await self._one(select(customer).where(customer.c.id == customer_id))

    async def list(self, search: str | None = None, limit: int = 50, after: str | None = None) -> Page[Customer]:
        """Lately changed first. `search` is part of a name, of an employer, or of a number. Raises BadCursor."""
        size = page_size(limit)
        query = select(customer).order_by(customer.c.updated_at.desc(), customer.c.id.desc()).limit(size + 1)
        if search is not None and search.strip():
            query = query.where(self._contains(search.strip()))
        if after is not None:
            query = query.where(tuple_(customer.c.updated_at, customer.c.id) < tuple_(*parse_numbered(after)))
        async with self._database.read() as connection:
            rows = list(await connection.execute(query))
            cards = await _cards(connection, rows[:size])
        more = cursor(rows[size - 1].updated_at, rows[size - 1].id) if len(rows) > size else None
        return Page(items=tuple(cards), next=more)

    async def save(self, card: Customer, *, by: str | None = None) -> Customer:
        """Makes the card (`id` 0) or overwrites it. Earlier tickets of its numbers become this customer's.

        Raises UnknownRecord, VersionConflict, NumberTaken; then nothing is written.
        """
        async with self._database.write() as connection:
            at = self._clock()
            customer_id = card.id or await self._make(connection, card, at)
            if card.id:
                await self._overwrite(connection, card, by, at)
            await self._set_numbers(connection, customer_id, card.numbers, by, at)
            row = (await connection.execute(select(customer).where(customer.c.id == customer_id))).one()
            return (await _cards(connection, [row]))[0]

    async def _one(self, query: Select[Any]) -> Customer | None:
        async with self._database.read() as connection:
            rows = list(await connection.execute(query))
            cards = await _cards(connection, rows)
        return cards[0] if cards else None

    def _contains(self, search: str) -> ColumnElement[bool]:
        parts: list[ColumnElement[bool]] = [
            customer.c.name.icontains(search, autoescape=True),
            customer.c.employer.icontains(search, autoescape=True),
        ]
        if re.search(r"\d{3}", search):
            numbers = select(customer_number.c.customer_id)
            whole = normalise(search, self._area_code).normalised
            digits = re.sub(r"\D", "", search)
            parts.append(customer.c.id.in_(numbers.where(customer_number.c.normalised.in_({whole, digits}))))
            parts.append(customer.c.id.in_(numbers.where(customer_number.c.normalised.contains(digits))))
        return or_(*parts)

    async def _make(self, connection: AsyncConnection, card: Customer, at: datetime) -> int:
        values = {name: getattr(card, name) for name in _KEPT}
        made = await connection.execute(
            insert(customer).values(**values, version=1, updated_at=at).returning(customer.c.id)
        )
        return int(made.scalar_one())

    async def _overwrite(self, connection: AsyncConnection, card: Customer, by: str | None, at: datetime) -> None:
        found = await connection.execute(select(customer).where(customer.c.id == card.id).with_for_update())
        row = found.one_or_none()
        if row is None:
            raise UnknownRecord("customer", card.id)
        if row.version != card.version:
            raise VersionConflict(f"customer {card.id}", card.version, row.version)
        old = row._mapping
        changes = {name: getattr(card, name) for name in _KEPT if old[name] != getattr(card, name)}
        await connection.execute(
            update(customer).where(customer.c.id == card.id).values(**changes, version=card.version + 1, updated_at=at)
        )
        for name, new in changes.items():
            await _note_change(connection, card.id, at, by, name, str(old[name]), str(new))

    async def _set_numbers(
        self,
        connection: AsyncConnection,
        customer_id: int,
        numbers: Sequence[CustomerNumber],
        by: str | None,
        at: datetime,
    ) -> None:
        read = [normalise(number.raw, self._area_code) for number in numbers]
        wanted = {number.normalised: number for number in read if number.normalised}
        known = await connection.execute(
            select(customer_number.c.normalised, customer_number.c.customer_id).where(
                or_(customer_number.c.normalised.in_(wanted), customer_number.c.customer_id == customer_id)
            )
        )
        owners: dict[str, int] = {row.normalised: row.customer_id for row in known}
        for normalised, owner in owners.items():
            if owner != customer_id:
                raise NumberTaken(normalised, owner)
        await connection.execute(delete(customer_number).where(customer_number.c.customer_id == customer_id))
        # The first look-up of a place loads the map of them all: not on the loop that calls are served on.
        places = await asyncio.to_thread(lambda: [number.place for number in wanted.values()])
        rows = [
            {**msgspec.structs.asdict(number), "place": place, "customer_id": customer_id, "rank": rank}
            for rank, (number, place) in enumerate(zip(wanted.values(), places, strict=True))
        ]
        if rows:
            await connection.execute(insert(customer_number), rows)
        if set(owners) != set(wanted):
            old, new = ", ".join(sorted(owners)), ", ".join(sorted(wanted))
            await _note_change(connection, customer_id, at, by, "numbers", old, new)
            for table in (ticket, call):
                theirs = table.c.number_key.in_(wanted) & table.c.customer_id.is_(None)
                await connection.execute(update(table).where(theirs).values(customer_id=customer_id))


async def _note_change(
    connection: AsyncConnection, customer_id: int, at: datetime, by: str | None, field: str, old: str, new: str
) -> None:
    await connection.execute(
        insert(customer_change).values(customer_id=customer_id, at=at, by=by, field=field, old=old, new=new)
    )


async def _cards(connection: AsyncConnection, rows: Sequence[Row[Any]]) -> list[Customer]:
    """The cards of rows of the customer table, each with its numbers."""
    numbers: dict[int, list[CustomerNumber]] = {row.id: [] for row in rows}
    query = select(customer_number).where(customer_number.c.customer_id.in_(numbers)).order_by(customer_number.c.rank)
    for each in await connection.execute(query):
        numbers[each.customer_id].append(
            CustomerNumber(raw=each.raw, normalised=each.normalised, kind=NumberKind(each.kind), place=each.place)
        )
    return [Customer(**row._mapping, numbers=tuple(numbers[row.id])) for row in rows]
