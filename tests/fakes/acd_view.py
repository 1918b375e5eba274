"""An ACD as the pages see it, in memory: agents change by the real table, callers wait where a test puts them."""

from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta

from msgspec import structs

from app.web.http.contract import ClosingOut, WaitingOut, WishedState
from app.web.http.services import AgentView, QueueView
from config.ids import AgentId
from config.schema import Site
from crm.errors import NotLikeThis
from routing.agent import AgentEvent, AgentState, apply

_WISHES = {
    "available": AgentEvent.MAKE_AVAILABLE,
    "not_ready": AgentEvent.MAKE_NOT_READY,
    "logged_out": AgentEvent.LOG_OUT,
}


class FakeAcd:
    """Implements app.web.http.services.AcdView."""

    def __init__(self, site: Site, now: datetime) -> None:
        self._now = now
        self._waiting: dict[str, list[WaitingOut]] = {queue.name: [] for queue in site.queues}
        self.closed: dict[str, ClosingOut] = {}
        self._agents: dict[str, AgentView] = {}
        self._shut_out: set[str] = set()
        for queue in site.queues:
            for agent in queue.agents:
                before = self._agents[agent].queues if agent in self._agents else ()
                self._agents[agent] = AgentView(
                    agent=agent,
                    state=AgentState.LOGGED_OUT,
                    reason=None,
                    since=now,
                    call_id=None,
                    until=None,
                    queues=(*before, queue.name),
                )

    def agents(self) -> list[AgentView]:
        return list(self._agents.values())

    def queues(self) -> list[QueueView]:
        return [
            QueueView(
                queue=queue,
                waiting=len(entries),
                longest_wait_since=min((entry.since for entry in entries), default=None),
                entries=tuple(entries),
                agents_by_state=Counter(view.state for view in self.agents() if queue in view.queues),
                closed=self.closed.get(queue),
            )
            for queue, entries in self._waiting.items()
        ]

    def set_state(self, agent: AgentId, state: WishedState, reason: str | None, by: str | None = None) -> AgentView:
        if agent in self._shut_out and state != "logged_out":
            raise NotLikeThis("shut_out", f"{agent} is locked or has left.", f"{agent} 的账号已锁定或停用。")
        after = apply(self._agents[agent].state, _WISHES[state])
        return self.put(replace(self._agents[agent], state=after, reason=reason, by=by))

    def shut_out(self, agent: AgentId, by: str | None) -> None:
        self._shut_out.add(agent)
        if agent in self._agents:
            self.put(replace(self._agents[agent], state=AgentState.LOGGED_OUT, reason=None, by=by))

    def let_in(self, agent: AgentId) -> None:
        self._shut_out.discard(agent)

    def end_wrap_up(self, agent: AgentId) -> AgentView:
        after = apply(self._agents[agent].state, AgentEvent.END_WRAP_UP)
        return self.put(replace(self._agents[agent], state=after, until=None))

    def extend_wrap_up(self, agent: AgentId, seconds: float) -> AgentView:
        view = self._agents[agent]
        apply(view.state, AgentEvent.EXTEND_WRAP_UP)
        return self.put(replace(view, until=(view.until or self._now) + timedelta(seconds=seconds)))

    def put(self, view: AgentView) -> AgentView:
        """An agent is so from now on, as if calls had made it so."""
        self._agents[view.agent] = view
        return view

    def agent(self, agent: str) -> AgentView:
        return self._agents[agent]

    def enqueue(self, queue: str, call: str, ticket: str, ani: str, since: datetime) -> None:
        """A caller waits at the end of the queue."""
        entries = self._waiting[queue]
        entries.append(WaitingOut(call=call, ticket=ticket, ani=ani, since=since, position=len(entries) + 1))

    def leave(self, queue: str, call: str) -> None:
        """A caller is gone; those behind move up."""
        left = [entry for entry in self._waiting[queue] if entry.call != call]
        self._waiting[queue] = [structs.replace(entry, position=place) for place, entry in enumerate(left, start=1)]
