"""Who gets which call: strategies, skills, preferences, ageing, bullseye rings, the agent who knows the case."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from config.ids import AgentId, CallId, QueueName
from routing.acd import Acd, Place
from routing.agent import Agent, AgentEvent, AgentState, Reservation
from routing.queue import (
    Needs,
    QueueRules,
    Ranking,
    Relaxation,
    Strategy,
    WaitingCall,
    WaitingLine,
    needs_of,
    stages,
)
from tests.unit.routing.test_acd import AID, ANN, BOB, CAT, HOTLINE, Clock

ENGLISH: Needs = (("english", 1),)
FLUENT: Needs = (("english", 3),)
SKILLS: Mapping[AgentId, Mapping[str, int]] = {BOB: {"english": 2, "booking": 1}, CAT: {"english": 3}}


@dataclass
class Floor:
    """One queue or two, three agents, and calls that are noted when they get somebody."""

    rules: list[QueueRules]
    ageing_s: float | None = 60.0
    clock: Clock = field(default_factory=Clock)
    given: dict[str, tuple[Reservation, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.acd = Acd(
            self.rules,
            now=self.clock.now,
            call_later=self.clock.call_later,
            changed=lambda agent: None,
            skills=SKILLS,
            ranking=Ranking(self.ageing_s),
        )

    def available(self, *agents: AgentId) -> None:
        for agent in agents:
            self.acd.wish(agent, AgentEvent.MAKE_AVAILABLE)
            self.clock.advance(1)

    def call(self, name: str, queue: QueueName = HOTLINE, **wants: Any) -> Place:
        place = self.acd.enqueue(CallId(name), queue, self.clock.at, **wants).__enter__()
        place.wait(lambda held: self.given.__setitem__(name, held))
        self.clock.advance(1)
        return place

    def who(self, name: str) -> list[AgentId]:
        return [reservation.agent_id for reservation in self.given.get(name, ())]

    def serve(self, name: str, talk_s: float = 10.0) -> None:
        """The call is answered, talked through and wrapped up."""
        (reservation,) = self.given[name]
        self.acd.answered(reservation)
        self.clock.advance(talk_s)
        self.acd.talk_ended(reservation)
        self.clock.advance(0)


def floor(strategy: Strategy = Strategy.LONGEST_IDLE, **rules: Any) -> Floor:
    ageing_s = rules.pop("ageing_s", 60.0)
    return Floor([QueueRules(name=HOTLINE, agents=(ANN, BOB, CAT), strategy=strategy, **rules)], ageing_s)


def test_longest_idle_asks_who_has_waited_longest() -> None:
    world = floor()
    world.available(CAT, ANN, BOB)
    for name, expected in (("a", CAT), ("b", ANN), ("c", BOB)):
        world.call(name)
        assert world.who(name) == [expected]


def test_linear_asks_in_the_order_of_the_list_whoever_was_busy_last() -> None:
    world = floor(Strategy.LINEAR)
    world.available(CAT, BOB, ANN)
    world.call("a")
    assert world.who("a") == [ANN]
    world.serve("a")
    world.call("b")
    world.call("c")
    assert (world.who("b"), world.who("c")) == ([ANN], [BOB])


def test_round_robin_gives_everybody_a_turn_also_who_has_just_come_free() -> None:
    world = floor(Strategy.ROUND_ROBIN)
    world.available(CAT, BOB, ANN)
    got = []
    for name in "abcdef":
        world.call(name)
        got += world.who(name)
        world.serve(name)
    assert got == [ANN, BOB, CAT, ANN, BOB, CAT]


def test_least_occupied_asks_who_has_worked_the_smallest_share_of_the_shift() -> None:
    world = floor(Strategy.LEAST_OCCUPIED)
    world.available(ANN, BOB, CAT)
    for name, talk_s in (("a", 100.0), ("b", 5.0), ("c", 50.0)):
        world.call(name)
        world.serve(name, talk_s)
    everybody = {agent: world.acd.roster.occupancy(agent) for agent in (ANN, BOB, CAT)}
    order = [agent for name in "xyz" for agent in (world.call(name), world.who(name))[1]]
    assert order[0] == min(everybody, key=everybody.__getitem__)
    assert len(set(order)) == 3


def test_most_skilled_asks_the_best_in_what_the_call_needs() -> None:
    world = floor(Strategy.MOST_SKILLED)
    world.available(ANN, BOB, CAT)
    world.call("a", needs=ENGLISH)
    world.call("b", needs=ENGLISH)
    world.call("c", needs=ENGLISH)
    assert (world.who("a"), world.who("b"), world.who("c")) == ([CAT], [BOB], [])


def test_ring_all_holds_everybody_who_is_idle_and_frees_the_others() -> None:
    world = floor(Strategy.RING_ALL)
    world.available(ANN, CAT)
    place = world.call("a")
    assert world.who("a") == [ANN, CAT]
    first, second = world.given["a"]
    world.acd.ringing(first)
    world.acd.answered(second)
    world.acd.released(first)
    place.__exit__(None, None, None)
    assert world.acd.agent(CAT).state is AgentState.TALKING
    assert world.acd.agent(ANN).state is AgentState.AVAILABLE


def test_ring_all_frees_all_of_them_when_the_caller_goes() -> None:
    world = floor(Strategy.RING_ALL)
    world.available(ANN, BOB, CAT)
    place = world.call("a")
    world.call("b")
    place.__exit__(None, None, None)
    assert sorted(world.who("b")) == sorted([ANN]), "the first who is free again takes the next caller"
    assert world.acd.agent(BOB).state is AgentState.AVAILABLE


def test_an_agent_without_the_skill_is_never_asked() -> None:
    world = floor()
    world.available(ANN, BOB)
    world.call("a", needs=FLUENT)
    assert world.who("a") == []
    world.call("b")
    assert world.who("b") == [ANN], "who needs nothing special passes who does"
    world.available(CAT)
    assert world.who("a") == [CAT]


def test_an_agent_who_comes_free_takes_the_first_call_that_he_can() -> None:
    world = floor()
    world.call("fluent", needs=FLUENT)
    world.call("english", needs=ENGLISH)
    world.call("plain")
    world.available(BOB)
    assert world.who("english") == [BOB]
    world.available(ANN)
    assert world.who("plain") == [ANN]
    world.available(CAT)
    assert world.who("fluent") == [CAT]


def test_bullseye_rings_ask_for_less_the_longer_a_caller_waits() -> None:
    relax = (Relaxation(after_s=20, needs=ENGLISH), Relaxation(after_s=40))
    world = floor(needs=FLUENT, relax=relax)
    world.available(BOB, ANN)
    world.call("a")
    world.clock.advance(18)
    assert world.who("a") == []
    world.clock.advance(2)
    assert world.who("a") == [BOB]
    world.call("b")
    world.clock.advance(38)
    assert world.who("b") == []
    world.clock.advance(2)
    assert world.who("b") == [ANN]


def test_a_call_that_was_not_taken_goes_on_from_its_ring() -> None:
    world = floor(needs=FLUENT, relax=(Relaxation(after_s=20, needs=ENGLISH),))
    world.available(CAT)
    place = world.call("a")
    world.clock.advance(30)
    world.available(BOB)
    world.acd.missed(*world.given.pop("a"), "rona")
    place.wait(lambda held: world.given.__setitem__("a", held))
    assert world.who("a") == [BOB]


def test_a_language_is_never_relaxed() -> None:
    rules = QueueRules(name=HOTLINE, agents=(ANN,), needs=FLUENT, relax=(Relaxation(after_s=5),))
    assert [stage.demand.needs for stage in stages(rules, (("language:en", 1),))] == [
        (("english", 3), ("language:en", 1)),
        (("language:en", 1),),
    ]


def test_the_agent_who_knows_the_case_is_waited_for_a_while() -> None:
    world = floor(sticky_s=15)
    world.available(ANN, BOB)
    world.call("first")
    assert world.who("first") == [ANN]
    world.call("again", preferred=[ANN])
    world.clock.advance(5)
    assert world.who("again") == [], "Bob is free, but Ann knows the case"
    world.serve("first", talk_s=1)
    assert world.who("again") == [ANN]


def test_nobody_waits_longer_than_that_for_one_agent() -> None:
    world = floor(sticky_s=15)
    world.available(ANN, BOB)
    world.call("first")
    world.call("again", preferred=[ANN])
    world.clock.advance(14)
    assert world.who("again") == [BOB]


@pytest.mark.parametrize("event", [AgentEvent.LOG_OUT, AgentEvent.MAKE_NOT_READY])
def test_an_agent_who_is_not_there_is_not_waited_for(event: AgentEvent) -> None:
    world = floor(sticky_s=15)
    world.available(ANN, BOB)
    world.acd.wish(ANN, event, "meal")
    world.call("again", preferred=[ANN])
    assert world.who("again") == [BOB]


def test_after_the_one_who_knows_the_case_did_not_answer_anybody_may() -> None:
    world = floor(sticky_s=60)
    world.available(ANN, BOB)
    place = world.call("again", preferred=[ANN])
    assert world.who("again") == [ANN]
    world.acd.missed(*world.given.pop("again"), "rona")
    place.wait(lambda held: world.given.__setitem__("again", held))
    assert world.who("again") == [BOB]


def test_preferences_are_asked_in_turn_and_weigh_for_the_agent() -> None:
    rules = [
        QueueRules(name=HOTLINE, agents=(ANN, BOB), preferences={ANN: 1}),
        QueueRules(name=AID, agents=(ANN,), priority=0),
    ]
    world = Floor(rules)
    world.available(ANN, BOB)
    world.call("a")
    assert world.who("a") == [BOB], "Ann has been idle longer, but is the second choice"
    world.call("b")
    assert world.who("b") == [ANN]
    world.call("hotline")
    world.call("aid", AID)
    world.serve("b")
    assert world.who("aid") == [ANN], "her own queue first, within a minute of waiting"


def test_waiting_is_worth_points_so_nobody_starves() -> None:
    world = floor()
    world.call("plain")
    world.clock.advance(60)
    world.call("key customer", points=1)
    world.clock.advance(10)
    world.call("later key customer", points=1)
    world.available(ANN, BOB, CAT)
    assert world.who("key customer") == [BOB]
    assert world.who("plain") == [ANN], "a minute of waiting against one point"


def test_without_ageing_points_go_first_however_long_others_wait() -> None:
    world = floor(ageing_s=None)
    world.call("plain")
    world.clock.advance(3600)
    world.call("key customer", points=1)
    world.available(ANN)
    assert world.who("key customer") == [ANN]


def test_who_comes_back_with_the_time_of_arrival_has_kept_the_place() -> None:
    world = floor()
    arrived = world.clock.at
    world.clock.advance(30)
    world.call("other")
    place = world.acd.enqueue(CallId("called back"), HOTLINE, arrived).__enter__()
    place.wait(lambda held: world.given.__setitem__("called back", held))
    assert world.acd.ahead_of(CallId("other")) == 1
    world.available(ANN)
    assert world.who("called back") == [ANN]


def test_staffed_counts_who_takes_calls() -> None:
    world = floor()
    assert world.acd.staffed(HOTLINE) == 0
    world.available(ANN, BOB)
    world.call("a")
    assert world.acd.staffed(HOTLINE) == 2
    world.acd.wish(BOB, AgentEvent.MAKE_NOT_READY, "meal")
    assert world.acd.staffed(HOTLINE) == 1


def test_wrap_up_can_be_made_longer() -> None:
    world = floor(wrap_up_s=10)
    world.available(ANN)
    world.call("a")
    world.serve("a")
    world.clock.advance(5)
    agent: Agent = world.acd.roster.extend_wrap_up(ANN, 30)
    assert agent.state is AgentState.WRAP_UP
    world.clock.advance(34)
    assert world.acd.agent(ANN).state is AgentState.WRAP_UP
    world.clock.advance(1)
    assert world.acd.agent(ANN).state is AgentState.AVAILABLE


def test_needs_are_merged_by_the_higher_level() -> None:
    assert needs_of({"b": 1, "a": 2}, {"a": 1, "c": 3}) == (("a", 2), ("b", 1), ("c", 3))


@pytest.mark.parametrize("event", [AgentEvent.LOG_OUT, AgentEvent.MAKE_NOT_READY])
def test_nobody_goes_on_waiting_for_an_agent_who_leaves(event: AgentEvent) -> None:
    world = floor(sticky_s=60)
    world.available(ANN, BOB)
    world.call("first")
    world.call("again", preferred=[ANN])
    world.call("later", preferred=[ANN])
    assert (world.who("first"), world.who("again")) == ([ANN], [])
    world.acd.wish(ANN, event, "meal")
    world.serve("first", talk_s=1)
    assert (world.who("again"), world.who("later")) == ([BOB], []), "who came first is served first"
    world.available(CAT)
    assert world.who("later") == [CAT]


def test_an_agent_who_knows_the_case_but_not_the_language_is_not_waited_for() -> None:
    world = floor(sticky_s=60)
    world.available(ANN, BOB)
    world.call("again", preferred=[ANN], needs=ENGLISH)
    assert world.who("again") == [BOB]


def test_what_was_made_for_one_caller_is_forgotten_with_the_caller() -> None:
    world = floor(sticky_s=60)
    world.available(ANN, BOB)
    world.call("first")
    matcher = world.acd._matcher
    kinds = len(matcher._classes)
    places = [world.call(f"again {number}", preferred=[ANN, CAT][: 1 + number % 2]) for number in range(6)]
    assert len(matcher._classes) > kinds
    for place in places:
        place.__exit__(None, None, None)
    assert len(matcher._classes) == kinds
    assert all(len(served) <= kinds for served in matcher._served.values())


def test_a_line_keeps_its_order_whoever_leaves() -> None:
    ranking, line = Ranking(), WaitingLine()
    calls = [
        WaitingCall(
            call_id=CallId(str(number)),
            queue=HOTLINE,
            entered_at=Clock().at,
            rank=ranking.rank(0, float(7 * number % 60), number),
        )
        for number in range(60)
    ]
    for call in calls:
        line.add(call)
    for call in calls[:45]:
        assert line.remove(call.call_id)
        assert not line.remove(call.call_id)
    with pytest.raises(ValueError, match="waits already"):
        line.add(calls[50])
    order = []
    while line.first:
        order.append(line.first)
        line.remove(line.first.call_id)
    assert order == sorted(calls[45:], key=lambda call: call.rank)
    assert (len(line), line.first) == (0, None)


def test_without_wrap_up_an_agent_is_free_at_once() -> None:
    world = floor()
    world.available(ANN)
    world.call("a")
    world.call("b")
    (reservation,) = world.given["a"]
    world.acd.answered(reservation)
    world.acd.talk_ended(reservation)
    assert world.who("b") == [ANN]
