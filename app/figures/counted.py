"""Which calls a figure counts: the calls behind a number, by the very rules that made the number (flow). RPT-1"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from app.figures.records import call_record, change_of, limits_of
from config.schema import Site
from crm.cases.organisation import Sight
from crm.db.base.paging import cursor
from crm.db.store import Store
from crm.page import Page
from crm.tickets.call_rows import CallRow
from routing.statistics.agent_time import AgentClock, Handles
from routing.statistics.figure_board import By, parts
from routing.statistics.figures import CallRecord, Tally

LOOKED_AT: Final = 5_000
"""Calls looked at for one answer; it is short, and `next` goes on, when so many had too few."""
_CHUNK: Final = 200


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Calls that count in `figure` (a field of a Tally) and in none of `but_not`, of one group or all."""

    since: datetime
    until: datetime
    figure: str = "offered"
    but_not: Collection[str] = ()
    line: str | None = None
    level: str | None = None
    queue: str | None = None
    agent: str | None = None


async def counted_calls(
    store: Store, site: Site, wanted: Wanted, *, limit: int, after: str | None, now: datetime, sight: Sight
) -> Page[CallRow]:
    """Newest first, without those of tickets that are out of sight. Raises StoreAway, BadCursor."""
    clock, handles = await _work(store, wanted, now)
    found: list[CallRow] = []
    looked_at = 0
    while True:
        page = await store.calls.list(
            limit=_CHUNK,
            after=after,
            line=wanted.line,
            queue=wanted.queue,
            direction="inbound",
            since=wanted.since,
            until=wanted.until,
            sight=sight,
        )
        stories = await store.stories.of([row.call for row in page.items])
        for row in page.items:
            record = call_record(stories.get(row.call, ()), handles.finished(row.call, clock), site)
            if record is not None and _counts(record, wanted, site):
                found.append(row)
            if len(found) == limit:
                return Page(items=tuple(found), next=cursor(row.invited_at, row.call))
        looked_at += len(page.items)
        after = page.next
        if after is None or looked_at >= LOOKED_AT:
            return Page(items=tuple(found), next=after)


def _counts(call: CallRecord, wanted: Wanted, site: Site) -> bool:
    if wanted.level is not None and call.level != wanted.level:
        return False
    tally = _part(call, wanted.agent, site)
    return getattr(tally, wanted.figure) > 0 and not any(getattr(tally, name) for name in wanted.but_not)


def _part(call: CallRecord, agent: str | None, site: Site) -> Tally:
    """What the call adds to the total, or to this agent's figures."""
    group = (By.TOTAL, "") if agent is None else (By.AGENT, agent)
    added = (each for *place, each in parts(call, limits_of(site), site.zone) if tuple(place) == group)
    return next(added, Tally())


async def _work(store: Store, wanted: Wanted, now: datetime) -> tuple[AgentClock, Handles]:
    """Agents' work on the calls, where the question is about it: it stands with the agents, not with the calls."""
    clock, handles = AgentClock(), Handles()
    if wanted.figure == "handled" or "handled" in wanted.but_not:
        for event in await store.agent_states.changes(wanted.since, now):
            if (ended := clock.change(change_of(event))) is not None:
                handles.add(ended)
    return clock, handles
