"""Which call goes with which agent, indexed (rules: no clock, no I/O). D4; performance target P6.

Calls that the same agents can take stand in one line, the *demand class*; each agent knows the classes it can serve.
A call looks at the best idle agent of its class, an agent at the first call of each of its classes: the cost of a
decision grows with the number of classes (kinds of demand), not with callers or agents.
"""

from bisect import insort
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count

from config.ids import AgentId, CallId, QueueName
from routing.queue import Demand, QueueRules, Ranking, Strategy, WaitingCall, WaitingLine, has_skills
from routing.strategy import KEYS, IdleAgents, IdleKey, IdleSpell, Seat, Standing, level_of


@dataclass(eq=False, slots=True)
class DemandClass:
    """The waiting calls of one demand, and the agents who can take them."""

    demand: Demand
    strategy: Strategy
    key: IdleKey
    seats: Mapping[AgentId, Seat]
    idle: IdleAgents = field(default_factory=IdleAgents)
    line: WaitingLine = field(default_factory=WaitingLine)


_NO_CLASS: Mapping[DemandClass, Seat] = {}


class Matcher:
    """Waiting calls and idle agents, and the best pair of them."""

    def __init__(
        self, queues: Sequence[QueueRules], skills: Mapping[AgentId, Mapping[str, int]], ranking: Ranking
    ) -> None:
        self._rules = {rules.name: rules for rules in queues}
        self._seats = {rules.name: {agent_id: n for n, agent_id in enumerate(rules.agents)} for rules in queues}
        self._skills = skills
        self._ranking = ranking
        self._classes: dict[Demand, DemandClass] = {}
        self._served: dict[AgentId, dict[DemandClass, Seat]] = {}
        self._where: dict[CallId, DemandClass] = {}
        self._spells: dict[AgentId, IdleSpell] = {}
        self._standing: dict[AgentId, list[tuple[IdleAgents, Standing]]] = {}
        """Where each idle agent stands, in all the classes served."""
        self._turns: dict[AgentId, dict[QueueName, int]] = {}
        self._spell_serial, self._turn_serial = count(), count()

    def waits(self, call: WaitingCall, demand: Demand) -> None:
        """A call waits for what it demands. Raises ValueError when it waits already."""
        if call.call_id in self._where:
            raise ValueError(f"call {call.call_id} waits already in queue {call.queue}")
        found = self._class(demand)
        found.line.add(call)
        self._where[call.call_id] = found

    def able(self, demand: Demand) -> list[AgentId]:
        """Who can take such a call, idle or not."""
        seats, nothing = self._seats[demand.queue], dict[str, int]()
        asked = dict.fromkeys(demand.only) if demand.only else seats
        return [
            agent_id
            for agent_id in asked
            if agent_id in seats and has_skills(self._skills.get(agent_id, nothing), demand.needs)
        ]

    def waiting_for(self, agent_id: AgentId) -> list[CallId]:
        """Calls that wait for this agent, or for a few among whom he is, in the order of service."""
        calls = [call for each, _ in self._classes_of(agent_id) if each.demand.only for call in each.line]
        return [call.call_id for call in sorted(calls, key=lambda call: call.rank)]

    def leaves(self, call_id: CallId) -> None:
        """A call waits no more; nothing happens when it did not."""
        found = self._where.pop(call_id, None)
        if found is None:
            return
        found.line.remove(call_id)
        self._forget_if_passing(found)

    def idle(self, agent_id: AgentId, occupancy: float) -> None:
        """An agent for whom `first_call` had nothing stands by."""
        spell = IdleSpell(next(self._spell_serial), occupancy, self._turns.get(agent_id, {}))
        self._spells[agent_id] = spell
        stands = self._standing[agent_id] = []
        for each, seat in self._classes_of(agent_id):  # `_stand_by`, written out: the most frequent loop of all
            standing = (each.key(each.demand.queue, seat, spell), spell.since, agent_id)
            insort(each.idle.order, standing)
            stands.append((each.idle, standing))

    def busy(self, agent_id: AgentId) -> None:
        """An agent can have no call now; nothing happens when that was so."""
        if self._spells.pop(agent_id, None):
            for idle, standing in self._standing.pop(agent_id):
                idle.remove(standing)

    def had_turn(self, agent_id: AgentId, queue: QueueName) -> None:
        """An agent was given a call of this queue (round robin)."""
        if self._rules[queue].strategy is Strategy.ROUND_ROBIN:
            self._turns.setdefault(agent_id, {})[queue] = next(self._turn_serial)

    def agents_for(self, demand: Demand) -> tuple[AgentId, ...]:
        """The idle agent who is to have such a call; all who can, when its queue rings them all; or nobody."""
        found = self._class(demand)
        first = found.idle.first()
        agents = () if first is None else tuple(found.idle) if found.strategy is Strategy.RING_ALL else (first,)
        self._forget_if_passing(found)
        return agents

    def first_call(self, agent_id: AgentId) -> WaitingCall | None:
        """The call that this agent is to have, over all the queues served; None when there is none."""
        best = best_rank = None
        for each, seat in self._classes_of(agent_id):
            if call := each.line.first:
                rank = self._ranking.seen_from(call.rank, seat.preference) if seat.preference else call.rank
                if best_rank is None or rank < best_rank:
                    best, best_rank = call, rank
        return best

    def _class(self, demand: Demand) -> DemandClass:
        found = self._classes.get(demand)
        if found is None:
            rules = self._rules[demand.queue]
            place = self._seats[demand.queue]
            seats = {
                agent_id: Seat(
                    preference=rules.preferences.get(agent_id, 0),
                    place=place[agent_id],
                    level=level_of(self._skills.get(agent_id, {}), demand.needs),
                )
                for agent_id in self.able(demand)
            }
            found = DemandClass(demand, rules.strategy, KEYS[rules.strategy], seats)
            self._classes[demand] = found
            for agent_id, seat in seats.items():
                self._served.setdefault(agent_id, {})[found] = seat
                if spell := self._spells.get(agent_id):
                    self._stand_by(found, agent_id, seat, spell)
        return found

    def _stand_by(self, found: DemandClass, agent_id: AgentId, seat: Seat, spell: IdleSpell) -> None:
        standing = (found.key(found.demand.queue, seat, spell), spell.since, agent_id)
        found.idle.add(standing)
        self._standing[agent_id].append((found.idle, standing))

    def _forget_if_passing(self, found: DemandClass) -> None:
        """A class made for one caller alone would never be asked for again."""
        if found.demand.only and not found.line:
            del self._classes[found.demand]
            for agent_id in found.seats:
                del self._served[agent_id][found]

    def _classes_of(self, agent_id: AgentId) -> Collection[tuple[DemandClass, Seat]]:
        return self._served.get(agent_id, _NO_CLASS).items()
