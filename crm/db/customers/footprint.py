"""Everything that somebody left: the rows of any table that hang on the person's calls, tickets and due calls. CUS-4.

What leads there is read from the schema, so that later parts are covered as well: foreign keys, and the names that
columns without one have. The texts of those rows are then rewritten.
"""

import re
from collections.abc import Collection, Iterable, Iterator
from typing import Any, Final

from sqlalchemy import Column, Row, Table, Text, and_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from crm.customers.erasure import Person
from crm.db.schema.audit import audit
from crm.db.schema.core import (
    agent_state,
    call,
    customer,
    customer_change,
    customer_number,
    due_call,
    event,
    journal_position,
    metadata,
    rejected_event,
    ticket,
    ticket_change,
)
from crm.db.schema.customers import customer_access, customer_import, customer_import_row, customer_removal
from crm.db.schema.users import user_account, user_device, user_session

_ELSEWHERE: Final = (
    # Sealed, and without personal data: acts name records by their numbers.
    audit,
    customer_access,
    customer_removal,
    # The card itself goes as a whole; events are rewritten field by field, as they must still be events.
    customer,
    customer_number,
    customer_change,
    event,
    rejected_event,
    customer_import,
    customer_import_row,
    # About colleagues.
    agent_state,
    journal_position,
    user_account,
    user_device,
    user_session,
)
_NAMED: Final[dict[str, Table]] = {"ticket": ticket, "call_id": call, "due_call": due_call, "customer_id": customer}
"""What a column of this name means where it is no foreign key."""
_NUMBER: Final = re.compile(r"ani|caller|(contact|caller|visitor|guest)_number|(.*_)?(phone|mobile|telephone)")
"""Columns that hold a telephone number and nothing else, whosever it is. Others lose the numbers that are known."""
_NAME: Final = re.compile(
    r"(contact|caller|visitor|guest|leader|booker|customer)_(name|person)|form_of_address|number_key"
    r"|(.*_)?(email|wechat|openid|id_card|id_number|address)"
)
_AT_ONCE: Final = 400

Seeds = dict[Table, set[Any]]
"""Primary keys by table."""


async def rewrite(connection: AsyncConnection, seeds: Seeds, person: Person) -> dict[str, int]:
    """Rewrites every row that hangs on the seeds. Returns how many of each table."""
    known: Seeds = {table: set(keys) for table, keys in seeds.items()}
    counts: dict[str, int] = {}
    for table in metadata.sorted_tables:
        if table in _ELSEWHERE:
            continue
        rows = [row async for row in _rows(connection, table, known)]
        keys = list(table.primary_key.columns)
        if len(keys) == 1:
            known.setdefault(table, set()).update(row._mapping[keys[0].name] for row in rows)
        for row in rows:
            if changes := _changes(table, row, person):
                here = and_(*(key == row._mapping[key.name] for key in keys))
                await connection.execute(update(table).where(here).values(**changes))
                counts[table.name] = counts.get(table.name, 0) + 1
    return counts


async def _rows(connection: AsyncConnection, table: Table, known: Seeds) -> Any:
    seen: set[tuple[Any, ...]] = set()
    keys = [key.name for key in table.primary_key.columns]
    for column, values in _ways(table, known):
        for part in parts(values):
            for row in await connection.execute(select(table).where(column.in_(part))):
                identity = tuple(row._mapping[name] for name in keys)
                if identity not in seen:
                    seen.add(identity)
                    yield row


def _ways(table: Table, known: Seeds) -> Iterator[tuple[Column[Any], set[Any]]]:
    """The columns by which rows of this table may hang on what is known, with the values that do."""
    keys = list(table.primary_key.columns)
    if table in known and len(keys) == 1:
        yield keys[0], known[table]
    for column in table.columns:
        targets = [key.column.table for key in column.foreign_keys]
        if not targets and column.name in _NAMED and not column.primary_key:
            targets = [_NAMED[column.name]]
        for target in targets:
            if values := known.get(target):
                # call.due_call holds its number as text.
                yield column, {str(value) for value in values} if isinstance(column.type, Text) else values


def parts(values: Iterable[Any]) -> Iterator[list[Any]]:
    """As many as one statement takes."""
    everything = list(values)
    for start in range(0, len(everything), _AT_ONCE):
        yield everything[start : start + _AT_ONCE]


def _changes(table: Table, row: Row[Any], person: Person) -> dict[str, str]:
    changes: dict[str, str] = {}
    for column in table.columns:
        old = row._mapping[column.name]
        if not isinstance(column.type, Text) or column.primary_key or column.foreign_keys or not isinstance(old, str):
            continue
        new = _rewritten(column, old, person)
        if new != old:
            changes[column.name] = new
    return changes


def _rewritten(column: Column[Any], old: str, person: Person) -> str:
    if not old:
        return old
    if column.info.get("personal") or _NAME.fullmatch(column.name):
        return ""
    if _NUMBER.fullmatch(column.name):
        return person.stand_in
    return person.without(old)


async def said_of(connection: AsyncConnection, ids: Collection[int], seeds: Seeds) -> tuple[set[str], set[str]]:
    """Every name and number that was ever written of this person."""
    names: set[str] = set()
    numbers: set[str] = set()
    cards = select(customer.c.name, customer.c.contact_person).where(customer.c.id.in_(ids))
    for row in await connection.execute(cards):
        names |= set(row)
    owned = select(customer_number.c.raw, customer_number.c.normalised).where(customer_number.c.customer_id.in_(ids))
    for row in await connection.execute(owned):
        numbers |= set(row)
    changes = select(customer_change).where(customer_change.c.customer_id.in_(ids))
    for row in await connection.execute(changes):
        if row.field in ("name", "contact_person"):
            names |= {row.old or "", row.new or ""}
        elif row.field in ("numbers", "moved_number"):
            numbers |= set(f"{row.old or ''}, {row.new or ''}".split(", "))
    for part in parts(seeds[ticket]):
        for table, key in _with_contact():
            written = select(table.c.contact_name, table.c.contact_number).where(key.in_(part))
            for row in await connection.execute(written):
                names.add(row.contact_name or "")
                numbers.add(row.contact_number or "")
        earlier = select(ticket_change).where(ticket_change.c.ticket.in_(part))
        for row in await connection.execute(earlier):
            if row.field in ("contact_name", "contact_number"):
                (names if row.field == "contact_name" else numbers).update({row.old or "", row.new or ""})
    for part in parts(seeds[call]):
        for row in await connection.execute(
            select(call.c.caller_name, call.c.number_key).where(call.c.call_id.in_(part))
        ):
            names.add(row.caller_name)
            numbers.add(row.number_key)
    for part in parts(seeds[due_call]):
        numbers |= set((await connection.execute(select(due_call.c.number).where(due_call.c.id.in_(part)))).scalars())
    return names - {""}, numbers - {""}


def _with_contact() -> list[tuple[Table, Column[Any]]]:
    """Tickets, and what hangs on them and names somebody to be reached: with the column that says which ticket."""
    wanted = {"contact_name", "contact_number"}
    named = [table for table in metadata.sorted_tables if wanted <= set(table.c.keys())]
    return [(table, table.c.number if table is ticket else table.c.ticket) for table in named]
