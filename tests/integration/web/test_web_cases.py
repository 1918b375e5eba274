"""Cases through the API: a complaint's whole way, who may do what, what is hidden, who was late. CPL, LNE, TKT-6."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest

from config.paths import DataDir
from config.schema import Site
from crm.cases.decide import clocks_of, situation_of
from crm.cases.file import Rules
from crm.cases.rights import Actor, verdict
from crm.cases.steps import STEPS
from crm.db.store import Store
from crm.use_cases.cases import offers
from tests.fakes.case_site import NAMES, case_site
from tests.fakes.logins import let_people_log_in, password_of
from tests.integration.web.conftest import PASSWORDS, House, kind_of, write_sound
from tests.integration.web.test_web_desk import desk
from tests.unit.crm.test_case_story import WORDS

WORKING = ("8001", "8002", "8003", "8004", "8005", "8102", "8701", "8801", "8802", "8901")


@pytest.fixture
def site() -> Site:
    return case_site()


@pytest.fixture(scope="session")
def store_with_users(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As of the other tests, with the people of this site."""
    data = DataDir(tmp_path_factory.mktemp("case-template"))
    PASSWORDS.update({name: password_of(name) for name in NAMES})

    async def make() -> None:
        store = await Store.open(data.database_url)
        await let_people_log_in(store, case_site().agents)
        await store.close()

    asyncio.run(make())
    return data.root


@dataclass
class Staff:
    """Everybody of the site, logged in as they are needed."""

    house: House
    stack: AsyncExitStack
    clients: dict[str, aiohttp.ClientSession]

    async def client(self, person: str) -> aiohttp.ClientSession:
        if person not in self.clients:
            self.clients[person] = await self.stack.enter_async_context(self.house.logged_in(person))
        return self.clients[person]

    async def get(self, person: str, path: str, **params: str) -> Any:
        async with (await self.client(person)).get(path, params=params) as answer:
            assert answer.status == 200, await answer.text()
            return await answer.json()

    async def status(self, person: str, path: str) -> int:
        async with (await self.client(person)).get(path) as answer:
            return answer.status

    async def try_step(self, person: str, number: str, step: str, **fields: Any) -> tuple[int, Any]:
        """On the ticket as it is now."""
        body = {"version": (await self.house.store.cases.get(number)).version, "step": step, **fields}
        async with (await self.client(person)).post(f"/api/tickets/{number}/steps", json=body) as answer:
            return answer.status, await answer.json()

    async def take(self, person: str, number: str, step: str, **fields: Any) -> Any:
        status, answer = await self.try_step(person, number, step, **fields)
        assert status == 200, answer
        return answer["case"]

    async def complaint(self, **fields: Any) -> str:
        """A call that 8002 took, registered as a complaint."""
        number = await self.house.call(agent="8002", recording="talk.wav")
        await self.take("8002", number, "registered", kind="complaint", **fields)
        return number

    async def planned(self, number: str) -> None:
        await self.take("8002", number, "passed_on", to="aid:hall", how="telephone")
        await self.take("8001", number, "started")
        await self.take("8001", number, "plan_proposed", measures=["apology"], text="致歉")

    async def solved(self, number: str) -> None:
        await self.planned(number)
        await self.take("8801", number, "plan_approved")
        await self.take("8801", number, "judged", verdict="valid", evidence="录音", persons=["8003"])
        await self.take("8001", number, "solved", result="已致歉")


@pytest.fixture
async def staff(house: House) -> AsyncIterator[Staff]:
    async with AsyncExitStack() as stack:
        yield Staff(house, stack, {})


@pytest.mark.req("TKT-6", "CPL-1", "CPL-4", "CPL-5", "CPL-8")
async def test_the_whole_way_of_a_complaint(staff: Staff) -> None:
    number = await staff.house.call(agent="8002")
    new = await staff.get("8002", f"/api/tickets/{number}/case")
    assert (new["stage"], new["holder"], new["clocks"], new["log"]) == ("new", None, [], [])
    offered = {each["step"]: each for each in new["steps"]}
    assert {name for name, each in offered.items() if each["possible"]} == {"registered", "merged", "noted"}
    fields = {field["name"]: (field["kind"], field["required"]) for field in offered["registered"]["fields"]}
    assert fields["kind"] == ("kind", True) and fields["about"] == ("people", False) and "department" not in fields
    case = await staff.take("8002", number, "registered", kind="complaint", category="exhibits", nature="展品")
    assert (case["stage"], case["stage_title"], case["holder"]["title"], case["department"]["title"]) == (
        *("received", "已受理"),
        *("展览馆客服热线", "展陈部"),
    )
    assert {each["clause"]: each["verdict"] for each in case["clocks"]} == {
        "TKT-4.respond": "kept",  # an agent spoke with the customer
        "CPL-2.pass": "running",
        "CPL-3.branch": "running",
    }
    passing = next(each for each in case["steps"] if each["step"] == "passed_on")
    parties = next(field["parties"] for field in passing["fields"] if field["name"] == "to")
    assert {party["id"] for party in parties} == {"aid:hall", "supervision:hall", "department:exhibits"}
    await staff.solved(number)
    status, problem = await staff.try_step("8001", number, "closed")
    assert (status, problem["type"], problem["reason"]) == (409, "urn:sanxiang:illegal_transition", "answer_first")
    assert "反馈" in problem["detail_zh"] and "fed back" in problem["detail"]
    case = await staff.take("8001", number, "fed_back", satisfied=False, words="还不满意")
    assert (case["stage"], case["rounds"], case["log"][-1]["step"]) == ("received", 3, "received")
    await staff.take("8001", number, "started")
    await staff.take("8001", number, "plan_proposed", measures=["compensation"], text="退票")
    await staff.take("8802", number, "plan_approved")
    await staff.take("8001", number, "solved", result="已退票")
    await staff.take("8001", number, "fed_back", satisfied=True)
    await staff.take("8001", number, "closed")
    case = await staff.take("8005", number, "cause_recorded", cause="展板过期", measure="每周巡查", circulate=True)
    assert (case["stage"], case["state"], case["cause"]) == ("archived", "closed", "展板过期")
    ticket = await staff.get("8001", f"/api/tickets/{number}")
    assert (ticket["stage"], ticket["case_of"]) == ("archived", None)
    shown = [entry["action"] for entry in ticket["timeline"] if entry["source"] == "step"]
    assert shown == [each["step"] for each in case["log"]]


async def test_a_step_on_an_old_version_is_shown_the_case_as_it_is(staff: Staff) -> None:
    number = await staff.complaint()
    person = await staff.client("8002")
    async with person.post(f"/api/tickets/{number}/steps", json={"step": "noted", "text": "x", "version": 1}) as answer:
        assert (answer.status, await kind_of(answer)) == (409, "stale")
        assert (await answer.json())["current"]["stage"] == "received"
    for body, field in (
        ({"step": "noted", "text": "x"}, "version"),
        ({"step": "noted", "text": " ", "version": 2}, "body"),
        ({"step": "danced", "version": 2}, "step"),
        ({"step": "received", "holder": "aid:hall", "version": 2}, None),
        ({"step": "noted", "text": "x", "by": "8801", "version": 2}, "body"),
        ({"step": "promised", "until": "2026-03-10T10:00:00", "version": 2}, "until"),
    ):
        async with person.post(f"/api/tickets/{number}/steps", json=body) as answer:
            problem = await answer.json()
            if field is None:
                assert (answer.status, problem["reason"]) == (403, "by_itself")
            else:
                assert answer.status == 400 and [each["field"] for each in problem["errors"]] == [field], problem
    assert await staff.status("8002", "/api/tickets/20260101-0001/case") == 404


async def stages(staff: Staff) -> dict[str, str]:
    """One case in each of these stages."""
    made = {"new": await staff.house.call(agent="8002"), "received": await staff.complaint()}
    for stage in ("plan_proposed", "solved"):
        made[stage] = await staff.complaint(about=["8003"])
    await staff.planned(made["plan_proposed"])
    await staff.solved(made["solved"])
    made["restricted"] = await staff.complaint(category="discipline")
    return made


async def test_every_person_is_offered_and_allowed_exactly_what_the_rules_say(staff: Staff) -> None:
    """Role × transition × ownership, drawn from the whole matrix: what rules refuse the API refuses for that reason."""
    made = await stages(staff)
    house, drawn = staff.house, random.Random(20260309)
    roles = {agent.id: agent.role for agent in house.site.agents}
    rules, seen = Rules.of(house.site, house.site.special_days), 0
    for stage, number in made.items():
        file = await house.store.cases.get(number)
        for person in WORKING:
            who = Actor(name=person, person=person, role=roles[person])
            situation = situation_of(file, who, house.clock(), rules, clocks_of(file, rules))
            if stage == "restricted" and person not in ("8102", "8801", "8802", "8901"):
                assert await staff.status(person, f"/api/tickets/{number}/case") == 404, person
                status, _ = await staff.try_step(person, number, "noted", text="x")
                assert status == 404, person
                continue
            shown = await staff.get(person, f"/api/tickets/{number}/case")
            expected = [(each.step, each.refusal is None) for each in offers(situation)]
            assert [(each["step"], each["possible"]) for each in shown["steps"]] == expected, (stage, person)
            refused = [step for step in STEPS if verdict(situation.held, situation.case.stage, step) is not None]
            for step in drawn.sample(refused, min(3, len(refused))):
                seen += 1
                why = verdict(situation.held, situation.case.stage, step)
                status, problem = await staff.try_step(person, number, step, **some(step))
                assert why is not None and (status, problem["reason"]) == (
                    409 if why.code == "not_now" else 403,
                    why.code,
                ), (stage, person, step, problem)
        assert (await house.store.cases.get(number)).version == file.version, "a refused step changed something"
    assert seen > 100


def some(step: str) -> dict[str, Any]:
    """Fields that are well formed."""
    names = {field.encode_name for field in msgspec.structs.fields(STEPS[step])}
    fields = {name: value for name, value in WORDS.items() if name in names}
    more = {"kind": "complaint", "holder": "aid:hall", "to": "aid:hall", "until": "2027-01-04T10:00:00+08:00"}
    fields |= {name: value for name, value in more.items() if name in names and name not in fields}
    if step == "linked":
        fields["to"] = "20260309-0001"
    if step == "fed_back":
        fields["satisfied"] = True
    return fields


@pytest.mark.req("LNE-6")
async def test_a_restricted_matter_is_nowhere_for_others(staff: Staff) -> None:
    house = staff.house
    write_sound(house.data.recordings / "talk.wav")
    number = await house.call(agent="8002", recording="talk.wav")
    status, answer = await staff.try_step("8002", number, "registered", kind="complaint", category="discipline")
    assert (status, answer) == (200, {"number": number, "case": None}), "who took it down sees it no more"
    due = {"kind": "callback", "due_at": "2027-01-04T10:00:00Z", "queue": "hotline", "ticket": number}
    async with (await staff.client("8102")).post("/api/due-calls", json=due | {"due_at": in_a_day(house)}) as made:
        assert made.status == 201, await made.text()
    for person, seen in (
        ("8002", False),
        ("8003", False),
        ("8005", False),
        ("8102", True),
        ("8801", True),
        ("8901", True),
    ):
        assert (number in [each["number"] for each in (await staff.get(person, "/api/tickets"))["items"]]) is seen
        assert (number in [each["number"] for each in (await staff.get(person, "/api/cases"))["items"]]) is seen
        assert bool((await staff.get(person, "/api/due-calls"))["items"]) is seen
        for path in ("", "/case", "/recording"):
            assert await staff.status(person, f"/api/tickets/{number}{path}") == (200 if seen else 404), (person, path)
    assert (await staff.get("8002", "/api/calls"))["items"] == []
    async with (await staff.client("8002")).post("/api/due-calls", json=due | {"due_at": in_a_day(house)}) as answer_:
        assert answer_.status == 400
    message = {"recipient": "8003", "text": "x", "ticket": number}
    async with (await staff.client("8002")).post("/api/messages", json=message) as answer_:
        assert answer_.status == 400


def in_a_day(house: House) -> str:
    return (house.clock() + timedelta(days=1)).isoformat()


@pytest.mark.req("CPL-4")
async def test_who_is_complained_of_neither_writes_on_the_ticket_nor_hears_it(staff: Staff) -> None:
    write_sound(staff.house.data.recordings / "talk.wav")
    number = await staff.complaint(about=["8002"])
    assert await staff.status("8002", f"/api/tickets/{number}/recording") == 403
    ticket = await staff.get("8002", f"/api/tickets/{number}")
    assert not ticket["editable"]
    version = ticket["version"]
    wish = {"version": version, "matter": "没有的事"}
    async with (await staff.client("8002")).patch(f"/api/tickets/{number}", json=wish) as answer:
        assert (answer.status, await kind_of(answer)) == (403, "forbidden")
    status, problem = await staff.try_step("8002", number, "noted", text="不是我")
    assert (status, problem["reason"]) == (403, "recused")
    async with (await staff.client("8801")).patch(f"/api/tickets/{number}", json=wish) as answer:
        assert answer.status == 200


@pytest.mark.req("TKT-6")
async def test_a_case_is_not_closed_or_reclassified_behind_its_log(staff: Staff) -> None:
    number = await staff.house.call(agent="8002")
    client = await staff.client("8002")
    for change in ({"kind": "complaint", "state": "closed"},):
        async with client.patch(f"/api/tickets/{number}", json={"version": 1, **change}) as answer:
            problem = await answer.json()
            assert (answer.status, problem["reason"]) == (409, "by_steps")
    case = await staff.take("8002", number, "registered", kind="complaint")
    for change in ({"state": "closed"}, {"kind": "consultation"}, {"severity": "major"}):
        async with client.patch(f"/api/tickets/{number}", json={"version": case["version"], **change}) as answer:
            assert answer.status == 409, change
    form = {"version": case["version"], "kind": "complaint", "matter": "展板过期", "contact_number": "057187654321"}
    async with client.patch(f"/api/tickets/{number}", json=form) as answer:
        assert answer.status == 200, await answer.text()


@pytest.mark.req("CUS-4")
async def test_whoever_has_the_case_sees_the_number_and_may_write_while_it_is_open(staff: Staff) -> None:
    number = await staff.complaint()
    assert (await staff.get("8001", f"/api/tickets/{number}"))["ani_masked"]
    await staff.take("8002", number, "passed_on", to="aid:hall")
    held = await staff.get("8001", f"/api/tickets/{number}")
    assert (held["ani"], held["editable"]) == ("13812345678", True)
    case = await staff.take("8001", number, "noted", text="客户电话 13812345678")
    assert "13812345678" in case["log"][-1]["details"]["text"]
    other = await staff.get("8004", f"/api/tickets/{number}/case")
    assert "13812345678" not in str(other) and "138****5678" in other["log"][-1]["details"]["text"]


@pytest.mark.req("CPL-6", "CPL-9", "RPT-1")
async def test_lists_of_cases_deadlines_and_who_was_late(staff: Staff) -> None:
    house = staff.house
    first, second = await staff.complaint(), await staff.complaint(severity="major", about=["8003"])
    await staff.take("8002", second, "passed_on", to="aid:hall")
    await staff.take("8001", second, "started")
    await staff.take("8801", second, "judged", verdict="valid", evidence="录音", persons=["8003"])
    mine = await staff.get("8001", "/api/cases", mine="true")
    assert [(each["number"], each["holder_party"]["title_en"]) for each in mine["items"]] == [
        (second, "Hall: customer aid")
    ]
    assert [each["number"] for each in (await staff.get("8801", "/api/cases", severity="normal"))["items"]] == [first]
    assert (await staff.get("8801", "/api/cases", state="closed"))["items"] == []
    house.clock.advance(timedelta(hours=3))
    staff.clients.clear()  # nobody stays logged in for so long
    late = (await staff.get("8801", "/api/cases", overdue="true"))["items"]
    assert [each["number"] for each in late] == [first] and late[0]["overdue"]
    found = await staff.get("8801", "/api/accountability")
    assert [(each["clause"], each["holder"]["id"], each["person"]) for each in found["items"]] == [
        ("CPL-2.pass", "hotline:hall", "8002")
    ]
    assert found["totals"][0]["unit"]["title"] == "展览馆客服热线" and found["totals"][0]["count"] == 1
    assert found["valid_complaints"] == [{"person": "8003", "count": 1, "over": False}]
    assert found["items"][0]["text"].startswith("本岗位不能解决的投诉")
    for person, clauses in (("8801", ["CPL-2.pass"]), ("8002", ["CPL-2.pass"]), ("8001", [])):
        answer = await staff.get(person, "/api/deadlines")
        assert [each["clause"] for each in answer["items"]] == clauses, person
    assert await staff.status("8001", "/api/accountability") == 403
    assert (
        await staff.status("8801", "/api/accountability?since=2027-01-01T00:00:00Z&until=2026-01-01T00:00:00Z") == 400
    )
    matters = await staff.get("8001", "/api/matters")
    assert {party["id"] for party in matters["parties"]} >= {"aid:hall", "head_office", "department:exhibits"}
    assert matters["mine"] == ["aid:hall"]


@pytest.mark.req("LNE-2")
async def test_a_notice_is_on_the_open_desk_at_once(staff: Staff) -> None:
    number = await staff.house.call(agent="8002")
    async with desk(await staff.client("8005")) as supervision:
        await staff.take("8002", number, "registered", kind="complaint")
        told = await supervision.message("message")
    assert told["sender"] == "system"
    (message,) = (await staff.get("8005", "/api/messages"))["items"]
    assert (message["id"], message["ticket"]) == (told["message"], number)


@pytest.mark.req("CUS-2")
async def test_a_new_call_of_the_same_customer_is_offered_its_open_case(staff: Staff) -> None:
    case = await staff.complaint()
    again = await staff.house.call(agent="8003")
    shown = await staff.get("8003", f"/api/tickets/{again}/case")
    assert [each["number"] for each in shown["open_cases"]] == [case]
    merged = await staff.take("8003", again, "merged", into=case)
    assert (merged["stage"], merged["case_of"]) == ("attached", case)
    whole = await staff.get("8003", f"/api/tickets/{case}/case")
    assert whole["attached"] == [again] and "caller" in whole["positions"]
    await staff.take("8003", case, "urged", words="客户催问")
    similar = await staff.complaint(category="exhibits")
    await staff.take("8002", similar, "linked", to=case)
    assert (await staff.get("8002", f"/api/tickets/{case}/case"))["links"] == [similar]
    assert (await staff.get("8002", f"/api/tickets/{similar}/case"))["links"] == [case]
    found = await staff.get("8002", "/api/cases", category="exhibits", state="all")
    assert [each["number"] for each in found["items"]] == [similar]
