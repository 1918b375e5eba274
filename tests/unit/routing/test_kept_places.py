"""A place that is handed on to a callback: whatever happens in whatever order, nobody is overtaken. FUP-1."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.ids import AgentId, CallId, QueueName
from routing.acd import Acd, Place
from routing.agent import AgentEvent, AgentState, Reservation
from routing.queue import QueueRules

QUEUE = QueueName("hotline")
AGENTS = tuple(AgentId(str(8001 + n)) for n in range(3))
START = datetime(2026, 11, 23, 1, tzinfo=UTC)


class Never:
    def cancel(self) -> None:
        """No timer of these stories is ever due."""


@dataclass
class Hall:
    """Callers who come a second apart; `served` holds their arrivals, in the order in which agents were held."""

    acd: Acd
    now: datetime = START
    waiting: dict[int, Place] = field(default_factory=dict)
    served: list[int] = field(default_factory=list)
    talking: list[Reservation] = field(default_factory=list)
    callbacks: set[int] = field(default_factory=set)

    def come(self) -> None:
        self.now += timedelta(seconds=1)
        number = int((self.now - START).total_seconds())
        self.enter(number, f"call-{number}")

    def enter(self, number: int, call_id: str) -> None:
        place = self.acd.enqueue(CallId(call_id), QUEUE, START + timedelta(seconds=number))
        place.__enter__()
        old, self.waiting[number] = self.waiting.get(number), place
        place.wait(self.serve(number, place))
        if old:  # the new place is entered before the old one is left
            old.__exit__()

    def serve(self, number: int, place: Place) -> Callable[[tuple[Reservation, ...]], None]:
        def given(held: tuple[Reservation, ...]) -> None:
            if self.waiting.get(number) is not place:
                return  # the place that is being left: what it was given is given back
            self.served.append(number)
            self.talking += held
            del self.waiting[number]
            for reservation in held:
                self.acd.answered(reservation)

        return given

    def hang_up_and_keep(self, which: int) -> None:
        if self.waiting:
            number = sorted(self.waiting)[which % len(self.waiting)]
            if number not in self.callbacks:
                self.callbacks.add(number)
                self.enter(number, f"due-{number}")

    def end_a_talk(self) -> None:
        if self.talking:
            ended = self.talking.pop(0)
            self.acd.talk_ended(ended)
            if self.acd.agent(ended.agent_id).state is AgentState.WRAP_UP:
                self.acd.end_wrap_up(ended.agent_id)

    def agent_comes(self, which: int) -> None:
        agent = AGENTS[which % len(AGENTS)]
        if self.acd.agent(agent).state is AgentState.LOGGED_OUT:
            self.acd.wish(agent, AgentEvent.MAKE_AVAILABLE)


STEPS = st.lists(
    st.tuples(st.sampled_from(["come", "keep", "end", "agent"]), st.integers(0, 9)), min_size=1, max_size=60
)


@pytest.mark.req("FUP-1")
@given(STEPS)
def test_a_kept_place_is_never_overtaken_and_overtakes_nobody(steps: list[tuple[str, int]]) -> None:
    """field.md §3, 1: the callbacks of others jumped the queue, and there were more of them than agents."""
    hall = Hall(Acd([QueueRules(name=QUEUE, agents=AGENTS)], now=lambda: START, call_later=later, changed=ignored))
    for step, which in steps:
        match step:
            case "come":
                hall.come()
            case "keep":
                hall.hang_up_and_keep(which)
            case "end":
                hall.end_a_talk()
            case _:
                hall.agent_comes(which)
        assert hall.served == sorted(hall.served), "somebody was overtaken"
        assert len(hall.talking) <= len(AGENTS)
        states = [hall.acd.agent(agent).state for agent in AGENTS]
        assert states.count(AgentState.TALKING) == len(hall.talking)
        assert not (hall.waiting and AgentState.AVAILABLE in states), "somebody waits beside an idle agent"


def later(_: float, __: Callable[[], None]) -> Never:
    return Never()


def ignored(_: object) -> None:
    """Nobody is told of agents' states here."""
