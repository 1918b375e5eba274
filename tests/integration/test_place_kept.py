"""The place that is kept for a caller who hangs up, on real Asterisk with real SIP. FUP-1, FUP-10"""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import pytest_asyncio

from config.ids import CallId
from crm.journal.events import CallArrived, CallEnded, NumberRefused, PlaceHandedOn
from ivr.queueing.callback_number import code_of
from tests.integration.harness.api import until
from tests.integration.harness.people import OUTSIDE, Customer, Person, caller
from tests.integration.harness.phones import agent_telephone
from tests.integration.harness.running import RunningSystem, free_port
from tests.integration.story import Story
from tests.integration.waiting_hotline import AGENT, HOTLINE, offers, queued, talks, waiting_hotline

pytestmark = [pytest.mark.asterisk, pytest.mark.asyncio(loop_scope="module")]

CUSTOMERS_PORT = free_port(socket.SOCK_DGRAM, OUTSIDE)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def system() -> AsyncIterator[RunningSystem]:
    async with waiting_hotline(CUSTOMERS_PORT) as running:
        yield running


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
