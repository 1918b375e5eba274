"""The controller hangs for a second and is killed, with calls at every step: talks go on, places and clocks are kept.

Design A3; faults A4 #1, #5; the issue's kill test.
"""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from crm.journal.events import (
    AgentOffered,
    AgentStateChanged,
    CallAdopted,
    CallArrived,
    CallEnded,
    CallQueued,
    MenuEntered,
    TalkStarted,
)
from tests.integration.crowd import AgentTelephone, Caller, Crowd, answer, let_it_ring, loop_time
from tests.integration.harness.api import until
from tests.integration.harness.invariants import assert_nothing_left, assert_one_end_each
from tests.integration.harness.running import RunningSystem
from tests.integration.story import Story

pytestmark = [pytest.mark.asterisk, pytest.mark.slow, pytest.mark.req("TKT-1", "TEL-2", "TEL-5")]

TALKING, QUEUED, IN_MENU, ARRIVING = 6, 6, 8, 2
ADOPTED_WITHIN_S = 3.0
GAP_S = 0.1
MENU = "menu-hotline"


@dataclass
class Scene:
    """Who is where when the controller dies. `ringing` is being offered the first of the queue and does not answer."""

    talking: list[Caller]
    queued: list[Caller]
    in_menu: list[Caller]
    arriving: list[Caller]
    ringing: AgentTelephone

    @property
    def callers(self) -> list[Caller]:
        return [*self.talking, *self.queued, *self.in_menu, *self.arriving]


def prepare_site(system: RunningSystem) -> list[str]:
    agents = system.site.agents(TALKING + 1)
    system.site.queue("*", wrap_up_s=1)
    with system.site.edit("menus/hotline.yaml") as menu:  # who is in the menu stays there
        menu["first_digit_timeout_s"], menu["overall_timeout_s"] = 60, 120
    return agents


async def set_the_scene(system: RunningSystem, crowd: Crowd, agents: list[str]) -> Scene:
    story = Story(system.data)
    for agent in agents[:TALKING]:
        await crowd.agent(agent)
    talking = [await crowd.caller(keys="1") for _ in range(TALKING)]
    await story.until_count(TalkStarted, TALKING)
    ringing = await crowd.agent(agents[TALKING], let_it_ring)
    queued: list[Caller] = []
    for number in range(1, QUEUED + 1):
        queued.append(await crowd.caller(keys="1"))
        await story.until_count(CallQueued, TALKING + number)
    in_menu = [await crowd.caller() for _ in range(IN_MENU)]
    await story.until_count(MenuEntered, TALKING + QUEUED + IN_MENU)
    return Scene(talking, queued, in_menu, [], ringing)


async def kill(system: RunningSystem, crowd: Crowd, scene: Scene) -> None:
    """It hangs for a second, in which two more call, and dies."""
    system.sigstop()
    scene.arriving = [await crowd.dial() for _ in range(ARRIVING)]
    await asyncio.sleep(1.0)
    await system.kill9()


def starved_s(system: RunningSystem) -> float:
    """How long the controller was ready to run and had no processor: what else this machine does is not its fault."""
    schedule = Path(f"/proc/{system.program.process.pid}/schedstat").read_text(encoding="ascii")
    return int(schedule.split()[1]) / 1e9


async def adopted_after_s(system: RunningSystem, story: Story, began: datetime) -> float:
    """Seconds from the new process's start until every call was in its hands."""
    await story.until_count(CallAdopted, TALKING + QUEUED + IN_MENU, 30)
    arrivals = await story.until_count(CallArrived, TALKING + QUEUED + IN_MENU + ARRIVING, 30)
    taken = [event.at for event in story.of(CallAdopted)]
    rang = [event.at for event in story.of(MenuEntered, since=began)]
    assert len(arrivals) == TALKING + QUEUED + IN_MENU + ARRIVING
    return (max([*taken, *rang[:IN_MENU]]) - began).total_seconds() - starved_s(system)


async def assert_menu_again(crowd: Crowd, callers: list[Caller], since: float) -> None:
    waiting = list(callers)

    async def all_heard() -> bool | None:
        waiting[:] = [caller for caller in waiting if not crowd.heard(caller, MENU, since)]
        await asyncio.sleep(0.2)
        return None if waiting else True

    await until(all_heard, 15, "everybody in the menu to hear it again")


async def assert_order_kept(story: Story, scene: Scene, began: datetime) -> None:
    """Agents become free one after the other: whoever has waited longest is always the next, on the old wait clock."""
    wanted = [story.call_of(caller.number) for caller in scene.queued]
    for number, caller in enumerate(scene.talking, start=1):
        await story.until_count(TalkStarted, TALKING + number, 15)
        if number < QUEUED:
            await caller.hang_up()
    offered = [event.call_id for event in story.of(AgentOffered, since=began)]
    assert list(dict.fromkeys(offered)) == wanted, "the order of the queue was not kept"
    queued = [event.call_id for event in story.of(CallQueued)]
    assert all(queued.count(call) == 1 for call in wanted), "a wait clock was started again"


async def test_killed_with_calls_at_every_step(system: RunningSystem) -> None:
    agents = prepare_site(system)
    await system.up()
    story = Story(system.data)
    async with Crowd(system) as crowd:
        scene = await set_the_scene(system, crowd, agents)
        before = loop_time()
        await kill(system, crowd, scene)
        scene.ringing.manner = answer
        began, began_at = datetime.now(UTC), loop_time()
        await system.launch()
        took_s = await adopted_after_s(system, story, began)
        await assert_menu_again(crowd, scene.in_menu, began_at)
        after = loop_time()
        calls = [*(caller.call for caller in scene.talking), *(crowd.agents[agent].calls[0] for agent in agents[:-1])]
        gaps = [crowd.longest_gap_s(call, before, after) for call in calls]
        assert max(gaps) <= GAP_S, f"a talk was interrupted: {gaps}"
        await system.ready()
        await assert_order_kept(story, scene, began)
        for caller in scene.arriving:
            assert caller.call.answered_at, "who arrived meanwhile was not answered"
        for caller in scene.callers:
            await caller.hang_up()
        await assert_nothing_left(system)
    assert_one_end_each(story.events)
    await assert_on_record(system, story, scene)
    assert took_s <= ADOPTED_WITHIN_S, f"adopted only {took_s:.2f} s after the start"


async def assert_on_record(system: RunningSystem, story: Story, scene: Scene) -> None:
    """A ticket each, in the store too, with the end and the wait that the telephones saw."""
    api = await system.api()
    numbers = {caller.number for caller in scene.callers}

    async def all_ended() -> list[dict[str, object]] | None:
        calls = await api.every("/api/calls")
        return calls if len([call for call in calls if call["ended_at"]]) == len(numbers) else None

    calls = await until(all_ended, 10, "all calls to be in the store")
    assert {str(call["ani"]) for call in calls} == numbers
    assert len({str(call["ticket"]) for call in calls}) == len(numbers)
    ends = {event.call_id: event for event in story.of(CallEnded)}
    for caller in scene.talking:
        assert ends[story.call_of(caller.number)].outcome == "answered"
    for caller in scene.queued:
        (call,) = [call for call in calls if call["ani"] == caller.number]
        queued, answered = (datetime.fromisoformat(str(call[name])) for name in ("queued_at", "agent_answered_at"))
        assert call["wait_s"] == pytest.approx((answered - queued).total_seconds(), abs=0.01)
    wrapped = [event for event in story.of(AgentStateChanged) if event.state == "wrap_up"]
    assert len({event.agent for event in wrapped}) == TALKING + 1
