"""Tickets, their calls, files and arrival, as seen by a person (flow). TKT-3, TKT-7, CUS-4, LNE-6, ACC-6."""

from datetime import datetime
from itertools import accumulate, pairwise
from typing import Any, TypeVar

import msgspec

from config.masking import hidden_in_place
from crm.db.store import Store
from crm.db.tickets.search_queries import Within
from crm.errors import Forbidden, UnknownRecord
from crm.intake.model import Attachment, IntakeFacts, masked_email
from crm.page import Page
from crm.rights import may_see_calls_of
from crm.seen.opening import opened, opened_if
from crm.seen.rights import Rights
from crm.tickets.call_rows import CallRow
from crm.tickets.model import TicketDetail, TicketRow
from crm.tickets.search import Found, Piece

T = TypeVar("T")


class SeenTickets:
    """All raise StoreAway; lists BadCursor."""

    def __init__(self, store: Store, rights: Rights) -> None:
        self._store, self._rights = store, rights

    async def list(self, *, ani: str | None = None, **filters: Any) -> Page[TicketRow]:
        """Newest first. Raises TooManySearches."""
        await self._rights.note_searches(ani or "")
        page = await self._store.tickets.list(ani=ani, **filters, sight=self._rights.eyes.sight)
        return Page(items=await self.shown(page.items), next=page.next)

    async def find(self, number: str) -> TicketDetail | None:
        """A ticket with its calls, timeline and recordings. One that is hidden is not there."""
        ticket = await self._rights.ticket(number)
        return None if ticket is None else await self.one(ticket)

    async def one(self, ticket: TicketDetail) -> TicketDetail:
        """A ticket that may be seen, with its numbers if these may be seen."""
        return opened_if(ticket, ticket.number in await self._rights.open_of([ticket.number]))

    async def shown(self, rows: tuple[TicketRow, ...]) -> tuple[Any, ...]:
        """Rows that may be seen, with the numbers of those whose numbers may be."""
        may = await self._rights.open_of([row.number for row in rows])
        return tuple(opened_if(row, row.number in may) for row in rows)

    async def of_customer(self, customer_id: int, limit: int) -> tuple[TicketRow, ...]:
        """The newest tickets of a customer."""
        return await self.shown(await self._store.tickets.for_customer(customer_id, limit, self._rights.eyes.sight))

    async def may_change(self, ticket: TicketRow) -> bool:
        return await self._rights.may_change(ticket)

    async def to_change(self, number: str) -> TicketDetail:
        """Raises UnknownRecord, Forbidden."""
        return await self.one(await self._rights.ticket_to_change(number))

    async def arrival(self, number: str) -> tuple[IntakeFacts, bool] | None:
        """How a ticket of another channel came, and whether e-mail and address are shown; None: by telephone.

        Raises UnknownRecord.
        """
        ticket = await self._rights.ticket(number)
        facts = await self._store.intake.facts(number) if ticket else None
        if facts is None:
            return None
        if number in await self._rights.open_of([number]):
            return opened(facts), True
        hidden = {"email": masked_email(facts.email), "address": facts.address and "***"}
        return msgspec.structs.replace(facts, **hidden), False

    async def files(self, number: str) -> tuple[Attachment, ...]:
        """The files of a ticket, for who works on it. Raises UnknownRecord, Forbidden."""
        await self._rights.ticket_to_change(number)
        return opened(await self._store.intake.files(number))

    async def search(
        self, typed: str, *, kind: str | None, state: str | None, line: str | None, agent: str | None,
        since: datetime | None, until: datetime | None, limit: int, after: str | None,
    ) -> Page[Found]:  # fmt: skip
        """The newest tickets in which all of it is. A whole telephone number among it is on record.

        Raises BadQuery, TooManySearches.
        """
        await self._rights.note_searches(typed)
        within = Within(
            kind=kind, state=state, line=line, agent=agent, since=since, until=until, sight=self._rights.eyes.sight
        )
        page = await self._store.search.find(typed, within, limit=limit, after=after)
        may = await self._rights.open_of([found.ticket.number for found in page.items])
        return Page(items=tuple(_shown(found, found.ticket.number in may) for found in page.items), next=page.next)


class SeenCalls:
    """All raise StoreAway; lists BadCursor."""

    def __init__(self, store: Store, rights: Rights) -> None:
        self._store, self._rights = store, rights

    async def list(self, *, agent: str | None, caller: str | None = None, **filters: Any) -> Page[CallRow]:
        """Newest first. Agents see their own. Raises Forbidden, TooManySearches."""
        agent = self.whose(agent)
        await self._rights.note_searches(caller or "")
        page = await self._store.calls.list(agent=agent, caller=caller, **filters, sight=self._rights.eyes.sight)
        return Page(items=await self.shown(page.items), next=page.next)

    def whose(self, agent: str | None) -> str | None:
        """Whose calls are meant; None: everybody's. Raises Forbidden."""
        who = self._rights.eyes.who
        agent = agent if who.supervises else (agent or who.agent)
        if not may_see_calls_of(who, agent):
            raise Forbidden("These calls are not yours.")
        return agent

    async def shown(self, rows: tuple[CallRow, ...]) -> tuple[CallRow, ...]:
        """Whoever had the call has heard the number."""
        rights, numbers = self._rights, {row.ticket for row in rows}
        person = rights.eyes.person
        mine = {row.ticket for row in rows if person is not None and row.agent == person}
        may = await rights.open_of(numbers) | (mine - await rights.about_of(mine))
        return tuple(opened_if(row, row.ticket in may) for row in rows)

    async def live(self, call_id: str, agent: str | None, row: T) -> T:
        """What is known of a talk that goes on, for its agent, and for supervisors as far as its ticket may be seen and
        is not about them. Raises UnknownRecord, Forbidden."""
        who = self._rights.eyes.who
        if agent is None or agent != who.agent:
            if not who.supervises:
                raise Forbidden("This talk is somebody else's.")
            await self.check_to_listen(call_id)
        return opened(row)

    async def check_to_listen(self, call_id: str) -> None:
        """A call may be listened to, and moved, as far as its ticket may be seen and is not about whoever does it.

        Raises UnknownRecord, Forbidden.
        """
        call = await self._store.calls.get(call_id)
        if call is None:
            return  # on its way into the store: nobody has said anything of it yet
        if not await self._rights.sees(call.ticket):
            raise UnknownRecord("call", call_id)
        await self._rights.check_not_about(call.ticket)

    def waiting(self, row: T) -> T:
        """Who waits in a queue, for supervisors with the numbers."""
        return opened_if(row, self._rights.eyes.who.supervises)


def _shown(found: Found, may: bool) -> Found:
    """The parts of a snippet keep their lengths: a number may begin in one and end in the next."""
    pieces = found.snippet
    if may:
        return Found(ticket=opened(found.ticket), snippet=tuple(Piece(opened(each.text), each.hit) for each in pieces))
    whole = hidden_in_place("".join(each.text for each in pieces))
    ends = list(accumulate((len(each.text) for each in pieces), initial=0))
    spans = zip(pairwise(ends), pieces, strict=True)
    return Found(ticket=found.ticket, snippet=tuple(Piece(whole[start:end], each.hit) for (start, end), each in spans))
