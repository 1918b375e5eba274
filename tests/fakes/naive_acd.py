"""The ACD once more, as plainly as it can be said: lists that are scanned. The oracle of the real one's order, and the
peer of its speed. Written from the rules (`routing.queue`), not from the code; times are seconds from any beginning."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import inf

from routing.queue import QueueRules, Strategy

FREE, HELD, TALKING, WRAP_UP, AWAY, HOME = "free", "held", "talking", "wrap_up", "away", "home"
NOT_THERE = (AWAY, HOME)


@dataclass
class Worker:
    """An agent. `wish`: where to be after the call: free, away or at home."""

    name: str
    skills: Mapping[str, int]
    state: str = HOME
    free_since: int = 0
    occupancy: float = 0.0
    turns: dict[str, int] = field(default_factory=dict)
    call: str | None = None
    wish: str | None = None
    began_s: float = 0.0
    worked_s: float = 0.0
    at_work_since_s: float = 0.0
    free_at: tuple[float, int] = (inf, 0)


@dataclass
class Client:
    """A call with a place in a queue. `asks`: waits for its turn."""

    name: str
    rules: QueueRules
    entered_s: float
    serial: int
    points: float
    needs: Mapping[str, int]
    preferred: Sequence[str]
    asks: bool = False
    patient: bool = False
    """Still waits for those who know the case."""
    look_at: tuple[float, int] = (inf, 0)
    held: list[str] = field(default_factory=list)


class NaiveAcd:
    """`given` hears of every match: a call, and who is held for it."""

    def __init__(
        self,
        queues: Sequence[QueueRules],
        skills: Mapping[str, Mapping[str, int]],
        ageing_s: float | None,
        given: Callable[[str, list[str]], None],
    ) -> None:
        self.rules = {str(rules.name): rules for rules in queues}
        names = dict.fromkeys(str(agent) for rules in queues for agent in rules.agents)
        self.workers = {name: Worker(name, skills.get(name, {})) for name in names}
        self.clients: dict[str, Client] = {}
        self.ageing_s, self.given, self.now_s = ageing_s, given, 0.0
        self._count = 0

    # --- what happens -------------------------------------------------------------------------------------------------

    def pass_to(self, until_s: float) -> None:
        """Time goes by: wrap-ups end, callers ask for less."""
        while True:
            workers = [(worker.free_at, worker) for worker in self.workers.values() if worker.state == WRAP_UP]
            clients = [(client.look_at, client) for client in self.clients.values() if client.asks]
            worker = min(workers, key=lambda pair: pair[0], default=((inf, 0), None))
            client = min(clients, key=lambda pair: pair[0], default=((inf, 0), None))
            due, who = min(worker, client, key=lambda pair: pair[0])
            if due[0] > until_s or who is None:
                break
            self.now_s = due[0]
            if isinstance(who, Worker):
                self._after_call(who)
            else:
                self.asks(who.name, again=True)
        self.now_s = until_s

    def comes(
        self, call: str, queue: str, entered_s: float, points: float, needs: Mapping[str, int], preferred: Sequence[str]
    ) -> None:
        self.clients[call] = Client(call, self.rules[queue], entered_s, self._next(), points, needs, preferred)

    def asks(self, call: str, *, again: bool = False) -> None:
        """It waits for its turn; `again`: it did already, and may have more by now."""
        client = self.clients[call]
        client.asks = True
        client.patient = self._may_wait_for_its_own(client)
        self._look_again_later(client)
        if best := self._best_workers(client):
            self._match(client, best)

    def leaves(self, call: str) -> None:
        client = self.clients.pop(call)
        for name in list(client.held):
            if self.workers[name].call == call and self.workers[name].state == HELD:
                self.freed(name)

    def freed(self, name: str) -> None:
        """Held, but not needed any more."""
        self._after_call(self.workers[name])

    def answers(self, name: str) -> None:
        self.workers[name].state = TALKING

    def misses(self, name: str) -> None:
        worker = self.workers[name]
        self._off(worker)
        self._goes(worker, worker.wish or AWAY)

    def ends(self, name: str, wrap_up_s: float) -> None:
        worker = self.workers[name]
        if wrap_up_s:
            worker.state, worker.call, worker.free_at = WRAP_UP, None, (self.now_s + wrap_up_s, self._next())
        else:
            self._after_call(worker)

    def ends_wrap_up(self, name: str) -> None:
        self._after_call(self.workers[name])

    def extends_wrap_up(self, name: str, seconds: float) -> None:
        worker = self.workers[name]
        worker.free_at = (worker.free_at[0] + seconds, self._next())

    def wants(self, name: str, where: str) -> None:
        """Asked for by the agent: free, away or home, at once or after the call."""
        worker = self.workers[name]
        if worker.state in (HELD, TALKING):
            worker.wish = where
        elif worker.state != where:
            if worker.state == WRAP_UP:
                self._off(worker)
            self._goes(worker, where)

    # --- the rules ----------------------------------------------------------------------------------------------------

    def able(self, worker: Worker, client: Client) -> bool:
        """Whether this agent may have this call now."""
        rules = client.rules
        if worker.name not in rules.agents:
            return False
        if client.patient:
            return worker.name in client.preferred and _has(worker.skills, client.needs)
        return _has(worker.skills, self.needs_now(client))

    def needs_now(self, client: Client) -> dict[str, int]:
        if client.patient:
            return dict(client.needs)
        asked: Mapping[str, int] = dict(client.rules.needs)
        for step in client.rules.relax:
            if self._waited_s(client) >= step.after_s:
                asked = dict(step.needs)
        return {skill: max(asked.get(skill, 0), client.needs.get(skill, 0)) for skill in {*asked, *client.needs}}

    def turn(self, client: Client, preference: int = 0) -> tuple[float, ...]:
        """Smaller is sooner."""
        points = client.rules.priority + client.points - preference
        if self.ageing_s is None:
            return (-points, client.entered_s, client.serial)
        return (client.entered_s - points * self.ageing_s, client.serial)

    def _best_workers(self, client: Client) -> list[str]:
        free = [worker for worker in self.workers.values() if worker.state == FREE and self.able(worker, client)]
        free.sort(key=lambda worker: self._order(worker, client))
        return [worker.name for worker in (free if client.rules.strategy is Strategy.RING_ALL else free[:1])]

    def _order(self, worker: Worker, client: Client) -> tuple[float, ...]:
        rules, queue = client.rules, str(client.rules.name)
        preference = {str(name): points for name, points in rules.preferences.items()}.get(worker.name, 0)
        place = [str(agent) for agent in rules.agents].index(worker.name)
        by: dict[Strategy, tuple[float, ...]] = {
            Strategy.LONGEST_IDLE: (worker.free_since,),
            Strategy.RING_ALL: (worker.free_since,),
            Strategy.LEAST_OCCUPIED: (worker.occupancy, worker.free_since),
            Strategy.ROUND_ROBIN: (worker.turns.get(queue, -1), place),
            Strategy.LINEAR: (place,),
            Strategy.MOST_SKILLED: (
                -sum(worker.skills.get(skill, 0) for skill in self.needs_now(client)),
                worker.free_since,
            ),
        }
        return (preference, *by[rules.strategy])

    def _best_client(self, worker: Worker) -> Client | None:
        waiting = [client for client in self.clients.values() if client.asks and self.able(worker, client)]

        def turn(client: Client) -> tuple[float, ...]:
            preferences = {str(name): points for name, points in client.rules.preferences.items()}
            return self.turn(client, preferences.get(worker.name, 0))

        return min(waiting, key=turn, default=None)

    def _may_wait_for_its_own(self, client: Client) -> bool:
        if self._waited_s(client) >= client.rules.sticky_s:
            return False
        return any(
            self.workers[name].state not in NOT_THERE and _has(self.workers[name].skills, client.needs)
            for name in client.preferred
            if name in client.rules.agents
        )

    # --- bookkeeping --------------------------------------------------------------------------------------------------

    def _waited_s(self, client: Client) -> float:
        return round(self.now_s - client.entered_s, 6)

    def _next(self) -> int:
        self._count += 1
        return self._count

    def _look_again_later(self, client: Client) -> None:
        waited_s, rules = self._waited_s(client), client.rules
        moments = [rules.sticky_s] if client.patient else [step.after_s for step in rules.relax]
        due_s = min((client.entered_s + moment for moment in moments if moment > waited_s), default=inf)
        client.look_at = (due_s, self._next())

    def _match(self, client: Client, names: list[str]) -> None:
        client.asks, client.held = False, list(names)
        for name in names:
            worker = self.workers[name]
            worker.state, worker.call, worker.turns[str(client.rules.name)] = HELD, client.name, self._next()
            worker.at_work_since_s = self.now_s
        self.given(client.name, names)

    def _after_call(self, worker: Worker) -> None:
        self._off(worker)
        self._goes(worker, worker.wish or FREE)

    def _off(self, worker: Worker) -> None:
        worker.worked_s += self.now_s - worker.at_work_since_s
        worker.call = None

    def _goes(self, worker: Worker, where: str) -> None:
        """To where no call is: free for the next one, or not there."""
        before, worker.state, worker.wish = worker.state, where, None
        if before == HOME:
            worker.began_s, worker.worked_s = self.now_s, 0.0
        if where != FREE:
            if before not in NOT_THERE:
                self._not_waited_for(worker)
            return
        worker.free_since = self._next()
        on_duty_s = self.now_s - worker.began_s
        worker.occupancy = min(1.0, worker.worked_s / on_duty_s) if on_duty_s > 0 else 0.0
        if client := self._best_client(worker):
            self._match(client, [worker.name])

    def _not_waited_for(self, worker: Worker) -> None:
        """Those who waited for this agent alone need not."""
        asking = [
            client for client in self.clients.values() if client.asks and client.patient and self.able(worker, client)
        ]
        for client in sorted(asking, key=self.turn):
            self.asks(client.name, again=True)


def _has(skills: Mapping[str, int], needs: Mapping[str, int]) -> bool:
    return all(skills.get(skill, 0) >= level for skill, level in needs.items())
