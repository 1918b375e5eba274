"""From the rules' view of a case to the answer for one reader (adapter, no I/O): titles, fields, masked words."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, get_args

import msgspec

from app.web.api.cases.case_shapes import (
    CaseItem,
    CaseOut,
    CaseStepOut,
    ClockItem,
    ClockOut,
    ExtensionOut,
    FieldKind,
    FieldOut,
    OfferOut,
    PartyOut,
    PlanOut,
    RungOut,
)
from app.web.api.common.shown import detail_out, shaped, ticket_out
from app.web.http.contract import Named
from crm.cases import words
from crm.cases.clocks import PROMISE, PROMISE_TEXTS, Clock
from crm.cases.file import Rules
from crm.cases.guards import receivers
from crm.cases.listed import CaseRow, ClockEntry
from crm.cases.model import Case
from crm.cases.organisation import CaseParty
from crm.cases.steps import FILLED_IN, STEPS, CaseStep, LoggedStep, Measure
from crm.tickets.model import Severity, TicketKind
from crm.use_cases.cases import Look, Offer

_KINDS: Final[Mapping[tuple[str | None, str], FieldKind]] = {
    ("linked", "to"): "ticket",
    ("merged", "into"): "ticket",
    (None, "to"): "party",
    (None, "until"): "moment",
    (None, "about"): "people",
    (None, "persons"): "people",
    (None, "measures"): "choices",
    (None, "category"): "category",
    (None, "satisfied"): "answer",
    (None, "kind"): "kind",
    (None, "severity"): "severity",
    (None, "how"): "choice",
    ("judged", "verdict"): "choice",
    (None, "complex"): "flag",
    (None, "written"): "flag",
    (None, "urgent"): "flag",
    (None, "circulate"): "flag",
}
"""Step and field → how it is asked for; everything else is text."""
_CHOICES: Final[Mapping[str, tuple[str, ...]]] = {
    "measures": get_args(Measure),
    "satisfied": ("true", "false", "unreachable"),
    "kind": tuple(kind.value for kind in TicketKind),
    "severity": tuple(severity.value for severity in Severity),
    "verdict": ("valid", "special"),
}
_HOW: Final[Mapping[str, tuple[str, ...]]] = {
    "passed_on": ("form", "telephone"),
    "fed_back": ("telephone", "writing", "in_person", "message"),
}


def party_out(party: CaseParty | None) -> PartyOut | None:
    if party is None:
        return None
    return PartyOut(id=party.id, title=party.title, title_en=party.title_en, kind=party.kind, level=party.level)


def _some_party(rules: Rules, party: str | None) -> PartyOut | None:
    """A party by its id. One that the site has no more is shown by the id alone."""
    if party is None:
        return None
    known = rules.organisation.parties.get(party)
    return party_out(known) or PartyOut(id=party, title=party, title_en=party, kind="department", level="")


def case_out(look: Look, rules: Rules, now: datetime) -> CaseOut:
    file, case = look.file, look.file.case
    facts = {name: getattr(case, name) for name in _SAME}
    return CaseOut(
        **facts,
        number=file.number,
        version=file.version,
        stage_title=words.STAGES[case.stage].zh,
        state=case.state,
        category=_category(case, rules),
        about=list(case.about),
        holder=_some_party(rules, case.holder),
        department=_department(case, rules),
        level=_level(case, rules),
        in_hand_of=case.started_by,
        plan=_plan(case),
        extension=_extension(case),
        awaiting=case.awaiting,
        promised_until=case.promised,
        result=case.result,
        persons=list(case.persons),
        cause=case.cause,
        case_of=file.case_of,
        attached=list(file.attached),
        links=list(dict.fromkeys((*case.links, *file.linked_from))),
        open_cases=[ticket_out(row) for row in look.open_cases],
        positions=sorted(look.situation.held),
        clocks=[_clock_out(clock, rules, now) for clock in look.clocks],
        steps=[_offer_out(offer, look) for offer in look.offers],
        log=[_step_out(each) for each in file.taken],
    )


_SAME: Final = (
    *("stage", "kind", "severity", "nature", "complex", "written", "urgent", "restricted", "registered_by", "verdict"),
    *("satisfied", "tries", "replied_in_writing", "reported", "rounds"),
)


def _plan(case: Case) -> PlanOut | None:
    plan = case.plan
    if plan is None:
        return None
    return PlanOut(measures=list(plan.measures), text=plan.text, by=plan.by, approved_by=plan.approved_by)


def _extension(case: Case) -> ExtensionOut | None:
    asked = case.extension
    if asked is None:
        return None
    return ExtensionOut(until=asked.until, reason=asked.reason, by=asked.by)


def _category(case: Case, rules: Rules) -> Named | None:
    if case.category is None:
        return None
    known = rules.site.matters.category(case.category)
    title, title_en = (known.title, known.title_en) if known else (case.category, case.category)
    return Named(id=case.category, title=title, title_en=title_en)


def _department(case: Case, rules: Rules) -> PartyOut | None:
    if case.department is None:
        return None
    party = rules.organisation.party_of_department(case.department)
    return party_out(party) or _some_party(rules, f"department:{case.department}")


def _level(case: Case, rules: Rules) -> str | None:
    holder = rules.organisation.parties.get(case.holder or "")
    return holder.level if holder else None


def _clock_out(clock: Clock, rules: Rules, now: datetime) -> ClockOut:
    reached = clock.reached(clock.stopped_at or now)
    return ClockOut(
        clause=clock.clause,
        text=clock.text,
        text_en=clock.text_en,
        round=clock.round,
        in_force_from=clock.in_force_from,
        started_at=clock.started_at,
        due_at=clock.due_at,
        provisional=clock.provisional,
        rungs=[
            RungOut(at=rung.at, share=rung.share, reached=index < reached) for index, rung in enumerate(clock.rungs)
        ],
        stopped_at=clock.stopped_at,
        verdict=clock.verdict(now),
        holder=_some_party(rules, clock.holder),
        person=clock.person,
    )


def _offer_out(offer: Offer, look: Look) -> OfferOut:
    why, kind = offer.refusal, STEPS[offer.step]
    to = [each for each in map(party_out, receivers(look.situation, kind)) if each]
    return OfferOut(
        step=offer.step,
        title=words.STEPS[offer.step].zh,
        title_en=words.STEPS[offer.step].en,
        possible=why is None,
        code=why.code if why else None,
        why=why.zh if why else None,
        why_en=why.en if why else None,
        fields=[_with_parties(each, to) for each in FIELDS[offer.step]],
    )


def _with_parties(field: FieldOut, parties: list[PartyOut]) -> FieldOut:
    return msgspec.structs.replace(field, parties=parties) if field.kind == "party" else field


def _fields(step: str, kind: type[CaseStep]) -> list[FieldOut]:
    hidden = {"version"} | set(FILLED_IN.get(step, ()))
    found = []
    for each in msgspec.structs.fields(kind):
        if each.name not in hidden:
            asked = _KINDS.get((step, each.name)) or _KINDS.get((None, each.name), "text")
            choices = _HOW[step] if each.name == "how" else _CHOICES.get(each.name, ())
            found.append(
                FieldOut(name=each.name, kind=asked, required=each.required, choices=list(choices), parties=[])
            )
    return found


FIELDS: Final = {step: _fields(step, kind) for step, kind in STEPS.items()}


def _step_out(taken: LoggedStep) -> CaseStepOut:
    step = taken.step
    raw: dict[str, Any] = {each.encode_name: getattr(step, each.name) for each in msgspec.structs.fields(step)}
    details = {
        name: list(value) if isinstance(value, list | tuple) else detail_out(name, value)
        for name, value in raw.items()
        if name != "version"
    }
    return CaseStepOut(
        id=str(taken.id),
        at=taken.at,
        by=taken.by,
        step=taken.name,
        title=words.STEPS[taken.name].zh,
        title_en=words.STEPS[taken.name].en,
        details=details,
    )


def case_item(row: CaseRow, rules: Rules, now: datetime) -> CaseItem:
    return shaped(
        CaseItem,
        ticket_out(row),
        holder_party=_some_party(rules, row.holder),
        due_at=row.due_at,
        overdue=row.due_at is not None and row.due_at < now,
        clauses=row.clauses,
    )


def clock_item(entry: ClockEntry, rules: Rules) -> ClockItem:
    """With the clause's words, as in the version that it was judged by."""
    texts = PROMISE_TEXTS
    if entry.clause != PROMISE:
        versions = rules.regulated.policy.versions
        version = next((each for each in versions if str(each.in_force_from) == entry.in_force_from), versions[-1])
        known = version.clauses.get(entry.clause)
        texts = (known.text, known.text_en) if known else (entry.clause, entry.clause)
    others: dict[str, object] = {
        "kind": None if entry.kind is None else TicketKind(entry.kind),
        "severity": Severity(entry.severity),
        "text": texts[0],
        "text_en": texts[1],
        "holder": _some_party(rules, entry.holder),
    }
    shared = {
        name: getattr(entry, name)
        for name in entry.__struct_fields__
        if name not in (*others, "matter", "in_force_from")
    }
    return ClockItem(**shared, **others)  # type: ignore[arg-type]
