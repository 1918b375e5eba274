"""What the pages need from the rest of the program: one frozen bundle, and the ACD as the pages see it.

Only types: the composition root fills them in, and the tests put a small ACD of their own behind the protocol.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from functools import cached_property
from typing import Literal, Protocol

from app.figures.live import LiveFigures
from app.process.page_faults import PageFaults
from app.sign_on.flow import SignOn
from app.web.http.acting import Acting
from app.web.http.contract import (
    ClosingOut,
    SupervisionMode,
    SupervisionOut,
    TalkOut,
    TargetKind,
    WaitingOut,
    WishedState,
)
from app.web.wire.desk import DeskHub
from config.ids import AgentId
from config.paths import DataDir
from config.schema import Site
from crm.db.store import Store
from crm.rights import Principal
from crm.use_cases.by_clock.days import RunningCalendar
from crm.use_cases.cases import CaseService
from crm.use_cases.intake import Intake
from ivr.live.talks import TalkOver
from ivr.port.space import Space
from routing.agent import AgentState


@dataclass(frozen=True, kw_only=True)
class AgentView:
    """One agent now. `until` ends a wrap-up by itself."""

    agent: str
    state: AgentState
    reason: str | None
    since: datetime
    call_id: str | None
    until: datetime | None
    queues: tuple[str, ...]
    wish: WishedState | None = None
    """The state asked for in the middle of a call, which comes after it."""
    by: str | None = None
    """Who made the agent so, when it was somebody else."""
    missed: Mapping[str, int] = field(default_factory=dict)
    """Offers missed today, by reason."""
    supervision: SupervisionOut | None = None
    """Of the talk that the agent is in."""


@dataclass(frozen=True, kw_only=True)
class QueueView:
    """One queue now; `entries` in order of service."""

    queue: str
    waiting: int
    longest_wait_since: datetime | None
    entries: tuple[WaitingOut, ...]
    agents_by_state: Mapping[AgentState, int]
    closed: ClosingOut | None = None


class AcdView(Protocol):
    """The live state. All methods return at once; they raise KeyError for an agent that no queue knows."""

    def agents(self) -> list[AgentView]: ...

    def queues(self) -> list[QueueView]: ...

    def set_state(self, agent: AgentId, state: WishedState, reason: str | None, by: str | None = None) -> AgentView:
        """`by`: who does it, when it is not the agent. Raises `routing.agent.IllegalTransition` with words, NotLikeThis
        for who is shut out."""
        ...

    def shut_out(self, agent: AgentId, by: str | None) -> None:
        """This person has no rights any more: signed off, in a talk after it, and nobody makes it otherwise until
        `let_in`. Nothing else happens to who takes no calls."""
        ...

    def let_in(self, agent: AgentId) -> None:
        """The opposite of `shut_out`; the person signs in as always."""
        ...

    def end_wrap_up(self, agent: AgentId) -> AgentView:
        """Raises `routing.agent.IllegalTransition` when the agent is not in wrap-up."""
        ...

    def extend_wrap_up(self, agent: AgentId, seconds: float) -> AgentView:
        """As `end_wrap_up`."""
        ...


class Floor(Protocol):
    """What a supervisor may do. Raises `talks.Refused`, `waiting.NotWaiting` (ivr.live) with words, TelephonyError."""

    def supervision(self, call_id: str) -> SupervisionOut | None: ...

    async def supervise(self, call_id: str, supervisor: str, mode: SupervisionMode) -> SupervisionOut:
        """Rings the supervisor's telephone, or changes the mode."""
        ...

    async def stop(self, call_id: str) -> None: ...

    def move(self, call_id: str, queue: str, by: str) -> None:
        """A waiting call goes to another queue and keeps its turn."""
        ...

    def closing(self, queue: str) -> ClosingOut | None: ...

    def close_queue(self, queue: str, *, reason: str, by: str, prompt: str | None) -> None: ...

    def open_queue(self, queue: str, *, by: str) -> None: ...


TalkAction = Literal["hold", "resume", "complete", "cancel", "conference", "pause", "record", "survey"]


class TalkControl(Protocol):
    """The talks that go on, and what may be done with them. Refusals are `ivr.live.talks.Refused`, with words."""

    def talk(self, call_id: str) -> TalkOut | None:
        """None when nobody talks in that call."""
        ...

    async def act(self, call_id: str, action: TalkAction) -> TalkOut | None:
        """Done when it returns: the talk as it is then; None when it has ended by that."""
        ...

    async def transfer(self, call_id: str, kind: TargetKind, to: str, *, blind: bool) -> TalkOut | None:
        """As `act`. A blind transfer ends the agent's talk."""
        ...


class NobodyTalks:
    """A `TalkControl` without telephones."""

    def talk(self, call_id: str) -> TalkOut | None:
        return None

    async def act(self, call_id: str, action: TalkAction) -> TalkOut | None:
        raise TalkOver(f"nobody talks in call {call_id}")

    async def transfer(self, call_id: str, kind: TargetKind, to: str, *, blind: bool) -> TalkOut | None:
        raise TalkOver(f"nobody talks in call {call_id}")


@dataclass(frozen=True, kw_only=True)
class Tools:
    """What every handler is given of the running system: nothing of it leads to the store (ACC-6)."""

    site: Site
    data: DataDir
    intake: Intake
    calendar: RunningCalendar
    acd: AcdView
    floor: Floor
    hub: DeskHub
    faults: PageFaults
    figures: LiveFigures
    status: Callable[[], Mapping[str, Mapping[str, object]]]
    """The parts of the running system by name; each says at least `"up": bool`."""
    clock: Callable[[], datetime]
    local_token: str = field(repr=False)
    telephone_secret: Callable[[AgentId], str | None] = field(repr=False)
    """The SIP password of an agent's telephone; None when the agent has none."""
    renew_telephone_secret: Callable[[AgentId], Awaitable[str]] = field(repr=False)
    """Another one; the old one opens nothing from then on. Raises KeyError, `ivr.port.values.TelephonyError`."""
    sip_address: str
    talks: TalkControl = field(default_factory=NobodyTalks)
    space: Space = field(default_factory=Space)
    """What the disk still has room for."""
    sign_on: SignOn | None = None
    """Single sign-on, where the site has a provider of it."""
    due_call_accepted: Callable[[str, AgentId], object] = lambda due_call, agent: None
    """Told at once when an agent presses accept, so that the customer is dialled without a poll."""


@dataclass(frozen=True, kw_only=True)
class Services(Tools):
    """Everything behind the web server: for the server itself, the door and the feeds; handlers get `tools`."""

    store: Store
    cases: CaseService

    @cached_property
    def tools(self) -> Tools:
        return Tools(**{each.name: getattr(self, each.name) for each in fields(Tools)})

    def acting(self, who: Principal) -> Acting:
        """The store as this person sees it now."""
        return Acting(
            who,
            self.hub.tickets_at_hand(who.agent) if who.agent else frozenset(),
            site=self.site,
            store=self.store,
            cases=self.cases,
            days=self.calendar.days,
            data=self.data,
        )
