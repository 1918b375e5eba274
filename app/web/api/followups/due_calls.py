"""Calls that are due: promised, listed, accepted, cancelled (adapter). Dialling them is not done here. FUP-6."""

import uuid
from datetime import timedelta
from typing import Final

from app.web.api.common.records import DueCallNew, DueCallOut, DueCallQuery
from app.web.api.tickets.tickets import find_ticket, reader, sight_of, works_on
from app.web.http.contract import Listed, Nothing
from app.web.http.operations import Ask, id_of
from app.web.wire.problems import Problem, invalid, not_dialled
from config.destination import Destination, NotDialled
from config.ids import AgentId
from crm.followups.model import BY_HAND, DueCall, DueCallKind
from crm.rights import may_sit_at

MASKED: Final = "**"
"""In a number that a page shows to eyes that have no business with it: who sent it back has not got the whole."""
LATEST: Final = timedelta(days=366)
"""Nobody promises a call further ahead than a year; such a date is a slip."""


async def list_due_calls(ask: Ask[DueCallQuery, Nothing]) -> Listed[DueCallOut]:
    query = ask.query
    page = await ask.services.store.due_calls.list(
        limit=query.limit, after=query.after, state=query.state, ticket=query.ticket
    )
    eyes = reader(ask)
    tickets = [row.ticket for row in page.items if row.ticket]
    hidden = await ask.services.store.cases.lists.hidden(tickets, sight_of(ask))
    return Listed(items=[eyes.due_call(row) for row in page.items if row.ticket not in hidden], next=page.next)


async def create_due_call(ask: Ask[Nothing, DueCallNew]) -> DueCallOut:
    """A promise to ring somebody at `due_at`; the same `key` again answers with the call made the first time."""
    new, site, now = ask.body, ask.services.site, ask.services.clock()
    if new.kind not in BY_HAND:
        raise Problem("not_by_hand", f"kind: a {new.kind.value} is made by a call in a queue; enter a callback.")
    if new.queue not in {queue.name for queue in site.queues}:
        raise invalid("queue", f"one of {', '.join(queue.name for queue in site.queues)}")
    if not now - timedelta(minutes=1) <= new.due_at <= now + LATEST:
        raise invalid("due_at", "a time from now on, within a year")
    number, customer_id = await _number(ask)
    await _may_be_dialled(ask, number)
    row = await ask.services.store.due_calls.schedule(
        kind=new.kind,
        number=number,
        due_at=new.due_at,
        ticket=new.ticket,
        queue=new.queue,
        note=new.note,
        key=f"{ask.who.name}:{new.key or uuid.uuid4()}",
        customer_id=customer_id,
        by=AgentId(ask.who.name),
    )
    return reader(ask).due_call(row)


async def accept_due_call(ask: Ask[Nothing, Nothing]) -> DueCallOut:
    """The agent on whose desk the offer lies takes it; now the customer is dialled."""
    row = await _due_call_of(ask)
    agent = ask.services.hub.offered_to(str(row.id))
    if agent is None:
        raise Problem("conflict", f"Due call {row.id} is not on offer now.")
    if not may_sit_at(ask.who, agent):
        raise Problem("forbidden", f"Due call {row.id} is offered to {agent}.")
    accepted = await ask.services.store.due_calls.accept(row.id, agent)
    ask.services.due_call_accepted(str(row.id), AgentId(agent))
    return reader(ask).due_call(accepted)


async def cancel_due_call(ask: Ask[Nothing, Nothing]) -> DueCallOut:
    """409 once it is being dialled."""
    row = await _due_call_of(ask)
    if row.ticket is not None and (ticket := await find_ticket(ask, row.ticket)):
        allowed = await works_on(ask, ticket) or row.created_by == ask.who.name
    else:
        allowed = ask.who.supervises or row.created_by == ask.who.name
    if not allowed:
        raise Problem("forbidden", f"Due call {row.id} is not yours to cancel.")
    return reader(ask).due_call(await ask.services.store.due_calls.cancel(row.id, by=ask.who.name))


async def _due_call_of(ask: Ask[Nothing, Nothing]) -> DueCall:
    due_call_id = id_of(ask, "due call")
    row = await ask.services.store.due_calls.get(due_call_id)
    if row is None:
        raise Problem("not_found", f"No due call {due_call_id}.")
    return row


async def _may_be_dialled(ask: Ask[Nothing, DueCallNew], number: str) -> None:
    """Raises Problem for a number that the rule refuses, and for a reminder to somebody who wants none (FUP-10)."""
    if MASKED in number:
        raise invalid("number", "a whole telephone number")
    judged = ask.services.site.outbound_rule.judge(number)
    if isinstance(judged, Destination) and ask.body.kind is not DueCallKind.CALLBACK:
        if await ask.services.store.callers.refuses_calls(judged.number):
            judged = NotDialled(number, "do_not_call")
    if isinstance(judged, NotDialled):
        raise not_dialled(judged)


async def _number(ask: Ask[Nothing, DueCallNew]) -> tuple[str, int | None]:
    """The number to ring and whose it is: what was given, else the ticket's, which pages may see masked (CUS-4)."""
    ticket = None
    if ask.body.ticket is not None:
        ticket = await find_ticket(ask, ask.body.ticket)
        if ticket is None:
            raise invalid("ticket", f"no ticket {ask.body.ticket}")
    if ask.body.number is not None:
        return ask.body.number, ticket.customer_id if ticket else None
    if ticket is None:
        raise invalid("number", "a number, or a ticket that has one")
    return ticket.contact_number or ticket.ani, ticket.customer_id
