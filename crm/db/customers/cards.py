"""What an agent's card shows of a caller: it is asked for at every offer, so it costs as little as it can. CUS-2."""

from functools import lru_cache
from typing import Any, Final

from sqlalchemy import Connection, Row, Select, bindparam, or_, select

from config.numbering import normalise
from crm.cases.model import OPEN
from crm.cases.organisation import SEES_ALL, Sight
from crm.customers.model import Customer
from crm.db.base.engine import Database
from crm.db.base.sight import visible
from crm.db.base.worker import Worker
from crm.db.customers.rows import card_of, number_columns, number_of
from crm.db.schema.core import customer, customer_number, ticket
from crm.db.tickets.tickets import NEWEST, select_tickets, ticket_row
from crm.tickets.model import TicketRow

_OF_NUMBER: Final[Select[Any]] = (
    select(customer, *number_columns())
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


_OPEN: Final = (
    select_tickets()
    .where(
        or_(
            ticket.c.customer_id == bindparam("of_customer"),
            ticket.c.number_key.in_(bindparam("of_numbers", expanding=True)),
        ),
        ticket.c.stage.in_([stage.value for stage in OPEN]),
        ticket.c.number != bindparam("without"),
    )
    .order_by(ticket.c.kind != "complaint", *NEWEST)
    .limit(5)
)
"""Complaints first: a call may be about one of these."""

Card = tuple[Customer | None, tuple[TicketRow, ...], tuple[TicketRow, ...]]
"""Whose number it is, the newest tickets, the open cases."""

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
        self, number: str, limit: int, sight: Sight = SEES_ALL, *, without: str = ""
    ) -> tuple[Customer | None, tuple[TicketRow, ...]]:
        """Whose number this is, in whatever notation it came, and the newest tickets of the customer, or of the number
        when it is nobody's, that somebody with this sight may see; `without` the ticket of the call in hand. Nothing of
        an anonymous caller."""
        customer, tickets, _ = await self.of_offer(number, limit, sight, without=without)
        return customer, tickets

    async def of_offer(self, number: str, limit: int, sight: Sight, *, without: str = "") -> Card:
        """As `of_caller`, with the open cases, which the call may be about."""
        key = normalise(number, self._area_code).normalised
        if not key:
            return None, (), ()
        if self._reader is None:
            self._reader = Worker(self._database, writes=False)
        return await self._reader.ask(lambda connection: _read(connection, key, limit, sight, without))

    async def close(self) -> None:
        if self._reader is not None:
            await self._reader.close()
            self._reader = None


def _read(connection: Connection, key: str, limit: int, sight: Sight, without: str) -> Card:
    if not _is_known(connection, key, without):
        return None, (), ()
    known = _customer(list(connection.execute(_OF_NUMBER, {"of_number": key})))
    of_stranger, of_customer, of_open = _seen_by(sight)
    if known is None:
        rows = connection.execute(of_stranger, {"of_number": key, "most": limit, "without": without})
        theirs: dict[str, object] = {"of_customer": None, "of_numbers": [key], "without": without}
    else:
        numbers = [each.normalised for each in known.numbers]
        theirs = {"of_customer": known.id, "of_numbers": numbers, "without": without}
        rows = connection.execute(of_customer, theirs | {"most": limit})
    tickets = tuple(ticket_row(row) for row in rows)
    return known, tickets, tuple(ticket_row(row) for row in connection.execute(of_open, theirs))


@lru_cache(maxsize=512)
def _seen_by(sight: Sight) -> tuple[Select[Any], Select[Any], Select[Any]]:
    """The statements for somebody with this sight: made once, as making them costs more than the answer."""
    seen = visible(sight)
    return _OF_STRANGER.where(seen), _OF_CUSTOMER.where(seen), _OPEN.where(seen)


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
    return card_of(rows[0], [number_of(row) for row in rows])
