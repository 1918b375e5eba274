"""The store is locked for a while under calls; Asterisk is killed in the middle of a talk. Faults A4 #7, #19; D5."""

import asyncio
import signal
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from app.phone.errors import CallRejected, PhoneTimeout
from crm.journal.events import AgentStateChanged, CallEnded, TalkStarted
from ivr.pbx import processes
from ivr.pbx.state import load_state
from tests.integration.crowd import AgentTelephone, Caller, Crowd, loop_time
from tests.integration.harness.api import Item, until
from tests.integration.harness.invariants import assert_nothing_left, assert_one_end_each
from tests.integration.harness.running import RunningSystem
from tests.integration.story import Story

pytestmark = [pytest.mark.asterisk, pytest.mark.slow, pytest.mark.req("TKT-1", "TEL-2")]

LOCKED_S = 8.0
CALLS = 3
SERVICE_BACK_S = 5.0
AT_ONCE = timedelta(seconds=1)
OFFER = timedelta(milliseconds=300)
GAP_S = 0.1


@contextmanager
def locked(system: RunningSystem) -> Iterator[None]:
    """Nobody but this can write to the store."""
    with closing(sqlite3.connect(system.data.root / "sanxiang.db", isolation_level=None, timeout=10)) as connection:
        connection.execute("BEGIN EXCLUSIVE")
        yield
        connection.execute("ROLLBACK")


@dataclass
class Talk:
    """A caller and the telephone that answered, connected since an instant of this loop's clock."""

    caller: Caller
    agent: AgentTelephone
    since: float


async def talk(crowd: Crowd, story: Story, agent: AgentTelephone, before: int) -> Talk:
    """A call to an agent as it must go whatever the store does: answered, offered and connected at once."""
    caller = await crowd.caller()
    assert caller.call.answered_at is not None and caller.call.answered_at - caller.call.invited_at <= AT_ONCE
    rung = len(agent.calls)
    (key_let_go,) = await caller.call.press("1")
    leg = await agent.ring_after(rung)
    assert leg.invited_at - key_let_go <= OFFER, "the agent's telephone rang late"
    await story.until_count(TalkStarted, before + 1)
    return Talk(caller, agent, loop_time())


async def test_the_store_is_locked_under_calls(system: RunningSystem) -> None:
    agents = system.site.agents(CALLS)
    await system.up()
    story, api = Story(system.data), await system.api()
    async with Crowd(system) as crowd:
        telephones = [await crowd.agent(agent) for agent in agents]
        with locked(system):
            until_then = loop_time() + LOCKED_S
            # One agent after the other becomes the only one available, so that it is known who will ring.
            for telephone in telephones[1:]:
                await api.set_state(telephone.agent, "not_ready", "break")
            talks: list[Talk] = []
            for telephone in telephones:
                await api.set_state(telephone.agent, "available")
                talks.append(await talk(crowd, story, telephone, len(talks)))
            assert not (await api.status())["store"]["up"] or loop_time() < until_then
            await asyncio.sleep(max(0.0, until_then - loop_time()))
            assert not (await api.status())["store"]["up"], "the store was never away: this proves nothing"
            now = loop_time()
            for each in talks:
                calls = [each.caller.call, each.agent.calls[-1]]
                gaps = [crowd.longest_gap_s(call, each.since + 0.3, now) for call in calls]
                assert max(gaps) <= GAP_S, f"a talk was interrupted: {gaps}"
            await talks[0].caller.hang_up()
        for each in talks[1:]:
            await each.caller.hang_up()
        await assert_nothing_left(system)
        await assert_all_on_record(system, [each.caller for each in talks])
    assert_one_end_each(story.events)


async def assert_all_on_record(system: RunningSystem, callers: list[Caller]) -> None:
    """Nothing lost, nothing doubled: the store holds what the journal holds."""
    api, numbers = await system.api(), {caller.number for caller in callers}

    async def complete() -> list[Item] | None:
        calls = await api.every("/api/calls")
        return calls if {call["ani"] for call in calls if call["ended_at"]} == numbers else None

    calls = await until(complete, 15, "all calls to be in the store")
    assert len(calls) == len(numbers) == len(await api.every("/api/tickets"))
    journal = Counter(event.event_id for event in Story(system.data).events)
    with closing(sqlite3.connect(system.data.root / "sanxiang.db", timeout=10)) as connection:
        stored = Counter(row[0] for row in connection.execute("SELECT event_id FROM event"))
    assert set(stored) <= set(journal) and max(stored.values()) == 1
    ends = {event.event_id for event in Story(system.data).of(CallEnded)}
    assert ends <= set(stored), "an end is missing in the store"


async def test_asterisk_is_killed_in_a_talk(system: RunningSystem) -> None:
    """Nobody gets a BYE; the ticket says that it was our fault, and five seconds later the line is open again."""
    system.site.agents(1)
    system.site.queue("*", wrap_up_s=1)
    await system.up()
    story = Story(system.data)
    async with Crowd(system) as crowd:
        agent = await crowd.agent("8001")
        cut_off = await crowd.caller(keys="1")
        await story.until_count(TalkStarted, 1)
        waiting = await crowd.caller(keys="1")
        in_menu = await crowd.caller()
        kill_asterisk(system)
        killed_at, killed = datetime.now(UTC), loop_time()
        caller = await served_again(crowd, killed)
        assert loop_time() - killed <= SERVICE_BACK_S, f"the line was closed for {loop_time() - killed:.1f} s"
        await caller.hang_up()
        ends = await story.until_count(CallEnded, 4)
        mine = {story.call_of(each.number) for each in (cut_off, waiting, in_menu)}
        for end in (end for end in ends if end.call_id in mine):
            assert (end.outcome, end.ended_by) == ("dropped_by_system", "system")
            assert end.at >= killed_at
        last = [event.state for event in story.of(AgentStateChanged) if event.agent == agent.agent]
        assert last[-1] in ("wrap_up", "available")
        await assert_nothing_left(system)
        await both_die(system, crowd, story)
    assert_one_end_each(story.events)


async def both_die(system: RunningSystem, crowd: Crowd, story: Story) -> None:
    """The machine loses power, as it were: the new controller has a new Asterisk, and no call can have outlived it."""
    caller, before = await crowd.caller(), len(story.of(CallEnded))
    await system.kill9()
    kill_asterisk(system)
    await system.restart()
    end = (await story.until_count(CallEnded, before + 1))[-1]
    assert (end.call_id, end.outcome) == (story.call_of(caller.number), "dropped_by_system")
    await assert_nothing_left(system)


def kill_asterisk(system: RunningSystem) -> None:
    state = load_state(system.data)
    assert state is not None and state.process is not None
    processes.send_signal(state.process, signal.SIGKILL)


async def served_again(crowd: Crowd, killed: float) -> Caller:
    """Somebody who calls again and again until the call is answered."""
    while loop_time() - killed < 3 * SERVICE_BACK_S:
        caller = await crowd.dial()
        try:
            await caller.call.wait_answered(1.0)
            return caller
        except (CallRejected, PhoneTimeout):
            await caller.hang_up()
    raise AssertionError("nobody answers any more")
