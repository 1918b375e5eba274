"""Who may take which step, as data; and why one is refused, in words (rules). CPL-4, CPL-5, LNE-4, LNE-5.

First the position, then the stage, then the guards of guards.py. Everything that is not in the table is refused.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Self

from crm.cases.model import NOT_REACHED, TRANSITIONS, Case, Stage
from crm.cases.organisation import Organisation
from crm.cases.words import STAGES, STEPS
from crm.errors import CrmError, NotLikeThis
from crm.rights import Principal
from crm.tickets.model import TicketKind, TicketRow, TicketState


class Position(StrEnum):
    """What somebody is to a case. One person may be several.

    `registrar`: registered it, or would: the ticket's own agent, anybody while it has none. `sender`: passed it to who
    has it, and may still send the form after the telephone notice. `caller`: spoke with the
    customer last, or in a call that was attached. `member`, `head`: of the party that holds it. `supervision`: serves
    that line of the case's level. `supervisor`: the service supervisor of that level. `leader`: of the leadership
    group. `bystander`: none of these.
    """

    REGISTRAR = "registrar"
    SENDER = "sender"
    CALLER = "caller"
    MEMBER = "member"
    HEAD = "head"
    SUPERVISION = "supervision"
    SUPERVISOR = "supervisor"
    LEADER = "leader"
    ADMINISTRATOR = "administrator"
    BYSTANDER = "bystander"


_P = Position
_HOLDERS: Final = frozenset({_P.MEMBER, _P.HEAD})
_SERVICE: Final = frozenset({_P.SUPERVISION, _P.SUPERVISOR})
_DESK: Final = frozenset({_P.REGISTRAR, _P.SENDER, _P.CALLER})
_DECIDERS: Final = frozenset({_P.SUPERVISOR, _P.LEADER})
_ABOVE: Final = frozenset({_P.SUPERVISION, _P.SUPERVISOR, _P.LEADER})
_ALL: Final = frozenset(Position) - {_P.BYSTANDER}

WHO_MAY: Final[Mapping[str, frozenset[Position]]] = {
    "registered": frozenset({_P.REGISTRAR}) | _HOLDERS | _SERVICE,
    "received": frozenset(),  # follows by itself
    "passed_on": _HOLDERS | {_P.SENDER, _P.SUPERVISOR, _P.ADMINISTRATOR},
    "started": _HOLDERS,
    "responded": _HOLDERS | _DESK | {_P.SUPERVISION},
    "customer_awaited": _HOLDERS,
    "customer_answered": _HOLDERS | _DESK | {_P.SUPERVISION},
    "extension_asked": _HOLDERS,
    "extension_granted": _DECIDERS,
    "extension_refused": _DECIDERS,
    "promised": _HOLDERS | _DESK | {_P.SUPERVISION},
    "plan_proposed": _HOLDERS,
    "plan_approved": _DECIDERS,
    "plan_refused": _DECIDERS,
    "solved": _HOLDERS,
    "replied_in_writing": _HOLDERS | {_P.SUPERVISION},
    "judged": _ABOVE,
    "fed_back": _HOLDERS | _DESK | _SERVICE,
    "closed": _HOLDERS | _SERVICE,
    "reopened": _HOLDERS | _DESK | _SERVICE | {_P.LEADER, _P.ADMINISTRATOR},
    "reported": _HOLDERS | _SERVICE,
    "urged": _DESK | _ABOVE,
    "supervised": _ABOVE,
    "escalated": _ABOVE,
    "taken_back": _ABOVE | {_P.ADMINISTRATOR},
    "handed_down": _ABOVE | {_P.ADMINISTRATOR},
    "cause_recorded": _HOLDERS | _SERVICE,
    "linked": _HOLDERS | _DESK | _SERVICE,
    "merged": _HOLDERS | _DESK | _SERVICE,
    "noted": _ALL,
}
"""Step → positions. `administrator`: what frees a case whose people are gone; never what a service person decides."""


@dataclass(frozen=True)
class Refusal:
    """Why a step is not taken. `code`: for programs; `zh`, `en`: what people read, with what to do."""

    code: str
    zh: str
    en: str


class StepRefused(CrmError):
    """The step was not taken; nothing was written. `forbidden`: it is not this person's to take at all."""

    def __init__(self, refusal: Refusal, *, forbidden: bool = False) -> None:
        super().__init__(refusal.en)
        self.refusal = refusal
        self.forbidden = forbidden


@dataclass(frozen=True, kw_only=True)
class Actor:
    """Who asks. `person`: an agent's number; None for a program."""

    name: str
    person: str | None
    role: str

    @classmethod
    def of(cls, who: Principal) -> Self:
        """What each may do to a case stands in this module, who sees what in `Sight`."""
        return cls(name=who.name, person=who.agent, role=who.role)


@dataclass(frozen=True, kw_only=True)
class Touch:
    """What of a ticket's calls gives somebody a position: its own agent, and those of calls that were attached."""

    agent: str | None
    callers: frozenset[str] = frozenset()


def positions(who: Actor, case: Case, touch: Touch, organisation: Organisation) -> frozenset[Position]:
    """All that this person is to the case; `bystander` for nothing at all."""
    found: set[Position] = set()
    if who.role == "administrator":
        found.add(_P.ADMINISTRATOR)
    if case.stage is Stage.NEW and (touch.agent in (None, who.person) or who.role != "agent"):
        found.add(_P.REGISTRAR)
    if who.person is not None:
        found |= _of_person(who.person, case, touch, organisation)
    return frozenset(found) or frozenset({_P.BYSTANDER})


def _of_person(person: str, case: Case, touch: Touch, organisation: Organisation) -> set[Position]:
    found: set[Position] = set()
    holder = organisation.parties.get(case.holder or "")
    level = holder.level if holder else organisation.top
    leaders = organisation.parties["head_office"]
    for position, holds in (
        (_P.REGISTRAR, person == case.registered_by),
        (_P.SENDER, person == case.sent_by),
        (_P.CALLER, person == touch.agent or person in touch.callers),
        (_P.MEMBER, holder is not None and person in holder.people),
        (_P.HEAD, holder is not None and person in holder.heads),
        (_P.SUPERVISION, holder is not None and person in organisation.supervision(level).people),
        (_P.SUPERVISOR, holder is not None and person in organisation.supervisors(level)),
        (_P.LEADER, holder is not None and person in leaders.people | leaders.heads),
    ):
        if holds:
            found.add(position)
    return found


NOT_YOURS: Final = Refusal("not_yours", "您不是该步骤的经办人，不能办理此步骤。", "This step is not yours to take.")
BY_ITSELF: Final = Refusal(
    "by_itself", "该步骤由系统自动记录，不能手工办理。", "The system records this step by itself."
)


def not_now(stage: Stage, step: str) -> Refusal:
    """The table has no such row."""
    possible = [f"“{STAGES[each].en}”" for each, trigger in TRANSITIONS if trigger == step] or ["nothing"]
    return Refusal(
        "not_now",
        f"工单现处于“{STAGES[stage].zh}”，不能办理“{STEPS[step].zh}”。",
        f"“{STEPS[step].en}” is not possible while the case is “{STAGES[stage].en}”, only while "
        f"{' or '.join(possible)}.",
    )


def verdict(held: frozenset[Position], stage: Stage, step: str) -> Refusal | None:
    """By position and stage alone; None: allowed as far as these go. Total: every combination has an answer."""
    if not WHO_MAY[step]:
        return BY_ITSELF
    if not held & WHO_MAY[step]:
        return NOT_YOURS
    possible = (stage, step) in TRANSITIONS or (step == "fed_back" and (stage, NOT_REACHED) in TRANSITIONS)
    return None if possible else not_now(stage, step)


def by_steps_only(ticket: TicketRow, changes: Mapping[str, object]) -> None:
    """What a case is and where it stands is said by its steps alone; a complaint is never closed without them (TKT-6).

    `changes`: what somebody would write on the ticket's form. Raises NotLikeThis.
    """
    if ticket.stage is None:
        kind = changes.get("kind", ticket.kind)
        if changes.get("state") is TicketState.CLOSED and kind is TicketKind.COMPLAINT:
            raise NotLikeThis(
                "by_steps",
                "A complaint is registered and closed by its steps: POST /api/tickets/{number}/steps.",
                "投诉须先登记，并按办理步骤关闭。",
            )
        return
    names = ("kind", "severity", "state")
    changed = [name for name in names if name in changes and changes[name] != getattr(ticket, name)]
    if changed:
        raise NotLikeThis(
            "by_steps",
            f"{', '.join(changed)} of a registered case: take a step, POST /api/tickets/{{number}}/steps.",
            "已登记的工单，其类别、级别和状态须通过办理步骤变更。",
        )
