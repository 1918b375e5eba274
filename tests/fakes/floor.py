"""A floor in memory, as the pages see it: supervisions are joined at once, queues close, callers move. On a FakeAcd."""

from dataclasses import replace
from datetime import datetime

from app.web.http.contract import ClosingOut, SupervisionMode, SupervisionOut
from ivr.live.talks import Refused
from ivr.live.waiting import NotWaiting
from routing.agent import AgentState
from tests.fakes.acd_view import FakeAcd


class FakeFloor:
    """Implements app.web.http.services.Floor."""

    def __init__(self, acd: FakeAcd, now: datetime) -> None:
        self._acd, self._now = acd, now
        self._sessions: dict[str, SupervisionOut] = {}

    def supervision(self, call_id: str) -> SupervisionOut | None:
        return self._sessions.get(call_id)

    async def supervise(self, call_id: str, supervisor: str, mode: SupervisionMode) -> SupervisionOut:
        known = self._sessions.get(call_id)
        if known and known.supervisor != supervisor:
            raise Refused(f"{known.supervisor} supervises this talk already")
        if not [view for view in self._acd.agents() if view.call_id == call_id and view.state is AgentState.TALKING]:
            raise Refused("nobody talks in this call now")
        view = SupervisionOut(call=call_id, supervisor=supervisor, mode=mode, joined=True)
        self._show(call_id, None if mode == "takeover" else view)
        return view

    async def stop(self, call_id: str) -> None:
        self._show(call_id, None)

    def move(self, call_id: str, queue: str, by: str) -> None:
        for view in self._acd.queues():
            for entry in view.entries:
                if entry.call == call_id:
                    self._acd.leave(view.queue, call_id)
                    return self._acd.enqueue(queue, call_id, entry.ticket, entry.ani, entry.since)
        raise NotWaiting(f"call {call_id} does not wait for an agent")

    def closing(self, queue: str) -> ClosingOut | None:
        return self._acd.closed.get(queue)

    def close_queue(self, queue: str, *, reason: str, by: str, prompt: str | None) -> None:
        self._acd.closed[queue] = ClosingOut(reason=reason, by=by, since=self._now, prompt=prompt)

    def open_queue(self, queue: str, *, by: str) -> None:
        self._acd.closed.pop(queue, None)

    def _show(self, call_id: str, session: SupervisionOut | None) -> None:
        self._sessions.pop(call_id, None)
        if session:
            self._sessions[call_id] = session
        for view in self._acd.agents():
            if view.call_id == call_id:
                self._acd.put(replace(view, supervision=session))
