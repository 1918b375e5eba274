"""The talks as the pages see and control them: `services.TalkControl` on `ivr.live.talks` (a translation)."""

from collections.abc import Awaitable, Callable
from typing import Literal

from app.web.http.contract import TalkOut
from app.web.http.services import TalkAction
from config.ids import CallId
from ivr.live.hotline import Hotline
from ivr.live.parties import Target
from ivr.live.talks import LiveTalk, TalkOver
from ivr.talking import control as control
from ivr.talking.recording import pause_recording, resume_recording

ACTIONS: dict[TalkAction, Callable[[Hotline, LiveTalk], Awaitable[None]]] = {
    "hold": control.hold,
    "resume": control.resume,
    "complete": control.complete,
    "cancel": control.cancel,
    "conference": control.conference,
    "pause": pause_recording,
    "record": resume_recording,
    "survey": control.ask_survey,
}


def talk_view(live: LiveTalk) -> TalkOut:
    """One talk for the pages."""
    return TalkOut(
        call=live.call_id,
        agent=live.agent_id,
        held=live.held,
        conference=live.conference,
        recording="off" if live.recording is None else "paused" if live.recording_paused else "on",
        transfer="joined" if live.third else "ringing" if live.reaching else None,
        target_kind=live.target.kind if live.target else None,
        target=live.target.to if live.target else None,
    )


class TalkDesk:
    """Implements `TalkControl`."""

    def __init__(self, hotline: Hotline) -> None:
        self._hotline = hotline

    def talk(self, call_id: str) -> TalkOut | None:
        live = self._hotline.talks.of(CallId(call_id))
        return talk_view(live) if live else None

    async def standing(self, call_id: str) -> TalkOut:
        """The talk as soon as it stands; see Talks.standing."""
        return talk_view(await self._hotline.talks.standing(CallId(call_id)))

    async def act(self, call_id: str, action: TalkAction) -> TalkOut | None:
        live = self._live(call_id)
        return await self._done(live, lambda: ACTIONS[action](self._hotline, live))

    async def transfer(
        self, call_id: str, kind: Literal["agent", "queue", "line", "number"], to: str, *, blind: bool
    ) -> TalkOut | None:
        live, begin = self._live(call_id), control.transfer_blind if blind else control.consult
        return await self._done(live, lambda: begin(self._hotline, live, Target(kind, to)))

    async def _done(self, live: LiveTalk, work: Callable[[], Awaitable[None]]) -> TalkOut | None:
        await live.ask(work)
        return None if live.ended else talk_view(live)

    def _live(self, call_id: str) -> LiveTalk:
        live = self._hotline.talks.of(CallId(call_id))
        if live is None:
            raise TalkOver(f"nobody talks in call {call_id}")
        return live
