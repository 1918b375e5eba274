"""What a supervisor does on the floor, for the pages: `services.Floor` on `ivr` (a translation, no state)."""

from app.web.http.contract import ClosingOut, SupervisionMode, SupervisionOut
from config.ids import AgentId, CallId, QueueName
from ivr.live.hotline import Hotline
from ivr.live.waiting import Moved
from ivr.queueing.closing import close_queue, open_queue
from ivr.talking.supervision import Supervision
from ivr.talking.supervision_session import Mode, Session


def supervision_view(session: Session) -> SupervisionOut:
    return SupervisionOut(
        call=session.live.call_id, supervisor=session.supervisor, mode=session.mode.value, joined=session.joined
    )


class LiveFloor:
    """Implements `Floor`."""

    def __init__(self, hotline: Hotline, supervision: Supervision) -> None:
        self._hotline, self._supervision = hotline, supervision

    def supervision(self, call_id: str) -> SupervisionOut | None:
        session = self._supervision.of(CallId(call_id))
        return supervision_view(session) if session else None

    async def supervise(self, call_id: str, supervisor: str, mode: SupervisionMode) -> SupervisionOut:
        session = await self._supervision.supervise(CallId(call_id), AgentId(supervisor), Mode(mode))
        return supervision_view(session)

    async def stop(self, call_id: str) -> None:
        await self._supervision.stop(CallId(call_id))

    def move(self, call_id: str, queue: str, by: str) -> None:
        self._hotline.waiting.call_away(CallId(call_id), Moved(QueueName(queue), by))

    def closing(self, queue: str) -> ClosingOut | None:
        closed = self._hotline.closed.of(queue)
        if closed is None:
            return None
        return ClosingOut(reason=closed.reason, by=closed.by, since=closed.since or closed.at, prompt=closed.prompt)

    def close_queue(self, queue: str, *, reason: str, by: str, prompt: str | None) -> None:
        close_queue(self._hotline, QueueName(queue), reason=reason, by=by, prompt=prompt)

    def open_queue(self, queue: str, *, by: str) -> None:
        open_queue(self._hotline, QueueName(queue), by=by)
