"""The ACD: sole owner of who waits and who is free (flow). It matches calls with agents; it does not know telephones.

Every change is synchronous and complete when the method returns, so no two tasks ever see half of one; and after it
nobody waits beside an idle agent who could take the call. The only wait is `Place.reserved()`. One agent never belongs
to two calls: a reservation is made by the table of `routing.agent`, and each later step must name that reservation.
"""

import asyncio
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from math import inf
from typing import Self

from config.ids import AgentId, CallId, QueueName
from routing.agent import BUSY, AfterCall, Agent, AgentEvent, AgentState, Reservation, StaleReservation, apply
from routing.matching import Matcher
from routing.queue import ANYBODY, Demand, Needs, QueueRules, Ranking, Stage, Strategy, WaitingCall, stages
from routing.roster import Roster, TimerHandle

Given = Callable[[tuple[Reservation, ...]], None]

OUT_OF_REACH = frozenset({AgentState.LOGGED_OUT, AgentState.NOT_READY})
"""States in which an agent serves nobody until they say so: no caller waits for them."""


@dataclass
class Place:
    """A call's place in a queue; a context manager: leaving it also frees agents who are held but have not answered."""

    waiting: WaitingCall
    stages: tuple[Stage, ...]
    """What it asks for, wider by and by …"""
    alone: Demand | None
    """… after it has waited for those who know the case."""
    _acd: "Acd"
    held: tuple[Reservation, ...] = ()
    """The agents held for this call last: one, or several where all are rung."""
    _given: Given | None = None
    """Set while the call waits for its turn."""
    _widens: TimerHandle | None = None

    async def reserved(self) -> tuple[Reservation, ...]:
        """Wait until it is this call's turn and agents are held for it. Cancelling leaves the call in its place.

        A match in the same instant as the cancellation is given back: the caller hung up just as an agent became free.
        """
        try:
            return await self.turn()
        except asyncio.CancelledError:
            self._acd._release(self)
            raise
        finally:
            self.stop_waiting()

    def turn(self) -> "asyncio.Future[tuple[Reservation, ...]]":
        """Waits from now on; done when it is this call's turn, perhaps at once: for who waits for other things too.
        Whoever has had enough says `stop_waiting`, and leaves the place if it was given agents in that instant."""
        held: asyncio.Future[tuple[Reservation, ...]] = asyncio.get_running_loop().create_future()

        def take(given: tuple[Reservation, ...]) -> None:
            if not held.done():
                held.set_result(given)

        self.wait(take)
        return held

    def stop_waiting(self) -> None:
        """It is in no line any more; nothing happens when it was not. The place stays."""
        self._acd._stop_waiting(self)

    def wait(self, given: Given) -> None:
        """Wait for the turn; `given` is called once, perhaps at once. Raises ValueError when the call waits already."""
        if self._given:
            raise ValueError(f"call {self.waiting.call_id} waits already in queue {self.waiting.queue}")
        self.held, self._given = (), given
        self._acd._wait(self)

    def __enter__(self) -> Self:
        self._acd._enter(self)
        return self

    def __exit__(self, *_: object) -> None:
        self.leave()

    def leave(self) -> None:
        """Give the place up, and free agents who are held for it."""
        self._acd._leave(self)


class Acd:
    """Queues, agents and the match between them. `changed` hears of every agent state change and must not block."""

    def __init__(
        self,
        queues: Sequence[QueueRules],
        *,
        now: Callable[[], datetime],
        call_later: Callable[[float, Callable[[], None]], TimerHandle],
        changed: Callable[[Agent], None],
        skills: Mapping[AgentId, Mapping[str, int]] | None = None,
        ranking: Ranking | None = None,
    ) -> None:
        self._rules = {rules.name: rules for rules in queues}
        self._stages: dict[tuple[QueueName, Needs], tuple[Stage, ...]] = {}
        self._weighs_occupancy = any(rules.strategy is Strategy.LEAST_OCCUPIED for rules in queues)
        self._ranking = ranking or Ranking()
        self._matcher = Matcher(queues, skills or {}, self._ranking)
        self._now, self._call_later, self._told = now, call_later, changed
        everybody = dict.fromkeys(agent for rules in queues for agent in rules.agents)
        served = {agent: tuple(rules.name for rules in queues if agent in rules.agents) for agent in everybody}
        self.roster = Roster(served, now=now, call_later=call_later, changed=self._agent_changed)
        self._places: dict[CallId, Place] = {}
        self._reservations: dict[AgentId, Reservation] = {}
        self._serial = count()
        self._expected: set[CallId] = set()

    # --- what pages, announcements and figures ask --------------------------------------------------------------------

    def agents(self) -> list[Agent]:
        return self.roster.all()

    def agent(self, agent_id: AgentId) -> Agent:
        """Raises KeyError for an agent of no queue."""
        return self.roster.get(agent_id)

    def waiting(self, queue: QueueName) -> list[WaitingCall]:
        """Calls without an agent, in the order of service, those just being offered included."""
        return sorted(
            (place.waiting for place in self._places.values() if place.waiting.queue == queue),
            key=lambda call: call.rank,
        )

    @property
    def in_line(self) -> int:
        """How many calls have no agent yet, over all queues."""
        return len(self._places)

    def ahead_of(self, call_id: CallId) -> int:
        """How many calls of the same queue are served before this one. Raises KeyError when it has no place."""
        mine = self._places[call_id].waiting
        others = (place.waiting for place in self._places.values())
        return sum(call.queue == mine.queue and call.rank < mine.rank for call in others)

    def staffed(self, queue: QueueName) -> int:
        """Agents of this queue who take calls: free, or busy with one now."""
        agents = (self.roster.get(agent_id) for agent_id in self._rules[queue].agents)
        return sum(agent.state not in OUT_OF_REACH for agent in agents)

    def queue_names(self) -> list[QueueName]:
        return list(self._rules)

    def knows(self, agent_id: AgentId, queue: QueueName) -> bool:
        """False for what the site had once and has no more."""
        return agent_id in self.roster and queue in self._rules

    # --- calls --------------------------------------------------------------------------------------------------------

    def enqueue(
        self,
        call_id: CallId,
        queue: QueueName,
        entered_at: datetime,
        *,
        points: float = 0,
        needs: Needs = ANYBODY,
        preferred: Collection[AgentId] = (),
    ) -> Place:
        """A place in `queue`, for a `with`.

        `entered_at`: since when the call waits, also elsewhere: it keeps its turn. `points`: on top of the queue's
        priority. `needs`: the call's own. `preferred`: agents who know the case (sticky).
        """
        rules = self._rules[queue]
        rank = self._ranking.rank(rules.priority + points, entered_at.timestamp(), next(self._serial))
        waiting = WaitingCall(call_id=call_id, queue=queue, entered_at=entered_at, rank=rank)
        widening = self._stages.get((queue, needs))
        if widening is None:
            widening = self._stages[queue, needs] = stages(rules, needs)
        alone = Demand(queue, needs, tuple(preferred)) if preferred and rules.sticky_s else None
        return Place(waiting, widening, alone, self)

    def ringing(self, reservation: Reservation) -> None:
        """The agent's telephone rings."""
        self._step(reservation, AgentEvent.RING)

    def answered(self, reservation: Reservation) -> None:
        self._step(reservation, AgentEvent.ANSWER)

    def missed(self, reservation: Reservation, reason: str) -> None:
        """RONA, busy, refused, unreachable: the agent becomes not ready with that reason."""
        self._step(reservation, AgentEvent.MISS, reason=reason)

    def released(self, reservation: Reservation) -> None:
        """Caller gone, or another agent was quicker: the agent is available again at once."""
        self._step(reservation, AgentEvent.RELEASE)

    def held(self, reservation: Reservation) -> None:
        """The agent put the caller on hold."""
        self._step(reservation, AgentEvent.HOLD)

    def resumed(self, reservation: Reservation) -> None:
        self._step(reservation, AgentEvent.RESUME)

    def talk_ended(self, reservation: Reservation) -> None:
        """Starts wrap-up."""
        self._check(reservation)
        self._reservations.pop(reservation.agent_id)
        self.roster.start_wrap_up(reservation.agent_id, self._rules[reservation.queue].wrap_up_s)

    def expect(self, calls: Iterable[CallId], within_s: float) -> None:
        """After a restart: nobody is matched until these calls wait again, so that their order holds; or time is up."""
        self._expected = set(calls)
        if self._expected:
            self._call_later(within_s, lambda: self.expect_no_more(*self._expected))

    def expect_no_more(self, *calls: CallId) -> None:
        """These wait again, or will not come. With the last of them matching goes on, in the order of service."""
        if not self._expected:
            return
        self._expected.difference_update(calls)
        if not self._expected:
            for place in sorted(self._places.values(), key=lambda place: place.waiting.rank):
                self._ask_again(place)

    def take(self, agent_id: AgentId, call_id: CallId, queue: QueueName) -> Reservation:
        """Hold this very agent for a call that waits in no queue (a transfer). Raises IllegalTransition, KeyError."""
        self.roster.change(agent_id, AgentEvent.RESERVE, call_id=call_id)
        reservation = Reservation(agent_id=agent_id, call_id=call_id, queue=queue, at=self._now())
        self._reservations[agent_id] = reservation
        return reservation

    def adopt_talk(self, agent_id: AgentId, call_id: CallId, queue: QueueName) -> Reservation:
        """After a restart: this agent is talking with this call already."""
        reservation = Reservation(agent_id=agent_id, call_id=call_id, queue=queue, at=self._now())
        self._reservations[agent_id] = reservation
        self.roster.adopt_talk(agent_id, call_id)
        return reservation

    # --- agents -------------------------------------------------------------------------------------------------------

    def wish(self, agent_id: AgentId, event: AgentEvent, reason: str | None = None, by: str | None = None) -> Agent:
        """What an agent asks for, or a supervisor (`by`); in the middle of a call it happens after it.

        Raises KeyError.
        """
        return self.roster.wish(agent_id, event, reason, by)

    def end_wrap_up(self, agent_id: AgentId) -> Agent:
        """Raises IllegalTransition when the agent is not in wrap-up."""
        return self.roster.end_wrap_up(agent_id)

    def restore(
        self,
        agent_id: AgentId,
        state: AgentState,
        reason: str | None,
        until: datetime | None,
        wish: AfterCall | None = None,
    ) -> None:
        """After a restart, before any call: as it was; whoever lost the call is available, or what was wished for.

        Unknown agents: no-op.
        """
        self.roster.restore(agent_id, state, reason, until, wish)

    # --- inside -------------------------------------------------------------------------------------------------------

    def _enter(self, place: Place) -> None:
        self._places[place.waiting.call_id] = place

    def _leave(self, place: Place) -> None:
        del self._places[place.waiting.call_id]
        self._stop_waiting(place)
        self._release(place)

    def _release(self, place: Place) -> None:
        """Free those who are held for this place and have not answered."""
        held, place.held = place.held, ()
        for reservation in held:
            still_his = self._reservations.get(reservation.agent_id) is reservation
            if still_his and self.roster.get(reservation.agent_id).state in (AgentState.RESERVED, AgentState.RINGING):
                self.released(reservation)

    def _wait(self, place: Place) -> None:
        self._ask(place)
        self.expect_no_more(place.waiting.call_id)

    def _stop_waiting(self, place: Place) -> None:
        if place._given:
            place._given = None
            self._matcher.leaves(place.waiting.call_id)
            if place._widens:
                place._widens.cancel()
                place._widens = None

    def _ask(self, place: Place) -> None:
        """Idle agents at once, if there are any; else a place in line, until the call may ask for more."""
        demand, wider_in_s = self._demand(place)
        agents = () if self._expected else self._matcher.agents_for(demand)
        if agents:
            self._reserve(place, agents)
            return
        self._matcher.waits(place.waiting, demand)
        if wider_in_s < inf:
            place._widens = self._call_later(wider_in_s, lambda: self._ask_again(place))

    def _ask_again(self, place: Place) -> None:
        if given := place._given:
            self._stop_waiting(place)
            place._given = given
            self._ask(place)

    def _demand(self, place: Place) -> tuple[Demand, float]:
        """What the call asks for by now, and in how many seconds it will ask for less."""
        if len(place.stages) == 1 and not place.alone:
            return place.stages[0].demand, inf
        waited_s = (self._now() - place.waiting.entered_at).total_seconds()
        sticky_s = self._rules[place.waiting.queue].sticky_s
        if place.alone and waited_s < sticky_s and self._is_one_in_reach(place.alone):
            return place.alone, sticky_s - waited_s
        demand = place.stages[0].demand
        for stage in place.stages:
            if stage.from_s > waited_s:
                return demand, stage.from_s - waited_s
            demand = stage.demand
        return demand, inf

    def _is_one_in_reach(self, demand: Demand) -> bool:
        able = self._matcher.able(demand)
        return any(self.roster.get(agent_id).state not in OUT_OF_REACH for agent_id in able)

    def _reserve(self, place: Place, agents: tuple[AgentId, ...]) -> None:
        call, given = place.waiting, place._given
        assert given, "a call that does not wait is given nobody"
        self._stop_waiting(place)
        at = self._now()
        place.held = tuple(
            [Reservation(agent_id=agent_id, call_id=call.call_id, queue=call.queue, at=at) for agent_id in agents]
        )
        for reservation in place.held:
            self._reservations[reservation.agent_id] = reservation
            self._matcher.had_turn(reservation.agent_id, call.queue)
            self.roster.change(reservation.agent_id, AgentEvent.RESERVE, call_id=call.call_id)
        given(place.held)

    def _check(self, reservation: Reservation) -> None:
        if self._reservations.get(reservation.agent_id) is not reservation:
            raise StaleReservation(
                f"agent {reservation.agent_id} is not reserved for call {reservation.call_id} any more"
            )

    def _step(self, reservation: Reservation, event: AgentEvent, *, reason: str | None = None) -> None:
        self._check(reservation)
        agent_id = reservation.agent_id
        stays = apply(self.roster.get(agent_id).state, event) in BUSY
        if not stays:
            self._reservations.pop(agent_id)
        self.roster.change(agent_id, event, reason=reason, call_id=reservation.call_id if stays else None)

    def _agent_changed(self, before: Agent, agent: Agent) -> None:
        """Tell, and give an agent who became free the call that is first over all the queues served."""
        self._told(agent)
        was_free, is_free = before.state is AgentState.AVAILABLE, agent.state is AgentState.AVAILABLE
        if was_free and not is_free:
            self._matcher.busy(agent.agent_id)
        if agent.state in OUT_OF_REACH and before.state not in OUT_OF_REACH:
            for call_id in self._matcher.waiting_for(agent.agent_id):
                self._ask_again(self._places[call_id])
        elif is_free and not was_free:
            call = None if self._expected else self._matcher.first_call(agent.agent_id)
            if call:
                self._reserve(self._places[call.call_id], (agent.agent_id,))
            else:
                occupancy = self.roster.occupancy(agent.agent_id) if self._weighs_occupancy else 0.0
                self._matcher.idle(agent.agent_id, occupancy)
