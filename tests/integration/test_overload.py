"""Past its limit the system refuses new calls at once: 503, and a ticket. Those inside go on unharmed. P11, TKT-1."""

import asyncio

import pytest

from app.phone.errors import CallRejected
from crm.journal.events import CallEnded, TalkStarted
from ivr.port.admission import JUST_NOW_S
from tests.integration.crowd import Caller, Crowd, loop_time
from tests.integration.harness.api import Item, until
from tests.integration.harness.invariants import assert_nothing_left, assert_one_end_each
from tests.integration.harness.running import RunningSystem
from tests.integration.story import Story

pytestmark = [pytest.mark.asterisk, pytest.mark.slow, pytest.mark.req("TKT-1")]

ROOM, MORE = 3, 4
REFUSED_WITHIN_S = 1.0
UNAVAILABLE = 503


async def refused(crowd: Crowd) -> Caller:
    """A caller who is told at once that there is no room."""
    began = loop_time()
    caller = await crowd.dial()
    with pytest.raises(CallRejected) as refusal:
        await caller.call.wait_answered(5.0)
    assert refusal.value.code == UNAVAILABLE
    assert loop_time() - began < REFUSED_WITHIN_S
    return caller


async def test_past_the_limit_calls_are_refused_at_once_and_the_others_served(system: RunningSystem) -> None:
    system.site.agents(1)
    system.site.section("admission", calls_in_setup=ROOM)
    await system.up()
    api, story = await system.api(), Story(system.data)
    async with Crowd(system) as crowd:
        await crowd.agent("8001")
        talking = await crowd.caller(keys="1")
        await story.until_count(TalkStarted, 1)
        inside = [await crowd.caller() for _ in range(ROOM)]
        turned_away = await asyncio.gather(*(refused(crowd) for _ in range(MORE)))
        parts = await api.status()
        assert parts["calls"]["in_setup"] == ROOM
        assert parts["admission"]["refused"] == MORE and not parts["admission"]["up"]
        for caller in turned_away:
            ticket = await api.ticket_of(caller.number)
            assert ticket["number"], "a refused call is a ticket all the same"
            assert (await api.ended_call(caller.number))["outcome"] == "refused_overload"
        assert not any(caller.call.ended.is_set() for caller in (talking, *inside)), "a call inside was harmed"
        await inside[0].hang_up()
        await story.until_count(CallEnded, MORE + 1)
        await (await crowd.caller()).hang_up()
        for caller in (talking, *inside[1:]):
            await caller.hang_up()
        await assert_nothing_left(system)
        assert (await api.ended_call(talking.number))["outcome"] == "answered"

        async def open_again() -> Item | None:
            parts = await api.status()
            return parts if parts["admission"]["up"] else None

        await until(open_again, 2 * JUST_NOW_S, "the system to say that it lets everybody in")
    assert_one_end_each(story.events)
