"""Today's figures, at most one second old, asked of the store once for all who look (flow). RPT-1.

The live pages never wait for them: they take the last ones and are told when the store is away.
"""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from app.web.api.contract import FiguresOut
from config.schema import Site
from crm.db.store import Store
from crm.errors import StoreAway

log = logging.getLogger(__name__)

RING_LIMIT = 3
"""TEL-1: within three rings."""
FRESH_FOR = timedelta(seconds=1)
_TIMEOUT_S = 5.0


def midnight(now: datetime, site: Site) -> datetime:
    """The start of today where the site is."""
    return now.astimezone(site.zone).replace(hour=0, minute=0, second=0, microsecond=0)


class TodaysFigures:
    """One query at a time. A slow store is asked less often: it gets nine times the rest that the query took."""

    def __init__(self, store: Store, site: Site, clock: Callable[[], datetime]) -> None:
        self._store, self._site, self._clock = store, site, clock
        self._latest: FiguresOut | None = None
        self._due_at: datetime | None = None
        self._asking: asyncio.Task[None] | None = None
        self.store_is_away = False

    @property
    def latest(self) -> FiguresOut | None:
        """The last ones of today; None until there are any."""
        if self._latest is None or self._latest.since < midnight(self._clock(), self._site):
            return None
        return self._latest

    def refresh(self) -> None:
        """Ask again when the last answer is old. Returns at once."""
        if self._asking is None and (self._due_at is None or self._clock() >= self._due_at):
            self._asking = asyncio.create_task(self._ask())
            self._asking.add_done_callback(self._asked)

    async def today(self) -> FiguresOut:
        """Not older than a second. Raises StoreAway."""
        self.refresh()
        if self._asking is not None:
            await asyncio.shield(self._asking)
        if self.latest is None or self.store_is_away:
            raise StoreAway("the figures of today are not at hand")
        return self.latest

    async def since(self, since: datetime) -> FiguresOut:
        """Of any other period. Raises StoreAway."""
        level = self._site.service_level
        found = await self._store.calls.figures(
            since,
            ring_limit=RING_LIMIT,
            threshold_s=level.threshold_s,
            short_abandon_s=level.short_abandon_s,
        )
        return FiguresOut(
            since=found.since,
            at=self._clock(),
            ring_limit=found.ring_limit,
            threshold_s=found.threshold_s,
            short_abandon_s=found.short_abandon_s,
            total=found.total,
            lines=found.lines,
            queues=found.queues,
        )

    async def close(self) -> None:
        if self._asking is not None:
            self._asking.cancel()
            await asyncio.gather(self._asking, return_exceptions=True)

    async def _ask(self) -> None:
        started = self._clock()
        try:
            async with asyncio.timeout(_TIMEOUT_S):
                self._latest = await self.since(midnight(started, self._site))
        except (StoreAway, TimeoutError) as exc:
            self._tell(away=True, why=str(exc) or "no answer in time")
        else:
            self._tell(away=False, why="")
        took = self._clock() - started
        self._due_at = started + max(FRESH_FOR, 10 * took)

    def _asked(self, task: "asyncio.Task[None]") -> None:
        self._asking = None
        if not task.cancelled() and (exc := task.exception()) is not None:
            self._due_at = self._clock() + FRESH_FOR
            self.store_is_away = True
            log.error("The figures could not be made: %s", exc, exc_info=exc, extra={"action": "figures_failed"})

    def _tell(self, *, away: bool, why: str) -> None:
        """Log a change once, not every second."""
        if away and not self.store_is_away:
            log.warning("Figures stand still, the store is away: %s", why, extra={"action": "figures_stale"})
        if not away and self.store_is_away:
            log.info("Figures go on, the store is back", extra={"action": "figures_fresh"})
        self.store_is_away = away
