"""The call path with everything real but the telephones: ACD, tickets, journal, reception. Recorded on, replayed on.

The site is the demo site. Agents have no pages here: they are made available as the story says.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Self, TypeVar

from app.run.call_path import wire_call_path
from config.calls.waiting import WaitRules
from config.ids import AgentId
from config.loading.load import load_site
from config.paths import DataDir
from config.schema import Site
from crm.journal.events import AnyEvent, Event
from crm.journal.journal import Journal
from ivr.ari.telephony import AriTelephony
from ivr.ari.wire.socket import AriSocket
from ivr.arrivals.reception import Reception
from routing.acd import Acd
from routing.agent import AgentEvent
from tests.fakes.checked_tickets import CheckedTickets, sound
from tests.fakes.site_watch import as_it_was_loaded

SITE = Path(__file__).parents[2] / "config" / "site"


def quiet_site() -> Site:
    """The demo site; a waiting caller hears music and the apology, neither position nor offers, and is not moved on."""
    site = load_site(SITE)
    queues = tuple(queue.model_copy(update={"overflow": ()}) for queue in site.queues)
    return site.model_copy(update={"wait": WaitRules(), "queues": queues})


Clock = Callable[[], datetime]
E = TypeVar("E", bound=Event)


@dataclass
class Stage:
    """One small hotline. Use as `with Stage.set_up(…) as stage`, inside a running event loop."""

    telephony: AriTelephony
    acd: Acd
    reception: Reception
    journal: Journal
    told: "asyncio.Queue[Event]"
    """Every event in the order in which it was recorded."""

    @classmethod
    @contextmanager
    def set_up(
        cls, site: Site, data: DataDir, socket: AriSocket, clock: Clock, *, tell: Callable[[Event], None] | None = None
    ) -> Iterator[Self]:
        told: asyncio.Queue[Event] = asyncio.Queue()
        journal = Journal.open(data.journal)
        try:
            telephony = AriTelephony(socket, clock, data.root)
            publish = tell or told.put_nowait
            path = wire_call_path(site, data, telephony, journal, publish, now=clock, make_tickets=CheckedTickets)
            with as_it_was_loaded(site):
                yield cls(telephony, path.hotline.acd, path.reception, journal, told)
        finally:
            journal.close()
        sound(path)

    def make_available(self, *agents: str) -> None:
        """In this order: who is first has been idle longest."""
        for agent in agents:
            self.acd.wish(AgentId(agent), AgentEvent.MAKE_AVAILABLE)

    def written(self) -> list[AnyEvent]:
        """What the journal has."""
        return [event for _, event in self.journal.read()]

    async def happens(self, kind: type[E], within_s: float = 30.0) -> E:
        """The next event of a kind; those before it are passed over. Raises TimeoutError."""
        async with asyncio.timeout(within_s):
            while True:
                if isinstance(event := await self.told.get(), kind):
                    return event
