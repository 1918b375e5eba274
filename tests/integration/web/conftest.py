"""A web server on a free port: real journal, real store on SQLite, an ACD in memory, a clock that can be moved."""

import asyncio
import shutil
import wave
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from app.data_protection.audit_keys import make_key_file
from app.data_protection.audit_trail import TrailFiles
from app.figures.live import LiveFigures
from app.process.page_faults import PageFaults
from app.web.http.services import Services
from app.web.server import create_app
from app.web.wire.desk import DeskHub
from config.paths import DataDir
from config.schema import Site
from crm.db.projecting.projector import Projector
from crm.db.store import Store
from crm.errors import StoreAway
from crm.journal.events import AgentAnswered, AgentOffered, CallArrived, CallEnded, Event, MessageLeft, TalkStarted
from crm.journal.journal import Journal
from crm.regulation.policy import Regulated
from crm.use_cases.by_clock.days import RunningCalendar
from crm.use_cases.cases import CaseService
from crm.use_cases.intake import Intake
from crm.use_cases.tickets import Tickets
from tests.fakes.acd_view import FakeAcd
from tests.fakes.floor import FakeFloor
from tests.fakes.logins import let_people_log_in, password_of
from tests.fakes.site_watch import as_it_was_loaded
from tests.fakes.small_site import small_site
from tests.fakes.talk_desk import FakeTalks
from tests.fakes.telephone_secrets import FakeTelephoneSecrets

LOCAL_TOKEN = "the-local-token-of-this-system"
PASSWORDS = {name: password_of(name) for name in ("8001", "8002", "8003", "8801", "8901")}


class MovableClock:
    """The wall clock, plus what a test has added."""

    def __init__(self) -> None:
        self._ahead = timedelta(0)

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self._ahead

    def advance(self, ahead: timedelta) -> None:
        self._ahead += ahead


@dataclass(kw_only=True)
class House:
    """The running server and everything behind it."""

    site: Site
    data: DataDir
    journal: Journal
    store: Store
    projector: Projector
    acd: FakeAcd
    talks: FakeTalks
    hub: DeskHub
    figures: LiveFigures
    clock: MovableClock
    parts: dict[str, dict[str, object]]
    accepted: list[tuple[str, str]]
    services: Services
    app: web.Application
    server: TestServer
    ui: Path
    audit_key: Path
    _calls: int = field(default=0)

    @property
    def origin(self) -> str:
        return str(self.server.make_url("/").origin())

    def browser(self, *, origin: str | None = "own") -> aiohttp.ClientSession:
        """A client with a cookie jar that sends the page's own Origin, another one, or none."""
        headers = {"Origin": self.origin if origin == "own" else origin} if origin else {}
        return aiohttp.ClientSession(base_url=self.origin, headers=headers, cookie_jar=aiohttp.CookieJar(unsafe=True))

    def program(self, token: str = LOCAL_TOKEN) -> aiohttp.ClientSession:
        """A client with a token and no cookies."""
        return aiohttp.ClientSession(
            base_url=self.origin,
            headers={"Authorization": f"Bearer {token}"},
            cookie_jar=aiohttp.DummyCookieJar(),
        )

    @asynccontextmanager
    async def logged_in(self, name: str) -> AsyncIterator[aiohttp.ClientSession]:
        """A browser in which this person has logged in."""
        async with self.browser() as browser:
            async with browser.post("/api/login", json={"name": name, "password": PASSWORDS[name]}) as answer:
                assert answer.status == 200, await answer.text()
            yield browser

    @asynccontextmanager
    async def another_server(self) -> AsyncIterator[str]:
        """A server that knows only what the store does, as after a restart; its origin."""
        server = TestServer(create_app(self.services, ui=self.ui), host="127.0.0.1")
        await server.start_server()
        try:
            yield str(server.make_url("/").origin())
        finally:
            await server.close()

    def arrival(self, call_id: str, ani: str = "13812345678") -> CallArrived:
        """A call that comes in now."""
        at = self.clock()
        return CallArrived(
            event_id=f"{call_id}.1",
            at=at,
            call_id=call_id,
            ticket=self.journal.next_ticket_number(at.astimezone(self.site.zone).date()),
            channel_id=f"c-{call_id}",
            direction="inbound",
            dnis="4008100002",
            ani=ani,
            caller_name="",
            line="hotline",
        )

    async def call(self, ani: str = "13812345678", agent: str | None = None, recording: str | None = None) -> str:
        """A call that has been: unanswered, or with this agent, perhaps recorded. Returns its ticket."""
        self._calls += 1
        call_id = f"call-{self._calls}"
        arrived = self.arrival(call_id, ani)
        ticket, at, events = arrived.ticket, arrived.at, list[Event]([arrived])
        if agent is not None:
            leg = f"a-{call_id}"
            events += [
                AgentOffered(event_id=f"{call_id}.2", at=at, call_id=call_id, agent=agent, channel_id=leg),
                AgentAnswered(event_id=f"{call_id}.3", at=at, call_id=call_id, agent=agent),
                TalkStarted(
                    event_id=f"{call_id}.4",
                    at=at,
                    call_id=call_id,
                    agent=agent,
                    agent_channel_id=leg,
                    bridge_id=f"b-{call_id}",
                    recording=recording,
                ),
            ]
        outcome = "answered" if agent else "abandoned_queue"
        events.append(CallEnded(event_id=f"{call_id}.9", at=at, call_id=call_id, ended_by="caller", outcome=outcome))
        await self.record(*events)
        return ticket

    async def message(self, file: str) -> str:
        """A caller nobody spoke with has left a message. Returns the ticket."""
        ticket = await self.call()
        event_id = f"call-{self._calls}.5"
        await self.record(
            MessageLeft(event_id=event_id, at=self.clock(), call_id=f"call-{self._calls}", file=file, duration_s=3.0)
        )
        return ticket

    async def record(self, *events: Event) -> None:
        """Journal these and wait until the store has them."""
        for event in events:
            self.journal.append(event)
            self.figures.hear(event)
        await self.projector.caught_up()


def write_sound(path: Path, seconds: float = 0.5) -> bytes:
    """A WAV file as the hotline keeps them; returns its bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(b"\x10\x00" * int(8000 * seconds))
    return path.read_bytes()


async def kind_of(answer: aiohttp.ClientResponse) -> str:
    """Which kind of problem an answer is."""
    assert answer.content_type == "application/problem+json"
    body = await answer.json()
    assert body["status"] == answer.status
    return str(body["type"]).removeprefix("urn:sanxiang:")


@asynccontextmanager
async def away() -> AsyncIterator[None]:
    """In place of a database connection: there is none."""
    raise StoreAway("the disk is gone")
    yield


async def eventually(check: Callable[[], bool], within_s: float = 5.0) -> None:
    """Return as soon as `check` is true. Raises TimeoutError."""
    async with asyncio.timeout(within_s):
        while True:
            if check():
                return
            await asyncio.sleep(0.01)


@pytest.fixture(scope="session")
def store_with_users(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory whose store is migrated and knows the people: made once, copied for every test."""
    data = DataDir(tmp_path_factory.mktemp("template"))

    async def make() -> None:
        store = await Store.open(data.database_url)
        await let_people_log_in(store, small_site().agents)
        await store.close()

    asyncio.run(make())
    return data.root


@pytest.fixture
def site_changes() -> dict[str, object]:
    """What a test module wants otherwise in its site."""
    return {}


@pytest.fixture
def site(site_changes: dict[str, object]) -> Site:
    """What the house is built for; a test file may have another."""
    return small_site().model_copy(update=site_changes)


@pytest.fixture
async def house(tmp_path: Path, store_with_users: Path, site: Site) -> AsyncIterator[House]:
    data = DataDir(tmp_path / "data")
    shutil.copytree(store_with_users, data.root)
    (tmp_path / "ui").mkdir()
    async with house_on(data, site, tmp_path / "ui") as house:
        yield house


@asynccontextmanager
async def house_on(data: DataDir, site: Site, ui: Path) -> AsyncIterator[House]:
    """The server on a data directory that has been made."""
    clock = MovableClock()
    journal = Journal.open(data.journal)
    audit_key = data.root.parent / "audit.key"
    make_key_file(audit_key)
    trail = TrailFiles(data, audit_key)
    store = await Store.open(data.database_url, area_code=site.area_code, clock=clock, audit_outside=trail)
    await trail.begin(store)
    projector = Projector(journal, store)
    projecting = asyncio.create_task(projector.run())
    acd, hub, talks = FakeAcd(site, clock()), DeskHub(clock), FakeTalks()
    figures = LiveFigures(site, journal, clock)
    await figures.read_journal()
    parts: dict[str, dict[str, object]] = {"asterisk": {"up": True}, "store": {"up": True}}
    accepted: list[tuple[str, str]] = []
    tickets = Tickets(journal, site.zone, lambda event: None)
    calendar = RunningCalendar(store.calendar, site.special_days, site.zone)
    telephones = FakeTelephoneSecrets(site)
    services = Services(
        site=site,
        data=data,
        store=store,
        intake=Intake(tickets, site.matters, Regulated.of(site.policy, site.zone, calendar.days), clock),
        calendar=calendar,
        acd=acd,
        floor=FakeFloor(acd, clock()),
        talks=talks,
        hub=hub,
        faults=PageFaults(clock),
        figures=figures,
        cases=CaseService(site, store, clock, calendar.days),
        status=lambda: parts,
        clock=clock,
        local_token=LOCAL_TOKEN,
        telephone_secret=telephones.of,
        renew_telephone_secret=telephones.renew,
        sip_address="127.0.0.1:5062",
        due_call_accepted=lambda due_call, agent: accepted.append((due_call, agent)),
    )
    app = create_app(services, ui=ui)
    server = TestServer(app, host="127.0.0.1")
    await server.start_server()
    try:
        with as_it_was_loaded(site):
            yield House(
                site=site,
                data=data,
                journal=journal,
                store=store,
                projector=projector,
                acd=acd,
                talks=talks,
                hub=hub,
                figures=figures,
                clock=clock,
                parts=parts,
                accepted=accepted,
                services=services,
                app=app,
                server=server,
                ui=ui,
                audit_key=audit_key,
            )
    finally:
        await server.close()
        projecting.cancel()
        await asyncio.gather(projecting, return_exceptions=True)
        journal.close()
        await store.close()
