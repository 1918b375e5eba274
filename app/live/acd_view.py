"""The ACD as the pages see it: `services.AcdView` on `routing.acd` (flow: a translation, no state of its own)."""

from collections import Counter

from app.live.missed_offers import MissedOffers
from app.web.http.contract import WaitingOut, WishedState
from app.web.http.services import AgentView, Floor, QueueView
from config.ids import AgentId, QueueName
from crm.calls.open_calls import OpenCalls
from crm.errors import NotLikeThis
from routing.acd import Acd
from routing.agent import Agent, AgentEvent, AgentState

WISHED: dict[AgentEvent, WishedState] = {
    AgentEvent.MAKE_AVAILABLE: "available",
    AgentEvent.MAKE_NOT_READY: "not_ready",
    AgentEvent.LOG_OUT: "logged_out",
}
EVENTS: dict[str, AgentEvent] = {state: event for event, state in WISHED.items()}


def agent_view(agent: Agent, missed: MissedOffers, floor: Floor) -> AgentView:
    """One agent for the pages."""
    return AgentView(
        agent=agent.agent_id,
        state=agent.state,
        reason=agent.reason,
        since=agent.since,
        call_id=agent.call_id,
        until=agent.until,
        queues=tuple(agent.queues),
        wish=WISHED[agent.wish.event] if agent.wish else None,
        by=agent.by,
        missed=missed.of(agent.agent_id),
        supervision=floor.supervision(agent.call_id) if agent.call_id else None,
    )


class LiveAcd:
    """Implements `AcdView`."""

    def __init__(self, acd: Acd, calls: OpenCalls, missed: MissedOffers, floor: Floor) -> None:
        self._acd = acd
        self._calls = calls
        self._missed = missed
        self._floor = floor
        self._shut_out: set[AgentId] = set()

    def agents(self) -> list[AgentView]:
        return [agent_view(agent, self._missed, self._floor) for agent in self._acd.agents()]

    def agent(self, agent: AgentId) -> AgentView:
        return agent_view(self._acd.agent(agent), self._missed, self._floor)

    def queues(self) -> list[QueueView]:
        return [self._queue(name) for name in self._acd.queue_names()]

    def set_state(self, agent: AgentId, state: WishedState, reason: str | None, by: str | None = None) -> AgentView:
        if agent in self._shut_out and state != "logged_out":
            raise NotLikeThis("shut_out", f"{agent} is locked or has left.", f"{agent} 的账号已锁定或停用。")
        return agent_view(self._acd.wish(agent, EVENTS[state], reason, by), self._missed, self._floor)

    def end_wrap_up(self, agent: AgentId) -> AgentView:
        return agent_view(self._acd.end_wrap_up(agent), self._missed, self._floor)

    def extend_wrap_up(self, agent: AgentId, seconds: float) -> AgentView:
        return agent_view(self._acd.roster.extend_wrap_up(agent, seconds), self._missed, self._floor)

    def shut_out(self, agent: AgentId, by: str | None) -> None:
        self._shut_out.add(agent)
        known = next((each for each in self._acd.agents() if each.agent_id == agent), None)
        if known is not None and (known.state is not AgentState.LOGGED_OUT or known.wish):
            self._acd.wish(agent, AgentEvent.LOG_OUT, None, by)

    def let_in(self, agent: AgentId) -> None:
        self._shut_out.discard(agent)

    def _queue(self, name: QueueName) -> QueueView:
        waiting = self._acd.waiting(name)
        entries = tuple(
            WaitingOut(
                call=call.call_id,
                ticket=state.ticket,
                ani=state.ani,
                since=call.entered_at,
                position=position,
            )
            for position, call in enumerate(waiting, start=1)
            if (state := self._calls.of(call.call_id))
        )
        return QueueView(
            queue=name,
            waiting=len(waiting),
            longest_wait_since=min((call.entered_at for call in waiting), default=None),
            entries=entries,
            agents_by_state=Counter(agent.state for agent in self._acd.agents() if name in agent.queues),
            closed=self._floor.closing(name),
        )
