"""A scripted day at the demo site, through the API, with a moved clock; its compliance report is worked out by hand.

Friday 2026-11-20 to Wednesday 25, China time. Working time is 09:00–18:00 Monday to Friday. What happens:

  A  Fri 10:00  call on the aid line, a consultation about tickets; picked up in ring 1, an agent after 6 s; satisfied
  B  Fri 10:10  call on the hotline: picked up in ring 4 (16 s), an agent 30 s after the queue: TEL-1 and TEL-2 broken
  C  Fri 10:20  call on the supervision line, a complaint; held by supervision, three working days, answered in time
  D  Fri 10:30  call on the hotline, a complaint; passed on to the reception only after 90 minutes (limit 60): broken;
                the reception starts after 3 hours (limit 2): broken; answers on Tuesday, due Monday 18:00: broken
  E  Fri 10:40  call on the hotline, a complaint passed on after 10 minutes, started 10 minutes later; the customer is
                not satisfied twice, so it is taken up again twice, and closed the third time, all on Friday
  F  Fri 11:00  call on the aid line, a major complaint: reported to the leadership group at once
  G  Fri 11:10  a letter; answered after 25 hours: TKT-4.respond broken
  H  Fri 11:20  the public web form; answered after 2 hours
  ten bookings on Friday for Sunday: eight visited, one cancelled, one no-show
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from config.loading.load import load_site
from config.paths import DataDir
from config.schema import Site
from config.service.channels import Rate
from crm.db.store import Store
from crm.journal.events import (
    AgentAnswered,
    AgentOffered,
    CallAnswered,
    CallArrived,
    CallEnded,
    CallQueued,
    SurveyAnswered,
    TalkStarted,
)
from crm.use_cases.by_clock.registering import Registrar
from crm.use_cases.cases import CaseService
from tests.fakes.logins import let_people_log_in, password_of
from tests.integration.web.conftest import PASSWORDS, House

DEMO = Path(__file__).parents[3] / "config" / "site"
PEOPLE = ("8001", "8002", "8003", "8004", "8005", "8006", "8101", "8102", "8801", "8901")
LINES = {"aid": "4008100001", "hotline": "4008100002", "supervision": "4008100003"}


@pytest.fixture
def site() -> Site:
    """The demo's, with the web form open to a test that fills it in at once."""
    demo = load_site(DEMO)
    form = demo.channels.web_form.model_copy(
        update={"enabled": True, "least_fill_s": 0, "per_address": Rate(burst=9, per_hour=60)}
    )
    return demo.model_copy(update={"channels": demo.channels.model_copy(update={"web_form": form})})


@pytest.fixture(scope="session")
def store_with_users(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As of the other tests, with the people of the demo."""
    data = DataDir(tmp_path_factory.mktemp("demo-template"))
    PASSWORDS.update({name: password_of(name) for name in PEOPLE})

    async def make() -> None:
        store = await Store.open(data.database_url)
        await let_people_log_in(store, load_site(DEMO).agents)
        await store.close()

    asyncio.run(make())
    return data.root


@dataclass
class Day:
    """The house on that day: the clock goes where the script says, people work through the API."""

    house: House
    stack: AsyncExitStack
    clients: dict[str, aiohttp.ClientSession] = field(default_factory=dict)

    def at(self, local: str) -> datetime:
        """Moves the clock to a local time; it never goes back."""
        moment = datetime.strptime(local, "%Y-%m-%d %H:%M").replace(tzinfo=self.house.site.zone)
        ahead = moment - self.house.clock()
        assert ahead > timedelta(seconds=-60), f"the script goes back in time at {local}"
        self.house.clock.advance(ahead)
        return self.house.clock()

    async def as_(self, person: str) -> aiohttp.ClientSession:
        """Logged in anew when the session is over: the script goes over days."""
        if person in self.clients:
            async with self.clients[person].get("/api/me") as answer:
                if answer.status == 200:
                    return self.clients[person]
        self.clients[person] = await self.stack.enter_async_context(self.house.logged_in(person))
        return self.clients[person]

    async def post(self, person: str, path: str, **body: Any) -> Any:
        async with (await self.as_(person)).post(path, json=body) as answer:
            assert answer.status in (200, 201), await answer.text()
            return await answer.json()

    async def get(self, person: str, path: str, **query: str) -> Any:
        async with (await self.as_(person)).get(path, params=query) as answer:
            assert answer.status == 200, await answer.text()
            return await answer.json()

    async def step(self, person: str, number: str, step: str, **fields: Any) -> Any:
        version = (await self.house.store.cases.get(number)).version
        return (await self.post(person, f"/api/tickets/{number}/steps", version=version, step=step, **fields))["case"]

    async def call(
        self,
        local: str,
        line: str,
        agent: str,
        *,
        picked_up_s: float = 2,
        waited_s: float = 6,
        score: int | None = None,
    ) -> str:
        """A call that was answered, and its ticket."""
        at, call_id = self.at(local), f"call-{local[-5:]}"
        number = self.house.journal.next_ticket_number(at.astimezone(self.house.site.zone).date())
        queued = at + timedelta(seconds=picked_up_s + 4)
        answered = queued + timedelta(seconds=waited_s)
        rings = 1 + int(picked_up_s // 5)
        events: list[Any] = [
            CallArrived(
                at=at,
                call_id=call_id,
                ticket=number,
                channel_id=f"c-{call_id}",
                direction="inbound",
                dnis=LINES[line],
                ani=f"1380000{local[-5:-3]}{local[-2:]}",
                caller_name="",
                line=line,
            ),
            CallAnswered(at=at + timedelta(seconds=picked_up_s), call_id=call_id, rings=rings),
            CallQueued(at=queued, call_id=call_id, queue=line),
            AgentOffered(at=queued, call_id=call_id, agent=agent, channel_id=f"a-{call_id}"),
            AgentAnswered(at=answered, call_id=call_id, agent=agent),
            TalkStarted(
                at=answered + timedelta(seconds=1),
                call_id=call_id,
                agent=agent,
                agent_channel_id=f"a-{call_id}",
                bridge_id=f"b-{call_id}",
                recording=None,
            ),
        ]
        if score is not None:
            events.append(
                SurveyAnswered(
                    at=answered + timedelta(seconds=60), call_id=call_id, agent=agent, queue=line, score=score
                )
            )
        ended = answered + timedelta(seconds=61)
        events.append(CallEnded(at=ended, call_id=call_id, ended_by="caller", outcome="answered"))
        await self.house.record(*events)
        return number

    async def registered(self) -> None:
        """What came in writing becomes a case by itself."""
        await self.house.projector.caught_up()
        house = self.house
        await Registrar(CaseService(house.site, house.store, house.clock, house.site.special_days), house.store).tick()


@pytest.fixture
async def day(house: House) -> AsyncIterator[Day]:
    async with AsyncExitStack() as stack:
        yield Day(house, stack)


EXPECTED = {
    # rule: (judged, kept, broken)
    "TEL-1": (6, 5, 1),  # B in ring 4
    "TEL-1.person": (6, 5, 1),  # B
    "TEL-2": (6, 5, 1),  # B waited 30 s
    "QUA-1": (2, 1, 1),  # A pressed 5, B pressed 2
    "TEL-8": (0, 0, 0),
    "FUP-6": (0, 0, 0),
    # C and F taken in hand in time; D late at the hotline and at the reception; E: hotline, facilities, twice again
    "CPL-2.pass": (8, 6, 2),
    "CPL-2.start": (2, 1, 1),  # D late, E in time
    # of D and E the hotline's clock went on with the case; D late at the reception; E three times in time
    "CPL-3.branch": (4, 3, 1),
    "CPL-3.aid": (1, 1, 0),  # F
    "CPL-3.supervision": (1, 1, 0),  # C
    "TKT-4.respond": (8, 7, 1),  # an agent spoke with A to F; H in time, G late
    "TKT-4.solve": (0, 0, 0),
    "TKT-4.write": (0, 0, 0),
}
BREACHES = {
    # (rule, ticket): hours late, who held it
    ("CPL-2.pass", "D", 1): (0.5, "展览馆客服热线"),  # 11:05 + 1 h, passed on at 12:35
    ("CPL-2.pass", "D", 2): (2.0, "接待部"),  # 12:35 + 1 h, started at 15:35
    ("CPL-2.start", "D", 1): (1.0, "接待部"),  # 12:35 + 2 h, started at 15:35
    ("CPL-3.branch", "D", 1): (16.0, "接待部"),  # Monday 18:00, answered on Tuesday at 10:00
    ("TKT-4.respond", "G", 1): (1.0, "省公司服务监督"),  # 24 h after 11:10, answered at 12:10
}


async def calls_and_letters(day: Day) -> dict[str, str]:
    """Friday morning: six calls, each registered at 11:05; a letter, the web form."""
    made = {
        "A": await day.call("2026-11-20 10:00", "aid", "8001", score=5),
        "B": await day.call("2026-11-20 10:10", "hotline", "8002", picked_up_s=16, waited_s=30, score=2),
        "C": await day.call("2026-11-20 10:20", "supervision", "8001"),
        "D": await day.call("2026-11-20 10:30", "hotline", "8002"),
        "E": await day.call("2026-11-20 10:40", "hotline", "8002"),
        "F": await day.call("2026-11-20 11:00", "aid", "8001"),
    }
    day.at("2026-11-20 11:05")
    await day.step("8001", made["A"], "registered", kind="consultation", category="visiting")
    await day.step("8002", made["B"], "registered", kind="consultation", category="visiting")
    await day.step("8001", made["C"], "registered", kind="complaint", category="attitude")
    await day.step("8002", made["D"], "registered", kind="complaint", category="guiding")
    await day.step("8002", made["E"], "registered", kind="complaint", category="building")
    case = await day.step("8001", made["F"], "registered", kind="complaint", severity="major", category="attitude")
    assert case["reported"], "a major complaint is reported at once"
    day.at("2026-11-20 11:10")
    letter = {"channel": "letter", "kind": "suggestion", "matter": "希望延长开放时间", "contact_number": "13700000001"}
    made["G"] = (await day.post("8001", "/api/intake", **letter))["ticket"]
    await day.registered()
    return made


async def afternoon(day: Day, made: dict[str, str]) -> None:
    """Friday from 11:15 to 15:35: E is taken up three times, D lies about, the web form comes in and is answered."""
    c, d, e, f = (made[name] for name in "CDEF")
    day.at("2026-11-20 11:15")
    await day.step("8002", e, "passed_on", to="department:facilities", how="telephone")
    day.at("2026-11-20 11:20")
    async with day.house.browser() as visitor:
        async with visitor.get("/api/public/form") as answer:
            token = (await answer.json())["token"]
        form = {"token": token, "kind": "consultation", "matter": "周末几点开门？", "contact": "13700000002"}
        async with visitor.post("/api/public/tickets", json=form) as answer:
            assert answer.status == 201, await answer.text()
            made["H"] = (await answer.json())["ticket"]
    await day.registered()
    await day.step("8001", f, "started")
    day.at("2026-11-20 11:25")
    await day.step("8006", e, "started")
    day.at("2026-11-20 11:30")
    await day.step("8001", c, "started")
    day.at("2026-11-20 12:35")
    await day.step("8002", d, "passed_on", to="department:reception")
    await solved(day, e, "8006")
    day.at("2026-11-20 13:00")
    case = await day.step("8006", e, "fed_back", satisfied=False, words="还在漏水")
    assert case["stage"] == "received", "not satisfied: it is taken up again"
    day.at("2026-11-20 13:10")
    await day.step("8006", e, "started")
    day.at("2026-11-20 13:20")
    await day.step("8801", made["H"], "responded", words="九点")
    await solved(day, e, "8006")
    day.at("2026-11-20 14:00")
    await day.step("8006", e, "fed_back", satisfied=False)
    day.at("2026-11-20 14:10")
    await day.step("8006", e, "started")
    await solved(day, e, "8006")
    day.at("2026-11-20 15:00")
    await day.step("8006", e, "fed_back", satisfied=True)
    await day.step("8006", e, "closed")
    day.at("2026-11-20 15:35")
    await day.step("8001", d, "started")


async def solved(day: Day, number: str, holder: str) -> None:
    """A plan, its approval, the verdict, the result."""
    await day.step(holder, number, "plan_proposed", measures=["apology"], text="致歉并改进")
    await day.step("8801", number, "plan_approved")
    if (await day.get("8801", f"/api/tickets/{number}/case"))["verdict"] is None:
        await day.step("8801", number, "judged", verdict="valid", evidence="录音")
    await day.step(holder, number, "solved", result="已致歉")


async def bookings(day: Day, ticket: str) -> list[str]:
    """Ten for Sunday at 10:00, made on Friday."""
    (slots,) = (await day.get("8001", "/api/slots", day="2026-11-22", days="1"))["days"]
    (slot,) = [each for each in slots["slots"] if each["starts"] == "10:00"]
    booked = []
    for place in range(10):
        wish = {"ticket": ticket, "starts_at": slot["starts_at"], "party": 2, "contact_name": f"访客{place}"}
        booked.append(await day.post("8001", "/api/bookings", **wish, key=f"b{place}"))
    return [each["id"] for each in booked]


async def visits(day: Day, booked: list[str]) -> None:
    """One is called off on Saturday; on Sunday one does not come."""
    day.at("2026-11-21 12:10")
    await act(day, booked[0], "cancel")
    day.at("2026-11-22 12:30")
    for each in booked[1:9]:
        await act(day, each, "arrive")
    await act(day, booked[9], "miss")


async def act(day: Day, booking: str, step: str) -> None:
    version = (await day.get("8001", f"/api/bookings/{booking}"))["version"]
    await day.post("8001", f"/api/bookings/{booking}/steps", version=version, step=step)


@pytest.mark.slow
@pytest.mark.req("RPT-4", "TKT-1", "TKT-4", "TKT-6", "CPL-2", "CPL-3", "CPL-6", "CPL-7", "BKG-1", "BKG-4", "LNE-5")
async def test_the_report_of_a_scripted_day_is_the_one_worked_out_by_hand(day: Day) -> None:
    start = datetime(2026, 11, 20, 9, 59, tzinfo=day.house.site.zone)
    day.house.clock.advance(start - day.house.clock())
    made = await calls_and_letters(day)
    await afternoon(day, made)
    booked = await bookings(day, made["A"])
    await visits_and_the_late_answer(day, made, booked)
    report = await day.get("8801", "/api/compliance", since="2026-11-20T00:00:00+08:00")
    tables = {section["id"]: section["rows"] for section in report["sections"]}
    assert {row[0]: tuple(row[2:5]) for row in tables["rules"]} == EXPECTED
    assert {row[0]: row[5] for row in tables["rules"] if row[5]} == {}, "nothing still runs"
    names = {number: name for name, number in made.items()}
    found: dict[tuple[str, str, int], tuple[float, str]] = {}
    for rule, ticket, _, _, _, late_s, holder, _ in tables["breaches"]:
        if rule.startswith(("CPL", "TKT")):
            again = sum(key[:2] == (rule, names[ticket]) for key in found) + 1
            found[rule, names[ticket], again] = (late_s / 3600, holder)
    assert {key: holder for key, (_, holder) in found.items()} == {key: holder for key, (_, holder) in BREACHES.items()}
    for key, (late_h, _) in BREACHES.items():
        assert found[key][0] == pytest.approx(late_h, abs=1 / 60), key
    sunday = await day.get("8801", "/api/reports/daily/2026-11-22")
    (row,) = next(section["rows"] for section in sunday["sections"] if section["id"] == "visits")
    assert row[:8] == ["2026-11-22", 10, 20, 8, 16, 0, 1, pytest.approx(1 / 9)]
    assert row[8] == 1


async def visits_and_the_late_answer(day: Day, made: dict[str, str], booked: list[str]) -> None:
    """Saturday to Wednesday: the letter is answered late, then the visits; F on Monday, D and C on Tuesday."""
    day.at("2026-11-21 12:10")
    await day.step("8801", made["G"], "responded", words="已转展陈部研究")
    await visits(day, booked)
    day.at("2026-11-23 16:00")
    await solved(day, made["F"], "8001")
    await day.step("8001", made["F"], "fed_back", satisfied=True)
    day.at("2026-11-24 10:00")
    await solved(day, made["D"], "8001")
    await day.step("8001", made["D"], "fed_back", satisfied=True)
    day.at("2026-11-24 15:00")
    await solved(day, made["C"], "8001")
    await day.step("8001", made["C"], "fed_back", satisfied=True)
    day.at("2026-11-25 12:00")
