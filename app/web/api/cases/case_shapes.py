"""The outside shape of cases: what a reader may do and why not, clocks, lists of them. Data only; see contract.py.

A step goes in flat: `{"step": "passed_on", "version": 3, "to": "aid:hall", "how": "form"}`; its own fields are those of
crm/cases/steps.py, which OpenAPI shows one by one.
"""

from datetime import datetime
from typing import Literal

from app.web.api.common.records import TicketOut
from app.web.http.contract import Key, Moment, Named, Out, Paging
from config.service.policy import PartyKind
from crm.cases.clocks import Verdict
from crm.cases.model import Stage
from crm.tickets.model import Detail, Severity, TicketKind, TicketState

FieldKind = Literal[
    "text", "flag", "choice", "choices", "party", "ticket", "people", "moment", "category", "answer", "kind", "severity"
]
"""How a page asks for a field. `answer`: true, false or "unreachable"; `people`: numbers of colleagues."""


class PartyOut(Out, frozen=True, kw_only=True):
    """Who may have a case."""

    id: str
    title: str
    title_en: str
    kind: PartyKind
    level: str


class RungOut(Out, frozen=True, kw_only=True):
    """A step of the ladder. `at` null while the clock stands still; `reached`: it has come."""

    at: datetime | None
    share: float
    reached: bool


class ClockOut(Out, frozen=True, kw_only=True):
    """One clause on this case. `due_at` null: it stands still. `provisional`: by a calendar that is not official yet.

    `verdict`: running, paused, late (also after it stopped too late), kept, moved (passed on or closed before it was
    due), merged.
    """

    clause: str
    text: str
    text_en: str
    round: int
    in_force_from: str
    started_at: datetime
    due_at: datetime | None
    provisional: bool
    rungs: list[RungOut]
    stopped_at: datetime | None
    verdict: Verdict
    holder: PartyOut | None
    person: str | None


class FieldOut(Out, frozen=True, kw_only=True):
    """A field of a step. `choices`: of a choice or choices; `parties`: to whom it may go from here."""

    name: str
    kind: FieldKind
    required: bool
    choices: list[str]
    parties: list[PartyOut]


class OfferOut(Out, frozen=True, kw_only=True):
    """A step that is this reader's to take. Not `possible`: `why` says what stands in its way, `code` for programs."""

    step: str
    title: str
    title_en: str
    possible: bool
    code: str | None
    why: str | None
    why_en: str | None
    fields: list[FieldOut]


class CaseStepOut(Out, frozen=True, kw_only=True):
    """A step on the log. `by`: an agent's number, or system."""

    id: str
    at: datetime
    by: str
    step: str
    title: str
    title_en: str
    details: dict[str, Detail | list[str]]


class PlanOut(Out, frozen=True, kw_only=True):
    """`approved_by` null: not yet."""

    measures: list[str]
    text: str
    by: str
    approved_by: str | None


class ExtensionOut(Out, frozen=True, kw_only=True):
    """Asked for and not decided."""

    until: datetime
    reason: str
    by: str


class CaseOut(Out, frozen=True, kw_only=True):
    """A case for this reader. `version` goes back with the next step. `positions`: what the reader is to it.

    `stage` `new`: nobody has registered it. `open_cases`: others of the same customer, which a call may be about: merge
    it into one. `links`: similar cases, whichever was linked to the other. `tries`: how often the customer was not
    reached. `awaiting`: what is needed from the customer.
    """

    number: str
    version: int
    stage: Stage
    stage_title: str
    state: TicketState
    kind: TicketKind | None
    severity: Severity
    nature: str
    category: Named | None
    complex: bool
    written: bool
    urgent: bool
    restricted: bool
    about: list[str]
    registered_by: str | None
    holder: PartyOut | None
    department: PartyOut | None
    level: str | None
    in_hand_of: str | None
    plan: PlanOut | None
    extension: ExtensionOut | None
    awaiting: str | None
    promised_until: datetime | None
    result: str | None
    verdict: Literal["valid", "special"] | None
    persons: list[str]
    satisfied: bool | None
    tries: int
    replied_in_writing: bool
    reported: bool
    cause: str | None
    rounds: int
    case_of: str | None
    attached: list[str]
    links: list[str]
    open_cases: list[TicketOut]
    positions: list[str]
    clocks: list[ClockOut]
    steps: list[OfferOut]
    log: list[CaseStepOut]


class StepTaken(Out, frozen=True, kw_only=True):
    """`case` null: after this step the reader may not see it any more (a restricted matter, LNE-6)."""

    number: str
    case: CaseOut | None


class CaseQuery(Paging, frozen=True, kw_only=True):
    """`mine`: what one of my parties has. `due_before`, `overdue`: by the first deadline that runs. `category`, with
    `state` all: cases like this one (CPL-8)."""

    state: Literal["open", "closed", "all"] = "open"
    stage: Stage | None = None
    kind: TicketKind | None = None
    severity: Severity | None = None
    holder: Key | None = None
    mine: bool = False
    level: Key | None = None
    department: Key | None = None
    category: Key | None = None
    restricted: bool | None = None
    due_before: Moment | None = None
    overdue: bool | None = None


class CaseItem(TicketOut, frozen=True, kw_only=True):
    """A case in a list, what is due first first. `due_at`: the first deadline that runs; `overdue`: it has passed."""

    stage: Stage
    holder_party: PartyOut | None
    due_at: datetime | None
    overdue: bool
    clauses: int


class ClockItem(Out, frozen=True, kw_only=True):
    """A clock in a list. `told`: how many rungs of its ladder people were told of."""

    ticket: str
    kind: TicketKind | None
    severity: Severity
    clause: str
    text: str
    text_en: str
    round: int
    started_at: datetime
    due_at: datetime | None
    provisional: bool
    stopped_at: datetime | None
    verdict: Verdict
    holder: PartyOut | None
    person: str | None
    told: int


class DeadlineQuery(Paging, frozen=True, kw_only=True):
    level: Key | None = None


class DeadlinesOut(Out, frozen=True, kw_only=True):
    """Clocks that run and were warned of, or are late. `warned`, `late`: all of the site, as counted a moment ago."""

    items: list[ClockItem]
    next: str | None
    warned: int
    late: int


class AccountabilityQuery(Paging, frozen=True, kw_only=True):
    """Deadlines in [since, until); default: this calendar year. `holder`, `person`: only what is held against them."""

    since: Moment | None = None
    until: Moment | None = None
    holder: Key | None = None
    person: Key | None = None


class HeldOut(Out, frozen=True, kw_only=True):
    """`unit` null: a party that is no longer there; `holder` says which."""

    holder: str | None
    unit: PartyOut | None
    person: str | None
    count: int


class ValidComplaintsOut(Out, frozen=True, kw_only=True):
    """Of this calendar year (CPL-9). `over`: more than the limit, so the supervisor was told."""

    person: str
    count: int
    over: bool


class AccountabilityOut(Out, frozen=True, kw_only=True):
    """超时问责. `totals`: by unit and person, over the whole time asked for."""

    items: list[ClockItem]
    next: str | None
    since: datetime
    until: datetime
    totals: list[HeldOut]
    valid_complaints: list[ValidComplaintsOut]
    valid_limit: int


class CaseCategoryOut(Named, frozen=True, kw_only=True):
    kinds: list[TicketKind]
    department: str
    restricted: bool


class MattersOut(Out, frozen=True, kw_only=True):
    """What pages need to fill the lists of a case."""

    parties: list[PartyOut]
    mine: list[str]
    categories: list[CaseCategoryOut]
    stages: list[Named]
    steps: list[Named]
