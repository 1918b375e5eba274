"""What rights over records hang on, asked for many records at once: sight, whose, about whom. ACC-6, LNE-6."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, or_, select

from crm.cases.organisation import Sight
from crm.db.base.engine import Database
from crm.db.base.sight import about, card_about, card_visible, visible
from crm.db.schema.audit import audit
from crm.db.schema.core import customer, customer_change, customer_number, ticket
from crm.db.schema.intake import intake
from crm.tickets.model import TicketState


class RightsQueries:
    """All raise StoreAway."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def seen(self, numbers: Collection[str], sight: Sight) -> frozenset[str]:
        """Those of these tickets that may be seen; one that is not in the store yet is not."""
        return await self._tickets(numbers, visible(sight))

    async def about(self, numbers: Collection[str], person: str) -> frozenset[str]:
        """Those that are complaints of this colleague."""
        return await self._tickets(numbers, about(person))

    async def owned(self, numbers: Collection[str], person: str, parties: Collection[str]) -> frozenset[str]:
        """Those whose agent this person is, or that a party of the person holds while they are open."""
        held = and_(ticket.c.holder.in_(parties), ticket.c.state != TicketState.CLOSED.value)
        return await self._tickets(numbers, or_(ticket.c.agent == person, held))

    async def seen_cards(self, cards: Collection[int], sight: Sight) -> frozenset[int]:
        """Those of these cards that may be seen."""
        return await self._cards(cards, card_visible(sight))

    async def cards_about(self, cards: Collection[int], person: str) -> frozenset[int]:
        """Those of customers who have complained of this colleague."""
        return await self._cards(cards, card_about(person))

    async def tickets_of_card(self, card: int) -> frozenset[str]:
        """All tickets of a customer."""
        async with self._database.read() as connection:
            query = select(ticket.c.number).where(ticket.c.customer_id == card)
            return frozenset((await connection.execute(query)).scalars())

    async def is_worked_for(self, card: int, person: str, parties: Collection[str]) -> bool:
        """Whether somebody has a ticket of this customer that the person has not made."""
        held = and_(ticket.c.holder.in_(parties), ticket.c.state != TicketState.CLOSED.value)
        own_making = select(intake.c.ticket).where(intake.c.recorded_by == person)
        query = select(ticket.c.number).where(
            ticket.c.customer_id == card, or_(ticket.c.agent == person, held), ticket.c.number.not_in(own_making)
        )
        async with self._database.read() as connection:
            return (await connection.execute(query.limit(1))).first() is not None

    async def entered_by(self, number: str, person: str) -> bool:
        """Whether this person made the ticket by hand: then it is no reason to be shown anything."""
        query = select(intake.c.ticket).where(intake.c.ticket == number, intake.c.recorded_by == person)
        async with self._database.read() as connection:
            return (await connection.execute(query)).first() is not None

    async def numbered_by(self, card: int, person: str) -> bool:
        """Whether this person has put numbers on a card that others made: so tickets come to be that customer's."""
        change = customer_change.c
        query = select(change.id).where(
            change.customer_id == card, change.by == person, change.field.in_(("numbers", "moved_number"))
        )
        async with self._database.read() as connection:
            if (await connection.execute(query.limit(1))).first() is None:
                return False
        return not await self.made_by(card, person)

    async def made_by(self, card: int, person: str) -> bool:
        """Whether this person made the card."""
        query = select(audit.c.id).where(
            audit.c.subject == f"customer {card}", audit.c.action == "customer_made", audit.c.by == person
        )
        async with self._database.read() as connection:
            return (await connection.execute(query.limit(1))).first() is not None

    async def owner_of(self, normalised: str) -> int | None:
        """The card that a number is on."""
        query = select(customer_number.c.customer_id).where(customer_number.c.normalised == normalised)
        async with self._database.read() as connection:
            return (await connection.execute(query)).scalar_one_or_none()

    async def noted_since(self, subject: str, since: datetime) -> int:
        """How many rows the audit trail has of a subject since then."""
        query = select(func.count()).where(audit.c.subject == subject, audit.c.at >= since)
        async with self._database.read() as connection:
            return int((await connection.execute(query)).scalar_one())

    async def _tickets(self, numbers: Collection[str], which: ColumnElement[bool]) -> frozenset[str]:
        if not numbers:
            return frozenset()
        query = select(ticket.c.number).where(ticket.c.number.in_(set(numbers)), which)
        async with self._database.read() as connection:
            return frozenset((await connection.execute(query)).scalars())

    async def _cards(self, cards: Collection[int], which: ColumnElement[bool]) -> frozenset[int]:
        if not cards:
            return frozenset()
        query = select(customer.c.id).where(customer.c.id.in_(set(cards)), which)
        async with self._database.read() as connection:
            return frozenset((await connection.execute(query)).scalars())
