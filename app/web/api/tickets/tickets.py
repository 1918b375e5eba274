"""Tickets and calls, as lists and one by one, and what agents write on a ticket (adapter). TKT-3, CUS-4."""

import msgspec
from msgspec import UNSET

from app.figures.counted import Wanted, counted_calls
from app.figures.records import midnight
from app.web.api.common.records import CallOut, CallQuery, TicketFull, TicketOut, TicketPatch, TicketQuery
from app.web.api.common.shown import Viewer
from app.web.http.contract import Listed, Nothing
from app.web.http.operations import Ask
from app.web.wire.desk_messages import TicketChanged
from app.web.wire.problems import Problem, invalid
from crm.cases.organisation import Sight
from crm.cases.rights import Actor
from crm.errors import VersionConflict
from crm.page import Page
from crm.rights import may_see_calls_of
from crm.tickets.call_rows import CallRow
from crm.tickets.model import TicketDetail
from crm.use_cases import cases
from crm.use_cases.ticket_work import save_ticket
from routing.statistics.figures import COUNTS


def viewer_of(ask: Ask[msgspec.Struct, msgspec.Struct]) -> Viewer:
    """Whoever asks, as a viewer of rows."""
    parties = ask.services.cases.organisation.parties_of(ask.who.agent) if ask.who.agent else frozenset()
    return Viewer(ask.who, ask.services.site, tickets_at_hand(ask), parties)


def tickets_at_hand(ask: Ask[msgspec.Struct, msgspec.Struct]) -> frozenset[str]:
    """The tickets that are open on the desk of whoever asks."""
    return ask.services.hub.tickets_at_hand(ask.who.agent) if ask.who.agent else frozenset()


def sight_of(ask: Ask[msgspec.Struct, msgspec.Struct]) -> Sight:
    """What of restricted tickets whoever asks may see (LNE-6)."""
    return ask.services.cases.sight(Actor.of(ask.who))


async def find_ticket(ask: Ask[msgspec.Struct, msgspec.Struct], number: str) -> TicketDetail | None:
    """A ticket that whoever asks may see. One that is hidden is not there."""
    return await cases.find_ticket(ask.services.ports, number, ask.who)


async def works_on(ask: Ask[msgspec.Struct, msgspec.Struct], ticket: TicketDetail) -> bool:
    """Whether whoever asks may change the ticket and hear it."""
    return await cases.works_on(ask.services.ports, ticket, ask.who)


async def list_tickets(ask: Ask[TicketQuery, Nothing]) -> Listed[TicketOut]:
    """Newest first."""
    page = await ask.services.store.tickets.list(**msgspec.structs.asdict(ask.query), sight=sight_of(ask))
    viewer = viewer_of(ask)
    return Listed(items=[viewer.ticket(row) for row in page.items], next=page.next)


async def get_ticket(ask: Ask[Nothing, Nothing]) -> TicketFull:
    ticket = await ticket_of(ask)
    shown = viewer_of(ask).ticket_full(ticket)
    return msgspec.structs.replace(shown, editable=await works_on(ask, ticket)) if shown.editable else shown


async def patch_ticket(ask: Ask[Nothing, TicketPatch]) -> TicketFull:
    """Saves the fields that came; 409 with `current` when somebody else saved since `version` was read."""
    patch = msgspec.structs.asdict(ask.body)
    version = patch.pop("version")
    changes = {name: value for name, value in patch.items() if value is not UNSET}
    try:
        saved = await save_ticket(ask.services.ports, ask.path("number"), changes, who=ask.who, version=version)
    except VersionConflict as exc:
        current = viewer_of(ask).ticket_full(await ticket_of(ask))
        raise Problem("stale", f"{exc}", current=current) from exc
    ask.services.hub.publish(ask.who.name, TicketChanged(ticket=saved.number, version=saved.version))
    return viewer_of(ask).ticket_full(saved)


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
    viewer = viewer_of(ask)
    hidden = await ask.services.store.cases.lists.hidden([row.ticket for row in page.items], sight_of(ask))
    return Listed(items=[viewer.call(row) for row in page.items if row.ticket not in hidden], next=page.next)


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
