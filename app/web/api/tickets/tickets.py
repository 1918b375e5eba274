"""Tickets and calls, as lists and one by one, and what agents write on a ticket (adapter). TKT-3, CUS-4."""

import msgspec
from msgspec import UNSET

from app.figures.counted import Wanted, counted_calls
from app.figures.records import midnight
from app.web.api.common.records import CallOut, CallQuery, TicketFull, TicketOut, TicketPatch, TicketQuery
from app.web.api.common.shown import Reader
from app.web.http.contract import Listed, Nothing
from app.web.http.operations import Ask
from app.web.http.permissions import as_case_reader, may_see_calls_of, may_work_on
from app.web.wire.desk_messages import TicketChanged
from app.web.wire.problems import Problem, invalid
from config.ids import AgentId, TicketNumber
from crm.cases.organisation import Sight
from crm.errors import VersionConflict
from crm.page import Page
from crm.tickets.call_rows import CallRow
from crm.tickets.model import TRANSITIONS, TicketDetail, TicketForm, TicketKind, TicketState, TicketStep
from routing.statistics.figures import COUNTS


def reader(ask: Ask[msgspec.Struct, msgspec.Struct]) -> Reader:
    """The eyes of whoever asks."""
    at_hand = ask.services.hub.tickets_at_hand(ask.who.agent) if ask.who.agent else frozenset()
    parties = ask.services.cases.organisation.parties_of(ask.who.agent) if ask.who.agent else frozenset()
    return Reader(ask.who, ask.services.site, at_hand, parties)


def sight_of(ask: Ask[msgspec.Struct, msgspec.Struct]) -> Sight:
    """What of restricted tickets whoever asks may see (LNE-6)."""
    return ask.services.cases.sight(as_case_reader(ask.who))


async def find_ticket(ask: Ask[msgspec.Struct, msgspec.Struct], number: str) -> TicketDetail | None:
    """A ticket that whoever asks may see. One that is hidden is not there."""
    ticket = await ask.services.store.tickets.get(TicketNumber(number))
    if ticket is None:
        return None
    seen = sight_of(ask).sees(restricted=ticket.restricted, department=ticket.department, level=ticket.level)
    return ticket if seen else None


async def works_on(ask: Ask[msgspec.Struct, msgspec.Struct], ticket: TicketDetail) -> bool:
    """Whether whoever asks may change the ticket and hear it. Who is complained of stands aside, whatever the role."""
    agent = ask.who.agent
    holds = agent is not None and ticket.holder in ask.services.cases.organisation.parties_of(agent)
    if not may_work_on(ask.who, ticket.agent, holds=holds):
        return False
    return agent is None or not await ask.services.store.cases.lists.is_about(ticket.number, agent)


async def list_tickets(ask: Ask[TicketQuery, Nothing]) -> Listed[TicketOut]:
    """Newest first."""
    page = await ask.services.store.tickets.list(**msgspec.structs.asdict(ask.query), sight=sight_of(ask))
    eyes = reader(ask)
    return Listed(items=[eyes.ticket(row) for row in page.items], next=page.next)


async def get_ticket(ask: Ask[Nothing, Nothing]) -> TicketFull:
    ticket = await ticket_of(ask)
    shown = reader(ask).ticket_full(ticket)
    return msgspec.structs.replace(shown, editable=await works_on(ask, ticket)) if shown.editable else shown


async def patch_ticket(ask: Ask[Nothing, TicketPatch]) -> TicketFull:
    """Saves the fields that came; 409 with `current` when somebody else saved since `version` was read."""
    ticket = await ticket_of(ask)
    if not await works_on(ask, ticket):
        raise Problem("forbidden", f"Ticket {ticket.number} is {ticket.agent}'s, or about you.")
    patch = ask.body
    _by_steps_only(ticket, patch)
    dispositions = {known.id for known in ask.services.site.dispositions}
    if patch.disposition and patch.disposition not in dispositions:
        raise invalid("disposition", f"one of {', '.join(sorted(dispositions))}")
    if isinstance(patch.contact_number, str) and "*" in patch.contact_number:
        raise invalid("contact_number", "a whole number, not a masked one")
    try:
        saved = await _save(ask, ticket, _form(patch))
    except VersionConflict as exc:
        current = reader(ask).ticket_full(await ticket_of(ask))
        raise Problem("stale", f"{exc}", current=current) from exc
    ask.services.hub.publish(ask.who.name, TicketChanged(ticket=saved.number, version=saved.version))
    return reader(ask).ticket_full(saved)


async def list_calls(ask: Ask[CallQuery, Nothing]) -> Listed[CallOut]:
    """Newest first. Agents see their own."""
    query = ask.query
    agent = query.agent if ask.who.supervises else (query.agent or ask.who.agent)
    if not may_see_calls_of(ask.who, agent):
        raise Problem("forbidden", "These calls are not yours.")
    if query.figure is not None or query.level is not None:
        page = await _counted_calls(ask, agent)
    else:
        page = await ask.services.store.calls.list(
            limit=query.limit,
            after=query.after,
            caller=query.caller,
            agent=agent,
            line=query.line,
            queue=query.queue,
            since=query.since,
            until=query.until,
            sight=sight_of(ask),
        )
    eyes = reader(ask)
    hidden = await ask.services.store.cases.lists.hidden([row.ticket for row in page.items], sight_of(ask))
    return Listed(items=[eyes.call(row) for row in page.items if row.ticket not in hidden], next=page.next)


async def _counted_calls(ask: Ask[CallQuery, Nothing], agent: str | None) -> Page[CallRow]:
    """The calls behind a number."""
    query, services = ask.query, ask.services
    without = [name for name in query.but_not.split(",") if name]
    figure = query.figure or "offered"
    for field, names in (("figure", [figure]), ("but_not", without)):
        if set(names) - set(COUNTS):
            raise invalid(field, f"of {', '.join(COUNTS)}")
    if query.caller is not None:
        raise invalid("caller", "not together with `figure` or `level`")
    now = services.clock()
    wanted = Wanted(
        since=query.since or midnight(now, services.site),
        until=query.until or now,
        figure=figure,
        but_not=without,
        line=query.line,
        level=query.level,
        queue=query.queue,
        agent=agent,
    )
    return await counted_calls(services.store, services.site, wanted, limit=query.limit, after=query.after, now=now)


async def ticket_of(ask: Ask[msgspec.Struct, msgspec.Struct]) -> TicketDetail:
    """The ticket of the path. Raises Problem when there is none."""
    number = ask.path("number")
    ticket = await find_ticket(ask, number)
    if ticket is None:
        raise Problem("not_found", f"No ticket {number}.")
    return ticket


def _by_steps_only(ticket: TicketDetail, patch: TicketPatch) -> None:
    """What a case is and where it stands is said by its steps alone; a complaint is never closed without them (TKT-6).

    Raises Problem.
    """
    kind = ticket.kind if patch.kind is UNSET else patch.kind
    if ticket.stage is None:
        if patch.state is TicketState.CLOSED and kind is TicketKind.COMPLAINT:
            raise Problem(
                "illegal_transition",
                "A complaint is registered and closed by its steps: POST /api/tickets/{number}/steps.",
                reason="by_steps",
                detail_zh="投诉须先登记，并按办理步骤关闭。",
            )
        return
    names = ("kind", "severity", "state")
    changed = [name for name in names if getattr(patch, name) not in (UNSET, getattr(ticket, name))]
    if changed:
        raise Problem(
            "illegal_transition",
            f"{', '.join(changed)} of a registered case: take a step, POST /api/tickets/{{number}}/steps.",
            reason="by_steps",
            detail_zh="已登记的工单，其类别、级别和状态须通过办理步骤变更。",
        )


async def _save(ask: Ask[Nothing, TicketPatch], ticket: TicketDetail, form: TicketForm) -> TicketDetail:
    """Form first, then state; a state that cannot be reached stops both. Raises VersionConflict."""
    patch, by, store = ask.body, AgentId(ask.who.name), ask.services.store.tickets
    step = None if patch.state is UNSET else _step(ticket.state, patch.state)
    saved = await store.save_form(ticket.number, form, by=by, version=patch.version)
    return saved if step is None else await store.step(ticket.number, step, by=by, version=saved.version)


def _step(now: TicketState, wanted: TicketState) -> TicketStep | None:
    """What takes a ticket from one state to the other; None when it is there. Raises Problem when nothing does."""
    if now is wanted:
        return None
    steps = [step for (before, step), after in TRANSITIONS.items() if before is now and after is wanted]
    if not steps:
        raise Problem("illegal_transition", f"A ticket that is {now.value} cannot become {wanted.value}.")
    return steps[0]


def _form(patch: TicketPatch) -> TicketForm:
    given = {name: getattr(patch, name) for name in TicketForm.__struct_fields__}
    try:
        return TicketForm(**{name: value for name, value in given.items() if value is not UNSET})
    except ValueError as exc:
        field, _, message = str(exc).partition(": ")
        raise invalid(field, message) from exc
