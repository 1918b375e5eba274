"""The caller's wait, on real Asterisk with real SIP: what is heard, in what order and when; who answers first. Each
announcement is found in the caller's own recording by correlation.
"""

import asyncio
import socket
from collections.abc import AsyncIterator, Sequence
from datetime import datetime

import pytest
import pytest_asyncio

from app.phone.sip import TestPhone
from app.phone.sound.audio import SAMPLE_RATE
from app.phone.sound.heard import Heard
from crm.journal.events import LanguageChosen
from tests.integration.harness.people import OUTSIDE, Person, caller
from tests.integration.harness.phones import agent_telephone
from tests.integration.harness.running import RunningSystem, free_port
from tests.integration.story import Story
from tests.integration.waiting_hotline import (
    AGENT,
    ENGLISH_AGENT,
    HOTLINE,
    PEOPLE,
    offers,
    queued,
    talks,
    waiting_hotline,
)

pytestmark = [pytest.mark.asterisk, pytest.mark.asyncio(loop_scope="module")]

EARLY_S, LATE_S = 0.3, 1.5
"""How far from its time an announcement may be heard: the sound before it has to end, and the machine is shared."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def system() -> AsyncIterator[RunningSystem]:
    async with waiting_hotline(free_port(socket.SOCK_DGRAM, OUTSIDE)) as running:
        yield running


def times(heard: Sequence[Heard], since: float) -> dict[str, float]:
    """When each prompt was heard first, in seconds since that moment of the recording; in the order of time."""
    first: dict[str, float] = {}
    for each in heard:
        first.setdefault(each.prompt, each.start_s - since)
    return first


def second_of(person: Person, moment: datetime) -> float:
    """That moment in the person's recording."""
    assert person.line.answered_at
    return (moment - person.line.answered_at).total_seconds()


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
