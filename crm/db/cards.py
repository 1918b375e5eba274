"""What an agent's card shows of a caller, in one short transaction: it is asked for at every offer. CUS-2."""

from typing import Any, Final

from sqlalchemy import Connection, Row, Select, bindparam, or_, select

from crm.customers.model import Customer, CustomerNumber
from crm.customers.numbers import NumberKind, normalise
from crm.db.engine import Database
from crm.db.schema import customer, customer_number, ticket
from crm.db.tickets import NEWEST, select_tickets, ticket_row
from crm.db.worker import Worker
from crm.tickets.model import TicketRow

_OF_NUMBER: Final[Select[Any]] = (
    select(customer, customer_number)
    .join_from(customer, customer_number)
    .where(
        customer.c.id
        == select(customer_number.c.customer_id)
        .where(customer_number.c.normalised == bindparam("of_number"))
        .scalar_subquery()
    )
    .order_by(customer_number.c.rank)
)
_OF_STRANGER: Final[Select[Any]] = (
    select_tickets()
    .where(ticket.c.number_key == bindparam("of_number"), ticket.c.number != bindparam("without"))
    .order_by(*NEWEST)
    .limit(bindparam("most"))
)
_OF_CUSTOMER: Final[Select[Any]] = (
    select_tickets()
    .where(
        or_(
            ticket.c.customer_id == bindparam("of_customer"),
            ticket.c.number_key.in_(bindparam("of_numbers", expanding=True)),
        ),
        ticket.c.number != bindparam("without"),
    )
    .order_by(*NEWEST)
    .limit(bindparam("most"))
)


_IS_KNOWN: Final = (
    "SELECT EXISTS (SELECT 1 FROM customer_number WHERE normalised = ?)"
    " OR EXISTS (SELECT 1 FROM ticket WHERE number_key = ? AND number <> ?)"
)


class CardQueries:
    """Raises StoreAway. Its thread and connection are made when it is first asked."""

    def __init__(self, database: Database, area_code: str) -> None:
        self._database = database
        self._area_code = area_code
        self._reader: Worker | None = None

    async def of_caller(
        self, number: str, limit: int, *, without: str = ""
    ) -> tuple[Customer | None, tuple[TicketRow, ...]]:
        """Whose number this is, in whatever notation it came, and the newest tickets of the customer, or of the number
        when it is nobody's; `without` the ticket of the call in hand. Nothing of an anonymous caller."""
        key = normalise(number, self._area_code).normalised
        if not key:
            return None, ()
        if self._reader is None:
            self._reader = Worker(self._database, writes=False)
        return await self._reader.transact(lambda connection: _read(connection, key, limit, without))

    async def close(self) -> None:
        if self._reader is not None:
            await self._reader.close()
            self._reader = None


def _read(connection: Connection, key: str, limit: int, without: str) -> tuple[Customer | None, tuple[TicketRow, ...]]:
    if not _is_known(connection, key, without):
        return None, ()
    known = _customer(list(connection.execute(_OF_NUMBER, {"of_number": key})))
    if known is None:
        rows = connection.execute(_OF_STRANGER, {"of_number": key, "most": limit, "without": without})
    else:
        numbers = [each.normalised for each in known.numbers]
        of_customer = {"of_customer": known.id, "of_numbers": numbers, "most": limit, "without": without}
        rows = connection.execute(_OF_CUSTOMER, of_customer)
    return known, tuple(ticket_row(row) for row in rows)


def _is_known(connection: Connection, key: str, without: str) -> bool:
    """Whether the store has anything of a number. Most callers are new: for them this is all, and handed to the driver
    as it is, since SQLAlchemy's two statements cost five times as much."""
    mark = "?" if connection.dialect.name == "sqlite" else "%s"
    found = connection.exec_driver_sql(_IS_KNOWN.replace("?", mark), (key, key, without)).one()
    return bool(found[0])


def _customer(rows: list[Row[Any]]) -> Customer | None:
    """The customer of rows that differ only in the number."""
    if not rows:
        return None
    numbers = tuple(
        CustomerNumber(raw=row.raw, normalised=row.normalised, kind=NumberKind(row.kind), place=row.place)
        for row in rows
    )
    of_customer = {name: value for name, value in rows[0]._mapping.items() if name in customer.c}
    return Customer(**of_customer, numbers=numbers)
