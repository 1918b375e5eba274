"""Duplicates, and two cards made one: what hung on either hangs on the one that stays. CUS-1.

Which tables point at a customer is read from the schema, so that those of later parts move as well.
"""

import asyncio
from collections.abc import Callable, Collection
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Column, Row, Table, and_, delete, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from crm.customers.duplicates import Likeness, find_duplicates
from crm.customers.model import FIELDS, Customer, MergePlan
from crm.db.audit.trail import AuditTrail
from crm.db.base.engine import Database
from crm.db.customers.rows import cards_of
from crm.db.customers.saving import bump, locked, next_rank, note_changes, text_of
from crm.db.customers.watch import alone
from crm.db.schema.core import customer, customer_change, customer_number, metadata
from crm.db.schema.customers import customer_distinct

MOST_COMPARED: Final = 100_000
"""Cards that are looked through for duplicates, the newest first."""
_PART: Final = 250
_NOT_MOVED: Final = (customer, customer_number, customer_change, customer_distinct)
"""Cards and what is part of them: merged here by hand. Changes stay with the card they were made on."""


class DuplicateTable:
    """All raise StoreAway."""

    def __init__(self, database: Database, audit: AuditTrail, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._audit = audit
        self._clock = clock

    async def find(self, most: int = 200) -> list[tuple[Likeness, Customer, Customer]]:
        """Pairs that may be one customer, the likeliest first, without those that were found to be two."""
        cards: list[Customer] = []
        query = select(customer).where(customer.c.merged_into.is_(None)).order_by(customer.c.id.desc()).limit(_PART)
        async with self._database.read() as connection:
            # In parts: a hall's telephones are served on the same loop.
            rows = list(await connection.execute(query))
            while rows and len(cards) < MOST_COMPARED:
                cards += await cards_of(connection, rows)
                rows = list(await connection.execute(query.where(customer.c.id < rows[-1].id)))
            two = {(row.one, row.other) for row in await connection.execute(select(customer_distinct))}
        by_id = {card.id: card for card in cards}
        pairs = await asyncio.to_thread(find_duplicates, cards, most + len(two))
        return [(each, by_id[each.one], by_id[each.other]) for each in pairs if (each.one, each.other) not in two][
            :most
        ]

    async def keep_apart(self, one: int, other: int, *, by: str) -> None:
        """These are two customers. Said twice, the first time counts. Raises IntegrityError for an unknown card."""
        first, second = sorted((one, other))
        at = self._clock()
        row = {"one": first, "other": second, "at": at, "by": by}
        async with self._database.write() as connection:
            await self._database.insert_new(connection, customer_distinct, [row], ["one", "other"])
            details = {"other": second}
            await self._audit.add(
                connection, at=at, by=by, action="kept_apart", subject=f"customer {first}", details=details
            )

    async def merge(self, plan: MergePlan, *, by: str) -> dict[str, int]:
        """Makes two cards one. Returns how many rows of each table moved.

        Raises ValueError (one card twice), UnknownRecord, VersionConflict, CardMerged; then nothing is written.
        """
        if plan.stays == plan.goes:
            raise ValueError("a card cannot be merged with itself: choose two cards")
        async with self._database.write() as connection:
            at = self._clock()
            await alone(connection)
            versions = {plan.stays: plan.stays_version, plan.goes: plan.goes_version}
            rows = {each: await locked(connection, each, versions[each]) for each in sorted(versions)}
            moved = {
                table.name: count
                for table, column in pointing_at_customers()
                if (count := await _move(connection, table, column, plan))
            }
            await _join_cards(connection, plan, rows, by, at)
            details = {"merged": plan.goes, **moved}
            await self._audit.add(
                connection, at=at, by=by, action="customers_merged", subject=f"customer {plan.stays}", details=details
            )
        return moved


def pointing_at_customers() -> list[tuple[Table, Column[Any]]]:
    """Every foreign key to a card, besides those of the cards' own tables."""
    return [
        (table, key.parent)
        for table in metadata.sorted_tables
        if table not in _NOT_MOVED
        for key in table.foreign_keys
        if key.column is customer.c.id
    ]


async def _move(connection: AsyncConnection, table: Table, column: Column[Any], plan: MergePlan) -> int:
    """All rows at once. Where a unique key stands against that, one by one: what the staying card has already, the
    other keeps."""
    everything = update(table).where(column == plan.goes).values({column: plan.stays})
    try:
        async with connection.begin_nested():
            return (await connection.execute(everything)).rowcount
    except IntegrityError:
        keys = list(table.primary_key.columns)
        moved = 0
        for row in list(await connection.execute(select(*keys).where(column == plan.goes))):
            one = and_(*(key == value for key, value in zip(keys, row, strict=True)))
            try:
                async with connection.begin_nested():
                    moved += (await connection.execute(update(table).where(one).values({column: plan.stays}))).rowcount
            except IntegrityError:
                continue
        return moved


async def _join_cards(
    connection: AsyncConnection, plan: MergePlan, rows: dict[int, Row[Any]], by: str, at: datetime
) -> None:
    stays, goes = rows[plan.stays]._mapping, rows[plan.goes]._mapping
    values: dict[str, Any] = {name: goes[name] for name in _known(plan.take) if goes[name] != stays[name]}
    if goes["do_not_call"]:
        values["do_not_call"] = True
    told = [(name, text_of(stays[name]), text_of(value)) for name, value in values.items() if stays[name] != value]
    told.append(("merged", "", str(plan.goes)))
    await bump(connection, plan.stays, at, **values)
    await note_changes(connection, plan.stays, told, by, at)
    first = await next_rank(connection, plan.stays)
    theirs = customer_number.c.customer_id == plan.goes
    await connection.execute(
        update(customer_number).where(theirs).values(customer_id=plan.stays, rank=customer_number.c.rank + first)
    )
    await bump(connection, plan.goes, at, merged_into=plan.stays)
    await note_changes(connection, plan.goes, [("merged_into", "", str(plan.stays))], by, at)
    earlier = customer.c.merged_into == plan.goes
    await connection.execute(update(customer).where(earlier).values(merged_into=plan.stays))
    pair = customer_distinct.c
    await connection.execute(delete(customer_distinct).where(or_(pair.one == plan.goes, pair.other == plan.goes)))


def _known(fields: Collection[str]) -> list[str]:
    """Raises ValueError for a field that no card has."""
    unknown = set(fields) - set(FIELDS)
    if unknown:
        raise ValueError(f"no field of a card: {', '.join(sorted(unknown))}; fields are {', '.join(FIELDS)}")
    return sorted(fields)
