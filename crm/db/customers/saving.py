"""Writes cards, in the caller's transaction: versions held, a number on one card, each change kept. CUS-1, CUS-3."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from config.numbering import Number, extension, normalise
from crm.customers.model import FIELDS, Customer, CustomerNumber
from crm.db.schema.core import call, customer, customer_change, customer_number, ticket
from crm.errors import CardMerged, NumberTaken, UnknownRecord, VersionConflict

Change = tuple[str, str, str]
"""Field, what it was, what it is."""


async def save_card(connection: AsyncConnection, card: Customer, area_code: str, by: str | None, at: datetime) -> int:
    """Makes the card (`id` 0) or overwrites it; returns its id. Earlier tickets of its numbers become this customer's.

    Raises UnknownRecord, VersionConflict, CardMerged, NumberTaken.
    """
    values = {name: getattr(card, name) for name in FIELDS}
    if card.id == 0:
        made = await connection.execute(
            insert(customer).values(**values, version=1, updated_at=at).returning(customer.c.id)
        )
        customer_id = int(made.scalar_one())
    else:
        customer_id = card.id
        row = await locked(connection, card.id, card.version)
        changes = {name: value for name, value in values.items() if row._mapping[name] != value}
        await bump(connection, card.id, at, **changes)
        told = [(name, text_of(row._mapping[name]), text_of(value)) for name, value in changes.items()]
        await note_changes(connection, customer_id, told, by, at)
    await set_numbers(connection, customer_id, card.numbers, area_code, by, at)
    return customer_id


async def locked(connection: AsyncConnection, customer_id: int, version: int) -> Row[Any]:
    """The card's row, held until the transaction ends. Raises UnknownRecord, VersionConflict, CardMerged."""
    query = select(customer).where(customer.c.id == customer_id).with_for_update()
    row = (await connection.execute(query)).one_or_none()
    if row is None:
        raise UnknownRecord("customer", customer_id)
    if row.merged_into is not None:
        raise CardMerged(customer_id, row.merged_into)
    if row.version != version:
        raise VersionConflict(f"customer {customer_id}", version, row.version)
    return row


async def bump(connection: AsyncConnection, customer_id: int, at: datetime, **values: object) -> None:
    """Writes these columns, and that the card is another version now."""
    await connection.execute(
        update(customer)
        .where(customer.c.id == customer_id)
        .values(**values, version=customer.c.version + 1, updated_at=at)
    )


async def set_numbers(
    connection: AsyncConnection,
    customer_id: int,
    numbers: Sequence[CustomerNumber],
    area_code: str,
    by: str | None,
    at: datetime,
) -> None:
    """These and no others are the card's numbers. Raises NumberTaken."""
    wanted = number_rows(customer_id, numbers, area_code)
    known = await connection.execute(
        select(customer_number)
        .where(or_(customer_number.c.normalised.in_(wanted), customer_number.c.customer_id == customer_id))
        .order_by(customer_number.c.rank)
    )
    had: list[str] = []
    for row in known:
        if row.customer_id != customer_id:
            raise NumberTaken(row.normalised, row.customer_id)
        had.append(_numeral(row.normalised, row.extension))
    await connection.execute(delete(customer_number).where(customer_number.c.customer_id == customer_id))
    await insert_numbers(connection, list(wanted.values()))
    has = [_numeral(row["normalised"], row["extension"]) for row in wanted.values()]
    if had != has:
        await note_changes(connection, customer_id, [("numbers", ", ".join(had), ", ".join(has))], by, at)
        await claim(connection, dict.fromkeys(wanted, customer_id))


def number_rows(
    customer_id: int, numbers: Iterable[CustomerNumber], area_code: str, first_rank: int = 0
) -> dict[str, dict[str, Any]]:
    """Rows by normalised number, without places; the same number twice is one."""
    rows: dict[str, dict[str, Any]] = {}
    for given in numbers:
        number = normalise(given.raw, area_code)
        if not number.normalised or number.normalised in rows:
            continue
        rows[number.normalised] = {
            "normalised": number.normalised,
            "customer_id": customer_id,
            "raw": number.raw,
            "kind": number.kind,
            "place": None,
            "rank": first_rank + len(rows),
            "use": given.use,
            "extension": given.extension or extension(given.raw, area_code),
        }
    return rows


async def insert_numbers(connection: AsyncConnection, rows: Sequence[dict[str, Any]]) -> None:
    """With where each was allocated."""
    if not rows:
        return
    read = [Number(raw=row["raw"], normalised=row["normalised"], kind=row["kind"]) for row in rows]
    # The first look-up of a place loads the map of them all: not on the loop that calls are served on.
    places = await asyncio.to_thread(lambda: [number.place for number in read])
    placed = [{**row, "place": place} for row, place in zip(rows, places, strict=True)]
    await connection.execute(insert(customer_number), placed)


async def claim(connection: AsyncConnection, owners: Mapping[str, int]) -> None:
    """Tickets and calls of these numbers that are nobody's become the owner's."""
    for table in (ticket, call):
        nobodys = table.c.number_key.in_(owners) & table.c.customer_id.is_(None)
        found = await connection.execute(select(table.c.number_key).where(nobodys).distinct())
        for number in list(found.scalars()):
            theirs = (table.c.number_key == number) & table.c.customer_id.is_(None)
            await connection.execute(update(table).where(theirs).values(customer_id=owners[number]))


async def note_changes(
    connection: AsyncConnection, customer_id: int, changes: Sequence[Change], by: str | None, at: datetime
) -> None:
    """Every change is kept."""
    rows = [
        {"customer_id": customer_id, "at": at, "by": by, "field": field, "old": old, "new": new}
        for field, old, new in changes
    ]
    if rows:
        await connection.execute(insert(customer_change), rows)


async def next_rank(connection: AsyncConnection, customer_id: int) -> int:
    """Behind the numbers that the card has."""
    query = select(func.max(customer_number.c.rank)).where(customer_number.c.customer_id == customer_id)
    last = (await connection.execute(query)).scalar()
    return 0 if last is None else int(last) + 1


def text_of(value: object) -> str:
    """A value as the history says it."""
    return "" if value is None else str(value)


def _numeral(number: str, extension_: str) -> str:
    return f"{number}-{extension_}" if extension_ else number
