"""Cases: the list of work, one case with what its reader may do, the steps, deadlines, who was late (adapter).

TKT-3…6, CPL-1…9, LNE-2…6. What may be done is decided in crm/cases; here it is asked and told.
"""

from datetime import datetime
from typing import Any, Final, cast

from app.web.api.cases.case_shapes import (
    AccountabilityOut,
    AccountabilityQuery,
    CaseCategoryOut,
    CaseItem,
    CaseOut,
    CaseQuery,
    ClockItem,
    DeadlineQuery,
    DeadlinesOut,
    HeldOut,
    MattersOut,
    PartyOut,
    StepTaken,
    ValidComplaintsOut,
)
from app.web.api.cases.case_shown import case_item, case_out, clock_item, party_out
from app.web.api.messages.messages import tell_message
from app.web.http.contract import Listed, Named, Nothing
from app.web.http.operations import AnyOperation, Ask, operation
from app.web.wire.desk_messages import TicketChanged
from app.web.wire.problems import Problem, invalid
from crm.cases.listed import CaseFilter
from crm.cases.model import Stage
from crm.cases.steps import NOT_BY_HAND, CallStep, CaseStep
from crm.cases.telling import VALID_COMPLAINTS
from crm.cases.words import STAGES, STEPS
from crm.errors import UnknownRecord, VersionConflict
from crm.tickets.model import TicketKind
from crm.use_cases import cases as steps

_AnyAsk = Ask[Any, Any]


async def list_cases(ask: Ask[CaseQuery, Nothing]) -> Listed[CaseItem]:
    """Registered cases, what is due first first."""
    query = ask.query
    wanted = CaseFilter(
        open={"open": True, "closed": False, "all": None}[query.state],
        stage=query.stage,
        kind=query.kind,
        severity=query.severity,
        level=query.level,
        department=query.department,
        category=query.category,
        restricted=query.restricted,
        holders=_holders(ask, query),
        due_before=query.due_before,
        overdue=query.overdue,
    )
    page = await ask.seen.cases.list(wanted, limit=query.limit, after=query.after)
    rules, now = ask.acts.rules, ask.services.clock()
    return Listed(items=[case_item(row, rules, now) for row in page.items], next=page.next)


def _holders(ask: _AnyAsk, query: CaseQuery) -> frozenset[str] | None:
    named = frozenset({query.holder}) if query.holder else None
    if not query.mine:
        return named
    mine = ask.acts.parties
    return mine if named is None else mine & named


async def get_case(ask: Ask[Nothing, Nothing]) -> CaseOut:
    """The case of a ticket, also of one that nobody has registered yet."""
    return await _case(ask, ask.path("number"))


async def _case(ask: _AnyAsk, number: str) -> CaseOut:
    look = await ask.do(steps.look_at_case, number)
    return case_out(look, ask.acts.rules, ask.services.clock())


async def take_step(ask: Ask[Nothing, CaseStep]) -> StepTaken:
    """409 `stale` with `current` when the ticket moved on; 409 `illegal_transition` or 403 `forbidden` with `reason`,
    `detail` and `detail_zh` when the step is refused."""
    number, step = ask.path("number"), ask.body
    if not step.version:
        raise invalid("version", "the version of the ticket that you have read")
    try:
        sent = await ask.do(steps.take_step, number, step)
    except VersionConflict as exc:
        raise Problem("stale", f"{exc}", current=await _case(ask, number)) from exc
    for message in sent:
        tell_message(ask.services.hub, message)
    try:
        case = await _case(ask, number)
    except UnknownRecord:
        return StepTaken(number=number, case=None)
    ask.services.hub.publish(ask.who.name, TicketChanged(ticket=number, version=case.version))
    return StepTaken(number=number, case=case)


async def get_matters(ask: Ask[Nothing, Nothing]) -> MattersOut:
    """Parties, categories, stages and steps with their titles."""
    acts = ask.acts
    return MattersOut(
        parties=[each for each in map(party_out, acts.organisation.parties.values()) if each],
        mine=sorted(acts.parties),
        categories=[
            CaseCategoryOut(
                id=each.id,
                title=each.title,
                title_en=each.title_en,
                kinds=[TicketKind(kind) for kind in each.kinds],
                department=each.department,
                restricted=each.restricted,
            )
            for each in acts.rules.site.matters.categories
        ],
        stages=[Named(id=stage, title=STAGES[stage].zh, title_en=STAGES[stage].en) for stage in Stage],
        steps=[
            Named(id=name, title=words.zh, title_en=words.en)
            for name, words in STEPS.items()
            if name not in NOT_BY_HAND
        ],
    )


async def get_deadlines(ask: Ask[DeadlineQuery, Nothing]) -> DeadlinesOut:
    """Agents see those of their own parties."""
    query = ask.query
    page = await ask.seen.cases.at_risk(level=query.level, limit=query.limit, after=query.after)
    warned, late = ask.acts.at_risk
    return DeadlinesOut(items=_clock_items(ask, page.items), next=page.next, warned=warned, late=late)


async def get_accountability(ask: Ask[AccountabilityQuery, Nothing]) -> AccountabilityOut:
    query, seen, year = ask.query, ask.seen.cases, ask.acts.year_of(ask.services.clock())
    since, until = _period(query, *year)
    page = await seen.late(since, until, holder=query.holder, person=query.person, limit=query.limit, after=query.after)
    held = await seen.held_against(since, until)
    valid = await seen.valid_complaints(*year)
    return AccountabilityOut(
        items=_clock_items(ask, page.items),
        next=page.next,
        since=since,
        until=until,
        totals=[
            HeldOut(holder=each.holder, unit=_unit(ask, each.holder), person=each.person, count=each.count)
            for each in held
        ],
        valid_complaints=[
            ValidComplaintsOut(person=person, count=count, over=count > VALID_COMPLAINTS)
            for person, count in sorted(valid.items(), key=lambda pair: (-pair[1], pair[0]))
        ],
        valid_limit=VALID_COMPLAINTS,
    )


def _period(query: AccountabilityQuery, since: datetime, until: datetime) -> tuple[datetime, datetime]:
    since, until = query.since or since, query.until or until
    if since >= until:
        raise invalid("until", "later than `since`")
    return since, until


def _unit(ask: _AnyAsk, holder: str | None) -> PartyOut | None:
    return party_out(ask.acts.organisation.parties.get(holder or ""))


def _clock_items(ask: _AnyAsk, rows: tuple[Any, ...]) -> list[ClockItem]:
    return [clock_item(row, ask.acts.rules) for row in rows]


# fmt: off
CASES: Final[tuple[AnyOperation, ...]] = (
    operation("list_cases", "GET /api/cases", list_cases,
              "Registered cases by their first deadline", CaseQuery, Nothing, Listed[CaseItem]),
    operation("get_case", "GET /api/tickets/{number}/case", get_case,
              "A ticket's case: stage, clocks, log, the steps one may take", Nothing, Nothing, CaseOut),
    operation("take_step", "POST /api/tickets/{number}/steps", take_step,
              "Take a step; 409 with the reason when it is refused", Nothing,
              cast(type[CaseStep], CallStep), StepTaken),
    operation("get_matters", "GET /api/matters", get_matters,
              "Parties, categories, stages and steps", Nothing, Nothing, MattersOut),
    operation("get_deadlines", "GET /api/deadlines", get_deadlines,
              "Deadlines at risk, what is due first first", DeadlineQuery, Nothing, DeadlinesOut),
    operation("get_accountability", "GET /api/accountability", get_accountability,
              "What was late, against which unit and person", AccountabilityQuery, Nothing, AccountabilityOut),
)
# fmt: on
