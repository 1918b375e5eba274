"""Callers who cannot be served: moved on along the linkage, to the people on duty, to a message; as they hear it.

One hotline serves all tests of this file. Each overflow condition has a queue and a key of the menu; one agent serves
the queue that they lead to. What is asserted was recognised in the caller's recording, with its times. LNE-7, TEL-6.
"""

import asyncio
import socket
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import pytest_asyncio

from app.phone.sound.audio import SAMPLE_RATE
from crm.journal.events import CallbackOwed, CallOverflowed, CallQueued, DutyRang
from tests.integration.harness.api import Item, until
from tests.integration.harness.invariants import assert_nothing_left, assert_one_end_each, journal_events
from tests.integration.harness.people import OUTSIDE, Customer, Person, caller, has_tone, sound_of
from tests.integration.harness.phones import agent_telephone
from tests.integration.harness.processes import console
from tests.integration.harness.running import RunningSystem, free_port
from tests.integration.story import Story

pytestmark = [pytest.mark.asterisk, pytest.mark.asyncio(loop_scope="module")]

HOTLINE, CLOSED, AFTER_HOURS = "4008100002", "4008100003", "4008100001"
AGENT, AGENT_HZ = "8002", 700
CALLER_HZ, DUTY_HZ, BOX_HZ = 440, 880, 1000
FIRST_PERSON, SECOND_PERSON = "13900000001", "13900000002"
AFTER_S = 4.0
QUIET_S = 0.5
"""Nothing is said so soon: an agent may answer at once."""
KEYS = {"patient": "1", "short": "2", "unstaffed": "4", "shut": "5", "linked": "6"}
WORDS = ("moved-on", "duty-intro", "duty-number", "duty-key", "duty-missed")
TRUNK_PORT = free_port(socket.SOCK_DGRAM, OUTSIDE)


def overflowing(name: str, kind: str, *steps: dict[str, Any], level: str | None = None) -> dict[str, Any]:
    """A queue whose only agent is never there."""
    return {
        "name": name,
        "title": name,
        "title_en": name,
        "kind": kind,
        "agents": ["8001"],
        "on_max_wait": {"go": "message"},
        "overflow": list(steps),
    } | ({"level": level} if level else {})


TO_NEXT = {"go": "queue", "queue": "next"}
QUEUES = (
    overflowing("patient", "hotline", {"after_s": AFTER_S, "to": TO_NEXT}),
    overflowing("short", "hotline", {"longer_than": 1, "to": TO_NEXT}),
    overflowing("unstaffed", "hotline", {"no_staff": True, "to": TO_NEXT}),
    overflowing("shut", "supervision", {"closed": True, "play": ["out-of-hours"], "to": TO_NEXT}, level="hall"),
    overflowing("linked", "hotline", {"after_s": 2, "to": {"go": "queue", "queue": "above"}}, level="hall"),
    overflowing("above", "hotline", {"after_s": 2, "to": {"go": "duty", "duty": "night"}}, level="province"),
    overflowing("next", "hotline") | {"agents": [AGENT], "wrap_up_s": 0.5},
)
DUTY = {
    "id": "night",
    "title": "夜间值班",
    "title_en": "Night duty",
    "accept_timeout_s": 3,
    "people": [{"name": "甲", "number": FIRST_PERSON}, {"name": "乙", "number": SECOND_PERSON}],
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def hotline() -> AsyncIterator[RunningSystem]:
    async with RunningSystem() as system:
        site = system.site
        local = datetime.now(ZoneInfo("Asia/Shanghai")) + timedelta(hours=12)  # nobody is called back in this test
        site.outbound(OUTSIDE, TRUNK_PORT, hours=[f"{local:%H}:00-{local:%H}:01"])
        site.section("recording", message_silence_s=2)
        site.sounds(0.8, *WORDS)
        with site.edit("site.yaml") as document:
            document["duty"] = [DUTY]
        with site.edit("queues.yaml") as document:
            document["queues"].extend(QUEUES)
        with site.edit("menus/hotline.yaml") as menu:
            for name, key in KEYS.items():
                menu["keys"][key] = {"go": "queue", "queue": name}
            del menu["keys"]["3"]
        with site.edit("menus/aid.yaml") as menu:
            menu["keys"]["9"] = {"go": "menu", "menu": "visit"}
        site.line(CLOSED, hours={"weekdays": {}})
        site.line(AFTER_HOURS, hours={"weekdays": {}}, out_of_hours={"go": "duty", "duty": "night"})
        await system.up()
        yield system
        await assert_nothing_left(system)
        assert_one_end_each(journal_events(system.data))


async def joins(person: Person, queue: str) -> None:
    """Presses the key of a queue as soon as the menu is heard."""
    await person.begins_to_hear("menu-hotline")
    await person.presses(KEYS[queue])


async def begins(person: Person, *prompts: str) -> list[float]:
    """When each of these prompts began for the first time, in seconds of the caller's recording."""
    heard = {match.prompt: match.start_s for match in reversed(await person.heard())}
    assert set(prompts) <= heard.keys(), f"{set(prompts) - heard.keys()} not heard, but {list(heard)}"
    return [heard[prompt] for prompt in prompts]


async def talks_with(person: Person, hz: float) -> None:
    """Returns when a voice has been heard for a second."""

    async def heard() -> bool | None:
        sound = person.sound
        return True if sound.size > SAMPLE_RATE and has_tone(sound[-SAMPLE_RATE:], hz, 15) else None

    await until(heard, 25.0, f"a voice of {hz:g} Hz")


async def ticket_of(system: RunningSystem, number: str) -> Item:
    return await (await system.api()).ticket_of(number)


def way(ticket: Item) -> list[str]:
    """The ticket's own words for the way that the call took."""
    told = []
    for line in ticket["timeline"]:
        details = line["details"]
        match line["action"]:
            case "CallQueued":
                told.append(f"in {details['queue']}")
            case "CallOverflowed":
                told.append(f"{details['from_queue']} → {details['to']}: {details['why']}")
            case "DutyRang":
                told.append(f"ring {details['person']}")
            case "DutyDeclined":
                told.append(f"{details['person']} {details['reason']}")
            case "DutyAccepted":
                told.append(f"{details['person']} accepted")
            case "DutyMissed":
                told.append(f"missed: {details['reason']}")
    return told


# --- along the linkage -----------------------------------------------------------------------------------------------


@pytest.mark.req("LNE-7", "TEL-5")
@pytest.mark.parametrize(
    ("queue", "why", "said", "after_s"),
    [
        ("patient", "after_s", "moved-on", AFTER_S),
        ("unstaffed", "no_staff", "moved-on", 0.0),
        ("shut", "closed", "out-of-hours", 0.0),
    ],
)
async def test_a_caller_is_moved_on_and_hears_it(
    hotline: RunningSystem, queue: str, why: str, said: str, after_s: float
) -> None:
    number = f"1380000010{KEYS[queue]}"
    async with agent_telephone(hotline, AGENT, "--answer-after", "1"), caller(hotline, number, dials=HOTLINE) as person:
        await joins(person, queue)
        await person.hears(said)
        await talks_with(person, AGENT_HZ)
        await person.hangs_up()
        announcement, number_told = await begins(person, said, "agent-before")
        assert announcement < number_told
        story = Story(hotline.data)
        events = story.call_events(story.call_of(number))
    first, second = (event for event in events if isinstance(event, CallQueued))
    (moved,) = (event for event in events if isinstance(event, CallOverflowed))
    assert after_s <= (moved.at - first.at).total_seconds() <= after_s + 0.3
    if after_s:
        (waited,) = await begins(person, "please-wait")
        assert after_s - QUIET_S - 0.1 <= announcement - waited <= after_s + 0.5
    ticket = await ticket_of(hotline, number)
    assert way(ticket) == [f"in {queue}", f"{queue} → queue:next: {why}", "in next"]
    (row,) = ticket["calls"]
    assert (row["queue"], row["agent"], row["outcome"]) == ("next", AGENT, "answered")
    assert abs((datetime.fromisoformat(row["queued_at"]) - first.at).total_seconds()) < 0.01
    assert second.at > moved.at


@pytest.mark.req("LNE-7")
async def test_who_would_make_a_queue_too_long_is_moved_on_at_once(hotline: RunningSystem) -> None:
    async with caller(hotline, "13800000120", dials=HOTLINE) as first:
        await joins(first, "short")
        await first.hears("please-wait")
        async with agent_telephone(hotline, AGENT, "--answer-after", "1"):
            async with caller(hotline, "13800000121", dials=HOTLINE) as second:
                await joins(second, "short")
                await second.hears("moved-on")
                await talks_with(second, AGENT_HZ)
                await second.hangs_up()
        assert "moved-on" not in [match.prompt for match in await first.heard()]
        await first.hangs_up()
    assert way(await ticket_of(hotline, "13800000121")) == ["in short", "short → queue:next: longer_than", "in next"]
    assert way(await ticket_of(hotline, "13800000120")) == ["in short"]


# --- people on duty --------------------------------------------------------------------------------------------------


async def rung(hotline: RunningSystem, trunk: Customer, number: str) -> Person:
    """The telephone of this person on duty rings, and is picked up."""
    person = await trunk.answers()
    assert number in str(person.line.leg.invite.uri)
    return person


@pytest.mark.req("TEL-6")
async def test_a_voicemail_box_swallows_no_call_and_the_next_person_presses_1(hotline: RunningSystem) -> None:
    number = "13800000130"
    async with Customer(hotline, TRUNK_PORT) as trunk, caller(hotline, number, dials=AFTER_HOURS) as person:
        box = await rung(hotline, trunk, FIRST_PERSON)
        box.speaks(BOX_HZ)  # it answers, says its piece, and then nothing
        await person.hears("please-wait")
        await box.hears("duty-key")
        box.is_silent()
        await box.is_left()
        on_duty = await rung(hotline, trunk, SECOND_PERSON)
        await on_duty.hears("duty-intro")
        await on_duty.hears("duty-number")
        await on_duty.hears("duty-key")
        await on_duty.presses("1")
        person.speaks(CALLER_HZ)
        on_duty.speaks(DUTY_HZ)
        await talks_with(person, DUTY_HZ)
        await talks_with(on_duty, CALLER_HZ)
        await asyncio.sleep(1)  # so that a second of it is on file
        await person.hangs_up()
        await on_duty.is_left()
        assert not has_tone(person.sound, BOX_HZ), "the caller heard the voicemail box"
    ticket = await ticket_of(hotline, number)
    assert way(ticket) == ["ring 甲", "甲 not_accepted", "ring 乙", "乙 accepted"]
    (row,) = ticket["calls"]
    assert row["outcome"] == "answered" and row["talk_s"] > 0.5
    (kept,) = ticket["recordings"]
    assert kept["kind"] == "talk"
    sound = sound_of(await (await hotline.api()).read("GET", f"/api/tickets/{ticket['number']}/recording"))
    assert has_tone(sound, CALLER_HZ, -3) and has_tone(sound, DUTY_HZ, -3)


@pytest.mark.req("TEL-6", "FUP-1")
async def test_a_missed_duty_call_is_a_warning_on_file_a_message_and_a_call_that_is_owed(
    hotline: RunningSystem,
) -> None:
    number = "13800000131"
    async with Customer(hotline, TRUNK_PORT) as trunk, caller(hotline, number, dials=AFTER_HOURS) as person:
        busy = await trunk.phone.next_call(20)
        trunk.phone.reject(busy, 486)
        box = await rung(hotline, trunk, SECOND_PERSON)
        await box.is_left(20)
        await person.hears("duty-missed")
        await person.hears("leave-message")
        await person.hears("beep")
        person.speaks(CALLER_HZ)
        await asyncio.sleep(1.5)
        person.is_silent()
        await person.hears("message-saved")
        await person.is_left()
        waited, missed, asked = await begins(person, "please-wait", "duty-missed", "leave-message")
        assert waited < missed < asked
    ticket = await ticket_of(hotline, number)
    assert way(ticket) == ["ring 甲", "甲 busy", "ring 乙", "乙 not_accepted", "missed: nobody_took_it"]
    assert ticket["outcome"] == "out_of_hours"
    assert [kept["kind"] for kept in ticket["recordings"]] == ["message"]
    owed = [due for due in await (await hotline.api()).every("/api/due-calls") if due["ticket"] == ticket["number"]]
    assert [(due["kind"], due["state"], due["number"]) for due in owed] == [("callback", "scheduled", number)]
    told = [event.number for event in journal_events(hotline.data) if isinstance(event, CallbackOwed)]
    assert told.count(number) == 1


@pytest.mark.req("LNE-7", "TEL-6")
async def test_the_whole_linkage_ends_with_the_person_on_duty(hotline: RunningSystem) -> None:
    number = "13800000132"
    async with Customer(hotline, TRUNK_PORT) as trunk, caller(hotline, number, dials=HOTLINE) as person:
        await joins(person, "linked")
        on_duty = await rung(hotline, trunk, FIRST_PERSON)
        await on_duty.begins_to_hear("duty-intro")
        await on_duty.presses("1")  # at once: it counts while it is being said
        on_duty.speaks(DUTY_HZ)
        await talks_with(person, DUTY_HZ)
        await on_duty.hangs_up()
        await person.is_left()
        moves = [match.start_s for match in await person.heard() if match.prompt == "moved-on"]
    assert len(moves) == 2 and 2.0 <= moves[1] - moves[0] <= 4.5
    assert way(await ticket_of(hotline, number)) == [
        "in linked",
        "linked → queue:above: after_s",
        "in above",
        "above → duty:night: after_s",
        "ring 甲",
        "甲 accepted",
    ]


@pytest.mark.req("TEL-6")
async def test_a_caller_who_hangs_up_leaves_nobody_ringing(hotline: RunningSystem) -> None:
    async with Customer(hotline, TRUNK_PORT) as trunk, caller(hotline, "13800000133", dials=AFTER_HOURS) as person:
        ringing = await trunk.phone.next_call(20)
        await person.hangs_up()
        await ringing.wait_ended(3)
        assert ringing.cancelled or ringing.ended_by == "remote"
    await assert_nothing_left(hotline)


@pytest.mark.req("TEL-6")
@pytest.mark.parametrize("moment", ["ringing", "asked"])
async def test_a_controller_that_is_killed_leaves_no_telephone_behind_and_rings_again(
    hotline: RunningSystem, moment: str
) -> None:
    number = "13800000134" if moment == "ringing" else "13800000135"
    async with Customer(hotline, TRUNK_PORT) as trunk, caller(hotline, number, dials=AFTER_HOURS) as person:
        if moment == "ringing":
            before = await trunk.phone.next_call(20)
        else:
            asked = await rung(hotline, trunk, FIRST_PERSON)
            await asked.begins_to_hear("duty-intro")
            before = asked.line
        await hotline.kill9()
        await hotline.restart()
        await before.wait_ended(10)
        on_duty = await rung(hotline, trunk, FIRST_PERSON)
        await on_duty.hears("duty-key")
        await on_duty.presses("1")
        on_duty.speaks(DUTY_HZ)
        person.speaks(CALLER_HZ)
        await talks_with(person, DUTY_HZ)
        await hotline.kill9()  # and once more, in the middle of the talk
        await hotline.restart()
        await talks_with(on_duty, CALLER_HZ)
        channels = (await console(hotline.data, "core show channels concise")).splitlines()
        assert len([line for line in channels if line.startswith("PJSIP/")]) == 2
        await on_duty.hangs_up()
        await person.is_left()
    ticket = await ticket_of(hotline, number)
    assert way(ticket) == ["ring 甲", "ring 甲", "甲 accepted"]
    assert ticket["outcome"] == "answered"
    rings = [event for event in journal_events(hotline.data) if isinstance(event, DutyRang)]
    assert len({ring.channel_id for ring in rings}) == len(rings)
