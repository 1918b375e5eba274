"""What one person may do to which records, asked of the store (flow): the one place that decides. ACC-6, CUS-4, LNE-6.

`see`: as far as sight goes. `change`: who works on the case. `open`: whose numbers are shown in full. A case that is
about somebody is never that person's to change, and its numbers never that person's to see, whatever the role.
"""

from collections.abc import Collection
from datetime import timedelta
from typing import Final

from config.masking import masked
from crm.db.store import Store
from crm.errors import BadValue, Forbidden, TooManySearches, UnknownRecord
from crm.rights import may_work_on
from crm.seen.eyes import Eyes
from crm.tickets.model import TicketDetail, TicketRow
from crm.tickets.search import telephones_in

MOST_SEARCHES: Final = 60
SEARCHES_WITHIN: Final = timedelta(hours=1)
"""Whole numbers that an agent looks for in that time. A masked number has four digits that are not shown: to try them
all takes a week, and is on record from the first one."""


class Rights:
    """All raise StoreAway."""

    def __init__(self, store: Store, eyes: Eyes) -> None:
        self._store = store
        self.eyes = eyes

    # --- tickets ---

    async def ticket(self, number: str) -> TicketDetail | None:
        """A ticket that may be seen, with numbers as they are. One that is hidden is not there."""
        if not await self.sees(number):
            return None
        return await self._store.tickets.get(number)

    async def sees(self, number: str) -> bool:
        return bool(await self._store.rights.seen([number], self.eyes.sight))

    async def about_me(self, number: str) -> bool:
        person = self.eyes.person
        return person is not None and bool(await self._store.rights.about([number], person))

    async def may_change(self, ticket: TicketRow) -> bool:
        """Change it, hear it: its own agent, anybody while it has none, whoever holds the case, supervisors."""
        holds = ticket.holder in self.eyes.parties
        return may_work_on(self.eyes.who, ticket.agent, holds=holds) and not await self.about_me(ticket.number)

    async def ticket_to_change(self, number: str) -> TicketDetail:
        """Raises UnknownRecord, Forbidden."""
        ticket = await self.ticket(number)
        if ticket is None:
            raise UnknownRecord("ticket", number)
        if not await self.may_change(ticket):
            raise Forbidden(f"Ticket {number} is {ticket.agent}'s, or about you.")
        return ticket

    async def check_not_about(self, number: str) -> None:
        """Raises Forbidden for a case that is about whoever asks."""
        if await self.about_me(number):
            raise Forbidden(f"Ticket {number} is about you.")

    async def open_of(self, numbers: Collection[str]) -> frozenset[str]:
        """Those of these tickets whose numbers are shown in full: to agents their own ones, those of the parties they
        belong to while they are open, and what is at hand (CUS-4)."""
        eyes, wanted = self.eyes, set(numbers)
        if not eyes.who.supervises:
            mine = frozenset[str]()
            if eyes.person is not None:
                mine = await self._store.rights.owned(wanted - eyes.at_hand, eyes.person, eyes.parties)
            wanted = wanted & (mine | eyes.at_hand)
        return frozenset(wanted) - await self.about_of(wanted)

    async def about_of(self, numbers: Collection[str]) -> frozenset[str]:
        """Those of these tickets that are complaints of whoever asks."""
        person = self.eyes.person
        return await self._store.rights.about(numbers, person) if person is not None else frozenset()

    # --- cards ---

    async def check_card(self, card: int) -> None:
        """Raises UnknownRecord for a card that is hidden."""
        if not await self._store.rights.seen_cards([card], self.eyes.sight):
            raise UnknownRecord("customer", card)

    async def card_is_about_me(self, card: int) -> bool:
        person = self.eyes.person
        return person is not None and bool(await self._store.rights.cards_about([card], person))

    async def card_at_hand(self, card: int) -> bool:
        """Whether this customer is on the line, at the desk of whoever asks."""
        if not self.eyes.at_hand:
            return False
        return bool(await self._store.rights.tickets_of_card(card) & self.eyes.at_hand)

    async def may_change_card(self, card: int) -> bool:
        """Supervisors; agents while the customer is on the line, or has a ticket of theirs; nobody who is complained
        of by this customer. Who made the card may put right what was written, as long as it has no ticket yet."""
        if await self.card_is_about_me(card):
            return False
        if self.eyes.who.supervises or await self.card_at_hand(card):
            return True
        person = self.eyes.person
        if person is None:
            return False
        if not await self._store.rights.tickets_of_card(card):
            return await self._store.rights.made_by(card, self.eyes.who.name)
        return await self._store.rights.is_worked_for(card, person, self.eyes.parties)

    async def check_change_of_card(self, card: int) -> None:
        """Raises UnknownRecord, Forbidden."""
        await self.check_card(card)
        if not await self.may_change_card(card):
            raise Forbidden(f"The card of customer {card} is changed during the call, by who has the case, or above.")

    async def check_reveal(self, card: int, number: str | None) -> None:
        """The numbers of a card in full are for supervisors, and for agents for a case of this customer which is
        theirs, or nobody's yet, and which has not come to be that by something they did themselves.

        Raises UnknownRecord, BadValue (no ticket of this customer), Forbidden.
        """
        await self.check_card(card)
        ticket = await self.ticket(number) if number else None
        if number and (ticket is None or ticket.customer_id != card):
            raise BadValue("ticket", f"{number} is no ticket of this customer")
        if await self.card_is_about_me(card):
            raise Forbidden("This customer has complained of you: ask a supervisor.")
        if self.eyes.who.supervises:
            return
        if ticket is None or not await self.may_change(ticket):
            raise Forbidden("Name a ticket of this customer that is yours, or ask a supervisor.")
        by = self.eyes.who.name
        if await self._store.rights.entered_by(ticket.number, by) or await self._store.rights.numbered_by(card, by):
            raise Forbidden("You have made this ticket, or put numbers on this card, yourself: ask a supervisor.")

    # --- numbers ---

    async def note_searches(self, typed: str) -> None:
        """As `note_search`, of each telephone number in what was typed."""
        for number in telephones_in(typed):
            await self.note_search(number)

    async def note_search(self, number: str) -> None:
        """Puts on record that somebody looks for a whole telephone number, before anything is found.

        Raises TooManySearches for agents.
        """
        subject = f"number search by {self.eyes.who.name}"
        if not self.eyes.who.supervises:
            since = self._store.clock() - SEARCHES_WITHIN
            if await self._store.rights.noted_since(subject, since) >= MOST_SEARCHES:
                raise TooManySearches(MOST_SEARCHES, SEARCHES_WITHIN)
        await self._store.note_act(
            by=self.eyes.who.name, action="number_searched", subject=subject, details={"number": masked(number)}
        )
