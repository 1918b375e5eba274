"""An Asterisk that hangs (alive, answering nothing) is told, and restarted, its calls closed; a short pause is not."""

import asyncio
import signal
from datetime import UTC, datetime

import pytest

from crm.journal.events import AgentStateChanged, CallEnded, TalkStarted
from ivr.pbx import processes
from ivr.pbx.state import load_state
from tests.integration.crowd import Caller, Crowd, loop_time
from tests.integration.harness.api import Item, until
from tests.integration.harness.invariants import assert_nothing_left, assert_one_end_each
from tests.integration.harness.running import RunningSystem
from tests.integration.story import Story

pytestmark = [pytest.mark.asterisk, pytest.mark.slow, pytest.mark.req("TKT-1", "TEL-2")]

TOLD_WITHIN_S = 6.0
SERVED_AGAIN_WITHIN_S = 12.0
SHORT_S = 2.0


def asterisk_of(system: RunningSystem) -> processes.ProcessId:
    state = load_state(system.data)
    assert state is not None and state.process is not None
    return state.process


async def told(system: RunningSystem) -> Item:
    """The parts of /status once it says that something is wrong with Asterisk."""
    api = await system.api()

    async def down() -> Item | None:
        parts = await api.status()
        return parts if not (parts["asterisk"]["up"] and parts["ari"]["up"]) else None

    return await until(down, TOLD_WITHIN_S, "/status to say that Asterisk hangs")


async def well_again(system: RunningSystem) -> None:
    """Returns when /status says that Asterisk is there again."""
    api = await system.api()

    async def up() -> Item | None:
        parts = await api.status()
        return parts if parts["asterisk"]["up"] and parts["ari"]["up"] else None

    await until(up, SERVED_AGAIN_WITHIN_S, "/status to say that Asterisk is well again")


async def test_a_hung_asterisk_is_told_restarted_and_its_calls_are_closed(system: RunningSystem) -> None:
    system.site.agents(1)
    system.site.queue("*", wrap_up_s=1)
    await system.up()
    story, api = Story(system.data), await system.api()
    async with Crowd(system) as crowd:
        agent = await crowd.agent("8001")
        talking = await crowd.caller(keys="1")
        await story.until_count(TalkStarted, 1)
        in_menu = await crowd.caller()
        before = asterisk_of(system)
        stopped_at, stopped = datetime.now(UTC), loop_time()
        processes.send_signal(before, signal.SIGSTOP)
        parts = await told(system)
        assert parts["asterisk"]["failure"] or not parts["ari"]["up"]
        await well_again(system)
        caller = await crowd.caller()
        assert loop_time() - stopped <= SERVED_AGAIN_WITHIN_S, f"closed for {loop_time() - stopped:.1f} s"
        assert not processes.is_alive(before), "the hung one is gone"
        assert (await api.status())["asterisk"]["failure"] is None
        await caller.hang_up()
        await closed_by_us(story, [talking, in_menu], stopped_at)
        last = [event.state for event in story.of(AgentStateChanged) if event.agent == agent.agent]
        assert last[-1] in ("wrap_up", "available")
        await assert_nothing_left(system)
    assert_one_end_each(story.events)


async def closed_by_us(story: Story, callers: list[Caller], since: datetime) -> None:
    """Their tickets say that it was our fault."""
    mine = {story.call_of(caller.number) for caller in callers}
    ends = [end for end in await story.until_count(CallEnded, len(callers) + 1) if end.call_id in mine]
    assert len(ends) == len(callers)
    for end in ends:
        assert (end.outcome, end.ended_by) == ("dropped_by_system", "system")
        assert end.at >= since


async def test_a_short_pause_restarts_nothing_and_ends_no_talk(system: RunningSystem) -> None:
    system.site.agents(1)
    await system.up()
    story, api = Story(system.data), await system.api()
    async with Crowd(system) as crowd:
        await crowd.agent("8001")
        caller = await crowd.caller(keys="1")
        await story.until_count(TalkStarted, 1)
        asterisk = asterisk_of(system)
        for _ in range(2):
            processes.send_signal(asterisk, signal.SIGSTOP)
            await asyncio.sleep(SHORT_S)
            processes.send_signal(asterisk, signal.SIGCONT)
            await asyncio.sleep(SHORT_S)
        assert asterisk_of(system) == asterisk, "it was restarted"
        assert processes.is_alive(asterisk)
        assert not story.of(CallEnded), "the talk was ended"
        parts = await api.status()
        assert parts["asterisk"]["up"] and parts["ari"]["up"]
        await caller.hang_up()
        assert (await story.until_count(CallEnded, 1))[0].outcome == "answered"
        await assert_nothing_left(system)
