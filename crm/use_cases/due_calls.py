"""Calls that people promise, take and call off (flow). Dialling them is the dialler's. FUP-6, FUP-10."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from config.destination import Destination, NotDialled
from crm.errors import BadValue, Forbidden, NotByHand, NotDialledNumber, NotNow
from crm.followups.model import BY_HAND, DueCall, DueCallKind
from crm.rights import may_sit_at
from crm.use_cases.cases import Ports

MASKED: Final = "**"
"""In a number that a page shows to eyes that have no business with it: who sent it back has not got the whole."""
LATEST: Final = timedelta(days=366)
"""Nobody promises a call further ahead than a year; such a date is a slip."""


@dataclass(frozen=True, kw_only=True)
class Promise:
    """A call to somebody at a time. `number` None: the ticket's. `key`: the same one twice makes one call."""

    kind: DueCallKind
    due_at: datetime
    queue: str
    number: str | None
    ticket: str | None
    note: str
    key: str | None


async def promise_call(ports: Ports, new: Promise) -> DueCall:
    """The same `key` again answers with the call made the first time.

    Raises NotByHand, BadValue, NotDialledNumber, StoreAway.
    """
    queues, now = [queue.name for queue in ports.site.queues], ports.now
    if new.kind not in BY_HAND:
        raise NotByHand(f"kind: a {new.kind.value} is made by a call in a queue; enter a callback.")
    if new.queue not in queues:
        raise BadValue("queue", f"one of {', '.join(queues)}")
    if not now - timedelta(minutes=1) <= new.due_at <= now + LATEST:
        raise BadValue("due_at", "a time from now on, within a year")
    number, customer_id = await _number(ports, new)
    await _check_dialled(ports, new.kind, number)
    made = await ports.store.due_calls.schedule(
        kind=new.kind,
        number=number,
        due_at=new.due_at,
        ticket=new.ticket,
        queue=new.queue,
        note=new.note,
        key=f"{ports.who.name}:{new.key or uuid.uuid4()}",
        customer_id=customer_id,
        by=ports.who.name,
    )
    return await ports.seen.due_calls.shown(made)


async def accept_call(ports: Ports, due_call_id: int, *, offered_to: str | None) -> DueCall:
    """The agent on whose desk the offer lies (`offered_to`) takes it. Raises UnknownRecord, NotNow, Forbidden,
    IllegalTransition, StoreAway."""
    row = await ports.seen.due_calls.find(due_call_id)
    if offered_to is None:
        raise NotNow(f"Due call {row.id} is not on offer now.")
    if not may_sit_at(ports.who, offered_to):
        raise Forbidden(f"Due call {row.id} is offered to {offered_to}.")
    return await ports.seen.due_calls.shown(await ports.store.due_calls.accept(row.id, offered_to))


async def cancel_call(ports: Ports, due_call_id: int) -> DueCall:
    """By whoever works on its ticket, or promised it. Raises UnknownRecord, Forbidden, IllegalTransition, StoreAway."""
    row = await ports.seen.due_calls.find(due_call_id)
    await ports.seen.due_calls.check_cancel(row)
    return await ports.seen.due_calls.shown(await ports.store.due_calls.cancel(row.id, by=ports.who.name))


async def take_up_call(ports: Ports, due_call_id: int) -> DueCall:
    """Have a call that was set aside made after all, as soon as it may be. Raises UnknownRecord, Forbidden,
    IllegalTransition, StoreAway."""
    if not ports.who.supervises:
        raise Forbidden("Calls that were set aside are the supervisor's to take up again.")
    row = await ports.seen.due_calls.find(due_call_id)
    await ports.seen.due_calls.check_cancel(row)
    return await ports.seen.due_calls.shown(await ports.store.due_calls.take_up(row.id, by=ports.who.name))


async def _check_dialled(ports: Ports, kind: DueCallKind, number: str) -> None:
    """Refuses a number that the rule refuses, and a reminder to somebody who wants none (FUP-10)."""
    if MASKED in number:
        raise BadValue("number", "a whole telephone number")
    judged = ports.site.outbound_rule.judge(number)
    if isinstance(judged, Destination) and kind is not DueCallKind.CALLBACK:
        if await ports.store.callers.refuses_calls(judged.number):
            judged = NotDialled(number, "do_not_call")
    if isinstance(judged, NotDialled):
        raise NotDialledNumber(judged)


async def _number(ports: Ports, new: Promise) -> tuple[str, int | None]:
    """The number to ring and whose it is: what was given, else the ticket's, which pages may see masked (CUS-4)."""
    ticket = None
    if new.ticket is not None:
        ticket = await ports.seen.due_calls.ticket_to_promise_on(new.ticket)
    if new.number is not None:
        return new.number, ticket.customer_id if ticket else None
    if ticket is None:
        raise BadValue("number", "a number, or a ticket that has one")
    return ticket.contact_number or ticket.ani, ticket.customer_id
