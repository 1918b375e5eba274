"""Talks in memory, as the pages see and control them: for tests of the API and the desk without telephones."""

from collections.abc import Callable
from typing import Any, Literal

from msgspec.structs import replace

from app.web.http.contract import TalkOut
from app.web.http.services import TalkAction
from ivr.live.talks import Refused

CHANGES: dict[TalkAction, dict[str, Any]] = {
    "hold": {"held": True},
    "resume": {"held": False},
    "cancel": {"held": False, "conference": False, "transfer": None, "target_kind": None, "target": None},
    "conference": {"held": False, "conference": True},
    "pause": {"recording": "paused"},
    "record": {"recording": "on"},
}
"""`complete` and `survey` end the agent's talk."""


class FakeTalks:
    """One talk at a time. `asked` has what was asked of it; `told` hears how it stands; `refuses` is raised."""

    def __init__(self) -> None:
        self.view: TalkOut | None = None
        self.asked: list[str] = []
        self.told: Callable[[TalkOut], None] = lambda view: None
        self.refuses: Refused | None = None

    def begin(self, call_id: str, agent: str) -> None:
        """Caller and agent talk."""
        self.put(
            TalkOut(
                call=call_id,
                agent=agent,
                held=False,
                conference=False,
                recording="on",
                transfer=None,
                target_kind=None,
                target=None,
            )
        )

    def put(self, view: TalkOut) -> TalkOut:
        """It stands so from now on."""
        self.view = view
        self.told(view)
        return view

    def talk(self, call_id: str) -> TalkOut | None:
        return self.view if self.view and self.view.call == call_id else None

    async def act(self, call_id: str, action: TalkAction) -> TalkOut | None:
        view = self._ask(action)
        if action in ("complete", "survey"):
            self.view = None
            return None
        return self.put(replace(view, **CHANGES[action]))

    async def transfer(
        self, call_id: str, kind: Literal["agent", "queue", "line", "number"], to: str, *, blind: bool
    ) -> TalkOut | None:
        view = self._ask(f"{'blind' if blind else 'attended'} {kind} {to}")
        if blind:
            self.view = None
            return None
        return self.put(replace(view, held=True, transfer="ringing", target_kind=kind, target=to))

    def _ask(self, what: str) -> TalkOut:
        assert self.view, "nobody talks"
        if self.refuses:
            raise self.refuses
        self.asked.append(what)
        return self.view
