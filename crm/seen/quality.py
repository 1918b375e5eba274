"""Spot checks, months, agents' files as seen by a person (flow). QUA-2, QUA-3, QUA-6, ACC-6."""

from datetime import datetime
from typing import Any

from config.schema import Site
from crm.db.store import Store
from crm.errors import BadValue, Forbidden, UnknownRecord
from crm.page import Page
from crm.quality.file import FileNote
from crm.quality.model import Check, CheckFull
from crm.quality.month import ClosedMonth, Rated, rate
from crm.quality.sampling import month_bounds
from crm.quality.scorecard import CheckState
from crm.rights import may_see_quality_of
from crm.seen.opening import opened_if
from crm.seen.rights import Rights
from crm.tickets.call_rows import RecordingRow

TO_DO = (CheckState.DRAWN, CheckState.OBJECTED)
"""What waits for a supervisor; an agent's own score waits for the agent."""


class SeenQuality:
    """All raise StoreAway; lists BadCursor."""

    def __init__(self, store: Store, rights: Rights, site: Site) -> None:
        self._store, self._rights, self._site = store, rights, site

    async def checks(
        self, *, agent: str | None, open: bool, week: str | None, period: tuple[datetime, datetime] | None,
        limit: int, after: str | None,
    ) -> Page[Check]:  # fmt: skip
        """The latest talks first. Agents see those of their own that are scored. Raises Forbidden."""
        who = self._rights.eyes.who
        agent = agent if who.supervises else (agent or who.agent)
        if not may_see_quality_of(who, agent):
            raise Forbidden("These spot checks are not yours.")
        states: tuple[CheckState, ...] = TO_DO if open else ()
        if not who.supervises:
            states = (CheckState.SCORED,) if open else tuple(set(CheckState) - {CheckState.DRAWN})
        page = await self._store.checks.list(
            agent=agent, week=week, states=states, period=period, limit=limit, after=after,
            sight=self._rights.eyes.sight,
        )  # fmt: skip
        return Page(items=page.items, next=page.next)

    async def check(self, check_id: str) -> CheckFull:
        """A check that this person may see, hear, judge or answer; an agent not before it is scored.

        Raises UnknownRecord, Forbidden.
        """
        who = self._rights.eyes.who
        check = await self._store.checks.get(int(check_id)) if check_id.isdecimal() else None
        if check is None or (check.state is CheckState.DRAWN and not who.supervises):
            raise UnknownRecord("spot check", check_id)
        if not await self._rights.sees(check.ticket):
            raise UnknownRecord("spot check", check_id)
        if not may_see_quality_of(who, check.agent):
            raise Forbidden(f"Spot check {check_id} is not yours.")
        if check.agent != who.agent:
            await self._rights.check_not_about(check.ticket)
        return check

    async def recording_of(self, check: CheckFull) -> RecordingRow | None:
        """The talk that a check is about. Raises Forbidden."""
        return await self._store.recordings.get(check.recording_id)

    async def notes(self, agent: str, **filters: Any) -> Page[FileNote]:
        """Newest first: one's own, or as a supervisor anybody's. Raises Forbidden, UnknownRecord."""
        self.check_file(agent)
        page = await self._store.agent_files.list(agent, **filters)
        numbers = [row.ticket for row in page.items if row.ticket]
        may = await self._rights.open_of(numbers)
        return Page(items=tuple(opened_if(row, row.ticket in may) for row in page.items), next=page.next)

    def check_file(self, agent: str) -> None:
        """Raises Forbidden, UnknownRecord."""
        if not may_see_quality_of(self._rights.eyes.who, agent):
            raise Forbidden(f"The file of {agent} is not yours to see.")
        if agent not in {known.id for known in self._site.agents}:
            raise UnknownRecord("agent", agent)

    async def check_ticket(self, number: str) -> None:
        """Raises BadValue for a ticket that cannot be named on a file."""
        if not await self._rights.sees(number):
            raise BadValue("ticket", f"no ticket {number}")

    async def month(self, name: str) -> tuple[ClosedMonth | None, Rated]:
        """A month as it was closed, or, with None, as it looks now: all of it for supervisors, else oneself.

        Raises ValueError for what is no month.
        """
        period, who = month_bounds(name, self._site.zone), self._rights.eyes.who
        closed = await self._store.assessments.closed(name)
        rated = closed.rated if closed else rate(self._site, await self._store.assessments.facts(name, period))
        agents = tuple(each for each in rated.agents if may_see_quality_of(who, each.subject))
        return closed, Rated(agents=agents, departments=rated.departments if who.supervises else ())
