"""A case: its stages, the one table of what leads where, and what all steps taken so far come to (rules). TKT-6, CPL.

Complaints have stages of their own (a plan that is approved before it is carried out); guards.py keeps each kind of
ticket to its own.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from crm.cases import steps
from crm.cases.steps import CaseStep, FedBack, LoggedStep, name_of
from crm.errors import IllegalTransition
from crm.tickets.model import Severity, TicketKind, TicketState


class Stage(StrEnum):
    """`new`: nobody has registered it. `registered`: on its way to who shall have it. `attached`: a call about another
    case, never registered itself. `archived`: closed, and the root cause is on file (CPL-8)."""

    NEW = "new"
    REGISTERED = "registered"
    RECEIVED = "received"
    IN_HAND = "in_hand"
    PLAN_PROPOSED = "plan_proposed"
    APPROVED = "approved"
    SOLVED = "solved"
    FED_BACK = "fed_back"
    CLOSED = "closed"
    ARCHIVED = "archived"
    MERGED = "merged"
    ATTACHED = "attached"


_S = Stage
WORK: Final = (_S.RECEIVED, _S.IN_HAND, _S.PLAN_PROPOSED, _S.APPROVED)
"""Somebody has to do something about the matter."""
OPEN: Final = (*WORK, _S.SOLVED, _S.FED_BACK)
"""On the table: not closed, and not gone on elsewhere."""
CLOSED: Final = (_S.CLOSED, _S.ARCHIVED)
NOT_REACHED: Final = "not_reached"
"""Of a `fed_back`: the customer could not be had, so nothing was fed back."""

_STAYS: Final[Mapping[str, tuple[Stage, ...]]] = {
    "registered": WORK,
    "responded": OPEN,
    "customer_awaited": WORK,
    "customer_answered": WORK,
    "extension_asked": WORK,
    "extension_granted": WORK,
    "extension_refused": WORK,
    "promised": OPEN,
    "replied_in_writing": OPEN,
    "judged": (_S.IN_HAND, _S.PLAN_PROPOSED, _S.APPROVED, _S.SOLVED, _S.FED_BACK),
    "reported": OPEN,
    "urged": OPEN,
    "supervised": OPEN,
    "linked": (*OPEN, *CLOSED),
    "noted": tuple(stage for stage in Stage if stage is not _S.REGISTERED),
    NOT_REACHED: (_S.SOLVED,),
}
_LEADS: Final[Mapping[tuple[Stage, str], Stage]] = {
    (_S.NEW, "registered"): _S.REGISTERED,
    (_S.REGISTERED, "received"): _S.RECEIVED,
    **{(stage, "passed_on"): _S.REGISTERED for stage in WORK},
    **{(stage, "handed_down"): _S.REGISTERED for stage in WORK},
    **{(stage, "escalated"): _S.REGISTERED for stage in OPEN},
    **{(stage, "taken_back"): _S.REGISTERED for stage in OPEN},
    (_S.RECEIVED, "started"): _S.IN_HAND,
    (_S.IN_HAND, "plan_proposed"): _S.PLAN_PROPOSED,
    (_S.APPROVED, "plan_proposed"): _S.PLAN_PROPOSED,
    (_S.PLAN_PROPOSED, "plan_approved"): _S.APPROVED,
    (_S.PLAN_PROPOSED, "plan_refused"): _S.IN_HAND,
    (_S.RECEIVED, "solved"): _S.SOLVED,
    (_S.IN_HAND, "solved"): _S.SOLVED,
    (_S.APPROVED, "solved"): _S.SOLVED,
    (_S.SOLVED, "fed_back"): _S.FED_BACK,
    (_S.SOLVED, "closed"): _S.CLOSED,
    (_S.FED_BACK, "closed"): _S.CLOSED,
    **{(stage, "reopened"): _S.REGISTERED for stage in (_S.SOLVED, _S.FED_BACK, *CLOSED, _S.MERGED)},
    (_S.CLOSED, "cause_recorded"): _S.ARCHIVED,
    (_S.ARCHIVED, "cause_recorded"): _S.ARCHIVED,
    **{(stage, "merged"): _S.MERGED for stage in OPEN},
    (_S.NEW, "merged"): _S.ATTACHED,
    (_S.ATTACHED, "reopened"): _S.NEW,
}
TRANSITIONS: Final[Mapping[tuple[Stage, str], Stage]] = {
    **{(stage, step): stage for step, stages in _STAYS.items() for stage in stages},
    **_LEADS,
}
"""Stage and trigger → stage, for all kinds of tickets. A trigger is a step's name, or NOT_REACHED."""

MOVES: Final = frozenset({"passed_on", "handed_down", "escalated", "taken_back"})
"""The steps after which another party has the case."""


def trigger_of(step: CaseStep) -> str:
    """Which row of the table a step is."""
    return NOT_REACHED if isinstance(step, FedBack) and step.satisfied == "unreachable" else name_of(step)


def apply(stage: Stage, step: CaseStep) -> Stage:
    """The stage after the step; raises IllegalTransition when the table has none."""
    try:
        return TRANSITIONS[stage, trigger_of(step)]
    except KeyError:
        raise IllegalTransition(stage, trigger_of(step)) from None


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How the case shall be handled (CPL-4). `approved_by` None: not yet, or no more."""

    measures: tuple[str, ...]
    text: str
    by: str
    approved_by: str | None = None


@dataclass(frozen=True, kw_only=True)
class Extension:
    """Asked for, and not decided."""

    until: datetime
    reason: str
    by: str


@dataclass(frozen=True, kw_only=True)
class Case:
    """What the steps come to. `about`: colleagues who are complained of. `tries`: how often the customer was not
    reached since it was solved. `rounds`: how often somebody received it."""

    stage: Stage = Stage.NEW
    kind: TicketKind | None = None
    severity: Severity = Severity.NORMAL
    nature: str = ""
    category: str | None = None
    department: str | None = None
    restricted: bool = False
    complex: bool = False
    written: bool = False
    urgent: bool = False
    about: tuple[str, ...] = ()
    registered_by: str | None = None
    holder: str | None = None
    sent_by: str | None = None
    """Who passed it on last, and to whom while it is on its way."""
    sent_to: str | None = None
    started_by: str | None = None
    plan: Plan | None = None
    extension: Extension | None = None
    awaiting: str | None = None
    """What is needed from the customer."""
    promised: datetime | None = None
    result: str | None = None
    replied_in_writing: bool = False
    verdict: str | None = None
    persons: tuple[str, ...] = ()
    """Whom the verdict is about."""
    tries: int = 0
    satisfied: bool | None = None
    reported: bool = False
    cause: str | None = None
    links: tuple[str, ...] = ()
    merged_into: str | None = None
    rounds: int = 0

    @property
    def is_complaint(self) -> bool:
        return self.kind is TicketKind.COMPLAINT

    @property
    def state(self) -> TicketState:
        """As lists of tickets know it."""
        if self.stage in (*CLOSED, Stage.MERGED, Stage.ATTACHED):
            return TicketState.CLOSED
        return TicketState.PENDING if self.awaiting is not None else TicketState.OPEN


def fold(taken: Iterable[LoggedStep]) -> Case:
    """The case after these steps. What is on the log has happened, also what today's table would refuse."""
    case = Case()
    for each in taken:
        case = after(case, each)
    return case


def after(case: Case, taken: LoggedStep) -> Case:
    """The case after one more step."""
    stage = TRANSITIONS.get((case.stage, trigger_of(taken.step)), case.stage)
    change = _CHANGES.get(type(taken.step))
    return replace(case, stage=stage, **(change(case, taken.step, taken.by) if change else {}))


Changes = dict[str, Any]
_FRESH: Final[Mapping[str, object]] = {
    "started_by": None,
    "plan": None,
    "extension": None,
    "awaiting": None,
    "result": None,
    "tries": 0,
    "satisfied": None,
}
"""Of a round that begins: what was tried before does not count for it."""


def _registered(case: Case, step: steps.Registered, by: str) -> Changes:
    names = ("kind", "severity", "nature", "category", "department", "restricted", "complex", "written", "urgent")
    classified = {name: getattr(step, name) for name in (*names, "about")}
    return classified | {"registered_by": case.registered_by or by}


def _sent(case: Case, step: Any, by: str) -> Changes:
    return {"sent_by": by, "sent_to": step.to, "started_by": None}


def _received(case: Case, step: steps.Received, by: str) -> Changes:
    fresh = {} if step.again else {**_FRESH, "rounds": case.rounds + 1}
    return {**fresh, "holder": step.holder, "sent_to": None}


def _fed_back(case: Case, step: FedBack, by: str) -> Changes:
    if isinstance(step.satisfied, bool):
        return {"satisfied": step.satisfied, "promised": None}
    return {"tries": case.tries + 1}


def _judged(case: Case, step: steps.Judged, by: str) -> Changes:
    """Whom it was found against stands aside from now on, like whoever was complained of from the start."""
    about = tuple(dict.fromkeys((*case.about, *step.persons)))
    return {"verdict": step.verdict, "persons": step.persons, "about": about}


def _planned(case: Case, step: steps.PlanProposed, by: str) -> Changes:
    return {"plan": Plan(measures=step.measures, text=step.text, by=by)}


def _approved(case: Case, step: steps.PlanApproved, by: str) -> Changes:
    return {"plan": case.plan and replace(case.plan, approved_by=by)}


def _asked(case: Case, step: steps.ExtensionAsked, by: str) -> Changes:
    return {"extension": Extension(until=step.until, reason=step.reason, by=by)}


def _over(*names: str) -> Callable[[Case, Any, str], Changes]:
    """These are over with the step."""
    return lambda case, step, by: dict.fromkeys(names)


_CHANGES: Final[Mapping[type[CaseStep], Callable[[Case, Any, str], Changes]]] = {
    steps.Registered: _registered,
    steps.Received: _received,
    **dict.fromkeys((steps.PassedOn, steps.HandedDown, steps.Escalated, steps.TakenBack), _sent),
    steps.Started: lambda case, step, by: {"started_by": by},
    steps.CustomerAwaited: lambda case, step, by: {"awaiting": step.reason},
    steps.CustomerAnswered: _over("awaiting"),
    steps.ExtensionAsked: _asked,
    steps.ExtensionGranted: _over("extension"),
    steps.ExtensionRefused: _over("extension"),
    steps.Promised: lambda case, step, by: {"promised": step.until},
    steps.PlanProposed: _planned,
    steps.PlanApproved: _approved,
    steps.PlanRefused: _over("plan"),
    steps.Solved: lambda case, step, by: {"result": step.result, "awaiting": None, "extension": None},
    steps.RepliedInWriting: lambda case, step, by: {"replied_in_writing": True},
    steps.Judged: _judged,
    FedBack: _fed_back,
    steps.Reported: lambda case, step, by: {"reported": True},
    steps.Reopened: _over("merged_into", "cause"),
    steps.CauseRecorded: lambda case, step, by: {"cause": step.cause},
    steps.Linked: lambda case, step, by: {"links": tuple(dict.fromkeys((*case.links, step.to)))},
    steps.Merged: lambda case, step, by: {"merged_into": step.into},
}
