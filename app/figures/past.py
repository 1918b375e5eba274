"""The figures of any stretch of time, asked of the store (flow). Counted by the same rules as the live ones."""

from collections.abc import Callable, Sequence
from datetime import datetime

from app.figures.period import Period
from app.figures.records import call_record, change_of, limits_of
from config.schema import Site
from crm.db.store import Store
from crm.journal.events import CallEvent
from routing.statistics.agent_time import AgentClock, Handles
from routing.statistics.figure_board import DAY, Board, TimeBook
from routing.statistics.figures import CallRecord

Told = Callable[[CallRecord, Sequence[CallEvent]], None]


async def figures_of(
    store: Store,
    site: Site,
    since: datetime,
    until: datetime,
    *,
    now: datetime,
    earlier: bool = False,
    told: Told | None = None,
) -> Period:
    """Calls that arrived in [since, until), as they stand now. `earlier`: also count those of the 24 hours before.
    `told` hears of each that is counted, with its events.

    Work on a call is looked for up to a day after the period: no call lasts longer. Raises StoreAway.
    """
    limits = limits_of(site)
    clock, handles = AgentClock(), Handles()
    times = TimeBook(since, until, site.zone)
    for event in await store.agent_states.changes(since, min(now, until + DAY)):
        if (ended := clock.change(change_of(event))) is not None:
            times.add(ended)
            handles.add(ended)
    board = Board(limits, site.zone)
    async for stories in store.stories.arrived(since, until):
        for story in stories:
            if (record := call_record(story, handles.finished(story[0].call_id, clock), site)) is not None:
                board.put(record)
                if told is not None:
                    told(record, story)
    return Period(
        since=since,
        until=min(until, now),
        limits=limits,
        board=board,
        times=times.with_open(clock.present(), min(until, now)),
        earlier=await _calls_only(store, site, since - DAY, since) if earlier else None,
    )


async def _calls_only(store: Store, site: Site, since: datetime, until: datetime) -> Board:
    board = Board(limits_of(site), site.zone)
    async for stories in store.stories.arrived(since, until):
        for story in stories:
            if (record := call_record(story, (), site)) is not None:
                board.put(record)
    return board
