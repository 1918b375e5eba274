"""Today's figures, true at every instant: begun from the journal, fed by the bus, asked by the pages (flow). RPT-1

No store takes part: it may be away for an hour and the wallboard goes on.
"""

import asyncio
import logging
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Final, get_args

from app.bus import Bus
from app.figures.book import FigureBook
from app.figures.period import Period
from app.figures.records import midnight
from config.schema import Site
from crm.events import AnyEvent, Event
from crm.journal import Journal, Position
from crm.segments import segment_name

log = logging.getLogger(__name__)

REACH: Final = timedelta(days=2)
"""So far back the journal is read at start: today, and the 24 hours before any moment of it."""
CHUNK: Final = 200
"""Events read at start between two turns of everybody else: a few milliseconds."""


class LiveFigures:
    """Reads the journal up to where it ended when this was made; what is told meanwhile is heard after it."""

    def __init__(self, site: Site, journal: Journal, now: Callable[[], datetime]) -> None:
        self._site, self._journal, self._now = site, journal, now
        self._book = FigureBook(site)
        self._end = journal.end
        self._waiting: list[Event] | None = []
        """What was told before the journal was read; None from then on."""
        self._kept_from = midnight(now(), site)

    def subscribe(self, bus: Bus) -> None:
        """To every kind of event: what a new kind means is for the call's record to say."""
        for kind in get_args(AnyEvent):
            bus.subscribe(kind, self.hear)

    def hear(self, event: Event) -> None:
        if self._waiting is None:
            self._book.hear(event)
        else:
            self._waiting.append(event)

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
        waiting, self._waiting = self._waiting or [], None
        for told in waiting:
            self._book.hear(told)
        log.info("Figures begin with %d events of the journal", count, extra={"action": "figures_begin"})

    def _past(self) -> Iterator[Event]:
        since = Position(segment_name((self._now() - REACH).date()), 0)
        behind = takewhile(lambda told: told[0] <= self._end, self._journal.read(since))
        return (event for _, event in behind)

    def today(self) -> Period | None:
        """As of now; None while the journal is being read."""
        if self._waiting is not None:
            return None
        now = self._now()
        start = midnight(now, self._site)
        if start > self._kept_from:
            self._book.forget_before(start - timedelta(hours=1))
            self._kept_from = start
        return self._book.day(now, now)
