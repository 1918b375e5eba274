"""A hang-up at every instant of a call, by the caller and by the agent: nobody is left behind, nothing is told twice.

Each point is a moment of the call (the key, the agent's ringing, …) and a delay after it; together they cover all steps
every 20 ms or so in a soak run. Faults A4 #10, #11, #25.
"""

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

import pytest

from app.phone.call import PhoneCall
from app.phone.errors import PhoneTimeout
from app.phone.media import Tone
from crm.journal.events import AgentStateChanged, CallEnded
from tests.integration.crowd import AgentTelephone, Caller, Crowd
from tests.integration.harness.api import until
from tests.integration.harness.invariants import assert_nothing_left, assert_one_end_each
from tests.integration.harness.running import RunningSystem
from tests.integration.lanes import Lane, add_lanes
from tests.integration.story import Story

pytestmark = [pytest.mark.asterisk, pytest.mark.slow]

LANES = 6
POINTS = 512
SOAK_S = 900
"""All points take some three minutes on a quiet machine; a quick run makes a tenth."""
AT_ONCE = timedelta(milliseconds=500)
ANSWER_AFTER_S = 0.4
TALK_S = 0.6
REST_S = 3.0
STAYS_S = 0.3
"""How long a caller stays whose agent has left: two hang-ups at one instant would be two trials in one."""

Moment = Literal["dialled", "answered", "key", "agent_rings", "agent_answers", "talking"]
Who = Literal["caller", "agent"]
LENGTH_S: dict[Moment, float] = {
    "dialled": 0.1,  # until answered, so that a CANCEL is among them
    "answered": 0.9,  # greeting, notice, menu
    "key": 0.2,  # to the queue
    "agent_rings": ANSWER_AFTER_S,
    "agent_answers": 0.9,  # the announcement
    "talking": TALK_S,
}
AGENTS_OWN: tuple[Moment, ...] = ("agent_rings", "agent_answers", "talking")


@dataclass(frozen=True)
class Point:
    """Who hangs up, and how long after which moment."""

    who: Who
    moment: Moment
    delay_s: float


@dataclass
class Trial:
    """One call and what was seen of it. `at`: the instant of the hang-up."""

    point: Point
    lane: Lane
    number: str = ""
    at: datetime | None = None
    legs: list[PhoneCall] = field(default_factory=list)


def points(count: int) -> list[Point]:
    """Evenly over all moments and delays, half of them the caller's; neighbours in time are far apart in the list."""
    made: list[Point] = []
    for who, moments in (("caller", tuple(LENGTH_S)), ("agent", AGENTS_OWN)):
        each = -(-count // 2 // len(moments))
        for moment in moments:
            made += [Point(who, moment, LENGTH_S[moment] * index / each) for index in range(each)]  # type: ignore[arg-type]
    return made


class Runner:
    """Makes the trials of one lane, one after the other."""

    def __init__(self, crowd: Crowd, telephone: AgentTelephone, lane: Lane) -> None:
        self._crowd, self._telephone, self._lane = crowd, telephone, lane
        self.trials: list[Trial] = []

    async def run(self, mine: list[Point]) -> None:
        for point in mine:
            trial = Trial(point, self._lane)
            self.trials.append(trial)
            self._telephone.manner = self._manner(trial)
            await self._call(trial)
            await self._be_available()

    async def _call(self, trial: Trial) -> None:
        self._telephone.rang.clear()
        caller = await self._crowd.dial(self._lane.dnis)
        trial.number = caller.number
        caller.call.media.source = Tone(440.0)
        try:
            await asyncio.wait_for(self._go(trial, caller), 20)
        finally:
            await caller.hang_up()
            for leg in trial.legs:
                await leg.wait_ended(REST_S)

    async def _go(self, trial: Trial, caller: Caller) -> None:
        """The caller's way; the agent's own hang-ups happen in the agent's manner."""
        point = trial.point
        if point.who == "caller" and point.moment in ("dialled", "answered"):
            if point.moment == "answered":
                await caller.call.wait_answered(5)
            return await self._caller_leaves(trial, caller, point.delay_s)
        await caller.call.wait_answered(5)
        await caller.press("1")
        if point.who == "caller" and point.moment == "key":
            return await self._caller_leaves(trial, caller, point.delay_s)
        async with asyncio.timeout(5):
            await self._telephone.rang.wait()
        leg = self._telephone.calls[-1]
        if point.moment != "agent_rings" and not leg.ended.is_set():
            await leg.wait_answered(5)
        if point.moment == "talking":
            await self._until_bridged(leg)
        if point.who == "caller":
            return await self._caller_leaves(trial, caller, point.delay_s)
        await leg.wait_ended(5)
        await asyncio.sleep(STAYS_S)

    async def _caller_leaves(self, trial: Trial, caller: Caller, delay_s: float) -> None:
        await asyncio.sleep(delay_s)
        trial.at = caller.phone.now()
        await caller.hang_up()

    def _manner(self, trial: Trial) -> Callable[[AgentTelephone, PhoneCall], asyncio.Future[None]]:
        def ring(agent: AgentTelephone, leg: PhoneCall) -> asyncio.Future[None]:
            return asyncio.ensure_future(self._agent(trial, agent, leg))

        return ring

    async def _agent(self, trial: Trial, agent: AgentTelephone, leg: PhoneCall) -> None:
        """Answers after a while; in the agent's own points refuses or hangs up at the point, once."""
        trial.legs.append(leg)
        mine = trial.point if trial.point.who == "agent" and len(trial.legs) == 1 else None
        if mine and mine.moment == "agent_rings":
            await asyncio.sleep(mine.delay_s)
            trial.at = agent.phone.now()
            return agent.phone.reject(leg, 486)
        await asyncio.sleep(ANSWER_AFTER_S)
        if leg.ended.is_set():
            return
        leg.media.source = Tone(agent.tone_hz)
        agent.phone.answer(leg)
        if mine:
            if mine.moment == "talking":
                await self._until_bridged(leg)
            await asyncio.sleep(mine.delay_s)
            trial.at = agent.phone.now()
            await agent.phone.hang_up(leg)

    async def _until_bridged(self, leg: PhoneCall) -> None:
        """Sound comes to an agent only from a bridge."""
        try:
            await leg.media.heard.until(lambda heard: len(heard.arrivals) > 5, 5)
        except TimeoutError as exc:
            raise PhoneTimeout("the agent was never bridged") from exc

    async def _be_available(self) -> None:
        """Once the caller is known to be gone. Wrap-up ends by itself; who refused has to say so."""
        api, agent = await self._crowd.system.api(), self._lane.agent

        async def available() -> bool | None:
            queues = (await api.get("/api/queues"))["items"]
            if any(queue["waiting"] for queue in queues if queue["queue"] == self._lane.queue):
                return None
            state = (await api.agent(agent))["state"]
            if state == "not_ready":
                await api.set_state(agent, "available")
            return True if state == "available" else None

        await until(available, 5, f"agent {agent} to be available")


def assert_agent_freed(trial: Trial, states: list[AgentStateChanged], call_id: str) -> None:
    """Within half a second of the hang-up: available when the talk had not begun, in wrap-up when it had."""
    assert trial.at is not None, f"{trial.point}: nobody hung up"
    mine = [state for state in states if state.call_id == call_id]
    if not mine:
        return
    held_until = next(
        (s for s in states if s.at > mine[0].at and s.state in ("available", "wrap_up", "not_ready")), None
    )
    assert held_until is not None, f"{trial.point}: the agent was never freed"
    first_life = [state.state for state in mine if state.at < held_until.at]
    wanted = "wrap_up" if "talking" in first_life else "available" if trial.point.who == "caller" else "not_ready"
    assert held_until.state == wanted, f"{trial.point}: {first_life} became {held_until.state}"
    late = held_until.at - trial.at
    assert late <= AT_ONCE, f"{trial.point}: freed {late.total_seconds():.3f} s after the hang-up"


@pytest.mark.timeout(SOAK_S)
async def test_hang_ups_at_every_instant(system: RunningSystem, times: Callable[[int], int]) -> None:
    lanes = add_lanes(system, LANES, wrap_up_s=0.5)
    system.site.sounds(0.1, *(f"num-{digit}" for digit in range(10)), "num-1-yao", "agent-before", "agent-after")
    await system.up()
    story = Story(system.data)
    wanted = points(times(POINTS))
    async with Crowd(system) as crowd:
        runners = [Runner(crowd, await crowd.agent(lane.agent), lane) for lane in lanes]
        await asyncio.gather(*(runner.run(wanted[index::LANES]) for index, runner in enumerate(runners)))
        await assert_nothing_left(system)
    assert_one_end_each(story.events)
    trials = [trial for runner in runners for trial in runner.trials]
    for trial in trials:
        assert_agent_freed(trial, story.states(trial.lane.agent), story.call_of(trial.number))
        for leg in trial.legs[:1]:
            assert leg.ended_at is not None and trial.at is not None
            assert leg.ended_at - trial.at <= 2 * AT_ONCE, f"{trial.point}: the agent's telephone went on"
    outcomes = Counter(event.outcome for event in story.of(CallEnded))
    assert {"abandoned_menu", "abandoned_queue", "answered"} <= outcomes.keys(), f"not every step was met: {outcomes}"
