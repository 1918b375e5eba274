"""The caller's wait, on real Asterisk with real SIP: what is heard, in what order and when; who answers first; the
place that is kept for who hangs up. Each announcement is found in the caller's own recording by correlation.
"""

import asyncio
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime

import pytest
import pytest_asyncio

from app.phone.sip import TestPhone
from app.phone.sound.audio import SAMPLE_RATE
from app.phone.sound.heard import Heard
from config.ids import CallId
from crm.journal.events import (
    AgentOffered,
    CallArrived,
    CallEnded,
    CallQueued,
    LanguageChosen,
    NumberRefused,
    PlaceHandedOn,
    TalkStarted,
)
from ivr.queueing.callback_number import code_of
from tests.integration.harness.api import until
from tests.integration.harness.invariants import assert_nothing_left, assert_one_end_each, journal_events
from tests.integration.harness.people import OUTSIDE, Customer, Person, caller
from tests.integration.harness.phones import agent_telephone
from tests.integration.harness.running import RunningSystem, free_port
from tests.integration.story import Story

pytestmark = [pytest.mark.asterisk, pytest.mark.asyncio(loop_scope="module")]

HOTLINE, PEOPLE = "4008100002", "4008100001"
AGENT, ENGLISH_AGENT = "8001", "8003"
CUSTOMERS_PORT = free_port(socket.SOCK_DGRAM, OUTSIDE)
EARLY_S, LATE_S = 0.3, 1.5
"""How far from its time an announcement may be heard: the sound before it has to end, and the machine is shared."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def system() -> AsyncIterator[RunningSystem]:
    """The demo site with short sounds and short waits; one line that people answer."""
    async with RunningSystem() as running:
        site = running.site.outbound(OUTSIDE, CUSTOMERS_PORT, callback_to_other_number="with_code").queue(
            "*", wrap_up_s=1
        )
        site.section("recording", message_silence_s=1)
        site.section(
            "wait",
            position_after_s=3,
            position_every_s=60,
            comfort_after_s=10,
            comfort_every_s=60,
            offer_after_s=17,
            offer_every_s=60,
            sorry_after_s=26,
            sorry_every_s=60,
            callback_retry_s=2,
        )
        site.line(PEOPLE, answer_by="people", queue="aid")
        site.sounds(1.2, "position-first", "comfort", "sorry-waited", "sorry-busy", "callback-offer", "message-offer")
        site.sounds(1.2, "callback-enter", "callback-refused", "callback-code", "callback-code-ask")
        site.sounds(1.2, "callback-number", "callback-confirm", "callback-kept", "callback-turn", "leave-message")
        await running.up()
        yield running
        await assert_nothing_left(running)
        assert_one_end_each(journal_events(running.data))


def times(heard: Sequence[Heard], since: float) -> dict[str, float]:
    """When each prompt was heard first, in seconds since that moment of the recording; in the order of time."""
    first: dict[str, float] = {}
    for each in heard:
        first.setdefault(each.prompt, each.start_s - since)
    return first


async def queued(system: RunningSystem, number: str) -> CallQueued:
    story = Story(system.data)

    def there(now: Story) -> bool:
        return any(event.call_id == now.call_of(number) for event in now.of(CallQueued))

    await story.until(there, 10, f"{number} in the queue")
    return next(event for event in story.of(CallQueued) if event.call_id == story.call_of(number))


def second_of(person: Person, moment: datetime) -> float:
    """That moment in the person's recording."""
    assert person.line.answered_at
    return (moment - person.line.answered_at).total_seconds()


def offers(system: RunningSystem, call_id: str) -> list[AgentOffered]:
    return [event for event in Story(system.data).of(AgentOffered) if event.call_id == call_id]


async def talks(system: RunningSystem, call_id: str, timeout_s: float = 15.0) -> TalkStarted:
    story = Story(system.data)
    await story.until(lambda now: any(e.call_id == call_id for e in now.of(TalkStarted)), timeout_s, "the talk")
    return next(event for event in story.of(TalkStarted) if event.call_id == call_id)


# --- announcements ---------------------------------------------------------------------------------------------------


@pytest.mark.req("TEL-5")
async def test_each_announcement_is_heard_in_its_time_and_in_this_order(system: RunningSystem) -> None:
    """field.md §3, 15: a position that is set is announced, and announcements do not run in a circle."""
    async with caller(system, "13810000001", dials=HOTLINE) as person:
        await person.begins_to_hear("menu-hotline")
        await person.presses("1")
        began = second_of(person, (await queued(system, "13810000001")).at)
        await person.hears("sorry-waited", 40)
        heard = await person.heard()
        await person.hangs_up()
    at = times([each for each in heard if each.start_s >= began - 0.5], began)
    wanted = {"position-first": 3.0, "comfort": 10.0, "callback-offer": 17.0, "sorry-waited": 26.0}
    assert [prompt for prompt in at if prompt in wanted] == list(wanted), f"heard {at}"
    assert at["message-offer"] > at["callback-offer"]
    late = {prompt: at[prompt] - due for prompt, due in wanted.items()}
    assert all(-EARLY_S <= seconds <= LATE_S for seconds in late.values()), f"too early or late by {late}"
    assert sum(each.prompt == "position-first" for each in heard) == 1


@pytest.mark.req("TEL-7")
async def test_a_message_is_left_from_the_queue_by_key(system: RunningSystem) -> None:
    async with caller(system, "13810000002", dials=HOTLINE) as person:
        await person.begins_to_hear("menu-hotline")
        await person.presses("1")
        await person.hears("message-offer", 30)
        await person.presses("2")
        await person.hears("leave-message")
        person.speaks(440)
        await asyncio.sleep(2.5)
        person.is_silent()
        await person.is_left()
    api = await system.api()
    (call,) = (await api.ticket_of("13810000002"))["calls"]
    assert call["outcome"] == "message"


# --- lines that people answer ----------------------------------------------------------------------------------------


@pytest.mark.req("TEL-1", "TEL-2")
async def test_ringing_is_heard_until_a_person_answers(system: RunningSystem) -> None:
    """180 and no 200, no early media, until the agent picks up; then who it is, then the talk."""
    async with agent_telephone(system, AGENT, "--answer-after", "4"), TestPhone(OUTSIDE) as phone:
        line = await phone.dial(PEOPLE, system.sip, caller="13810000003")
        await line.wait_answered(15)
        person = Person(system, phone, line)
        assert line.ringing_at and line.answered_at and line.progress_at is None
        assert (line.ringing_at - line.invited_at).total_seconds() < 1
        assert 3.9 <= (line.answered_at - line.invited_at).total_seconds() <= 5.5
        await person.hears("agent-after")
        assert "sorry-busy" not in [each.prompt for each in await person.heard()]
        await person.hangs_up()
    api = await system.api()
    (call,) = (await api.ticket_of("13810000003"))["calls"]
    assert (call["rings"], call["outcome"], call["agent"]) == (1, "answered", AGENT)
    assert 3.9 <= call["wait_s"] <= 5.5, "counted from the INVITE"


@pytest.mark.req("TEL-1", "TEL-5")
async def test_at_ring_three_the_system_answers_and_the_agent_rings_on(system: RunningSystem) -> None:
    async with agent_telephone(system, AGENT, "--answer-after", "13"), TestPhone(OUTSIDE) as phone:
        line = await phone.dial(PEOPLE, system.sip, caller="13810000004")
        await line.wait_answered(15)
        person = Person(system, phone, line)
        assert line.answered_at and 9.8 <= (line.answered_at - line.invited_at).total_seconds() <= 11
        await person.hears("sorry-busy")
        await person.hears("agent-after")
        await person.hangs_up()
    rung = offers(system, Story(system.data).call_of("13810000004"))
    assert [offer.agent for offer in rung] == [AGENT], "the ringing offer was begun anew"
    api = await system.api()
    (call,) = (await api.ticket_of("13810000004"))["calls"]
    assert (call["rings"], call["outcome"]) == (3, "answered")


# --- languages -------------------------------------------------------------------------------------------------------


async def test_who_chooses_english_hears_english_and_gets_an_agent_who_speaks_it(system: RunningSystem) -> None:
    """field.md §3, 15: no wrong audio in a language."""
    async with agent_telephone(system, AGENT), caller(system, "13810000005", dials=HOTLINE) as person:
        await person.begins_to_hear("menu-hotline")
        await person.presses("9")
        await person.begins_to_hear("menu-hotline", english=True)
        chosen_s = person.sound.size / SAMPLE_RATE
        await person.presses("1")
        call_id = (await queued(system, "13810000005")).call_id
        await person.hears("position-first", english=True)  # so long nobody was found
        assert not offers(system, call_id), "asked who speaks no English"
        async with agent_telephone(system, ENGLISH_AGENT):
            await talks(system, call_id)
            await person.hears("agent-after", english=True)
        await person.hears("goodbye", english=True)
        await person.is_left()
        english = [each.prompt for each in await person.heard(english=True)]
        mandarin = [each.prompt for each in await person.heard() if each.start_s > chosen_s]
    assert [event.language for event in Story(system.data).of(LanguageChosen)] == ["en"]
    assert english[0] == "menu-hotline"
    assert english[-3:] == ["num-3", "agent-after", "goodbye"]
    assert not {"please-wait", "position-first", "agent-before", "agent-after", "goodbye"} & set(mandarin)


# --- a place that is kept --------------------------------------------------------------------------------------------


async def keep_place(system: RunningSystem, person: Person, number: str) -> str:
    """Presses 1 when it is offered, confirms the number, and is told to hang up; the call's id."""
    await person.begins_to_hear("menu-hotline")
    await person.presses("1")
    await queued(system, number)
    await person.hears("callback-offer", 30)
    await person.presses("1")
    await person.hears("callback-confirm", 20)
    await person.presses("1")
    await person.hears("callback-kept")
    await person.is_left()
    return Story(system.data).call_of(number)


@asynccontextmanager
async def customer(system: RunningSystem) -> AsyncIterator[Customer]:
    async with Customer(system, CUSTOMERS_PORT) as reached:
        yield reached


def outbound_call(story: Story, number: str) -> str:
    """The call in which this customer was dialled."""
    made = [event for event in story.of(CallArrived) if event.direction == "outbound" and event.ani.endswith(number)]
    assert len(made) == 1, f"{number} was dialled {len(made)} times"
    return made[0].call_id


@pytest.mark.req("FUP-1")
async def test_a_callback_keeps_the_place_and_overtakes_nobody(system: RunningSystem) -> None:
    """field.md §3, 1: called when it is their turn, before who came later, and not before an agent is there."""
    first, second = "13810000011", "13810000012"
    async with customer(system) as telephone:
        async with caller(system, first, dials=HOTLINE) as person:
            kept = await keep_place(system, person, first)
        async with caller(system, second, dials=HOTLINE) as later:
            await later.begins_to_hear("menu-hotline")
            await later.presses("1")
            await queued(system, second)
            await later.hears("position-before", 10)
            await asyncio.sleep(1)
            dialled = [event for event in Story(system.data).of(CallArrived) if event.direction == "outbound"]
            assert dialled == [], "dialled before an agent was there"
            async with agent_telephone(system, AGENT, "--answer-after", "4"):
                called = await telephone.answers(15)
                await called.hears("callback-turn", 15)
                call_id = outbound_call(Story(system.data), first)
                talk = await talks(system, call_id)
                assert talk.agent == AGENT
                assert not offers(system, Story(system.data).call_of(second)), "who came later was served first"
                await called.hangs_up()
                served = await talks(system, Story(system.data).call_of(second), 20)
                assert served.at > talk.at
                await later.hangs_up()
    (end,) = [event for event in Story(system.data).of(CallEnded) if event.call_id == kept]
    assert end.outcome == "place_kept"
    assert len(Story(system.data).of(PlaceHandedOn)) == 1
    api = await system.api()
    (due,) = [each for each in await api.every("/api/due-calls") if each["number"] == first]
    assert (due["kind"], due["state"], due["outcome"]) == ("queue_callback", "done", "talked")


@pytest.mark.req("FUP-1")
async def test_a_kept_place_survives_the_controller_and_is_called_once(system: RunningSystem) -> None:
    number, later_number = "13810000013", "13810000014"
    async with customer(system) as telephone:
        async with caller(system, number, dials=HOTLINE) as person:
            await keep_place(system, person, number)
        async with caller(system, later_number, dials=HOTLINE) as later:
            await later.begins_to_hear("menu-hotline")
            await later.presses("1")
            await queued(system, later_number)
            await system.kill9()
            await system.restart()
            async with agent_telephone(system, AGENT, "--answer-after", "4"):
                called = await telephone.answers(20)
                await called.hears("callback-turn", 15)
                await talks(system, outbound_call(Story(system.data), number))
                await called.hangs_up()
                await talks(system, Story(system.data).call_of(later_number), 20)
                await later.hangs_up()
    api = await system.api()

    async def over() -> bool | None:
        (due,) = [each for each in await api.every("/api/due-calls") if each["number"] == number]
        return True if (due["state"], due["outcome"]) == ("done", "talked") else None

    await until(over, 10, "the callback to be done")


@pytest.mark.req("FUP-10")
async def test_a_number_that_may_not_be_dialled_is_refused_and_no_invite_leaves(system: RunningSystem) -> None:
    """A stranger from abroad: 1 for the queue, 1 for a callback, then a number abroad. The only INVITE at the trunk is
    the one to the ordinary number that is typed at last."""
    number, allowed = "+2348031234567", "13810000016"
    async with customer(system) as telephone:
        async with caller(system, number, dials=HOTLINE) as person:
            await person.begins_to_hear("menu-hotline")
            await person.presses("1")
            await queued(system, number)
            await person.hears("callback-offer", 30)
            await person.presses("1")
            await person.hears("callback-refused", 10)
            await person.line.press("0023480312345678#")
            story = Story(system.data)
            await story.until(lambda now: len(now.of(NumberRefused)) == 2, 15, "the refusal of the number abroad")
            await person.line.press(f"{allowed}#")
            await person.hears("callback-confirm", 20)
            await person.presses("1")
            await person.hears("callback-code")
            await person.hears("callback-kept")
            await person.is_left()
        async with agent_telephone(system, AGENT, "--answer-after", "4"):
            called = await telephone.answers(15)
            assert allowed in str(called.line.leg.invite.uri), "another INVITE left before"
            await called.hears("callback-code-ask", 15)
            code = code_of(CallId(Story(system.data).call_of(number)))
            await called.line.press("".join(clip.removeprefix("num-") for clip in code))
            await called.hears("callback-turn", 15)
            await called.hangs_up()
    story = Story(system.data)
    refused = [(event.number, event.reason) for event in story.of(NumberRefused)]
    assert refused == [(number, "foreign"), ("0023480312345678", "foreign")]
    assert outbound_call(story, allowed)
    api = await system.api()
    made = {due["number"] for due in await api.every("/api/due-calls")}
    assert allowed in made and not made & {number, "+23480312345678"}
    timeline = (await api.ticket_of(number))["timeline"]
    assert [entry["details"]["reason"] for entry in timeline if entry["action"] == "NumberRefused"] == ["foreign"] * 2
