"""The main job, on real Asterisk with real SIP: answered, led, queued, connected, on record; and called back.

One hotline serves all tests of this file, so each has callers of its own and leaves the agents as it found them.
"""

import asyncio
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
import pytest_asyncio

from app.phone.caller import CallOptions, CallResult, place_call
from app.phone.sound.audio import SAMPLE_RATE, Samples, tone_over_rest_db
from app.phone.sound.heard import score
from app.phone.sound.wav import read_prompts, read_wav
from config.ids import AgentId
from crm.journal.events import AgentMissed, AgentOffered, CallQueued
from ivr.words.speech import agent_announcement
from tests.integration.harness.api import Item, until
from tests.integration.harness.invariants import assert_nothing_left, assert_one_end_each, journal_events
from tests.integration.harness.people import OUTSIDE, Customer, Person, caller, desk, has_tone, sound_of
from tests.integration.harness.phones import Told, agent_telephone, apart_s, call, instant
from tests.integration.harness.running import RunningSystem, free_port

pytestmark = [pytest.mark.asterisk, pytest.mark.asyncio(loop_scope="module")]

HOTLINE, CLOSED, NOBODYS = "4008100002", "4008100001", "4008109999"
AGENT, OTHER_AGENT = "8001", "8002"
CALLER_HZ, AGENT_HZ = 440, 650  # `sanxiang call`, and `sanxiang agent 8001`
INSTANTS = (
    "invited_at",
    "ringing_at",
    "answered_at",
    "menu_at",
    "chosen_at",
    "queued_at",
    "offered_at",
    "agent_answered_at",
    "talk_at",
    "ended_at",
)
CUSTOMERS_PORT = free_port(socket.SOCK_DGRAM, OUTSIDE)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def hotline() -> AsyncIterator[RunningSystem]:
    """The demo site with short sounds, one line closed, and customers whom we can answer for."""
    async with RunningSystem() as system:
        system.site.outbound(OUTSIDE, CUSTOMERS_PORT).queue("*", wrap_up_s=1)
        system.site.section("recording", message_silence_s=2)
        system.site.line(
            CLOSED,
            hours={"weekdays": {}},
            out_of_hours={"go": "play", "play": ["out-of-hours"], "then": {"go": "message"}},
        )
        await system.up()
        yield system
        await assert_nothing_left(system)
        assert_one_end_each(journal_events(system.data))


async def recorded(system: RunningSystem, ticket: Item, what: str) -> Samples:
    """The talk (`recording`) or the message of a ticket, through the API."""
    api = await system.api()
    return sound_of(await api.read("GET", f"/api/tickets/{ticket['number']}/{what}"))


# --- the journey -----------------------------------------------------------------------------------------------------


@pytest.mark.req("TEL-1", "TKT-1", "CUS-2")
async def test_the_whole_journey_with_the_voices_of_the_demo_site() -> None:
    async with RunningSystem(own_sounds=False) as system:
        await system.up()
        async with agent_telephone(system, AGENT) as agent:
            told = await call(system, HOTLINE, "--keys", "1", "--talk", "3", "--from", "13800000001")
            (taken,) = await agent.finished()
        api = await system.api()
        ticket = await api.ticket_of("13800000001")
        tickets = await api.every("/api/tickets")
        await assert_nothing_left(system)

    assert told["rings"] == 1
    assert "menu-hotline" in told["heard"]
    assert not {"menu-aid", "menu-supervision", "menu-visit"} & set(told["heard"])
    assert 0 <= apart_s(told["keys_at"][0], taken["invited_at"]) <= 0.3
    assert apart_s(taken["popped_at"], taken["answered_at"]) > 0
    assert (told["tone_hz_heard"], taken["tone_hz_heard"]) == (AGENT_HZ, CALLER_HZ)
    assert (told["connected_agent"], told["ended_by"]) == (AGENT, "caller")
    assert 2.9 <= told["talk_s"] <= 4

    assert [each["number"] for each in tickets] == [told["ticket"]] == [ticket["number"]]
    (row,) = ticket["calls"]
    assert row["call"] == taken["call"]
    assert not [name for name in INSTANTS if row[name] is None]
    assert all(apart_s(row[earlier], row[later]) >= 0 for earlier, later in pairwise(INSTANTS))
    assert (row["agent"], row["outcome"], row["ended_by"], row["rings"]) == (AGENT, "answered", "caller", 1)


@dataclass(frozen=True)
class Talk:
    """One call from the menu to the end of the talk, as the caller heard it and as both telephones tell it."""

    result: CallResult
    sound: Samples
    taken: Told


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def talk(hotline: RunningSystem) -> Talk:
    recording = hotline.directory / "heard.wav"
    options = CallOptions(HOTLINE, hotline.data, caller="13800000002", keys=("1",), talk_s=3, recording=recording)
    async with agent_telephone(hotline, AGENT) as agent:
        result = await place_call(options, lambda _: None)
        (taken,) = await agent.finished()
    return Talk(result, read_wav(recording), taken)


@pytest.mark.req("TEL-3", "TEL-10")
async def test_what_the_caller_hears_is_the_menu_then_who_answers_then_that_agent(
    hotline: RunningSystem, talk: Talk
) -> None:
    sound, prompts = talk.sound, read_prompts(hotline.site.prompts)
    assert score(sound, prompts["menu-hotline"]) >= 0.8
    assert score(sound, prompts["menu-aid"]) < 0.3
    matches = talk.result.matches
    heard = [match.prompt for match in matches]
    _, *announced = agent_announcement(AgentId(AGENT))  # the first word of it was heard at the beginning as well
    assert heard[-len(announced) :] == announced, f"heard {heard}"
    assert heard.index("recording-notice") < heard.index("menu-hotline")
    with_agent = sound[round((matches[-1].end_s + 0.5) * SAMPLE_RATE) :][: 2 * SAMPLE_RATE]
    assert tone_over_rest_db(with_agent, AGENT_HZ) >= 20
    before = sound[: round(matches[-1].start_s * SAMPLE_RATE)]
    assert not has_tone(before, AGENT_HZ, 20), "the agent was heard before the announcement was over"
    assert talk.taken["tone_hz_heard"] == CALLER_HZ


@pytest.mark.req("TEL-10")
async def test_a_talk_is_recorded_and_whoever_plays_it_is_on_record(hotline: RunningSystem, talk: Talk) -> None:
    api = await hotline.api()
    ticket = await api.ticket_of(talk.result.caller)
    (kept,) = ticket["recordings"]
    assert (kept["kind"], kept["available"]) == ("talk", True)
    sound = await recorded(hotline, ticket, "recording")
    assert 2.5 <= sound.size / SAMPLE_RATE <= 5
    assert has_tone(sound, CALLER_HZ, -3), "the caller is not in the recording"
    assert has_tone(sound, AGENT_HZ, -3), "the agent is not in the recording"
    after = await api.get(f"/api/tickets/{ticket['number']}")
    assert [line["source"] for line in after["timeline"]].count("playback") == 1


@pytest.mark.req("CUS-2")
async def test_the_second_call_of_a_number_pops_with_its_card_and_the_classified_ticket(
    hotline: RunningSystem,
) -> None:
    number, api = "13800000003", await hotline.api()
    card = {"name": "王芳", "numbers": [number]}
    customer = await api.post("/api/customers", card)
    async with desk(hotline, AGENT) as page, agent_telephone(hotline, AGENT) as agent:
        await call(hotline, HOTLINE, "--keys", "1", "--talk", "1", "--from", number)
        await agent.finished()
        first = await api.ticket_of(number)
        change = {"version": first["version"], "kind": "consultation", "matter": "开放时间"}
        await api.read("PATCH", f"/api/tickets/{first['number']}", body=change)
        page.messages.clear()
        await call(hotline, HOTLINE, "--keys", "1", "--talk", "1", "--from", number)
        pop = await page.pop_of(number)
        assert pop["customer"]["id"] == customer["id"]
        assert [(each["number"], each["kind"]) for each in pop["tickets"]] == [(first["number"], "consultation")]
    assert (await api.status())["pages"] == {"up": True, "faults": 0, "last": None, "last_at": None}


# --- callers who meet nobody -----------------------------------------------------------------------------------------


@pytest.mark.req("TKT-1")
async def test_a_caller_who_gives_up_in_the_menu_is_a_ticket(hotline: RunningSystem) -> None:
    async with caller(hotline, "13800000011", dials=HOTLINE) as person:
        await person.begins_to_hear("menu-hotline")
        await person.hangs_up()
    ticket = await (await hotline.api()).ticket_of("13800000011")
    assert (ticket["outcome"], ticket["queue"], ticket["agent"]) == ("abandoned_menu", None, None)


@pytest.mark.req("TKT-1")
async def test_a_caller_who_gives_up_in_the_queue_is_a_ticket(hotline: RunningSystem) -> None:
    async with caller(hotline, "13800000012", dials=HOTLINE) as person:
        await person.begins_to_hear("menu-hotline")
        await person.presses("1")
        await person.hears("please-wait")
        assert await waiting(hotline, "hotline") == ["13800000012"]
        await person.hangs_up()
    ticket = await (await hotline.api()).ticket_of("13800000012")
    (row,) = ticket["calls"]
    assert (row["outcome"], row["queue"], row["ended_by"]) == ("abandoned_queue", "hotline", "caller")
    assert row["wait_s"] > 0
    assert await waiting(hotline, "hotline") == []


@pytest.mark.req("TEL-6", "TKT-2")
async def test_out_of_hours_the_caller_is_told_and_leaves_a_message(hotline: RunningSystem) -> None:
    async with caller(hotline, "13800000013", dials=CLOSED) as person:
        await person.hears("out-of-hours")
        await person.hears("leave-message")
        await leave_message(person)
    ticket = await (await hotline.api()).ticket_of("13800000013")
    assert ticket["outcome"] == "out_of_hours"
    assert has_tone(await recorded(hotline, ticket, "message"), CALLER_HZ)


@pytest.mark.req("TKT-2", "TEL-7")
async def test_a_message_left_from_the_menu_hangs_on_its_ticket(hotline: RunningSystem) -> None:
    async with caller(hotline, "13800000014", dials=HOTLINE) as person:
        await person.begins_to_hear("menu-hotline")
        await person.presses("2")
        await person.hears("leave-message")
        await leave_message(person)
    ticket = await (await hotline.api()).ticket_of("13800000014")
    (kept,) = ticket["recordings"]
    assert (ticket["outcome"], kept["kind"]) == ("message", "message")
    assert kept["duration_s"] >= 1.5
    assert has_tone(await recorded(hotline, ticket, "message"), CALLER_HZ)


async def leave_message(person: Person) -> None:
    """After the beep: two seconds of speech, `#`, and the system says that it is saved."""
    await person.hears("beep")
    person.speaks(CALLER_HZ)
    await asyncio.sleep(2.0)  # the length of what is said
    person.is_silent()
    await person.presses("#")
    await person.hears("message-saved")
    await person.is_left()


async def test_a_number_that_no_line_has_is_served_all_the_same(hotline: RunningSystem) -> None:
    async with caller(hotline, "13800000015", dials=NOBODYS) as person:
        await person.begins_to_hear("menu-hotline")
        await person.presses("1")
        await person.hears("please-wait")
        await person.hangs_up()
    ticket = await (await hotline.api()).ticket_of("13800000015")
    assert (ticket["dnis"], ticket["line"], ticket["queue"]) == (NOBODYS, None, "hotline")


# --- agents ----------------------------------------------------------------------------------------------------------


@pytest.mark.req("TEL-1")
async def test_an_agent_who_does_not_answer_is_not_ready_and_the_next_one_gets_the_caller(
    hotline: RunningSystem,
) -> None:
    async with (
        agent_telephone(hotline, AGENT, "--answer-after", "60"),
        agent_telephone(hotline, OTHER_AGENT, "--answer-after", "0.5") as second,
    ):
        told = await call(hotline, HOTLINE, "--keys", "1", "--talk", "1", "--from", "13800000021")
        (taken,) = await second.finished()
        agent = await (await hotline.api()).agent(AGENT)
    assert (agent["state"], agent["reason"]) == ("not_ready", "rona")
    assert told["connected_agent"] == OTHER_AGENT
    story = [event for event in journal_events(hotline.data) if getattr(event, "call_id", "") == taken["call"]]
    first, again = [event for event in story if isinstance(event, AgentOffered)]
    (missed,) = [event for event in story if isinstance(event, AgentMissed)]
    assert (first.agent, missed.agent, missed.reason, again.agent) == (AGENT, AGENT, "rona", OTHER_AGENT)
    assert 14.5 <= (missed.at - first.at).total_seconds() <= 16
    assert 0 <= (again.at - missed.at).total_seconds() <= 1
    assert len([event for event in story if isinstance(event, CallQueued)]) == 1, "the caller kept the place"


@pytest.mark.req("CUS-2", "CUS-3")
async def test_a_customer_is_known_by_the_number_in_any_notation(hotline: RunningSystem) -> None:
    api = await hotline.api()
    card = await api.post("/api/customers", {"name": "何静", "form_of_address": "女士", "numbers": ["0571-8765 4321"]})
    async with desk(hotline, AGENT) as page, agent_telephone(hotline, AGENT, "--answer-after", "30"):
        for number in ("057187654321", "+8657187654321", "008657187654321", "87654321"):
            await api.agent_becomes(AGENT, "available")
            async with caller(hotline, number, dials=HOTLINE) as person:
                await person.begins_to_hear("menu-hotline")
                await person.presses("1")
                pop = await page.pop_of(number)
                await person.hangs_up()
            assert pop["customer"]["id"] == card["id"], f"{number} is not known"
            assert pop["customer"]["name"] == "何静"
    found = await api.every("/api/calls", caller="0571 8765 4321")
    assert len(found) == 4
    assert {row["customer"]["id"] for row in found} == {card["id"]}


# --- calls that are due ----------------------------------------------------------------------------------------------


async def due_call(system: RunningSystem, kind: str, number: str) -> Item:
    api = await system.api()
    now = datetime.now(UTC) + timedelta(seconds=1)
    wish = {"kind": kind, "queue": "hotline", "number": number, "due_at": now.isoformat(), "note": "参观预约"}
    return await api.post("/api/due-calls", wish)


async def settled(system: RunningSystem, due: Item) -> Item:
    """The due call, once it is over."""
    api = await system.api()

    async def over() -> Item | None:
        items = await api.every("/api/due-calls")
        (found,) = [item for item in items if item["id"] == due["id"]]
        return found if found["state"] in ("done", "failed") else None

    return await until(over, 15.0, f"due call {due['id']} to be over")


@pytest.mark.req("BKG-3", "FUP-6")
@pytest.mark.parametrize(
    ("key", "outcome", "said"), [("1", "confirmed", "reminder-confirmed"), ("2", "changed", "reminder-change")]
)
async def test_a_reminder_is_confirmed_or_changed_by_a_key(
    hotline: RunningSystem, key: str, outcome: str, said: str
) -> None:
    number = f"1380000003{key}"
    async with Customer(hotline, CUSTOMERS_PORT) as customer:
        due = await due_call(hotline, "reminder", number)
        person = await customer.answers()
        await person.hears("reminder-intro")
        await person.presses(key)
        await person.hears(said)
        await person.is_left()
    assert (await settled(hotline, due))["outcome"] == outcome
    api = await hotline.api()
    row = await api.ended_call(number)
    assert (row["direction"], row["due_call"], row["outcome"]) == ("outbound", due["id"], outcome)
    ticket = await api.get(f"/api/tickets/{row['ticket']}")
    noted = [line["details"]["action"] for line in ticket["timeline"] if line["action"] == "CallNoted"]
    assert noted == [f"reminder_{outcome}"]
    assert [line["details"]["outcome"] for line in ticket["timeline"] if line["source"] == "attempt"] == [outcome]


@pytest.mark.req("BKG-3")
async def test_key_0_of_a_reminder_leads_to_a_person(hotline: RunningSystem) -> None:
    async with Customer(hotline, CUSTOMERS_PORT) as customer, agent_telephone(hotline, AGENT) as agent:
        due = await due_call(hotline, "reminder", "13800000030")
        person = await customer.answers()
        await person.hears("reminder-intro")
        await person.presses("0")
        person.speaks(CALLER_HZ)
        await until_tone(person, AGENT_HZ)
        await person.hangs_up()
        (taken,) = await agent.finished()
    assert taken["tone_hz_heard"] == CALLER_HZ
    assert (await settled(hotline, due))["outcome"] == "transferred"


@pytest.mark.req("FUP-1", "FUP-6", "TKT-5")
async def test_a_callback_reaches_the_agent_first_and_then_the_customer(hotline: RunningSystem) -> None:
    async with (
        Customer(hotline, CUSTOMERS_PORT) as customer,
        desk(hotline, AGENT) as page,
        agent_telephone(hotline, AGENT, "--answer-after", "0.5") as agent,
    ):
        due = await due_call(hotline, "callback", "13800000040")
        person = await customer.answers()
        person.speaks(CALLER_HZ)
        await until_tone(person, AGENT_HZ)
        await person.hangs_up()
        (taken,) = await agent.finished()
        pop = await page.pop_of("13800000040")
    assert (pop["kind"], pop["due_call"], pop["reason"]) == ("callback", due["id"], "参观预约")
    assert instant(taken["answered_at"]) < person.line.invited_at, "the agent comes first"
    assert taken["tone_hz_heard"] == CALLER_HZ
    over = await settled(hotline, due)
    assert (over["state"], over["outcome"], over["accepted_by"]) == ("done", "talked", AGENT)
    row = await (await hotline.api()).ended_call("13800000040")
    ticket = await (await hotline.api()).get(f"/api/tickets/{row['ticket']}")
    assert (row["direction"], row["agent"], row["outcome"]) == ("outbound", AGENT, "answered")
    assert "attempt" in [line["source"] for line in ticket["timeline"]]


async def until_tone(person: Person, hz: float) -> None:
    """Returns when somebody has been heard for three seconds who sounds so."""
    length = 3 * SAMPLE_RATE

    async def heard() -> bool | None:
        sound = person.sound
        return True if sound.size > length and tone_over_rest_db(sound[-length:], hz) >= 20 else None

    await until(heard, 20.0, f"a voice of {hz:g} Hz")


async def waiting(system: RunningSystem, queue: str) -> list[str]:
    """The numbers of who waits in a queue, in order."""
    items = (await (await system.api()).get("/api/queues"))["items"]
    (found,) = [item for item in items if item["queue"] == queue]
    return [entry["ani"] for entry in found["entries"]]
