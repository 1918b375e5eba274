"""Today's figures, true at every instant: begun from the journal, fed by the bus, asked by the pages (flow). RPT-1

No store takes part: it may be away for an hour and the wallboard goes on.
"""

import asyncio
import logging
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Final

from app.figures.book import FigureBook
from app.figures.period import Period
from app.figures.records import midnight
from config.schema import Site
from crm.journal.events import Event
from crm.journal.journal import Journal, Position
from crm.journal.segments import segment_name

log = logging.getLogger(__name__)

REACH: Final = timedelta(days=2)
"""So far back the journal is read at start: today, and the 24 hours before any moment of it."""
CHUNK: Final = 200
"""Events read at start between two turns of everybody else: a few milliseconds."""
AT_ONCE: Final = 50
"""So many events are counted together, or fewer when somebody asks: one by one, each between two steps of a call, they
cost more, as what counting needs has left the processor's caches by then."""


class LiveFigures:
    """Reads the journal up to where it ended when this was made; what is told meanwhile is heard after it.

    What is told later is heard before the next answer, or sooner."""

    def __init__(self, site: Site, journal: Journal, now: Callable[[], datetime]) -> None:
        self._site, self._journal, self._now = site, journal, now
        self._book = FigureBook(site)
        self._end = journal.end
        self._told: list[Event] = []
        """What was told, and is not in the book yet."""
        self._has_read = False
        """The journal is in the book."""
        self._kept_from = midnight(now(), site)

    def hear(self, event: Event) -> None:
        """Of every kind: what a new kind means is for the call's record to say."""
        self._told.append(event)
        if len(self._told) >= AT_ONCE and self._has_read:
            self._enter()

    def _enter(self) -> None:
        """What was told goes into the book."""
        told, self._told = self._told, []
        for event in told:
            self._book.hear(event)

    async def read_journal(self) -> None:
        """Once, at start; others get their turn in between."""
        count = 0
        try:
            for event in self._past():
                self._book.hear(event)
                count += 1
                if count % CHUNK == 0:
                    await asyncio.sleep(0)
        except OSError as exc:
            log.error("Figures begin without a part of the journal: %s", exc, extra={"action": "figures_incomplete"})
        self._enter()
        self._has_read = True
        log.info("Figures begin with %d events of the journal", count, extra={"action": "figures_begin"})

    def _past(self) -> Iterator[Event]:
        since = Position(segment_name((self._now() - REACH).date()), 0)
        behind = takewhile(lambda told: told[0] <= self._end, self._journal.read(since))
        return (event for _, event in behind)

    def today(self) -> Period | None:
        """As of now; None while the journal is being read."""
        if not self._has_read:
            return None
        self._enter()
        now = self._now()
        start = midnight(now, self._site)
        if start > self._kept_from:
            self._book.forget_before(start - timedelta(hours=1))
            self._kept_from = start
        return self._book.day(now, now)
