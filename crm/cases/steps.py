"""The steps that are taken on a case, each with its own fields, and as the log keeps them (rules). TKT-3, CPL, LNE.

A step is a fact: it says what somebody did, not what follows from it. Whether it is possible is decided in rights.py
and guards.py, what the case is after it in model.py.
"""

import re
from datetime import datetime
from typing import Annotated, Final, Literal, TypeAlias, get_args

import msgspec
from msgspec import Meta

from crm.tickets.model import Severity, TicketKind

SYSTEM: Final = "system"
"""Who takes the steps that follow by themselves."""

FreeText = Annotated[str, Meta(min_length=1, max_length=2000)]
MaybeWords = Annotated[str, Meta(max_length=2000)]
ShortWords = Annotated[str, Meta(max_length=64)]
PartyId = Annotated[str, Meta(min_length=1, max_length=80)]
Number = Annotated[str, Meta(pattern=r"^\d{8}-\d{4,9}$")]
Person = Annotated[str, Meta(min_length=1, max_length=64)]
People = Annotated[tuple[Person, ...], Meta(max_length=20)]
Moment = Annotated[datetime, Meta(tz=True)]
Measure = Literal[
    "apology", "compensation", "replacement", "refund", "repair", "explanation", "improvement", "training"
]
"""道歉 补偿 更换 退款 维修 解释 改进 培训 (CPL-4)."""

_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


def _tag(name: str) -> str:
    """PassedOn → passed_on."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


class CaseStep(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="step", tag=_tag):
    """Root of the steps. `version`: of the ticket that whoever takes it has read; not kept.

    Raises ValueError (msgspec.ValidationError when decoded) for words that say nothing or cannot be kept.
    """

    version: int = 0

    def __post_init__(self) -> None:
        for field in msgspec.structs.fields(type(self)):
            value = getattr(self, field.name)
            if not isinstance(value, str):
                continue
            if _CONTROLS.search(value):
                raise ValueError(f"{field.name}: contains control characters")
            if field.required and not value.strip():
                raise ValueError(f"{field.name}: needs words")


class Registered(CaseStep, frozen=True, kw_only=True):
    """Taken down and classified (CPL-1); again: classified anew. `about`: colleagues who are complained of.

    `department` and `restricted` follow from the category and are filled in when the step is taken (LNE-6).
    """

    kind: TicketKind
    severity: Severity = Severity.NORMAL
    nature: ShortWords = ""
    category: ShortWords | None = None
    complex: bool = False
    written: bool = False
    urgent: bool = False
    about: People = ()
    department: ShortWords | None = None
    restricted: bool = False


class Received(CaseStep, frozen=True, kw_only=True):
    """The form lies with `holder`. It follows by itself: nobody can put off a clock by not receiving. `again`: the
    second notice of one pass, by form after the telephone: no round begins (CPL-2)."""

    holder: PartyId
    again: bool = False


class PassedOn(CaseStep, frozen=True, kw_only=True, rename={"origin": "from"}):
    """To whom it is passed, by form or by telephone (CPL-2). `from` is filled in."""

    to: PartyId
    how: Literal["form", "telephone"] = "form"
    reason: MaybeWords = ""
    origin: ShortWords = ""


class Started(CaseStep, frozen=True, kw_only=True):
    """Whoever takes the step has it in hand."""


class Responded(CaseStep, frozen=True, kw_only=True):
    """The customer has heard from us (TKT-4)."""

    words: MaybeWords = ""


class CustomerAwaited(CaseStep, frozen=True, kw_only=True):
    """Something is needed from the customer first."""

    reason: FreeText


class CustomerAnswered(CaseStep, frozen=True, kw_only=True):
    words: MaybeWords = ""


class ExtensionAsked(CaseStep, frozen=True, kw_only=True):
    until: Moment
    reason: FreeText


class ExtensionGranted(CaseStep, frozen=True, kw_only=True):
    words: MaybeWords = ""


class ExtensionRefused(CaseStep, frozen=True, kw_only=True):
    reason: FreeText


class Promised(CaseStep, frozen=True, kw_only=True):
    """The customer was told when the answer comes; a call is due then (TKT-5)."""

    until: Moment
    words: MaybeWords = ""


class PlanProposed(CaseStep, frozen=True, kw_only=True):
    """CPL-4."""

    measures: Annotated[tuple[Measure, ...], Meta(min_length=1, max_length=8)]
    text: FreeText


class PlanApproved(CaseStep, frozen=True, kw_only=True):
    words: MaybeWords = ""


class PlanRefused(CaseStep, frozen=True, kw_only=True):
    reason: FreeText


class Solved(CaseStep, frozen=True, kw_only=True):
    """Carried out. `result`: what the customer will be told."""

    result: FreeText


class RepliedInWriting(CaseStep, frozen=True, kw_only=True):
    """`reference`: of the letter or e-mail (TKT-4)."""

    reference: FreeText


class Judged(CaseStep, frozen=True, kw_only=True):
    """有效投诉 or 特殊投诉, on evidence (CPL-5). `persons`: whom a valid complaint is counted for (CPL-9)."""

    verdict: Literal["valid", "special"]
    evidence: FreeText
    persons: People = ()


class FedBack(CaseStep, frozen=True, kw_only=True):
    """The result was told to the customer, who answered; or who could not be reached (TKT-6)."""

    satisfied: bool | Literal["unreachable"]
    how: Literal["telephone", "writing", "in_person", "message"] = "telephone"
    words: MaybeWords = ""


class Closed(CaseStep, frozen=True, kw_only=True):
    words: MaybeWords = ""


class Reopened(CaseStep, frozen=True, kw_only=True):
    reason: FreeText


class Reported(CaseStep, frozen=True, kw_only=True):
    """重大投诉报告 (CPL-7)."""

    to: PartyId
    words: MaybeWords = ""


class Urged(CaseStep, frozen=True, kw_only=True):
    """催办: somebody waits for it."""

    words: FreeText


class Supervised(CaseStep, frozen=True, kw_only=True):
    """督办: supervision looks after it."""

    words: FreeText


class Escalated(CaseStep, frozen=True, kw_only=True):
    """To the supervision of the level above, or to head office (LNE-5)."""

    to: PartyId
    reason: FreeText


class TakenBack(CaseStep, frozen=True, kw_only=True):
    """Supervision takes it over from whoever has it. `to` is filled in: the supervision of its level."""

    reason: FreeText
    to: ShortWords = ""


class HandedDown(CaseStep, frozen=True, kw_only=True):
    """By supervision, to a branch, aid or a department (LNE-5)."""

    to: PartyId
    words: MaybeWords = ""


class CauseRecorded(CaseStep, frozen=True, kw_only=True):
    """Root cause and improvement; `circulate`: whether everybody shall read of it, 通报 (CPL-8)."""

    cause: FreeText
    measure: FreeText
    circulate: bool = False


class Linked(CaseStep, frozen=True, kw_only=True):
    """To a similar case."""

    to: Number


class Merged(CaseStep, frozen=True, kw_only=True):
    """It is about the case `into`, and goes on there: a repeated call, or the same matter registered twice."""

    into: Number


class Noted(CaseStep, frozen=True, kw_only=True):
    text: FreeText


CallStep: TypeAlias = (
    Registered
    | Received
    | PassedOn
    | Started
    | Responded
    | CustomerAwaited
    | CustomerAnswered
    | ExtensionAsked
    | ExtensionGranted
    | ExtensionRefused
    | Promised
    | PlanProposed
    | PlanApproved
    | PlanRefused
    | Solved
    | RepliedInWriting
    | Judged
    | FedBack
    | Closed
    | Reopened
    | Reported
    | Urged
    | Supervised
    | Escalated
    | TakenBack
    | HandedDown
    | CauseRecorded
    | Linked
    | Merged
    | Noted
)
STEPS: Final[dict[str, type[CaseStep]]] = {_tag(each.__name__): each for each in get_args(CallStep)}
"""By name, in the order in which a case usually meets them."""
NOT_BY_HAND: Final = frozenset({"received"})
FILLED_IN: Final = {"registered": {"department", "restricted"}, "passed_on": {"origin"}, "taken_back": {"to"}}
"""Fields that nobody enters."""


def name_of(step: CaseStep) -> str:
    """As the log and the reports name it."""
    return _tag(type(step).__name__)


class LoggedStep(msgspec.Struct, frozen=True, kw_only=True):
    """A step on the log: what, when, by whom. `id`: its place in the log; 0 until it is written."""

    at: datetime
    by: str
    step: CaseStep
    id: int = 0

    @property
    def name(self) -> str:
        return name_of(self.step)


def details_of(step: CaseStep) -> str:
    """The fields as the log keeps them: JSON."""
    fields = msgspec.to_builtins(step, builtin_types=(datetime,))
    kept = {name: value for name, value in fields.items() if name not in ("step", "version")}
    return msgspec.json.encode(kept).decode()


def step_of(name: str, details: str) -> CaseStep:
    """The inverse of `details_of`. Raises msgspec.ValidationError for what no version of ours has written."""
    fields = msgspec.json.decode(details or "{}")
    known: CaseStep = msgspec.convert({"step": name, **fields}, STEPS[name])
    return known
