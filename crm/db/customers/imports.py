"""Imports in the store: the plan waits for its confirmation, then is written a batch at a time, each once. CUS-1."""

import asyncio
import secrets
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import datetime
from typing import Any, Final

import msgspec
from sqlalchemy import Row, delete, func, insert, select, true, update
from sqlalchemy.ext.asyncio import AsyncConnection

from crm.customers.columns import CellChange, CellFault
from crm.customers.imports import KEPT, ImportState, Plan, PlannedRow, Show, known_already, signs, updated
from crm.customers.model import FIELDS, Customer
from crm.db.audit.trail import AuditTrail
from crm.db.base.engine import Database
from crm.db.base.typed import typed
from crm.db.customers.rows import cards_of
from crm.db.customers.saving import claim, insert_numbers, number_rows, save_card
from crm.db.schema.core import customer, customer_change, customer_number
from crm.db.schema.customers import customer_import, customer_import_row
from crm.errors import UnknownRecord
from crm.parsing.tables.model import ReadAs

BATCH: Final = 200
"""Rows of one transaction: others get their turn in between."""
_PART: Final = 400
_table, _rows = customer_import, customer_import_row
_SHOWN: Final = {
    "all": true(),
    "noted": (_rows.c.notes != "") | _rows.c.existing.is_not(None),
    "faulty": _rows.c.state == "faulty",
}


class ImportTable:
    """All raise StoreAway; UnknownRecord for an import that is over, or another person's."""

    def __init__(self, database: Database, audit: AuditTrail, area_code: str, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._audit = audit
        self._area_code = area_code
        self._clock = clock

    async def keep(self, plan: Plan, *, file: str, by: str) -> ImportState:
        """Keeps a plan for half an hour, for this person alone; cards that are here already are found now."""
        token, at = secrets.token_urlsafe(24), self._clock()
        columns = msgspec.json.encode([plan.columns, plan.unknown, plan.how]).decode()
        wanted = await asyncio.to_thread(_signs, [row.card for row in plan.rows if row.card], self._area_code)
        async with self._database.read() as connection:
            owners = await self._owners(connection, wanted)
        rows = await asyncio.to_thread(
            lambda: [_stored(token, row) for row in known_already(plan.rows, owners, self._area_code)]
        )
        async with self._database.write() as connection:
            row = {"token": token, "by": by, "file": file, "at": at, "expires_at": at + KEPT, "columns": columns}
            await connection.execute(insert(_table).values(row))
        for start in range(0, len(rows), _PART):
            async with self._database.write() as connection:
                await connection.execute(insert(_rows), rows[start : start + _PART])
        return await self.state(token, by=by)

    async def state(self, token: str, *, by: str) -> ImportState:
        """How far it is."""
        async with self._database.read() as connection:
            return await _state(connection, token, by, self._clock())

    async def rows(
        self, token: str, *, by: str, show: Show = "noted", after: int = 0, limit: int = 200
    ) -> tuple[PlannedRow, ...]:
        """Rows in order: all, faulty ones, or those that somebody has to know of: faulty ones, those that will be
        stored otherwise than they stand, and those that are here already."""
        async with self._database.read() as connection:
            await _state(connection, token, by, self._clock())
            query = select(_rows).where(_rows.c.token == token, _SHOWN[show], _rows.c.row > after)
            found = await connection.execute(query.order_by(_rows.c.row).limit(limit))
            return tuple(_planned(row) for row in found)

    async def write_batch(self, token: str, *, by: str, on_existing: str) -> ImportState:
        """Writes the next rows; who asks again, goes on. `on_existing`: skip or update. The first answer counts."""
        async with self._database.write() as connection:
            at = self._clock()
            await connection.execute(select(_table.c.token).where(_table.c.token == token).with_for_update())
            before = await _state(connection, token, by, at)
            await connection.execute(
                update(_table)
                .where(_table.c.token == token)
                .values(expires_at=at + KEPT, on_existing=func.coalesce(_table.c.on_existing, on_existing))
            )
            chosen = await connection.execute(select(_table.c.on_existing).where(_table.c.token == token))
            query = select(_rows).where(_rows.c.token == token, _rows.c.state == "ready")
            batch = [_planned(row) for row in await connection.execute(query.order_by(_rows.c.row).limit(BATCH))]
            await self._write(connection, token, batch, chosen.scalar_one(), by, at)
            after = await _state(connection, token, by, at)
            if before.ready and not after.ready:
                counts = {name: getattr(after, name) for name in ("written", "updated", "skipped", "faulty", "refused")}
                await self._audit.add(
                    connection, at=at, by=by, action="customers_imported", subject="customers", details=counts
                )
        return after

    async def drop_expired(self, now: datetime) -> int:
        """Plans that nobody confirmed, and finished ones: what they say of people is not kept. How many."""
        async with self._database.write() as connection:
            return (await connection.execute(delete(_table).where(_table.c.expires_at < now))).rowcount

    async def _owners(self, connection: AsyncConnection, wanted: Collection[str]) -> dict[str, int]:
        """Which card has each of these signs: numbers, and names beside an employer or shop."""
        numbers = [sign for sign in wanted if "\t" not in sign]
        names = [sign.partition("\t")[2] for sign in wanted if "\t" in sign]
        owners: dict[str, int] = {}
        for start in range(0, len(names), _PART):
            these = customer.c.name.in_(names[start : start + _PART]) & customer.c.merged_into.is_(None)
            for row in await connection.execute(select(customer).where(these)):
                owners[f"{row.employer or row.shop_name}\t{row.name}"] = row.id
        for start in range(0, len(numbers), _PART):
            having = customer_number.c.normalised.in_(numbers[start : start + _PART])
            query = select(customer_number.c.normalised, customer_number.c.customer_id).where(having)
            owners.update({row.normalised: row.customer_id for row in await connection.execute(query)})
        return owners

    async def _write(
        self,
        connection: AsyncConnection,
        token: str,
        batch: Sequence[PlannedRow],
        on_existing: str,
        by: str,
        at: datetime,
    ) -> None:
        """Since the preview cards may have come or gone: who is here is looked up once more."""
        owners = await self._owners(connection, _signs([row.card for row in batch if row.card], self._area_code))
        again = known_already([msgspec.structs.replace(row, existing=None) for row in batch], owners, self._area_code)
        states: dict[int, str] = {row.row: "refused" for row in again if row.card is None}
        there = [row for row in again if row.existing is not None]
        states |= {row.row: "skipped" for row in there}
        if on_existing == "update":
            for row in there:
                await self._update(connection, row, by, at)
                states[row.row] = "updated"
        new = [row for row in again if row.card is not None and row.existing is None]
        await self._insert(connection, [row.card for row in new if row.card is not None], by, at)
        states |= {row.row: "written" for row in new}
        for state in set(states.values()):
            done = [row for row, has in states.items() if has == state]
            here = (_rows.c.token == token) & _rows.c.row.in_(done)
            await connection.execute(update(_rows).where(here).values(state=state, card=""))

    async def _update(self, connection: AsyncConnection, row: PlannedRow, by: str, at: datetime) -> None:
        found = list(await connection.execute(select(customer).where(customer.c.id == row.existing)))
        (card,) = await cards_of(connection, found)
        if row.card is not None and (changed := updated(card, row.card, self._area_code)) != card:
            await save_card(connection, changed, self._area_code, by, at)

    async def _insert(self, connection: AsyncConnection, cards: Sequence[Customer], by: str, at: datetime) -> None:
        if not cards:
            return
        rows = [{name: getattr(card, name) for name in FIELDS} | {"version": 1, "updated_at": at} for card in cards]
        made = await connection.execute(insert(customer).returning(customer.c.id, sort_by_parameter_order=True), rows)
        numbers: dict[str, dict[str, Any]] = {}
        changes: list[dict[str, Any]] = []
        for customer_id, card in zip(made.scalars(), cards, strict=True):
            mine = number_rows(customer_id, card.numbers, self._area_code)
            numbers |= mine
            imported = {"field": "imported", "old": "", "new": ", ".join(mine)}
            changes.append({"customer_id": customer_id, "at": at, "by": by, **imported})
        await connection.execute(insert(customer_change), changes)
        await insert_numbers(connection, list(numbers.values()))
        await claim(connection, {number: row["customer_id"] for number, row in numbers.items()})


def _signs(cards: Iterable[Customer], area_code: str) -> set[str]:
    return {sign for card in cards for sign in signs(card, area_code)}


def _stored(token: str, row: PlannedRow) -> dict[str, Any]:
    return {
        "token": token,
        "row": row.row,
        "state": "ready" if row.card else "faulty",
        "existing": row.existing,
        "card": msgspec.json.encode(row.card).decode() if row.card else "",
        "notes": msgspec.json.encode(_Notes(row.faults, row.changes)).decode() if row.faults or row.changes else "",
    }


class _Notes(msgspec.Struct, frozen=True):
    """What a row's `notes` say. An earlier version kept the faults alone."""

    faults: tuple[CellFault, ...] = ()
    changes: tuple[CellChange, ...] = ()


def _planned(row: Row[Any]) -> PlannedRow:
    found = msgspec.json.decode(row.notes, type=_Notes | tuple[CellFault, ...]) if row.notes else _Notes()
    notes = found if isinstance(found, _Notes) else _Notes(found)
    return PlannedRow(
        row=row.row,
        card=msgspec.json.decode(row.card, type=Customer) if row.card else None,
        faults=notes.faults,
        changes=notes.changes,
        existing=row.existing,
    )


async def _state(connection: AsyncConnection, token: str, by: str, at: datetime) -> ImportState:
    mine = (_table.c.token == token) & (_table.c.by == by) & (_table.c.expires_at > at)
    row = (await connection.execute(select(_table).where(mine))).one_or_none()
    if row is None:
        raise UnknownRecord("import (it is kept for half an hour: upload the file again)", token)
    columns, unknown, *how = msgspec.json.decode(row.columns)
    query = select(_rows.c.state, func.count(), func.count(_rows.c.existing)).where(_rows.c.token == token)
    counts = {state: (count, known) for state, count, known in await connection.execute(query.group_by(_rows.c.state))}
    return typed(
        ImportState,
        row,
        columns=tuple(columns),
        unknown=tuple(unknown),
        how=msgspec.convert(how[0], ReadAs) if how else ReadAs(),
        existing=counts.get("ready", (0, 0))[1],
        **{state: count for state, (count, _) in counts.items()},
    )
