"""The ACD after a restart: who was first is first again, whichever call is taken over first. Design A3."""

import asyncio

import pytest

from config.ids import AgentId, CallId, QueueName
from routing.acd import Acd, Place
from routing.agent import AfterCall, Agent, AgentEvent, AgentState, Reservation
from routing.queue import QueueRules
from tests.unit.routing.test_acd import Clock

HOTLINE = QueueName("hotline")
ANN = AgentId("8001")
FIRST, SECOND = CallId("first"), CallId("second")
WITHIN_S = 2.0


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def acd(clock: Clock) -> Acd:
    """Ann lost her caller when the controller died: she is available."""
    rules = [QueueRules(name=HOTLINE, agents=(ANN,), priority=0, wrap_up_s=0)]
    acd = Acd(rules, now=clock.now, call_later=clock.call_later, changed=lambda _: None)
    acd.restore(ANN, AgentState.RINGING, None, None)
    return acd


async def until_waiting(place: Place) -> "asyncio.Task[tuple[Reservation, ...]]":
    task = asyncio.create_task(place.reserved())
    await asyncio.sleep(0)
    return task


async def test_nobody_jumps_the_line_while_calls_are_taken_over(acd: Acd, clock: Clock) -> None:
    early = acd.enqueue(FIRST, HOTLINE, clock.at)
    clock.advance(1)
    acd.expect([FIRST, SECOND], WITHIN_S)
    with early, acd.enqueue(SECOND, HOTLINE, clock.at) as late:
        second = await until_waiting(late)
        assert acd.agent(ANN).state is AgentState.AVAILABLE
        first = await until_waiting(early)
        assert (await first)[0].agent_id == ANN
        assert not second.done()
        second.cancel()
        await asyncio.wait([second])


async def test_who_has_hung_up_meanwhile_is_not_waited_for(acd: Acd, clock: Clock) -> None:
    acd.expect([FIRST, SECOND], WITHIN_S)
    with acd.enqueue(SECOND, HOTLINE, clock.at) as place:
        waiting = await until_waiting(place)
        assert not waiting.done()
        acd.expect_no_more(FIRST)
        assert (await waiting)[0].agent_id == ANN


async def test_nobody_waits_longer_than_that(acd: Acd, clock: Clock) -> None:
    acd.expect([FIRST, SECOND], WITHIN_S)
    with acd.enqueue(SECOND, HOTLINE, clock.at) as place:
        waiting = await until_waiting(place)
        clock.advance(WITHIN_S)
        assert (await waiting)[0].agent_id == ANN


async def test_an_agent_who_comes_meanwhile_is_not_given_away_either(acd: Acd, clock: Clock) -> None:
    acd.restore(ANN, AgentState.NOT_READY, "meal", None)
    acd.expect([FIRST, SECOND], WITHIN_S)
    with acd.enqueue(SECOND, HOTLINE, clock.at) as place:
        waiting = await until_waiting(place)
        acd.restore(ANN, AgentState.AVAILABLE, None, None)
        assert acd.agent(ANN).state is AgentState.AVAILABLE
        acd.expect_no_more(FIRST)
        assert (await waiting)[0].agent_id == ANN


async def test_what_the_site_has_no_more_is_not_known(acd: Acd) -> None:
    assert acd.knows(ANN, HOTLINE)
    assert not acd.knows(AgentId("8009"), HOTLINE)
    assert not acd.knows(ANN, QueueName("aid"))


async def test_a_pause_wished_for_during_a_talk_survives_a_restart(acd: Acd, clock: Clock) -> None:
    told: list[Agent] = []
    rules = [QueueRules(name=HOTLINE, agents=(ANN,), priority=0, wrap_up_s=0)]
    again = Acd(rules, now=clock.now, call_later=clock.call_later, changed=told.append)
    wish = AfterCall(AgentEvent.MAKE_NOT_READY, "meal", "8801")
    again.restore(ANN, AgentState.TALKING, None, None, wish)
    assert again.agent(ANN).state is AgentState.NOT_READY, "nobody else is given to whoever may be talking still"
    talk = again.adopt_talk(ANN, FIRST, HOTLINE)
    assert (told[-1].state, told[-1].wish, told[-1].by) == (AgentState.TALKING, wish, None)
    again.talk_ended(talk)
    assert (told[-1].state, told[-1].reason, told[-1].by) == (AgentState.NOT_READY, "meal", "8801")
    assert told[-1].wish is None


async def test_a_pause_wished_for_comes_at_once_when_the_talk_is_lost(acd: Acd, clock: Clock) -> None:
    acd.restore(ANN, AgentState.TALKING, None, None, AfterCall(AgentEvent.MAKE_NOT_READY, "meal"))
    assert (acd.agent(ANN).state, acd.agent(ANN).reason) == (AgentState.NOT_READY, "meal")
    acd.wish(ANN, AgentEvent.MAKE_AVAILABLE)
    assert (acd.agent(ANN).state, acd.agent(ANN).wish) == (AgentState.AVAILABLE, None)
    acd.restore(ANN, AgentState.WRAP_UP, None, clock.at, AfterCall(AgentEvent.LOG_OUT))
    assert acd.agent(ANN).state is AgentState.LOGGED_OUT


async def test_who_forced_a_state_is_told_until_the_agent_changes_it(acd: Acd) -> None:
    assert acd.wish(ANN, AgentEvent.MAKE_NOT_READY, "meal", "8801").by == "8801"
    assert acd.wish(ANN, AgentEvent.MAKE_AVAILABLE).by is None
