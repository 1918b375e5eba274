"""The agents and what each is doing (flow): the table of `routing.agent` applied, with wishes and wrap-up's clock.

Whoever changes an agent does it here, so that everything that depends on a state hears of it once and in order.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from msgspec.structs import replace

from config.ids import AgentId, CallId, QueueName
from routing.agent import BUSY, WISHES, AfterCall, Agent, AgentEvent, AgentState, IllegalTransition, apply

WORKING = BUSY | {AgentState.WRAP_UP}
"""States that count as work for occupancy: a call, or what is left to do after it."""


class TimerHandle(Protocol):
    def cancel(self) -> None: ...


@dataclass
class _Shift:
    """Since login: when it began, and how long the agent worked until the last change of state."""

    began: datetime
    worked_s: float = 0.0


class Roster:
    """`changed` hears of every change, after it; it must not block."""

    def __init__(
        self,
        queues_of: Mapping[AgentId, tuple[QueueName, ...]],
        *,
        now: Callable[[], datetime],
        call_later: Callable[[float, Callable[[], None]], TimerHandle],
        changed: Callable[[Agent, Agent], None],
    ) -> None:
        """`changed` is given the agent before and after."""
        self._now, self._call_later, self._changed = now, call_later, changed
        start = now()
        self._agents = {
            agent_id: Agent(agent_id=agent_id, queues=queues, state=AgentState.LOGGED_OUT, since=start)
            for agent_id, queues in queues_of.items()
        }
        self._shifts = {agent_id: _Shift(start) for agent_id in queues_of}
        self._timers: dict[AgentId, TimerHandle] = {}
        self._kept: dict[AgentId, AfterCall] = {}
        """After a restart: what was asked for during a talk that may turn out to go on."""

    def __contains__(self, agent_id: AgentId) -> bool:
        return agent_id in self._agents

    def all(self) -> list[Agent]:
        return list(self._agents.values())

    def get(self, agent_id: AgentId) -> Agent:
        """Raises KeyError for an agent of no queue."""
        return self._agents[agent_id]

    def occupancy(self, agent_id: AgentId) -> float:
        """The share of the time since login spent with calls and wrap-up, 0…1."""
        shift, agent = self._shifts[agent_id], self._agents[agent_id]
        now = self._now()
        worked_s = shift.worked_s + ((now - agent.since).total_seconds() if agent.state in WORKING else 0.0)
        on_duty_s = (now - shift.began).total_seconds()
        return min(1.0, worked_s / on_duty_s) if on_duty_s > 0 else 0.0

    def wish(self, agent_id: AgentId, event: AgentEvent, reason: str | None = None, by: str | None = None) -> Agent:
        """What an agent asks for, or a supervisor (`by`); in the middle of a call it happens after it.

        Raises KeyError.
        """
        agent = self._agents[agent_id]
        if event not in WISHES:
            raise IllegalTransition(agent.state, event)
        if agent.state in BUSY:
            self._put(replace(agent, wish=AfterCall(event, reason, by)))
        else:
            self.change(agent_id, event, reason=reason, by=by)
        return self._agents[agent_id]

    def start_wrap_up(self, agent_id: AgentId, seconds: float) -> None:
        """The talk is over. Wrap-up of no seconds is over at once."""
        self.change(agent_id, AgentEvent.END_TALK, until=self._now() + timedelta(seconds=seconds))
        if seconds > 0:
            self._time_wrap_up(agent_id, seconds)
        else:
            self.end_wrap_up(agent_id)

    def end_wrap_up(self, agent_id: AgentId) -> Agent:
        """Raises IllegalTransition when the agent is not in wrap-up."""
        self.change(agent_id, AgentEvent.END_WRAP_UP)
        return self._agents[agent_id]

    def extend_wrap_up(self, agent_id: AgentId, seconds: float) -> Agent:
        """So many seconds more for the ticket. Raises IllegalTransition when the agent is not in wrap-up."""
        agent = self._agents[agent_id]
        if agent.state is not AgentState.WRAP_UP or agent.until is None:
            raise IllegalTransition(agent.state, AgentEvent.EXTEND_WRAP_UP)
        self._timers.pop(agent_id).cancel()
        until = agent.until + timedelta(seconds=seconds)
        self._put(replace(agent, until=until))
        self._time_wrap_up(agent_id, (until - self._now()).total_seconds())
        return self._agents[agent_id]

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
        if agent_id not in self._agents:
            return
        left_s = (until - self._now()).total_seconds() if state is AgentState.WRAP_UP and until else 0.0
        by = None
        if wish and state in BUSY:
            self._kept[agent_id] = wish
        if state in BUSY or (state is AgentState.WRAP_UP and left_s <= 0):
            state = AgentState.AVAILABLE
            if wish:
                state, reason, by = apply(state, wish.event), wish.reason, wish.by
        wrapping = state is AgentState.WRAP_UP
        agent = replace(self._agents[agent_id], state=state, reason=reason, since=self._now(), by=by)
        self._put(replace(agent, until=until if wrapping else None, wish=wish if wrapping else None))
        if wrapping:
            self._time_wrap_up(agent_id, left_s)

    def adopt_talk(self, agent_id: AgentId, call_id: CallId) -> None:
        """After a restart: this agent is talking already."""
        agent = self._agents[agent_id]
        wish = self._kept.pop(agent_id, None)
        self._put(
            replace(
                agent, state=AgentState.TALKING, since=self._now(), call_id=call_id, reason=None, by=None, wish=wish
            )
        )

    def change(
        self,
        agent_id: AgentId,
        event: AgentEvent,
        *,
        reason: str | None = None,
        call_id: CallId | None = None,
        until: datetime | None = None,
        by: str | None = None,
    ) -> None:
        """One step of the table. Raises IllegalTransition, with nothing changed."""
        agent = self._agents[agent_id]
        state, wish = apply(agent.state, event), agent.wish
        call_is_over = state not in WORKING
        if wish and call_is_over:  # now comes what was asked for during the call
            if event not in WISHES:
                state, reason, by = apply(state, wish.event), wish.reason, wish.by
            wish = None
        self._kept.pop(agent_id, None)
        since = agent.since if state is agent.state else self._now()
        after = replace(agent, state=state, since=since, reason=reason, call_id=call_id, until=until, wish=wish, by=by)
        self._put(after)

    def _time_wrap_up(self, agent_id: AgentId, seconds: float) -> None:
        until = self._agents[agent_id].until
        self._timers[agent_id] = self._call_later(seconds, lambda: self._wrap_up_over(agent_id, until))

    def _wrap_up_over(self, agent_id: AgentId, until: datetime | None) -> None:
        agent = self._agents[agent_id]
        if agent.state is AgentState.WRAP_UP and agent.until == until:
            self.end_wrap_up(agent_id)

    def _put(self, agent: Agent) -> None:
        """The one place where an agent changes: keeps the shift and timers true, and tells."""
        before = self._agents[agent.agent_id]
        if agent.state is not before.state:
            self._clock(before, agent)
        self._agents[agent.agent_id] = agent
        if agent.state is not AgentState.WRAP_UP and (timer := self._timers.pop(agent.agent_id, None)):
            timer.cancel()
        self._changed(before, agent)

    def _clock(self, before: Agent, after: Agent) -> None:
        if before.state is AgentState.LOGGED_OUT:
            self._shifts[after.agent_id] = _Shift(after.since)
        elif before.state in WORKING:
            self._shifts[after.agent_id].worked_s += (after.since - before.since).total_seconds()
