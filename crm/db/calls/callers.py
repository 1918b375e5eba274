"""What the store knows of a number before its call is given to anybody: key customer, who has the case. CUS-1."""

from datetime import datetime

from sqlalchemy import select

from crm.db.base.engine import Database
from crm.db.schema.core import call, customer, customer_number, ticket
from crm.tickets.model import TicketState


class CallerQueries:
    """All raise StoreAway. Numbers are normalised ones."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def key_numbers(self) -> frozenset[str]:
        """Every number of every key customer."""
        query = select(customer_number.c.normalised).join(customer).where(customer.c.key_customer)
        async with self._database.read() as connection:
            return frozenset((await connection.execute(query)).scalars())

    async def refusing_numbers(self) -> frozenset[str]:
        """Every number of everybody who must not be called (拒绝外呼)."""
        query = select(customer_number.c.normalised).join(customer).where(customer.c.do_not_call)
        async with self._database.read() as connection:
            return frozenset((await connection.execute(query)).scalars())

    async def refuses_calls(self, number: str) -> bool:
        """Whether one of those whose number it is must not be called."""
        flagged = customer.c.do_not_call & (customer_number.c.normalised == number)
        query = select(customer_number.c.normalised).join(customer).where(flagged).limit(1)
        async with self._database.read() as connection:
            return (await connection.execute(query)).first() is not None

    async def who_has_open_ticket(self, number: str) -> tuple[str, ...]:
        """The agents of this number's tickets that are not closed, the newest ticket first."""
        query = (
            select(ticket.c.agent)
            .where(ticket.c.number_key == number, ticket.c.agent.is_not(None), ticket.c.state != TicketState.CLOSED)
            .order_by(ticket.c.opened_at.desc())
            .limit(5)
        )
        async with self._database.read() as connection:
            return tuple(dict.fromkeys((await connection.execute(query)).scalars()))

    async def who_spoke_last(self, number: str, since: datetime) -> tuple[str, ...]:
        """The agent of this number's last talk; empty when there was none since then."""
        query = (
            select(call.c.agent)
            .where(call.c.number_key == number, call.c.invited_at >= since)
            .where(call.c.talk_at.is_not(None), call.c.agent.is_not(None))
            .order_by(call.c.invited_at.desc())
            .limit(1)
        )
        async with self._database.read() as connection:
            return tuple((await connection.execute(query)).scalars())
