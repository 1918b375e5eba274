"""The wallboard: one picture of queues, agents and today's figures for all who watch (flow). RPT-1.

Looks twice a second while somebody watches, tells only what changed, and nobody's slow line holds up another's.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import msgspec

from app.web.api.common.shown import agent_out, queue_out
from app.web.api.figures.figure_shapes import figures_out
from app.web.feeds.wallboard_messages import Deadlines, WallboardPicture
from app.web.http.services import Services
from app.web.wire.desk_messages import UNSENT
from app.web.wire.encoding import encode_text

log = logging.getLogger(__name__)

LOOK_EVERY_S = 0.5
"""At most two messages a second, and a change is seen well within one."""


def picture(services: Services) -> WallboardPicture:
    """What the wallboard shows now, without number and time."""
    queues = services.acd.queues()
    agents = services.acd.agents()
    today = services.figures.today()
    waiting_since = [queue.longest_wait_since for queue in queues if queue.longest_wait_since]
    warned, late = services.cases.at_risk
    return WallboardPicture(
        waiting=sum(queue.waiting for queue in queues),
        longest_wait_since=min(waiting_since, default=None),
        queues=[queue_out(queue, services.site) for queue in queues],
        agents_by_state=Counter(agent.state for agent in agents),
        agents=[agent_out(agent, services.site, supervision=True) for agent in agents],
        deadlines=Deadlines(warned=warned, late=late),
        store="up" if services.store.status()["up"] else "away",
        figures=None if today is None else figures_out(today, services.clock()),
    )


class Watcher:
    """One open wallboard: takes the newest picture when it has time, and skips those between."""

    def __init__(self, feed: "WallboardFeed") -> None:
        self._feed = feed
        self._seen = -1
        self._news = asyncio.Event()
        self._news.set()

    def notify(self) -> None:
        self._news.set()

    async def next(self, timeout_s: float) -> tuple[int, str] | None:
        """The newest picture as (number, JSON) once it is not the one seen last; None after `timeout_s` without."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._news.wait()
        except TimeoutError:
            return None
        self._news.clear()
        seq, text = self._feed.latest()
        if seq == self._seen:
            return None
        self._seen = seq
        return seq, text


class WallboardFeed:
    """Makes each picture once. Runs between `start` and `close`, and rests while nobody watches."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._watchers: set[Watcher] = set()
        self._watched = asyncio.Event()
        self._seq = 0
        self._shown: WallboardPicture | None = None
        self._text = ""
        self._looking: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._looking = asyncio.create_task(self._look_on())

    async def close(self) -> None:
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.gather(self._looking, return_exceptions=True)

    @contextmanager
    def watch(self) -> Iterator[Watcher]:
        """A wallboard for as long as the `with` lasts; its first picture is there at once."""
        if not self._watchers:
            self._look()
        watcher = Watcher(self)
        self._watchers.add(watcher)
        self._watched.set()
        try:
            yield watcher
        finally:
            self._watchers.discard(watcher)
            if not self._watchers:
                self._watched.clear()

    def latest(self) -> tuple[int, str]:
        return self._seq, self._text

    async def _look_on(self) -> None:
        while True:
            await self._watched.wait()
            await asyncio.sleep(LOOK_EVERY_S)
            try:
                self._look()
            except Exception as exc:
                self._services.faults.note(exc, "wallboard_failed")

    def _look(self) -> None:
        shown = picture(self._services)
        if self._shown is not None and _without_age(shown) == _without_age(self._shown):
            return
        self._seq += 1
        self._shown = shown
        self._text = encode_text(msgspec.structs.replace(shown, seq=self._seq, at=self._services.clock()))
        for watcher in self._watchers:
            watcher.notify()


def _without_age(shown: WallboardPicture) -> WallboardPicture:
    """The picture without the figures' own times, which move by themselves and are no news."""
    if shown.figures is None:
        return shown
    return msgspec.structs.replace(shown, figures=msgspec.structs.replace(shown.figures, at=UNSENT, until=UNSENT))
