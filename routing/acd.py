"""The ACD: sole owner of who waits and who is free (flow). It matches calls with agents; it does not know telephones.

Every change is synchronous and complete when the method returns, so no two tasks ever see half of one. The only wait is
`Place.reserved()`. One agent never belongs to two calls: a reservation is made by the table of `routing.agent`, and
each later step must name that reservation.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import count
from typing import Protocol, Self

from config.ids import AgentId, CallId, QueueName
from routing.agent import (
    BUSY,
    WISHES,
    Agent,
    AgentEvent,
    AgentState,
    IllegalTransition,
    Reservation,
    StaleReservation,
    apply,
)
from routing.queue import QueueRules, Rank, WaitingCall, WaitingLine
from routing.strategy import IdleAgents


class TimerHandle(Protocol):
    def cancel(self) -> None: ...


@dataclass
class Place:
    """A call's place in a queue; a context manager: leaving it also frees an agent who is held but has not answered."""

    waiting: WaitingCall
    _acd: "Acd"
    held: Reservation | None = None
    """The agent held for this call last."""
    _given: asyncio.Event = field(default_factory=asyncio.Event)

    async def reserved(self) -> Reservation:
        """Wait until it is this call's turn and an agent is held for it. Cancelling leaves the call in its place.

        A match in the same instant as the cancellation is given back: the caller hung up just as an agent became free.
        """
        self.held = None
        self._given.clear()
        self._acd._wait(self)
        try:
            await self._given.wait()
        except asyncio.CancelledError:
            if self.held:
                self._acd.released(self.held)
            raise
        finally:
            self._acd._line(self.waiting.queue).remove(self.waiting.call_id)
        assert self.held, "woken without an agent"
        return self.held

    def _give(self, reservation: Reservation) -> None:
        self.held = reservation
        self._given.set()

    def __enter__(self) -> Self:
        self._acd._enter(self)
        return self

    def __exit__(self, *_: object) -> None:
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
    ) -> None:
        self._rules = {rules.name: rules for rules in queues}
        self._lines = {rules.name: WaitingLine() for rules in queues}
        self._places: dict[CallId, Place] = {}
        self._now, self._call_later, self._changed = now, call_later, changed
        self._idle = IdleAgents()
        self._agents: dict[AgentId, Agent] = {}
        self._reservations: dict[AgentId, Reservation] = {}
        self._timers: dict[AgentId, TimerHandle] = {}
        self._serial = count()
        self._expected: set[CallId] = set()
        start = now()
        for agent_id in dict.fromkeys(agent for rules in queues for agent in rules.agents):
            served = tuple(rules.name for rules in queues if agent_id in rules.agents)
            self._agents[agent_id] = Agent(agent_id=agent_id, queues=served, state=AgentState.LOGGED_OUT, since=start)

    # --- what pages and figures ask ---------------------------------------------------------------------------------

    def agents(self) -> list[Agent]:
        return list(self._agents.values())

    def agent(self, agent_id: AgentId) -> Agent:
        """Raises KeyError for an agent of no queue."""
        return self._agents[agent_id]

    def waiting(self, queue: QueueName) -> list[WaitingCall]:
        """Calls without an agent, in the order of service, those just being offered included."""
        return sorted(
            (place.waiting for place in self._places.values() if place.waiting.queue == queue),
            key=lambda call: call.rank,
        )

    def queue_names(self) -> list[QueueName]:
        return list(self._rules)

    # --- calls -------------------------------------------------------------------------------------------------------

    def enqueue(self, call_id: CallId, queue: QueueName, entered_at: datetime, *, urgent: bool = False) -> Place:
        """A place in `queue`, for a `with`. `urgent` goes before the queue's own priority (a promised callback)."""
        priority = self._rules[queue].priority + (1 if urgent else 0)
        rank = Rank(-priority, entered_at, next(self._serial))
        return Place(WaitingCall(call_id=call_id, queue=queue, rank=rank), self)

    def ringing(self, reservation: Reservation) -> None:
        """The agent's telephone rings."""
        self._step(reservation, AgentEvent.RING)

    def answered(self, reservation: Reservation) -> None:
        self._step(reservation, AgentEvent.ANSWER)

    def missed(self, reservation: Reservation, reason: str) -> None:
        """RONA, busy, refused, unreachable: the agent becomes not ready with that reason."""
        self._step(reservation, AgentEvent.MISS, reason=reason)

    def released(self, reservation: Reservation) -> None:
        """The caller left before the agent answered: the agent is available again at once."""
        self._step(reservation, AgentEvent.RELEASE)

    def talk_ended(self, reservation: Reservation) -> None:
        """Starts wrap-up."""
        wrap_up_s = self._rules[reservation.queue].wrap_up_s
        self._step(reservation, AgentEvent.END_TALK, until=self._now() + timedelta(seconds=wrap_up_s))
        self._start_wrap_up(reservation.agent_id, wrap_up_s)

    def expect(self, calls: Iterable[CallId], within_s: float) -> None:
        """After a restart: nobody is matched until these calls wait again, so that their order holds; or time is up."""
        self._expected = set(calls)
        if self._expected:
            self._call_later(within_s, lambda: self.expect_no_more(*self._expected))

    def expect_no_more(self, *calls: CallId) -> None:
        """These wait again, or will not come. With the last of them matching goes on."""
        if self._expected and not self._expected.difference(calls):
            self._expected.clear()
            for agent in list(self._agents.values()):
                self._match_agent(agent)
        self._expected.difference_update(calls)

    def knows(self, agent_id: AgentId, queue: QueueName) -> bool:
        """False for what the site had once and has no more."""
        return agent_id in self._agents and queue in self._rules

    def adopt_talk(self, agent_id: AgentId, call_id: CallId, queue: QueueName) -> Reservation:
        """After a restart: this agent is talking with this call already."""
        reservation = Reservation(agent_id=agent_id, call_id=call_id, queue=queue, at=self._now())
        self._idle.remove(agent_id, self._agents[agent_id].queues)
        self._reservations[agent_id] = reservation
        self._put(replace(self._agents[agent_id], state=AgentState.TALKING, since=self._now(), call_id=call_id))
        return reservation

    # --- agents ------------------------------------------------------------------------------------------------------

    def wish(self, agent_id: AgentId, event: AgentEvent, reason: str | None = None) -> Agent:
        """What an agent or supervisor asks for; in the middle of a call it happens after it. Raises KeyError."""
        if event not in WISHES:
            raise IllegalTransition(self._agents[agent_id].state, event)
        agent = self._agents[agent_id]
        if agent.state in BUSY:
            self._agents[agent_id] = replace(agent, wish=(event, reason))
            self._changed(self._agents[agent_id])
        else:
            self._change(agent_id, event, reason=reason)
        return self._agents[agent_id]

    def end_wrap_up(self, agent_id: AgentId) -> Agent:
        """Raises IllegalTransition when the agent is not in wrap-up."""
        self._change(agent_id, AgentEvent.END_WRAP_UP)
        return self._agents[agent_id]

    def restore(self, agent_id: AgentId, state: AgentState, reason: str | None, until: datetime | None) -> None:
        """After a restart, before any call: as it was; whoever lost the call is available. Unknown agents: no-op."""
        if agent_id not in self._agents:
            return
        left_s = (until - self._now()).total_seconds() if state is AgentState.WRAP_UP and until else 0.0
        if state in BUSY or (state is AgentState.WRAP_UP and left_s <= 0):
            state = AgentState.AVAILABLE
        wrapping = state is AgentState.WRAP_UP
        agent = replace(self._agents[agent_id], state=state, reason=reason, since=self._now())
        self._put(replace(agent, until=until if wrapping else None))
        if wrapping:
            self._start_wrap_up(agent_id, left_s)

    # --- inside ------------------------------------------------------------------------------------------------------

    def _line(self, queue: QueueName) -> WaitingLine:
        return self._lines[queue]

    def _enter(self, place: Place) -> None:
        self._places[place.waiting.call_id] = place

    def _leave(self, place: Place) -> None:
        del self._places[place.waiting.call_id]
        self._lines[place.waiting.queue].remove(place.waiting.call_id)
        held, place.held = place.held, None
        if held and self._reservations.get(held.agent_id) is held and not self._is_talking(held):
            self.released(held)

    def _is_talking(self, reservation: Reservation) -> bool:
        return self._agents[reservation.agent_id].state in (AgentState.TALKING, AgentState.HOLD)

    def _wait(self, place: Place) -> None:
        self._lines[place.waiting.queue].add(place.waiting)
        self.expect_no_more(place.waiting.call_id)
        self._match([place.waiting.queue])

    def _match(self, queues: Iterable[QueueName]) -> None:
        """Bring together the first caller and the longest idle agent of each queue, until one side is empty."""
        for queue in [] if self._expected else queues:
            line = self._lines[queue]
            while (call := line.first()) and (agent_id := self._idle.longest_idle(queue)):
                self._reserve(agent_id, call)

    def _reserve(self, agent_id: AgentId, call: WaitingCall) -> None:
        reservation = Reservation(agent_id=agent_id, call_id=call.call_id, queue=call.queue, at=self._now())
        self._lines[call.queue].remove(call.call_id)
        self._reservations[agent_id] = reservation
        self._change(agent_id, AgentEvent.RESERVE, call_id=call.call_id)
        self._places[call.call_id]._give(reservation)

    def _step(
        self,
        reservation: Reservation,
        event: AgentEvent,
        *,
        reason: str | None = None,
        until: datetime | None = None,
    ) -> None:
        if self._reservations.get(reservation.agent_id) is not reservation:
            raise StaleReservation(
                f"agent {reservation.agent_id} is not reserved for call {reservation.call_id} any more"
            )
        call_id = reservation.call_id if apply(self._agents[reservation.agent_id].state, event) in BUSY else None
        if call_id is None:
            self._reservations.pop(reservation.agent_id)
        self._change(reservation.agent_id, event, reason=reason, call_id=call_id, until=until)

    def _start_wrap_up(self, agent_id: AgentId, seconds: float) -> None:
        until = self._agents[agent_id].until
        self._timers[agent_id] = self._call_later(seconds, lambda: self._wrap_up_over(agent_id, until))

    def _wrap_up_over(self, agent_id: AgentId, until: datetime | None) -> None:
        agent = self._agents[agent_id]
        if agent.state is AgentState.WRAP_UP and agent.until == until:
            self.end_wrap_up(agent_id)

    def _change(
        self,
        agent_id: AgentId,
        event: AgentEvent,
        *,
        reason: str | None = None,
        call_id: CallId | None = None,
        until: datetime | None = None,
    ) -> None:
        agent = self._agents[agent_id]
        state, wish = apply(agent.state, event), agent.wish
        call_is_over = state not in BUSY and state is not AgentState.WRAP_UP
        if wish and call_is_over:  # now comes what was asked for during the call
            if event not in WISHES:
                state, reason = apply(state, wish[0]), wish[1]
            wish = None
        since = agent.since if state is agent.state else self._now()
        self._put(replace(agent, state=state, since=since, reason=reason, call_id=call_id, until=until, wish=wish))

    def _put(self, agent: Agent) -> None:
        """The one place where an agent changes: keeps idleness and timers true, tells, and matches again."""
        before = self._agents[agent.agent_id]
        self._agents[agent.agent_id] = agent
        if agent.state is not AgentState.WRAP_UP and (timer := self._timers.pop(agent.agent_id, None)):
            timer.cancel()
        self._changed(agent)
        if agent.state is not AgentState.AVAILABLE:
            self._idle.remove(agent.agent_id, agent.queues)
        elif before.state is not AgentState.AVAILABLE:
            self._idle.add(agent.agent_id, agent.queues)
            self._match_agent(agent)

    def _match_agent(self, agent: Agent) -> None:
        """A free agent takes the call that is first over all queues served."""
        firsts = [call for queue in agent.queues if (call := self._lines[queue].first())]
        if firsts and not self._expected and self._agents[agent.agent_id].state is AgentState.AVAILABLE:
            self._reserve(agent.agent_id, min(firsts, key=lambda call: call.rank))
