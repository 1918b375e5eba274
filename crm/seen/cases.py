"""Cases and their deadlines as seen by a person (flow). TKT-7, CPL-6, CPL-9, LNE-6, ACC-6."""

from datetime import datetime
from typing import Any

from crm.cases.listed import CaseFilter, CaseRow, ClockEntry, Held
from crm.db.store import Store
from crm.page import Page
from crm.seen.rights import Rights
from crm.seen.tickets import SeenTickets


class SeenCases:
    """All raise StoreAway; lists BadCursor."""

    def __init__(self, store: Store, rights: Rights, tickets: SeenTickets) -> None:
        self._store, self._rights, self._tickets = store, rights, tickets

    async def list(self, wanted: CaseFilter, *, limit: int, after: str | None) -> Page[CaseRow]:
        """What is due first comes first."""
        sight, now = self._rights.eyes.sight, self._store.clock()
        page = await self._store.cases.lists.list(wanted, sight, now, limit=limit, after=after)
        return Page(items=await self._tickets.shown(page.items), next=page.next)

    async def at_risk(self, **filters: Any) -> Page[ClockEntry]:
        """Clocks that are warned of or late: agents see those of their own parties."""
        eyes = self._rights.eyes
        holders = None if eyes.who.supervises else eyes.parties
        return await self._store.cases.lists.at_risk(eyes.sight, self._store.clock(), holders=holders, **filters)

    async def late(self, since: datetime, until: datetime, **filters: Any) -> Page[ClockEntry]:
        """超时问责: what was or is late (CPL-6)."""
        sight, now = self._rights.eyes.sight, self._store.clock()
        return await self._store.cases.lists.late(sight, now, since, until, **filters)

    async def held_against(self, since: datetime, until: datetime) -> tuple[Held, ...]:
        """The breaches of a time by unit and person."""
        sight, now = self._rights.eyes.sight, self._store.clock()
        return await self._store.cases.lists.held_against(sight, now, since, until)

    async def valid_complaints(self, since: datetime, until: datetime) -> dict[str, int]:
        """Of everybody who has one (CPL-9): numbers alone, of no ticket."""
        return await self._store.cases.lists.valid_complaints(since, until)
