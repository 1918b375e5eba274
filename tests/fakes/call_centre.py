"""A whole call path in memory: callers, agents' telephones, ACD, tickets. Everything real but the telephones."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from app.run.call_path import CallPath, wire_call_path
from config.ids import AgentId, CallId
from config.paths import DataDir
from config.schema import Site
from crm.journal.events import AgentStateChanged, Event
from crm.journal.journal import Journal
from crm.use_cases.by_clock.callers import Callers, Strangers
from ivr.arrivals.history import History, recall
from ivr.live.talks import LiveTalk
from routing.agent import AgentEvent
from tests.fakes.channel import FakeChannel, Party
from tests.fakes.checked_tickets import CheckedTickets, sound
from tests.fakes.site_watch import as_it_was_loaded
from tests.fakes.small_site import small_site
from tests.fakes.telephony import FakeTelephony
from tests.fakes.virtual_time import VirtualTimeLoop

ANN, BEN, CAT = AgentId("8001"), AgentId("8002"), AgentId("8003")
E = TypeVar("E", bound=Event)
STAYS = Party(after_s=2.0)


def in_virtual_time(work: Coroutine[Any, Any, None]) -> None:
    """Run a story; its seconds take no time."""
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        runner.run(work)


@dataclass
class CallCentre:
    """`told`: what was recorded. `states`: every state that an agent was in, in order."""

    site: Site
    data: DataDir
    telephony: FakeTelephony
    journal: Journal
    told: list[Event] = field(default_factory=list)
    states: dict[AgentId, list[str]] = field(default_factory=dict)
    callers: Callers = field(default_factory=Strangers)
    listeners: list[Callable[[Event], None]] = field(default_factory=list)
    """Who else hears of each event of a call, as the pages do."""
    dies_at: Callable[[Event], bool] | None = None
    """The event after which the controller does nothing any more; `killed` is set then."""
    paths: list[CallPath] = field(default_factory=list)
    """One for each controller that has served."""
    killed: asyncio.Event = field(default_factory=asyncio.Event)
    _heard: asyncio.Event = field(default_factory=asyncio.Event)
    _written: list[Event] = field(default_factory=list)

    def start(self, history: History | None = None) -> None:
        """A controller begins to serve; `history`: what one that died has left."""
        self.path = wire_call_path(
            self.site,
            self.data,
            self.telephony,
            self.journal,
            self.hear,
            now=self.telephony.now,
            history=history,
            callers=self.callers,
            make_tickets=CheckedTickets,
        )
        self.paths.append(self.path)
        self.hotline, self.reception = self.path.hotline, self.path.reception
        self.acd = self.hotline.acd
        self.serving = asyncio.create_task(self.telephony.serve(self.reception.arrive, self.reception.reconnect))

    def hear(self, event: Event) -> None:
        self.told.append(event)
        if isinstance(event, AgentStateChanged):
            self.states.setdefault(AgentId(event.agent), []).append(event.state)
        self._heard.set()
        for listener in self.listeners:
            listener(event)
        if self.dies_at and not self.killed.is_set() and self.dies_at(event):
            self._written = list(self.told)
            self.telephony.cut()
            self.killed.set()

    async def die(self) -> History:
        """The controller is gone without a word; Asterisk and the parties go on. What its journal tells."""
        written = self._written if self.killed.is_set() else list(self.told)
        self.telephony.cut()
        self.serving.cancel()
        await asyncio.wait([self.serving])
        await self.reception.close()
        self.told[:] = written
        return recall(written)

    def available(self, *agents: AgentId) -> None:
        for agent in agents:
            self.acd.wish(agent, AgentEvent.MAKE_AVAILABLE)

    async def talk(self, caller: str = "13800138000") -> tuple[FakeChannel, LiveTalk]:
        """Somebody calls, presses 1, and talks with whoever is free."""
        channel = self.telephony.call("4008100002", caller)
        await asyncio.sleep(1)
        channel.press("1")
        await asyncio.sleep(10)
        live = self.hotline.talks.of(CallId(f"call-{channel.id}"))
        assert live and live.bridge
        return channel, live

    def leg(self, live: LiveTalk, agent: AgentId) -> FakeChannel:
        """The newest leg of that agent's telephone in this call."""
        legs = [channel for name, channel in self.telephony.channels.items() if name.endswith(f".{agent}")]
        return [leg for leg in legs if leg.id.startswith(live.call_id)][-1]

    def inside(self, live: LiveTalk) -> set[str]:
        """Who hears whom: the parties in the bridge of the talk."""
        assert live.bridge
        return set(self.telephony.bridges[live.bridge.id].inside)

    async def happens(self, *kinds: type[Event]) -> None:
        """Return when something of these kinds has been told, perhaps long ago. Raises TimeoutError after 300 s."""
        async with asyncio.timeout(300):
            while not any(isinstance(event, kinds) for event in self.told):
                self._heard.clear()
                await self._heard.wait()

    def events(self, kind: type[E]) -> list[E]:
        return [event for event in self.told if isinstance(event, kind)]

    def names(self, *left_out: str) -> list[str]:
        """The kinds of what was told of calls, in order."""
        passed_over = {"AgentStateChanged", *left_out}
        return [name for event in self.told if (name := type(event).__name__) not in passed_over]


@asynccontextmanager
async def call_centre(
    directory: Path, site: Site | None = None, callers: Callers | None = None, telephony: FakeTelephony | None = None
) -> AsyncIterator[CallCentre]:
    """Agents 8001 to 8003 pick up after two seconds; nobody is available yet."""
    telephony = telephony or FakeTelephony()
    telephony.agents = dict.fromkeys((ANN, BEN, CAT), STAYS)
    data = DataDir(directory)
    journal = Journal.open(data.journal)
    centre = CallCentre(site or small_site(), data, telephony, journal, callers=callers or Strangers())
    centre.start()
    await asyncio.sleep(0)
    try:
        with as_it_was_loaded(centre.site):
            yield centre
    finally:
        centre.serving.cancel()
        await centre.reception.close()
        journal.close()
        for path in centre.paths:
            sound(path)
