"""The shapes that answers and live messages share, and the roots of all of them (rules: data only); see contract.py."""

from datetime import datetime
from typing import Literal

import msgspec

from config.schema import Role
from crm.journal.events import WishedState as WishedState
from routing.agent import AgentState

SupervisionMode = Literal["listen", "whisper", "barge", "takeover"]
TargetKind = Literal["agent", "queue", "line", "number"]
Direction = Literal["inbound", "outbound", "agent"]


class Out(msgspec.Struct, frozen=True, kw_only=True):
    """Root of what goes out."""


class In(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Root of what comes in: a field we do not know is an error, not a wish ignored."""


class SupervisionOut(Out, frozen=True, kw_only=True):
    """Who supervises a talk (QUA-5). Not `joined`: the supervisor's telephone rings."""

    call: str
    supervisor: str
    mode: SupervisionMode
    joined: bool


class AgentOut(Out, frozen=True, kw_only=True):
    """An agent now. `wish`: the state asked for in the middle of a call, which comes after it.

    `by`: who made the agent so, when it was somebody else. `missed`: offers missed today, by reason (rona, rejected,
    busy, unreachable).
    """

    agent: str
    name: str
    name_en: str
    role: Role
    state: AgentState
    reason: str | None
    since: datetime
    call: str | None
    until: datetime | None
    queues: list[str]
    wish: WishedState | None
    by: str | None
    missed: dict[str, int]
    supervision: SupervisionOut | None


class TalkStatus(Out, frozen=True, kw_only=True):
    """How a talk stands. `held`: the caller hears music.

    `transfer`: whom the agent has asked is being rung, or is there; `target_kind` and `target` say who that is.
    """

    held: bool
    conference: bool
    recording: Literal["on", "paused", "off"]
    transfer: Literal["ringing", "joined"] | None
    target_kind: TargetKind | None
    target: str | None
