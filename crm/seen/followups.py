"""Calls that are owed, messages and suggestions as seen by a person (flow). FUP-6, TEL-7, SUG-1, CUS-4, ACC-6."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from config.schema import Site
from crm.db.store import Store
from crm.errors import BadValue, Forbidden, UnknownRecord
from crm.followups.model import DueCall
from crm.messages.model import ColleagueMessage
from crm.page import Page
from crm.seen.opening import opened, opened_if
from crm.seen.rights import Rights
from crm.suggestions.model import Suggestion, SuggestionEntry, SuggestionState
from crm.suggestions.rights import may_decide_suggestion, may_pass_suggestion, may_see_suggestion
from crm.tickets.model import TicketDetail


class SeenDueCalls:
    """All raise StoreAway."""

    def __init__(self, store: Store, rights: Rights) -> None:
        self._store, self._rights = store, rights

    async def list(self, **filters: Any) -> Page[DueCall]:
        """What is due first comes first. Raises BadCursor."""
        page = await self._store.due_calls.list(**filters, sight=self._rights.eyes.sight)
        return Page(items=await self._shown(page.items), next=page.next)

    async def find(self, due_call_id: int) -> DueCall:
        """As far as its ticket may be seen. Raises UnknownRecord."""
        row = await self._store.due_calls.get(due_call_id)
        if row is None or (row.ticket is not None and not await self._rights.sees(row.ticket)):
            raise UnknownRecord("due call", due_call_id)
        return row

    async def check_cancel(self, row: DueCall) -> None:
        """By whoever works on its ticket, or promised it; never of a case about oneself. Raises Forbidden."""
        who = self._rights.eyes.who
        ticket = await self._rights.ticket(row.ticket) if row.ticket else None
        if ticket is None:
            allowed = who.supervises or row.created_by == who.name
        else:
            mine = row.created_by == who.name and not await self._rights.about_me(ticket.number)
            allowed = mine or await self._rights.may_change(ticket)
        if not allowed:
            raise Forbidden(f"Due call {row.id} is not yours to cancel.")

    async def ticket_to_promise_on(self, number: str) -> TicketDetail:
        """Raises BadValue for one that is hidden, Forbidden for one about this person."""
        ticket = await self._rights.ticket(number)
        if ticket is None:
            raise BadValue("ticket", f"no ticket {number}")
        await self._rights.check_not_about(number)
        return ticket

    async def shown(self, row: DueCall) -> DueCall:
        """With its number if that may be seen."""
        (shown,) = await self._shown((row,))
        return shown

    async def _shown(self, rows: tuple[DueCall, ...]) -> tuple[DueCall, ...]:
        """Whoever rings sees the number; so does who entered one that is of no ticket."""
        rights = self._rights
        who, tickets = rights.eyes.who, [row.ticket for row in rows if row.ticket]
        may, about = await rights.open_of(tickets), await rights.about_of(tickets)

        def opens(row: DueCall) -> bool:
            rings = who.agent is not None and row.accepted_by == who.agent
            entered = row.ticket is None and (who.supervises or row.created_by == who.name)
            return row.ticket not in about and (rings or entered or row.ticket in may)

        return tuple(opened_if(row, opens(row)) for row in rows)


class SeenMessages:
    """What is in one's own box is read as it was written. All raise StoreAway."""

    def __init__(self, store: Store, rights: Rights) -> None:
        self._store, self._rights = store, rights

    async def list(self, box: str, **filters: Any) -> Page[ColleagueMessage]:
        """Nobody reads what went between two others. Raises BadCursor."""
        me = self._rights.eyes.who.mailbox
        page = await self._store.messages.list(
            recipient=me if box == "in" else None, sender=me if box == "sent" else None, **filters
        )
        return Page(items=opened(page.items), next=page.next)

    async def to_me(self, message_id: int) -> ColleagueMessage:
        """Raises UnknownRecord, Forbidden."""
        row = await self._store.messages.get(message_id)
        if row is None:
            raise UnknownRecord("message", message_id)
        if row.recipient != self._rights.eyes.who.mailbox:
            raise Forbidden(f"Message {message_id} is for {row.recipient}.")
        return opened(row)


class SeenSuggestions:
    """All raise StoreAway."""

    def __init__(self, store: Store, rights: Rights, site: Site) -> None:
        self._store, self._rights, self._site = store, rights, site

    async def list(
        self,
        *,
        department: str | None,
        states: Iterable[SuggestionState],
        late_at: datetime | None,
        limit: int,
        after: str | None,
    ) -> Page[Suggestion]:
        """Newest first: supervisors see all, others those of their departments and those they registered.

        Raises Forbidden, BadCursor.
        """
        who = self._rights.eyes.who
        mine = {one.id for one in self._site.matters.departments if who.agent is not None and one.has(who.agent)}
        departments, by = (None, None) if who.supervises else (mine, who.name)
        if department is not None:
            if not who.supervises and department not in mine:
                raise Forbidden(f"The suggestions of {department} are not yours to see.")
            departments, by = {department}, None
        page = await self._store.suggestions.list(
            departments=departments,
            by=by,
            states=states,
            late_at=late_at,
            limit=limit,
            after=after,
            sight=self._rights.eyes.sight,
        )
        may = await self._open_of(page.items)
        return Page(items=tuple(opened_if(one, one.ticket in may) for one in page.items), next=page.next)

    async def find(self, number: str) -> tuple[Suggestion, tuple[SuggestionEntry, ...]]:
        """The suggestion of a ticket with its steps. Raises UnknownRecord, Forbidden."""
        found = await self._store.suggestions.get(number) if await self._rights.sees(number) else None
        if found is None:
            raise UnknownRecord("suggestion of ticket", number)
        if not may_see_suggestion(self._rights.eyes.who, self._site, found[0]):
            raise Forbidden(f"The suggestion of ticket {number} is not yours to see.")
        return found

    async def to_pass(self, number: str) -> Suggestion:
        """Raises UnknownRecord, Forbidden."""
        one, _ = await self.find(number)
        if not may_pass_suggestion(self._rights.eyes.who, self._site, one):
            raise Forbidden(f"The suggestion of ticket {one.ticket} is not yours to pass on.")
        await self._rights.check_not_about(number)
        return one

    async def to_decide(self, number: str) -> Suggestion:
        """Raises UnknownRecord, Forbidden."""
        one, _ = await self.find(number)
        if not may_decide_suggestion(self._rights.eyes.who, self._site, one):
            raise Forbidden(f"The suggestion of ticket {one.ticket} is for {one.department} to decide.")
        await self._rights.check_not_about(number)
        return one

    async def may(self, one: Suggestion) -> tuple[bool, bool]:
        """Whether somebody may pass it on, and decide it."""
        who = self._rights.eyes.who
        if await self._rights.about_me(one.ticket):
            return False, False
        return may_pass_suggestion(who, self._site, one), may_decide_suggestion(who, self._site, one)

    async def shown(
        self, one: Suggestion, steps: tuple[SuggestionEntry, ...]
    ) -> tuple[Suggestion, tuple[SuggestionEntry, ...]]:
        """With its numbers if these may be seen."""
        may = one.ticket in await self._open_of((one,))
        return opened_if(one, may), opened_if(steps, may)

    async def _open_of(self, rows: tuple[Suggestion, ...]) -> frozenset[str]:
        """Who registered one has typed the number."""
        rights, numbers = self._rights, [one.ticket for one in rows]
        mine = {one.ticket for one in rows if one.registered_by == rights.eyes.who.name}
        return await rights.open_of(numbers) | (mine - await rights.about_of(mine))
