"""P6: what a decision of the ACD costs, with skills, beside a naive one that scans lists; both decide alike.

A floor of agents with skills in several queues of different strategies; most are talking and many calls wait, while in
one queue agents are idle and calls are rare. An agent's talk ends and the agent gets the call whose turn it is; a call
comes and gets the best idle agent, or a place in the line. The *decision* is what `routing.matching` does for that:
choosing, and keeping its indexes; the *step* is all of it, through the ACD's own door, with states and reservation.
"""

import gc
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from random import Random
from time import perf_counter_ns
from typing import Any

from config.ids import AgentId, CallId, QueueName
from routing.acd import Acd
from routing.agent import AgentEvent, Reservation
from routing.matching import Matcher
from routing.queue import Needs, QueueRules, Ranking, Strategy, needs_of
from routing.theory.simulation import VirtualClock
from tests.fakes.naive_acd import FREE, NaiveAcd

SKILLS = ("english", "booking", "repair", "complaint", "technical")
BUSY = (Strategy.LONGEST_IDLE, Strategy.MOST_SKILLED, Strategy.ROUND_ROBIN, Strategy.LEAST_OCCUPIED)
QUIET = QueueName("quiet")
AGEING_S = 60.0

Match = tuple[str, str]


@dataclass(frozen=True)
class Coming:
    """A call as it is going to be."""

    name: str
    queue: QueueName
    points: int
    needs: Needs


@dataclass
class Site:
    """Queues, skills and calls, all made of a seed; the same for both."""

    agents: int
    random: Random
    rules: list[QueueRules] = field(default_factory=list)
    skills: dict[str, dict[str, int]] = field(default_factory=dict)
    _serial: "count[int]" = field(default_factory=count)

    def __post_init__(self) -> None:
        names = [AgentId(f"{number:05}") for number in range(self.agents)]
        self.skills = {str(name): self._levels(0.5) for name in names}
        quiet, busy = names[: self.agents // 5], names[self.agents // 5 :]
        for strategy in BUSY:
            members = tuple(agent for agent in busy if self.random.random() < 0.5)
            self.rules.append(QueueRules(name=QueueName(strategy.value), agents=members, strategy=strategy))
        self.rules.append(QueueRules(name=QUIET, agents=tuple(quiet), strategy=Strategy.MOST_SKILLED))

    def call(self, queue: QueueName | None = None) -> Coming:
        queue = queue or self.random.choice(self.rules[:-1]).name
        skill = self.random.choice(SKILLS)
        needs = needs_of({skill: self.random.randint(1, 3)} if self.random.random() < 0.7 else {})
        return Coming(f"c{next(self._serial)}", queue, self.random.choice([0, 0, 0, 1, 5]), needs)

    def _levels(self, share: float) -> dict[str, int]:
        return {skill: self.random.randint(1, 5) for skill in SKILLS if self.random.random() < share}


class Stopwatch:
    """Stands before the product's matcher and adds up the time spent in it."""

    STEPS = ("waits", "leaves", "idle", "busy", "had_turn", "agents_for", "first_call")

    def __init__(self, matcher: Matcher) -> None:
        self.spent_ns = 0
        for name in self.STEPS:
            setattr(self, name, self._timed(getattr(matcher, name)))

    def _timed(self, step: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*given: Any) -> Any:
            began = perf_counter_ns()
            result = step(*given)
            self.spent_ns += perf_counter_ns() - began
            return result

        return timed


class Ours:
    """The ACD of the product."""

    def __init__(self, site: Site, *, watched: bool = False) -> None:
        """`watched`: the time is that of the matcher alone."""
        self.clock, self.matches = VirtualClock(), list[Match]()
        self.talks: dict[str, Reservation] = {}
        self.acd = Acd(
            site.rules,
            now=self.clock.now,
            call_later=self.clock.call_later,
            changed=lambda agent: None,
            skills={AgentId(name): levels for name, levels in site.skills.items()},
            ranking=Ranking(AGEING_S),
        )

        self.watch = Stopwatch(self.acd._matcher)
        if watched:
            self.acd._matcher = self.watch  # type: ignore[assignment]

    def arrives(self, agent: str) -> None:
        self.acd.wish(AgentId(agent), AgentEvent.MAKE_AVAILABLE)

    def pass_to(self, at_s: float) -> None:
        self.clock.advance(at_s - self.clock.passed_s)

    def comes(self, call: Coming) -> None:
        place = self.acd.enqueue(
            CallId(call.name), call.queue, self.clock.at, points=call.points, needs=call.needs
        ).__enter__()
        place.wait(self._given)

    def spent_ns(self) -> int:
        """In the matcher, up to now."""
        return self.watch.spent_ns

    def ends(self, agent: str) -> None:
        self.acd.talk_ended(self.talks.pop(agent))

    def _given(self, held: tuple[Reservation, ...]) -> None:
        self.matches.append((str(held[0].call_id), str(held[0].agent_id)))
        self.talks[str(held[0].agent_id)] = held[0]

    def settle(self, agent: str) -> None:
        """Who was given a call talks; outside the time that is measured."""
        self.acd.answered(self.talks[agent])


class Naive:
    """Its oracle, which scans."""

    def __init__(self, site: Site) -> None:
        self.matches: list[Match] = []
        self.acd = NaiveAcd(site.rules, site.skills, AGEING_S, self._given)

    def arrives(self, agent: str) -> None:
        self.acd.wants(agent, FREE)

    def pass_to(self, at_s: float) -> None:
        self.acd.now_s = at_s  # nothing falls due on this floor: no wrap-up, no bullseye rings

    def comes(self, call: Coming) -> None:
        self.acd.comes(call.name, str(call.queue), self.acd.now_s, call.points, dict(call.needs), ())
        self.acd.asks(call.name)

    def ends(self, agent: str) -> None:
        self.acd.ends(agent, 0.0)

    def _given(self, call: str, agents: list[str]) -> None:
        self.matches.append((call, agents[0]))
        self.acd.clients.pop(call)

    def spent_ns(self) -> int:
        """Here deciding is all there is."""
        return 0

    def settle(self, agent: str) -> None:
        """Who was given a call talks."""
        self.acd.answers(agent)


class Floor:
    """A floor in the middle of its day."""

    def __init__(self, side: Ours | Naive, site: Site, waiting: int) -> None:
        self.side, self.site = side, site
        self.now_s, self.settled = 0.0, 0
        self.talking: list[str] = []
        self.steps_ns: list[int] = []
        self.decisions_ns: list[int] = []
        self.quiet = {str(agent) for agent in site.rules[-1].agents}
        for agent in dict.fromkeys(str(agent) for rules in site.rules for agent in rules.agents):
            side.arrives(agent)
        came = 0
        while came - len(side.matches) < waiting:
            self.comes()
            came += 1

    def comes(self, queue: QueueName | None = None) -> None:
        call = self.site.call(queue)
        self._timed(lambda: self.side.comes(call))

    def ends(self, agent: str) -> None:
        self._timed(lambda: self.side.ends(agent))

    def go_on(self, random: Random) -> None:
        """A talk ends, another call comes; in the quiet queue a call comes and its talk ends."""
        self.ends(self.talking.pop(random.randrange(len(self.talking))))
        self.comes()
        self.comes(QUIET)
        self.ends(self.side.matches[-1][1])

    def _timed(self, step: Callable[[], None]) -> None:
        self.now_s = round(self.now_s + 0.05, 6)
        self.side.pass_to(self.now_s)
        spent, began = self.side.spent_ns(), perf_counter_ns()
        step()
        self.steps_ns.append(perf_counter_ns() - began)
        self.decisions_ns.append(self.side.spent_ns() - spent)
        for _, agent in self.side.matches[self.settled :]:
            self.side.settle(agent)
            if agent not in self.quiet:
                self.talking.append(agent)
        self.settled = len(self.side.matches)


@dataclass(frozen=True)
class Cost:
    """99th percentiles in µs. The same day was lived several times, and of each decision the quickest time counts: what
    the machine did besides is not ours, what is slow in a decision is slow every time."""

    decision_us: float
    step_us: float
    matches: list[Match]
    """All that was decided, in order."""


def cost(make: Callable[[Site], Ours | Naive], waiting: int, agents: int, turns: int, lives: int = 1) -> Cost:
    """So many turns (of four steps) on a floor of that size."""
    decisions, steps, matches = list[list[int]](), list[list[int]](), list[Match]()
    for _ in range(lives):
        gc.collect()  # the floors of before
        site, random = Site(agents, Random(waiting)), Random(agents)
        floor = Floor(make(site), site, waiting)
        floor.decisions_ns.clear()
        floor.steps_ns.clear()
        for _ in range(turns):
            floor.go_on(random)
        decisions.append(floor.decisions_ns)
        steps.append(floor.steps_ns)
        matches = floor.side.matches
    return Cost(_p99_us(decisions), _p99_us(steps), matches)


def _p99_us(lives_ns: list[list[int]]) -> float:
    quickest: list[int] = sorted(min(times) for times in zip(*lives_ns, strict=True))
    return quickest[len(quickest) * 99 // 100] / 1000


SMALL, LARGE = (1_000, 500), (10_000, 2_000)


@dataclass(frozen=True)
class Decisions:
    """P6, before it is a line of the table."""

    small: Cost
    large: Cost
    whole: Cost
    """The small floor without the stopwatch inside."""
    naive: Cost
    order_equal: bool


def decisions(lives: int = 4, turns: int = 2_500) -> Decisions:
    def watched(site: Site) -> Ours:
        return Ours(site, watched=True)

    small, large = cost(watched, *SMALL, turns, lives), cost(watched, *LARGE, turns, lives)
    whole, naive = cost(Ours, *SMALL, turns, lives), cost(Naive, *SMALL, 100)
    order_equal = naive.matches == small.matches[: len(naive.matches)] == whole.matches[: len(naive.matches)]
    return Decisions(small, large, whole, naive, order_equal)
