"""Between the tables of cards and the cards themselves. No queries of its own."""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, Row, select
from sqlalchemy.ext.asyncio import AsyncConnection

from crm.customers.model import Customer, CustomerNumber
from crm.db.base.typed import typed
from crm.db.schema.core import customer_number

_OF_NUMBER: Final = ("raw", "normalised", "kind", "place", "use", "extension")


def number_columns() -> list[ColumnElement[Any]]:
    """The columns that `number_of` reads, under names that no column of a card has."""
    return [customer_number.c[name].label(f"number_{name}") for name in _OF_NUMBER]


def number_of(row: Row[Any]) -> CustomerNumber:
    """The number of a row with `number_columns`."""
    found = {name: row._mapping[f"number_{name}"] for name in _OF_NUMBER}
    return typed(CustomerNumber, found)


def card_of(row: Row[Any], numbers: Sequence[CustomerNumber]) -> Customer:
    """The card of a row with all columns of `customer`."""
    return typed(Customer, row, numbers=tuple(numbers))


async def cards_of(connection: AsyncConnection, rows: Sequence[Row[Any]]) -> list[Customer]:
    """The cards of rows of the customer table, each with its numbers, the preferred one first."""
    numbers: dict[int, list[CustomerNumber]] = {row.id: [] for row in rows}
    query = (
        select(customer_number.c.customer_id, *number_columns())
        .where(customer_number.c.customer_id.in_(numbers))
        .order_by(customer_number.c.rank)
    )
    for each in await connection.execute(query):
        numbers[each.customer_id].append(number_of(each))
    return [card_of(row, numbers[row.id]) for row in rows]
