"""Tickets and calls, as lists and one by one, and what agents write on a ticket (adapter). TKT-3, CUS-4."""

from typing import Any

import msgspec
from msgspec import UNSET

from app.figures.counted import Wanted
from app.figures.records import midnight
from app.web.api.common.records import CallOut, CallQuery, TicketFull, TicketOut, TicketPatch, TicketQuery
from app.web.api.common.shown import call_out, ticket_full_out, ticket_out
from app.web.http.contract import Listed, Nothing
from app.web.http.operations import Ask
from app.web.wire.desk_messages import TicketChanged
from app.web.wire.problems import Problem, invalid
from crm.errors import VersionConflict
from crm.page import Page
from crm.tickets.call_rows import CallRow
from crm.tickets.model import TicketDetail
from crm.use_cases.ticket_work import save_ticket
from routing.statistics.figures import COUNTS


async def list_tickets(ask: Ask[TicketQuery, Nothing]) -> Listed[TicketOut]:
    """Newest first."""
    page = await ask.seen.tickets.list(**msgspec.structs.asdict(ask.query))
    return Listed(items=[ticket_out(row) for row in page.items], next=page.next)


async def get_ticket(ask: Ask[Nothing, Nothing]) -> TicketFull:
    return await full_ticket(ask, await ticket_of(ask))


async def full_ticket(ask: Ask[Nothing, Any], ticket: TicketDetail) -> TicketFull:
    return ticket_full_out(ticket, editable=await ask.seen.tickets.may_change(ticket))


async def patch_ticket(ask: Ask[Nothing, TicketPatch]) -> TicketFull:
    """Saves the fields that came; 409 with `current` when somebody else saved since `version` was read."""
    patch = msgspec.structs.asdict(ask.body)
    version = patch.pop("version")
    changes = {name: value for name, value in patch.items() if value is not UNSET}
    try:
        saved = await ask.do(save_ticket, ask.path("number"), changes, version=version)
    except VersionConflict as exc:
        raise Problem("stale", f"{exc}", current=await full_ticket(ask, await ticket_of(ask))) from exc
    ask.services.hub.publish(ask.who.name, TicketChanged(ticket=saved.number, version=saved.version))
    return await full_ticket(ask, saved)


async def list_calls(ask: Ask[CallQuery, Nothing]) -> Listed[CallOut]:
    """Newest first. Agents see their own."""
    query = ask.query
    if query.figure is not None or query.level is not None:
        page = await _counted_calls(ask)
    else:
        page = await ask.seen.calls.list(
            limit=query.limit,
            after=query.after,
            caller=query.caller,
            agent=query.agent,
            line=query.line,
            queue=query.queue,
            since=query.since,
            until=query.until,
        )
    return Listed(items=[call_out(row) for row in page.items], next=page.next)


async def _counted_calls(ask: Ask[CallQuery, Nothing]) -> Page[CallRow]:
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
        agent=query.agent,
    )
    return await ask.acts.reports.counted_calls(wanted, limit=query.limit, after=query.after)


async def ticket_of(ask: Ask[Any, Any]) -> TicketDetail:
    """The ticket of the path. Raises Problem when there is none."""
    number = ask.path("number")
    ticket = await ask.seen.tickets.find(number)
    if ticket is None:
        raise Problem("not_found", f"No ticket {number}.")
    return ticket
