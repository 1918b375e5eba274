"""Who gets the call, as the caller hears it: every strategy told by the agent's number in the caller's own recording.

One hotline serves all tests of this file. Each strategy has a queue and a key of the menu; three agents answer at
once. What is asserted is the number announced before the talk (TEL-3), recognised by cross-correlation.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
import pytest_asyncio

from app.phone.sound.heard import recognise, templates
from app.phone.sound.wav import read_prompts
from crm.journal.events import AgentAnswered, AgentOffered, AgentStateChanged, AnyEvent, CallArrived, CallQueued
from tests.integration.crowd import HOTLINE, Caller, Crowd, loop_time
from tests.integration.harness.api import Api, until
from tests.integration.harness.invariants import assert_nothing_left, assert_one_end_each, journal_events
from tests.integration.harness.running import RunningSystem

pytestmark = [pytest.mark.asterisk, pytest.mark.asyncio(loop_scope="module")]

STAFF = ("8001", "8002", "8003")
WRAP_UP_S = 0.2
BULLSEYE_S = 4.0
STICKY_S = 6.0
KEY_NUMBER = "13900004321"
READ_AGAIN_S = 11.0
"""Key customers are read again every ten seconds."""
KEYS = {
    "longest_idle": "1",
    "linear": "2",
    "round_robin": "3",
    "most_skilled": "4",
    "least_occupied": "5",
    "bullseye": "6",
    "sticky": "7",
    "second_choice": "8",
}
ENGLISH = {"8002": 2, "8003": 5}
ANNOUNCEMENT = ("agent-before", "agent-after", *(f"num-{digit}" for digit in range(10)))
WORKING = ("reserved", "ringing", "talking", "hold", "wrap_up")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def hotline() -> AsyncIterator[RunningSystem]:
    async with RunningSystem() as system:
        system.site.agents(len(STAFF))
        system.site.sounds(0.3, *ANNOUNCEMENT, "greeting-default", "line-hotline", "org-name", "goodbye")
        with system.site.edit("agents.yaml") as document:
            for agent in document["agents"]:
                if agent["id"] in ENGLISH:
                    agent["skills"] = {"english": ENGLISH[agent["id"]]}
        with system.site.edit("site.yaml") as document:
            document["skills"] = [{"id": "english", "title": "英语", "title_en": "English"}]
        with system.site.edit("queues.yaml") as document:
            model = dict(document["queues"][0]) | {"agents": list(STAFF), "kind": "hotline", "wrap_up_s": WRAP_UP_S}
            model.pop("overflow", None)
            own = {
                "most_skilled": {"strategy": "most_skilled", "needs": {"english": 1}},
                "bullseye": {"needs": {"english": 5}, "relax": [{"after_s": BULLSEYE_S, "needs": {"english": 2}}]},
                "sticky": {"sticky_s": STICKY_S},
                "second_choice": {"preferences": {"8001": 1, "8002": 1}},
            }
            for name in KEYS:
                settings = own.get(name, {"strategy": name})
                document["queues"].append(model | {"name": f"by-{name.replace('_', '-')}"} | settings)
        with system.site.edit("menus/hotline.yaml") as menu:
            for name, key in KEYS.items():
                menu["keys"][key] = {"go": "queue", "queue": f"by-{name.replace('_', '-')}"}
        await system.up()
        yield system
        await assert_nothing_left(system)
        assert_one_end_each(journal_events(system.data))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def known_at(hotline: RunningSystem) -> float:
    """When the key customer is known to the queues at the latest, by the loop's clock: nobody waits for it at once."""
    api = await hotline.api()
    await api.post("/api/customers", {"name": "赵", "key_customer": True, "numbers": [KEY_NUMBER]})
    return loop_time() + READ_AGAIN_S


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def crowd(hotline: RunningSystem, known_at: float) -> AsyncIterator[Crowd]:
    async with Crowd(hotline) as people:
        for agent in STAFF:
            await people.agent(agent)
        yield people


async def available(api: Api, *agents: str) -> None:
    for agent in agents:
        await api.agent_becomes(agent, "available")


async def announced(crowd: Crowd, caller: Caller, timeout_s: float = 25.0) -> tuple[str, float]:
    """Whose number the caller was told, and when that began, in seconds of the recording."""
    known = [each for each in templates(read_prompts(crowd.system.site.prompts)) if each.prompt in ANNOUNCEMENT]

    async def told() -> tuple[str, float] | None:
        await asyncio.sleep(0.25)  # listening costs more than waiting
        heard = await asyncio.to_thread(recognise, caller.call.media.heard.samples(), known)
        names = [match.prompt for match in heard]
        if "agent-after" not in names:
            return None
        begin, end = names.index("agent-before"), names.index("agent-after")
        digits = "".join(name.removeprefix("num-") for name in names[begin + 1 : end])
        return digits, heard[begin].start_s

    return await until(told, timeout_s, "an agent's number in the caller's ear")


async def served_by(crowd: Crowd, strategy: str, *, talk_s: float = 0.2, number: str | None = None) -> str:
    """One whole call: whose number its caller heard."""
    caller = await crowd.dial(HOTLINE, number=number)
    await caller.call.wait_answered(5)
    await caller.press(KEYS[strategy])
    agent, _ = await announced(crowd, caller)
    await asyncio.sleep(talk_s)
    await caller.hang_up()
    await available(await crowd.system.api(), *STAFF)
    return agent


async def in_turn(crowd: Crowd, strategy: str, calls: int) -> list[str]:
    return [await served_by(crowd, strategy) for _ in range(calls)]


def idle_since(events: Sequence[AnyEvent]) -> dict[str, datetime]:
    """When each agent became available last, as the journal tells it."""
    changes = [event for event in events if isinstance(event, AgentStateChanged) and event.state == "available"]
    return {event.agent: event.at for event in changes}


def occupancy(events: Sequence[AnyEvent], agent: str) -> float:
    """The share of the shift that this agent worked, by a formula of its own, from the journal."""
    changes = [event for event in events if isinstance(event, AgentStateChanged) and event.agent == agent]
    worked = timedelta(0)
    for change, following in pairwise(changes):
        if change.state in WORKING:
            worked += following.at - change.at
    return worked / (changes[-1].at - changes[0].at)


async def test_linear_always_begins_at_the_top(crowd: Crowd) -> None:
    assert await in_turn(crowd, "linear", 2) == ["8001", "8001"]


async def test_round_robin_gives_each_a_turn(crowd: Crowd) -> None:
    assert await in_turn(crowd, "round_robin", 4) == ["8001", "8002", "8003", "8001"]


async def test_longest_idle_is_who_has_been_free_longest(crowd: Crowd) -> None:
    for _ in range(2):
        since = idle_since(journal_events(crowd.system.data))
        assert await served_by(crowd, "longest_idle") == min(since, key=since.__getitem__)


async def test_most_skilled_is_the_best_of_those_who_can(crowd: Crowd) -> None:
    api = await crowd.system.api()
    assert await served_by(crowd, "most_skilled") == "8003"
    await api.set_state("8003", "not_ready", "break")
    assert await announced_while_away(crowd, "most_skilled") == "8002"
    await api.set_state("8003", "available")


async def announced_while_away(crowd: Crowd, strategy: str) -> str:
    """As `served_by`, while somebody is on a break."""
    caller = await crowd.caller(keys=KEYS[strategy])
    agent, _ = await announced(crowd, caller)
    await caller.hang_up()
    await available(await crowd.system.api(), agent)
    return agent


async def test_least_occupied_is_who_has_worked_the_smallest_share(crowd: Crowd) -> None:
    await served_by(crowd, "linear", talk_s=3.0)
    events = journal_events(crowd.system.data)
    expected = min(STAFF, key=lambda agent: occupancy(events, agent))
    assert expected != "8001"
    assert await served_by(crowd, "least_occupied") == expected


async def test_rings_widen_while_the_caller_waits(crowd: Crowd) -> None:
    api = await crowd.system.api()
    await api.set_state("8003", "not_ready", "break")
    caller = await crowd.caller(keys=KEYS["bullseye"])
    agent, at_s = await announced(crowd, caller)
    await caller.hang_up()
    assert agent == "8002"
    row = await api.ended_call(caller.number)
    queued_s = (datetime.fromisoformat(row["queued_at"]) - datetime.fromisoformat(row["answered_at"])).total_seconds()
    assert BULLSEYE_S - 0.3 <= at_s - queued_s <= BULLSEYE_S + 3.0, "music until the ring widened, then who answers"
    await available(api, "8002")
    await api.set_state("8003", "available")


async def test_who_knows_the_case_is_asked_first(crowd: Crowd) -> None:
    number = "13900001234"
    last = await served_by(crowd, "most_skilled", number=number)
    api = await crowd.system.api()

    async def on_record() -> bool | None:
        calls = await api.calls_from(number)
        return True if calls and calls[0]["ended_at"] else None

    await until(on_record, 10, "the first talk to be on record")
    await served_by(crowd, "linear")
    assert last == "8003"
    for _ in range(2):  # whoever has been idle longer
        assert await served_by(crowd, "sticky", number=number) == last
    assert {await served_by(crowd, "sticky") for _ in range(2)} != {last}, "strangers go to whoever is free longest"


async def test_who_is_nearer_to_a_queue_is_asked_first(crowd: Crowd) -> None:
    assert await in_turn(crowd, "second_choice", 2) == ["8003", "8003"]


@pytest.mark.req("CUS-1")
async def test_a_key_customer_goes_before_who_waits_already(crowd: Crowd, known_at: float) -> None:
    api = await crowd.system.api()
    await asyncio.sleep(max(0.0, known_at - loop_time()))
    for agent in STAFF:
        await api.set_state(agent, "not_ready", "break")
    plain = await crowd.caller(keys=KEYS["linear"])
    await asyncio.sleep(1)
    key = await crowd.dial(HOTLINE, number=KEY_NUMBER)
    await key.call.wait_answered(5)
    await key.press(KEYS["linear"])

    async def both_wait() -> bool | None:
        queues = (await api.get("/api/queues"))["items"]
        return True if sum(queue["waiting"] for queue in queues) == 2 else None

    await until(both_wait, 10, "both to wait")
    await api.set_state("8001", "available")
    assert (await announced(crowd, key))[0] == "8001"
    await key.hang_up()
    assert (await announced(crowd, plain))[0] == "8001"
    await plain.hang_up()
    events = journal_events(crowd.system.data)
    queued = {event.call_id: event.at for event in events if isinstance(event, CallQueued)}
    callers = {event.call_id: event.ani for event in events if isinstance(event, CallArrived)}
    offered = [event for event in events if isinstance(event, AgentOffered)]
    answered = {event.call_id for event in events if isinstance(event, AgentAnswered)}
    first, second = [each.call_id for each in offered if each.call_id in answered][-2:]
    assert (callers[first], callers[second]) == (KEY_NUMBER, plain.number)
    assert queued[first] > queued[second]
    for agent in STAFF:
        await api.set_state(agent, "available")
