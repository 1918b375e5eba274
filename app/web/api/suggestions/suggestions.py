"""Suggestions over the API (adapter): registered on a ticket, passed on, decided, told to who made them. SUG-1."""

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from app.web.api.common.shown import is_masked, shaped
from app.web.api.messages.messages import tell_of_notice
from app.web.http.contract import In, Key, Listed, Named, Nothing, Out, Paging
from app.web.http.operations import AnyOperation, Ask, operation
from crm.suggestions.model import Suggestion, SuggestionState, SuggestionStep
from crm.tickets.model import Detail
from crm.use_cases import suggestions as use_cases

FreeText = Annotated[str, Meta(max_length=2000)]
Version = Annotated[int, Meta(ge=1)]


class ChoicesOut(Out, frozen=True, kw_only=True):
    """What a suggestion can be about, and to whom it can be passed; `mine`: the departments of who asks."""

    natures: list[Named]
    departments: list[Named]
    mine: list[str]


class SuggestionOut(Out, frozen=True, kw_only=True):
    """`late`: it should have been decided. `call_state`: of the call that tells the proposer."""

    ticket: str
    nature: str
    proposer: str
    contact: str
    contact_masked: bool
    summary: str
    state: SuggestionState
    department: str | None
    registered_at: datetime
    registered_by: str
    decide_by: datetime | None
    late: bool
    adopted: bool | None
    reason: str
    result: str
    due_call: str | None
    call_state: str | None
    version: int


class SuggestionStepOut(Out, frozen=True, kw_only=True):
    at: datetime
    by: str
    step: SuggestionStep
    details: dict[str, Detail]


class SuggestionFull(SuggestionOut, frozen=True, kw_only=True):
    """`may_pass`, `may_decide`: whether this reader may."""

    may_pass: bool
    may_decide: bool
    steps: list[SuggestionStepOut]


class SuggestionQuery(Paging, frozen=True, kw_only=True):
    state: SuggestionState | None = None
    department: Key | None = None
    late: bool = False


class SuggestionNew(In, frozen=True, kw_only=True):
    """What is left out comes from the ticket: name, number, matter."""

    nature: Key
    proposer: Annotated[str, Meta(max_length=64)] | None = None
    contact: Annotated[str, Meta(max_length=40)] | None = None
    summary: FreeText | None = None


class PassIn(In, frozen=True, kw_only=True):
    version: Version
    department: Key
    words: FreeText = ""


class VerdictIn(In, frozen=True, kw_only=True):
    """`reason`: why. `result`: what came of it; needed when it is adopted."""

    version: Version
    adopted: bool
    reason: FreeText
    result: FreeText = ""


class TellIn(In, frozen=True, kw_only=True):
    """`words` "": the proposer is rung (again); else how the proposer was told otherwise."""

    version: Version
    words: FreeText = ""


async def suggestion_choices(ask: Ask[Nothing, Nothing]) -> ChoicesOut:
    site, me = ask.services.site, ask.who.agent
    return ChoicesOut(
        natures=[msgspec.convert(nature.model_dump(), Named) for nature in site.suggestions.natures],
        departments=[Named(id=one.id, title=one.title, title_en=one.title_en) for one in site.matters.departments],
        mine=[one.id for one in site.matters.departments if me is not None and one.has(me)],
    )


async def list_suggestions(ask: Ask[SuggestionQuery, Nothing]) -> Listed[SuggestionOut]:
    """Newest first: supervisors see all, others those of their departments and those they registered."""
    query = ask.query
    page = await ask.seen.suggestions.list(
        department=query.department,
        states=[query.state] if query.state else [],
        late_at=ask.services.clock() if query.late else None,
        limit=query.limit,
        after=query.after,
    )
    return Listed(items=[shaped(SuggestionOut, one, **_shown(ask, one)) for one in page.items], next=page.next)


async def get_suggestion(ask: Ask[Nothing, Nothing]) -> SuggestionFull:
    return await _full(ask)


async def register_suggestion(ask: Ask[Nothing, SuggestionNew]) -> SuggestionFull:
    """On a ticket of this kind, by whoever works on it."""
    new = use_cases.NewSuggestion(**msgspec.structs.asdict(ask.body))
    await ask.do(use_cases.register_suggestion, ask.path("number"), new)
    return await _full(ask)


async def pass_suggestion(ask: Ask[Nothing, PassIn]) -> SuggestionFull:
    """To a department or the leadership; its head is told, and reminded when it is late."""
    body, site = ask.body, ask.services.site
    one = await ask.do(use_cases.pass_suggestion, ask.path("number"), body.department, body.words, version=body.version)
    told = use_cases.who_answers_for(site, site.matters.department(body.department))
    tell_of_notice(ask.services.hub, told, f"suggestion {one.ticket}")
    return await _full(ask)


async def decide_suggestion(ask: Ask[Nothing, VerdictIn]) -> SuggestionFull:
    """By the department that has it, or a supervisor. The call to the proposer is due with it."""
    verdict = msgspec.structs.asdict(ask.body)
    await ask.do(use_cases.decide_suggestion, ask.path("number"), **verdict)
    return await _full(ask)


async def tell_suggestion(ask: Ask[Nothing, TellIn]) -> SuggestionFull:
    """After a call that reached nobody: another one, or word of how the proposer was told otherwise."""
    body = ask.body
    await ask.do(use_cases.tell_proposer, ask.path("number"), body.words, version=body.version)
    return await _full(ask)


def _shown(ask: Ask[msgspec.Struct, msgspec.Struct], one: Suggestion) -> dict[str, object]:
    """What a list shows."""
    late = one.state is SuggestionState.PASSED and one.decide_by is not None and one.decide_by < ask.services.clock()
    return {
        "contact_masked": is_masked(one.contact),
        "late": late,
        "due_call": None if one.due_call is None else str(one.due_call),
    }


async def _full(ask: Ask[Nothing, msgspec.Struct]) -> SuggestionFull:
    """Of the ticket of the path."""
    seen = ask.seen.suggestions
    one, steps = await seen.shown(*await seen.find(ask.path("number")))
    may_pass, may_decide = await seen.may(one)
    return shaped(
        SuggestionFull,
        one,
        **_shown(ask, one),
        may_pass=may_pass,
        may_decide=may_decide,
        steps=[shaped(SuggestionStepOut, step, details=dict(step.details)) for step in steps],
    )


# fmt: off
SUGGESTION_OPERATIONS: tuple[AnyOperation, ...] = (
    operation("suggestion_choices", "GET /api/suggestions/choices", suggestion_choices,
              "Natures of suggestions, departments", Nothing, Nothing, ChoicesOut),
    operation("list_suggestions", "GET /api/suggestions", list_suggestions,
              "Suggestions, newest first", SuggestionQuery, Nothing, Listed[SuggestionOut]),
    operation("get_suggestion", "GET /api/tickets/{number}/suggestion", get_suggestion,
              "A ticket's suggestion with its history", Nothing, Nothing, SuggestionFull),
    operation("register_suggestion", "POST /api/tickets/{number}/suggestion", register_suggestion,
              "Register a ticket's suggestion", Nothing, SuggestionNew, SuggestionFull, 201),
    operation("pass_suggestion", "POST /api/tickets/{number}/suggestion/pass", pass_suggestion,
              "Pass it to a department or the leadership", Nothing, PassIn, SuggestionFull),
    operation("decide_suggestion", "POST /api/tickets/{number}/suggestion/decide", decide_suggestion,
              "Adopted or not, why, and what came of it", Nothing, VerdictIn, SuggestionFull),
    operation("tell_suggestion", "POST /api/tickets/{number}/suggestion/tell", tell_suggestion,
              "Ring the proposer again, or say how the proposer was told", Nothing, TellIn, SuggestionFull),
)
# fmt: on
