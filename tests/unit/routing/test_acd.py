"""The ACD by itself: order of service, RONA, wishes in mid-call, wrap-up, and a random life that doubles no agent."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from config.ids import AgentId, CallId, QueueName
from routing.acd import Acd, Place
from routing.agent import Agent, AgentEvent, AgentState, IllegalTransition, Reservation, StaleReservation
from routing.queue import QueueRules

START = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
HOTLINE, AID = QueueName("hotline"), QueueName("aid")
ANN, BOB, CAT = AgentId("8001"), AgentId("8002"), AgentId("8003")


@dataclass
class Timer:
    due: datetime
    run: Callable[[], None]
    cancelled: bool = False

    def cancel(self) -> None:
        self.cancelled = True


@dataclass
class Clock:
    """A clock that moves when told to, and runs what falls due."""

    at: datetime = START
    timers: list[Timer] = field(default_factory=list)

    def now(self) -> datetime:
        return self.at

    def call_later(self, seconds: float, run: Callable[[], None]) -> Timer:
        timer = Timer(self.at + timedelta(seconds=seconds), run)
        self.timers.append(timer)
        return timer

    def advance(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)
        for timer in [timer for timer in self.timers if timer.due <= self.at]:
            self.timers.remove(timer)
            if not timer.cancelled:
                timer.run()


@dataclass
class World:
    clock: Clock
    acd: Acd
    heard: list[Agent]

    def available(self, *agents: AgentId) -> None:
        for agent in agents:
            self.acd.wish(agent, AgentEvent.MAKE_AVAILABLE)
            self.clock.advance(1)

    def state(self, agent: AgentId) -> AgentState:
        return self.acd.agent(agent).state

    def enqueue(self, call: str, queue: QueueName = HOTLINE, *, points: int = 0) -> Place:
        place = self.acd.enqueue(CallId(call), queue, self.clock.at, points=points)
        self.clock.advance(1)
        return place


@pytest.fixture
def world() -> World:
    clock, heard = Clock(), list[Agent]()
    rules = [
        QueueRules(name=HOTLINE, agents=(ANN, BOB, CAT), priority=0, wrap_up_s=20),
        QueueRules(name=AID, agents=(BOB,), priority=5, wrap_up_s=0),
    ]
    return World(clock, Acd(rules, now=clock.now, call_later=clock.call_later, changed=heard.append), heard)


async def until_waiting(place: Place) -> "asyncio.Task[tuple[Reservation, ...]]":
    task = asyncio.create_task(place.reserved())
    await asyncio.sleep(0)
    return task


async def test_the_longest_idle_agent_gets_the_call(world: World) -> None:
    world.available(BOB, ANN)
    with world.enqueue("a") as place:
        assert (await place.reserved())[0].agent_id == BOB


async def test_first_come_first_served_when_an_agent_becomes_free(world: World) -> None:
    with world.enqueue("early") as early, world.enqueue("late") as late:
        waiting_late, waiting_early = await until_waiting(late), await until_waiting(early)
        world.available(ANN)
        assert (await waiting_early)[0].call_id == "early"
        assert not waiting_late.done()
        world.available(CAT)
        assert (await waiting_late)[0].agent_id == CAT


async def test_a_higher_priority_goes_first_over_queues_and_urgent_within_one(world: World) -> None:
    with world.enqueue("plain") as plain, world.enqueue("promised", points=1) as promised:
        with world.enqueue("aid", AID) as aid:
            waits = [await until_waiting(place) for place in (plain, promised, aid)]
            world.available(BOB)
            assert (await waits[2])[0].agent_id == BOB
            world.available(ANN)
            assert (await waits[1])[0].agent_id == ANN
            waits[0].cancel()


async def test_rona_makes_the_agent_not_ready_and_keeps_the_callers_place(world: World) -> None:
    world.available(ANN)
    with world.enqueue("first") as first, world.enqueue("second") as second:
        (reservation,) = await first.reserved()
        waiting_second = await until_waiting(second)
        world.acd.ringing(reservation)
        world.acd.missed(reservation, "rona")
        assert (world.state(ANN), world.acd.agent(ANN).reason) == (AgentState.NOT_READY, "rona")
        again = await until_waiting(first)
        world.available(BOB)
        assert (await again)[0].agent_id == BOB
        assert not waiting_second.done()
        waiting_second.cancel()


async def test_leaving_the_queue_frees_an_agent_who_has_not_answered(world: World) -> None:
    world.available(ANN)
    with world.enqueue("a") as place:
        world.acd.ringing(*await place.reserved())
        assert world.state(ANN) is AgentState.RINGING
    assert world.state(ANN) is AgentState.AVAILABLE


async def test_a_hangup_in_the_same_instant_as_the_match_frees_the_agent(world: World) -> None:
    with world.enqueue("a") as place:
        waiting = await until_waiting(place)
        world.available(ANN)  # the match is made, and before the caller's flow hears of it, it is cancelled
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert world.state(ANN) is AgentState.AVAILABLE


async def test_wrap_up_ends_by_itself_and_the_next_caller_is_served(world: World) -> None:
    world.available(ANN)
    with world.enqueue("a") as place:
        (reservation,) = await place.reserved()
        world.acd.answered(reservation)
    with world.enqueue("b") as place:
        waiting = await until_waiting(place)
        world.acd.talk_ended(reservation)
        assert world.state(ANN) is AgentState.WRAP_UP
        world.clock.advance(19.9)
        assert not waiting.done()
        world.clock.advance(0.2)
        assert (await waiting)[0].agent_id == ANN


async def test_wrap_up_can_be_ended_by_hand_once(world: World) -> None:
    world.available(ANN)
    with world.enqueue("a") as place:
        (reservation,) = await place.reserved()
        world.acd.answered(reservation)
    world.acd.talk_ended(reservation)
    assert world.acd.end_wrap_up(ANN).state is AgentState.AVAILABLE
    with pytest.raises(IllegalTransition):
        world.acd.end_wrap_up(ANN)
    world.acd.wish(ANN, AgentEvent.MAKE_NOT_READY, "meal")
    world.clock.advance(60)
    assert world.state(ANN) is AgentState.NOT_READY


@pytest.mark.parametrize("step", ["reserved", "ringing", "talking"])
async def test_what_is_asked_for_in_a_call_happens_after_it(world: World, step: str) -> None:
    world.available(ANN)
    with world.enqueue("a") as place:
        (reservation,) = await place.reserved()
        if step != "reserved":
            world.acd.ringing(reservation)
        if step == "talking":
            world.acd.answered(reservation)
        before = world.state(ANN)
        world.acd.wish(ANN, AgentEvent.MAKE_NOT_READY, "meal")
        assert world.state(ANN) is before
    if step == "talking":
        world.acd.talk_ended(reservation)
        assert world.state(ANN) is AgentState.WRAP_UP
        world.clock.advance(21)
    assert (world.state(ANN), world.acd.agent(ANN).reason) == (AgentState.NOT_READY, "meal")


async def test_a_reservation_that_is_over_can_do_nothing_more(world: World) -> None:
    world.available(ANN)
    with world.enqueue("a") as place:
        (reservation,) = await place.reserved()
        world.acd.missed(reservation, "busy")
        for step in (world.acd.ringing, world.acd.answered, world.acd.released, world.acd.talk_ended):
            with pytest.raises(StaleReservation):
                step(reservation)
    assert world.state(ANN) is AgentState.NOT_READY


async def test_an_adopted_talk_keeps_its_agent(world: World) -> None:
    world.acd.restore(ANN, AgentState.TALKING, None, None)
    reservation = world.acd.adopt_talk(ANN, CallId("old"), HOTLINE)
    with world.enqueue("new") as place:
        waiting = await until_waiting(place)
        assert (world.state(ANN), waiting.done()) == (AgentState.TALKING, False)
        world.acd.talk_ended(reservation)
        world.clock.advance(20)
        assert (await waiting)[0].agent_id == ANN


@pytest.mark.parametrize(
    ("state", "until", "expected"),
    [
        (AgentState.AVAILABLE, None, AgentState.AVAILABLE),
        (AgentState.NOT_READY, None, AgentState.NOT_READY),
        (AgentState.LOGGED_OUT, None, AgentState.LOGGED_OUT),
        (AgentState.RINGING, None, AgentState.AVAILABLE),
        (AgentState.WRAP_UP, START - timedelta(seconds=1), AgentState.AVAILABLE),
        (AgentState.WRAP_UP, START + timedelta(seconds=5), AgentState.WRAP_UP),
    ],
)
async def test_agents_come_back_as_they_were(
    world: World, state: AgentState, until: datetime | None, expected: AgentState
) -> None:
    world.acd.restore(ANN, state, "meal", until)
    assert world.state(ANN) is expected
    world.clock.advance(6)
    assert world.state(ANN) is not AgentState.WRAP_UP


async def test_a_call_may_not_wait_twice_at_once(world: World) -> None:
    with world.enqueue("a") as place:
        waiting = await until_waiting(place)
        with pytest.raises(ValueError, match="waits already"):
            await place.reserved()
        waiting.cancel()


ACTIONS = st.lists(st.tuples(st.integers(0, 7), st.integers(0, 50)), max_size=120)


@given(ACTIONS)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_in_a_random_life_no_agent_is_doubled_and_nobody_waits_beside_an_idle_agent(
    actions: list[tuple[int, int]],
) -> None:
    asyncio.run(_live(actions))


async def _live(actions: list[tuple[int, int]]) -> None:
    clock, heard = Clock(), list[Agent]()
    agents = (ANN, BOB, CAT)
    rules = [
        QueueRules(name=HOTLINE, agents=agents, priority=0, wrap_up_s=3),
        QueueRules(name=AID, agents=(BOB, CAT), priority=1, wrap_up_s=0),
    ]
    acd = Acd(rules, now=clock.now, call_later=clock.call_later, changed=heard.append)
    lives: list[_Life] = []
    for action, number in actions:
        match action:
            case 0 | 1:
                lives.append(_Life(acd, f"c{len(lives)}", (HOTLINE, AID)[action], clock))
            case 2:
                acd.wish(agents[number % 3], AgentEvent.MAKE_AVAILABLE)
            case 3:
                acd.wish(agents[number % 3], (AgentEvent.MAKE_NOT_READY, AgentEvent.LOG_OUT)[number % 2], "x")
            case 7:
                clock.advance(number % 5)
            case _ if lives:
                await lives[number % len(lives)].next_step(action)
        for _ in range(4):
            await asyncio.sleep(0)
        _check(acd, lives)
    for life in lives:
        await life.hang_up()
    assert not any(acd.agent(agent).state in (AgentState.RESERVED, AgentState.RINGING) for agent in agents)


class _Life:
    """A call that waits, may be offered, answered, missed, or hang up at any moment."""

    def __init__(self, acd: Acd, name: str, queue: QueueName, clock: Clock) -> None:
        self.acd, self.queue = acd, queue
        self.place = acd.enqueue(CallId(name), queue, clock.at)
        self.place.__enter__()
        self.waiting: asyncio.Task[tuple[Reservation, ...]] | None = asyncio.create_task(self.place.reserved())
        self.talking: Reservation | None = None
        self.over = False

    @property
    def offered(self) -> Reservation | None:
        if self.over or self.waiting is None or not self.waiting.done():
            return None
        return self.waiting.result()[0]

    async def next_step(self, action: int) -> None:
        offered = self.offered
        if self.talking or self.over:
            await self.hang_up()
        elif offered and action == 4:
            self.acd.answered(offered)
            self.talking, self.waiting = offered, None
            self.place.__exit__(None, None, None)
        elif offered and action == 5:
            self.acd.missed(offered, "rona")
            self.waiting = asyncio.create_task(self.place.reserved())
        elif action == 6:
            await self.hang_up()

    async def hang_up(self) -> None:
        if self.talking:
            self.acd.talk_ended(self.talking)
        elif not self.over:
            if self.waiting:
                self.waiting.cancel()
                await asyncio.wait([self.waiting])
            self.place.__exit__(None, None, None)
        self.talking, self.over = None, True


def _check(acd: Acd, lives: list[_Life]) -> None:
    held = [life.talking or life.offered for life in lives if not life.over]
    agents = [reservation.agent_id for reservation in held if reservation]
    assert len(agents) == len(set(agents)), "an agent belongs to two calls"
    for agent in acd.agents():
        in_call = agent.state in (AgentState.RESERVED, AgentState.RINGING, AgentState.TALKING)
        assert in_call == (agent.agent_id in agents)
    for queue, members in ((HOTLINE, (ANN, BOB, CAT)), (AID, (BOB, CAT))):
        waits = any(life.queue == queue and life.waiting and not life.waiting.done() for life in lives)
        idle = any(acd.agent(agent).state is AgentState.AVAILABLE for agent in members)
        assert not (waits and idle), "a caller waits beside an idle agent"
