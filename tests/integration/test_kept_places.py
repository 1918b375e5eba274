"""A place that is kept, with the real store and telephones in memory: once, in turn, whoever dies or is away. FUP-1."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.run.call_path import make_dialler, wire_call_path
from config.calls.waiting import WaitRules
from config.ids import AgentId, QueueName
from config.paths import DataDir
from crm.db.store import Store
from crm.followups.model import DueCall
from crm.journal.events import AgentOffered, CallArrived, CallEnded, Event, PlaceHandedOn, TalkStarted
from crm.journal.journal import Journal, Position
from crm.use_cases.by_clock.callers import KnownCallers
from ivr.arrivals.history import recall
from ivr.arrivals.reception import Reception
from ivr.outbound.dialler import Dialler
from ivr.port.values import DialOutcome
from routing.acd import Acd
from routing.agent import AgentEvent
from tests.fakes.channel import FakeChannel, Party
from tests.fakes.checked_tickets import CheckedTickets
from tests.fakes.small_site import small_site
from tests.fakes.telephony import FakeTelephony
from tests.integration.harness.api import until

pytestmark = pytest.mark.req("FUP-1")

LINE, QUEUE, ANN = "4008100002", QueueName("hotline"), AgentId("8001")
SOON_S = 8.0
RULES = WaitRules(sorry_after_s=None, callback=True, offer_after_s=0.1, offer_every_s=30, callback_retry_s=0.5)


class RealTimeTelephony(FakeTelephony):
    """The fake's clock is the loop's; a lease wants the real date."""

    def now(self) -> datetime:
        return datetime.now(UTC)


@dataclass
class House:
    """One controller; `told` is what it recorded."""

    telephony: FakeTelephony
    acd: Acd
    store: Store
    reception: Reception
    dialler: Dialler
    told: list[Event] = field(default_factory=list)

    def of(self, kind: type[Event]) -> list[Event]:
        return [event for event in self.told if isinstance(event, kind)]

    async def happens(self, what: Callable[[], object], name: str) -> None:
        async def there() -> bool | None:
            return True if what() else None

        await until(there, SOON_S, name)

    async def waits(self, number: str, *, wishes: str = "") -> FakeChannel:
        """A caller in the queue; with `wishes`, who presses these keys as they are asked for."""
        channel = self.telephony.call(LINE, number)
        await self.happens(lambda: "menu-main" in channel.heard, "the menu")
        channel.press("1")
        await self.happens(lambda: "please-wait" in channel.heard, "the queue")
        for key, question in zip(wishes, ("callback-offer", "callback-confirm"), strict=False):
            await self.happens(lambda asked=question: any(each.startswith(asked) for each in channel.heard), question)
            channel.press(key)
        return channel

    def ready(self) -> None:
        self.acd.wish(ANN, AgentEvent.MAKE_AVAILABLE)

    async def due(self) -> list[DueCall]:
        return list((await self.store.due_calls.list()).items)


@asynccontextmanager
async def house(
    directory: Path,
    telephony: FakeTelephony | None = None,
    *,
    inherit: bool = True,
    with_cards: bool = False,
    **outbound: object,
) -> AsyncIterator[House]:
    site = small_site().model_copy(update={"wait": RULES})
    site = site.model_copy(update={"outbound": site.outbound.model_copy(update={"ring_timeout_s": 3.0, **outbound})})
    telephony = telephony or RealTimeTelephony(prompt_s=0.05)
    telephony.agents = {ANN: Party(after_s=0.1)}
    data = DataDir(directory)
    journal = Journal.open(data.journal)
    history = recall(event for _, event in journal.read(Position("", 0)))
    store = await Store.open(f"sqlite+aiosqlite:///{directory}/store.db", area_code="0571", clock=telephony.now)
    told: list[Event] = []
    callers = KnownCallers(store.callers, site.area_code, telephony.now) if with_cards else None
    path = wire_call_path(
        site,
        data,
        telephony,
        journal,
        told.append,
        now=telephony.now,
        history=history,
        callers=callers,
        make_tickets=CheckedTickets,
    )
    reception, dialler = path.reception, make_dialler(path, store, "one")
    serving = asyncio.create_task(telephony.serve(reception.arrive, reception.reconnect))

    async def tick() -> None:
        while True:
            await dialler.tick()
            await asyncio.sleep(0.1)

    ticking = asyncio.create_task(tick())
    home = House(telephony, path.hotline.acd, store, reception, dialler, told)
    try:
        await home.happens(lambda: reception.reconciled and (not inherit or dialler._inherited), "the controller")
        yield home
    finally:
        for task in (ticking, serving):
            task.cancel()
        await asyncio.wait([ticking, serving])
        await reception.close()
        await store.close()
        journal.close()


async def test_who_kept_the_place_is_called_before_who_came_later(tmp_path: Path) -> None:
    """field.md §3, 1: keeps its place, overtakes nobody, and is not dialled before an agent is there."""
    async with house(tmp_path) as home:
        home.telephony.customers = {"13800000001": Party(after_s=0.1, talks_s=1.0)}
        await home.waits("13800000001", wishes="11")
        await home.happens(lambda: home.of(PlaceHandedOn), "the place")
        later = await home.waits("13800000002")
        await home.happens(lambda: home.of(CallEnded), "the goodbye")
        assert [call.call_id.startswith("due-") for call in home.acd.waiting(QUEUE)] == [True, False]
        assert not [line for line in home.telephony.log if "prepare" in line], "dialled before an agent was there"
        home.ready()
        await home.happens(lambda: len(home.of(TalkStarted)) == 1, "the first talk")
        assert later.id not in home.of(TalkStarted)[0].call_id  # type: ignore[attr-defined]
        await home.happens(lambda: len(home.of(CallEnded)) == 2, "the end of it")
        (due,) = await home.due()
        assert (due.kind, due.attempts) == ("queue_callback", 1)


async def test_who_is_not_reached_is_tried_again_and_the_agent_is_free_at_once(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        home.telephony.customers = {"13800000001": Party(refuses=DialOutcome.BUSY)}
        await home.waits("13800000001", wishes="11")
        await home.happens(lambda: len(home.of(CallEnded)) == 1, "the goodbye")
        home.ready()
        await home.happens(lambda: len(home.of(CallEnded)) == 2, "the first attempt")
        assert home.of(AgentOffered) == [], "an agent's telephone rang for nobody"
        await home.happens(lambda: home.acd.agent(ANN).state.value == "available", "the agent to be free")
        home.telephony.customers = {"13800000001": Party(after_s=0.1, talks_s=1.5)}
        await home.happens(lambda: home.of(TalkStarted), "the second attempt")

        async def done() -> bool | None:
            (due,) = await home.due()
            return True if (due.state, due.outcome, due.attempts) == ("done", "talked", 2) else None

        await until(done, SOON_S, "the callback to be done")


async def test_a_store_that_is_away_promises_nothing(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        with closing(sqlite3.connect(tmp_path / "store.db", timeout=30, isolation_level=None)) as hog:
            hog.execute("BEGIN EXCLUSIVE")
            caller = await home.waits("13800000001", wishes="11")
            await home.happens(lambda: "callback-unavailable" in caller.heard, "the refusal")
        assert [call.call_id for call in home.acd.waiting(QUEUE)] == [f"call-{caller.id}"]
        assert home.of(PlaceHandedOn) == []


async def test_a_place_survives_its_controller_with_its_age(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        await home.waits("13800000001", wishes="11")
        await home.happens(lambda: home.of(CallEnded), "the goodbye")
        later = await home.waits("13800000002")
        telephony = home.telephony
    # the channels of a controller that is stopped are hung up: the later caller comes again, and is still later
    assert later.gone
    async with house(tmp_path, telephony) as home:
        telephony.customers = {"13800000001": Party(after_s=0.1, talks_s=1.5)}
        await home.waits("13800000002")
        await home.happens(lambda: len(home.acd.waiting(QUEUE)) == 2, "both places")
        home.ready()
        await home.happens(lambda: len(home.of(TalkStarted)) == 1, "the talk")
        made = [event for event in home.of(CallArrived) if event.direction == "outbound"]  # type: ignore[attr-defined]
        assert [event.call_id for event in made] == [home.of(TalkStarted)[0].call_id]  # type: ignore[attr-defined]
