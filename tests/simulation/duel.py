"""The ACD and its naive oracle (`tests.fakes.naive_acd`) live through the same random life; every match must be equal.

A life is made of a seed: queues, agents, skills, strategies, and then what happens: calls come with needs, points and
agents who know the case, hang up, go out and come back with their first time of arrival; agents answer, miss, are
released, log in and out, pause, wrap up, end it or ask for more. Times are whole microseconds.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from config.ids import AgentId, CallId, QueueName
from routing.acd import Acd, Place
from routing.agent import Agent, AgentEvent, AgentState, Reservation
from routing.queue import Needs, QueueRules, Ranking, Relaxation, Strategy, needs_of
from routing.theory.simulation import VirtualClock
from tests.fakes.naive_acd import AWAY, FREE, HELD, HOME, TALKING, WRAP_UP, NaiveAcd

SKILLS = ("english", "booking", "repair")
WHERE = {FREE: AgentEvent.MAKE_AVAILABLE, AWAY: AgentEvent.MAKE_NOT_READY, HOME: AgentEvent.LOG_OUT}
STATES = {
    AgentState.AVAILABLE: FREE,
    AgentState.RESERVED: HELD,
    AgentState.RINGING: HELD,
    AgentState.TALKING: TALKING,
    AgentState.HOLD: TALKING,
    AgentState.WRAP_UP: WRAP_UP,
    AgentState.NOT_READY: AWAY,
    AgentState.LOGGED_OUT: HOME,
}
WAITING_AT_MOST = 25


@dataclass(eq=False)
class Life:
    """What one call does."""

    name: str
    queue: str
    entered_s: float
    points: int
    needs: Needs
    preferred: list[AgentId]
    answers_at_once: bool
    """The agent takes it in the very moment of the match, inside the ACD's own call."""
    place: Place | None = None
    offered: list[Reservation] = field(default_factory=list)


class Duel:
    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.rules = self._site()
        agents = {str(agent) for rules in self.rules for agent in rules.agents}
        skills = {agent: self._levels(0.6) for agent in sorted(agents)}
        ageing_s = self.random.choice([None, 30.0, 60.0])
        self.clock = VirtualClock()
        self.acd = Acd(
            self.rules,
            now=self.clock.now,
            call_later=self.clock.call_later,
            changed=self._changed,
            skills={AgentId(agent): levels for agent, levels in skills.items()},
            ranking=Ranking(ageing_s),
        )
        self.naive = NaiveAcd(self.rules, skills, ageing_s, self._naively_given)
        self.agents = sorted(agents)
        self.lives: dict[str, Life] = {}
        self.away: list[Life] = []
        self.answered_at_once: set[str] = set()
        self.talks: dict[str, Reservation] = {}
        self.matches: list[tuple[str, list[str]]] = []
        self.expected: list[tuple[str, list[str]]] = []
        self.steps = self.matched = 0

    # --- a random site ------------------------------------------------------------------------------------------------

    def _site(self) -> list[QueueRules]:
        random = self.random
        staff = [str(8001 + number) for number in range(random.randint(3, 14))]
        return [self._queue(f"q{number}", staff) for number in range(random.randint(1, 4))]

    def _queue(self, name: str, staff: list[str]) -> QueueRules:
        random = self.random
        agents = random.sample(staff, random.randint(2, len(staff)))
        steps = sorted(random.sample(range(1, 60), random.choice([0, 0, 1, 3])))
        return QueueRules(
            name=QueueName(name),
            agents=tuple(AgentId(agent) for agent in agents),
            priority=random.choice([0, 0, 1, 5]),
            wrap_up_s=random.choice([0.0, 3.0, 20.0]),
            strategy=random.choice(list(Strategy)),
            needs=needs_of(self._levels(0.2)),
            relax=tuple(Relaxation(after_s=float(step), needs=needs_of(self._levels(0.2))) for step in steps),
            preferences={AgentId(agent): random.randint(0, 3) for agent in agents if random.random() < 0.3},
            sticky_s=random.choice([0.0, 15.0, 40.0]),
        )

    def _levels(self, share: float) -> dict[str, int]:
        return {skill: self.random.randint(1, 5) for skill in SKILLS if self.random.random() < share}

    # --- what happens -------------------------------------------------------------------------------------------------

    def step(self) -> None:
        """Some time, then something. Raises AssertionError where the two differ."""
        self.steps += 1
        self._pass(round(self.random.expovariate(1.0), 6))
        waiting = sum(1 for life in self.lives.values() if not life.offered)
        happenings: list[tuple[float, Callable[[], None]]] = [
            (3.0 if waiting < WAITING_AT_MOST else 0.0, self._come),
            (0.3, self._come_back),
            (2.0, self._answer),
            (0.8, self._miss),
            (0.6, self._hang_up),
            (0.3, self._go_out),
            (2.0, self._end_talk),
            (1.5, self._wish),
            (0.4, self._wrap_up),
            (0.3, self._hold),
        ]
        weights, actions = zip(*happenings, strict=True)
        self.random.choices(actions, weights)[0]()
        self._compare()

    def _pass(self, seconds: float) -> None:
        self.clock.advance(seconds)
        self.naive.pass_to(self.clock.passed_s)

    def _come(self) -> None:
        random = self.random
        rules = random.choice(self.rules)
        earlier_s = round(random.uniform(0, 40), 6) if random.random() < 0.1 else 0.0
        life = Life(
            name=f"c{self.steps}",
            queue=str(rules.name),
            entered_s=round(self.clock.passed_s - earlier_s, 6),
            points=random.choice([0, 0, 0, 1, 5]),
            needs=needs_of(self._levels(0.15)),
            preferred=[AgentId(agent) for agent in random.sample(self.agents, 2)] if random.random() < 0.3 else [],
            answers_at_once=random.random() < 0.25,
        )
        self._enter(life)

    def _come_back(self) -> None:
        """A callback that kept its place (virtual hold), or a call that went to another queue."""
        if self.away:
            life = self.away.pop(self.random.randrange(len(self.away)))
            if self.random.random() < 0.3:
                life.queue = str(self.random.choice(self.rules).name)
            self._enter(life)

    def _enter(self, life: Life) -> None:
        self.lives[life.name] = life
        if life.answers_at_once:
            self.answered_at_once.add(life.name)
        before = VirtualClock(self.clock.passed_s, self.clock.at)
        before.advance(round(life.entered_s - self.clock.passed_s, 6))
        life.place = self.acd.enqueue(
            CallId(life.name),
            QueueName(life.queue),
            before.at,
            points=life.points,
            needs=life.needs,
            preferred=life.preferred,
        )
        life.place.__enter__()
        preferred = [str(agent) for agent in life.preferred]
        self.naive.comes(life.name, life.queue, life.entered_s, life.points, dict(life.needs), preferred)
        self._wait(life)

    def _wait(self, life: Life) -> None:
        assert life.place
        life.place.wait(lambda held: self._given(life, held))
        self.naive.asks(life.name)

    def _given(self, life: Life, held: tuple[Reservation, ...]) -> None:
        agents = [str(reservation.agent_id) for reservation in held]
        busy = {str(one.agent_id) for other in self.lives.values() for one in other.offered} | set(self.talks)
        assert not busy.intersection(agents), f"{agents} belong to other calls already"
        self.matches.append((life.name, agents))
        life.offered = list(held)
        if life.answers_at_once:
            self._take(life, held[0])

    def _naively_given(self, call: str, agents: list[str]) -> None:
        self.expected.append((call, agents))
        if call in self.answered_at_once:
            self._naively_take(call, agents, agents[0])

    def _answer(self) -> None:
        if life := self._one_offered():
            agents = [str(reservation.agent_id) for reservation in life.offered]
            taker = self.random.choice(life.offered)
            for reservation in life.offered:
                if self.random.random() < 0.5:
                    self.acd.ringing(reservation)
            self._take(life, taker)
            self._naively_take(life.name, agents, str(taker.agent_id))

    def _take(self, life: Life, taker: Reservation) -> None:
        assert life.place
        others = [reservation for reservation in life.offered if reservation is not taker]
        life.offered = []
        self.talks[str(taker.agent_id)] = taker
        self.acd.answered(taker)
        for reservation in others:
            self.acd.released(reservation)
        life.place.__exit__()
        self.lives.pop(life.name, None)

    def _naively_take(self, call: str, agents: list[str], taker: str) -> None:
        self.naive.answers(taker)
        for agent in agents:
            if agent != taker:
                self.naive.freed(agent)
        self.naive.leaves(call)

    def _miss(self) -> None:
        if life := self._one_offered():
            reservation = life.offered.pop(self.random.randrange(len(life.offered)))
            self.acd.missed(reservation, "rona")
            self.naive.misses(str(reservation.agent_id))
            if not life.offered:
                self._wait(life)

    def _hang_up(self) -> None:
        if self.lives:
            self._leave(self.random.choice(list(self.lives.values())))

    def _go_out(self) -> None:
        if self.lives:
            life = self.random.choice(list(self.lives.values()))
            self._leave(life)
            self.away.append(life)

    def _leave(self, life: Life) -> None:
        assert life.place
        del self.lives[life.name]
        life.offered = []
        life.place.__exit__()
        self.naive.leaves(life.name)

    def _end_talk(self) -> None:
        if self.talks:
            agent = self.random.choice(sorted(self.talks))
            talk = self.talks.pop(agent)
            self.acd.talk_ended(talk)
            wrap_up_s = next(rules.wrap_up_s for rules in self.rules if rules.name == talk.queue)
            self.naive.ends(agent, wrap_up_s)

    def _wish(self) -> None:
        agent = self.random.choice(self.agents)
        where = self.random.choice([FREE, FREE, FREE, AWAY, HOME])
        self.acd.wish(AgentId(agent), WHERE[where], "meal")
        self.naive.wants(agent, where)

    def _wrap_up(self) -> None:
        wrapping = [str(agent.agent_id) for agent in self.acd.agents() if agent.state is AgentState.WRAP_UP]
        if not wrapping:
            return
        agent = self.random.choice(wrapping)
        if self.random.random() < 0.5:
            self.acd.end_wrap_up(AgentId(agent))
            self.naive.ends_wrap_up(agent)
        else:
            self.acd.roster.extend_wrap_up(AgentId(agent), 7.0)
            self.naive.extends_wrap_up(agent, 7.0)

    def _hold(self) -> None:
        if self.talks:
            talk = self.talks[self.random.choice(sorted(self.talks))]
            on_hold = self.acd.agent(talk.agent_id).state is AgentState.HOLD
            (self.acd.resumed if on_hold else self.acd.held)(talk)

    def _one_offered(self) -> Life | None:
        offered = [life for life in self.lives.values() if life.offered]
        return self.random.choice(offered) if offered else None

    # --- what must hold -----------------------------------------------------------------------------------------------

    def _changed(self, agent: Agent) -> None:
        """Every change names the call that the agent belongs to, exactly while there is one."""
        belongs = agent.state in (AgentState.RESERVED, AgentState.RINGING, AgentState.TALKING, AgentState.HOLD)
        assert belongs == (agent.call_id is not None), agent

    def _compare(self) -> None:
        assert self.matches == self.expected, (self.steps, self.matches, self.expected)
        self.matched += len(self.matches)
        self.matches.clear()
        self.expected.clear()
        if self.steps % 10 == 0:
            states = {str(agent.agent_id): STATES[agent.state] for agent in self.acd.agents()}
            assert states == {name: worker.state for name, worker in self.naive.workers.items()}, self.steps
            self._nobody_waits_beside_an_idle_agent(states)

    def _nobody_waits_beside_an_idle_agent(self, states: dict[str, str]) -> None:
        for client in self.naive.clients.values():
            for name, worker in self.naive.workers.items():
                beside = client.asks and states[name] == FREE and self.naive.able(worker, client)
                assert not beside, f"{client.name} waits beside {name}"
