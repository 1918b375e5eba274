"""Customers' cards (adapter): found, opened, changed. Who opens one is logged (CUS-1, CUS-4)."""

import logging
from datetime import timedelta

import msgspec
from msgspec import UNSET

from app.web.api.common.customer_shapes import (
    ChangeOut,
    CustomerFull,
    CustomerNew,
    CustomerOut,
    CustomerPatch,
    CustomerQuery,
    NumberIn,
    NumberMove,
    Reveal,
)
from app.web.api.tickets.tickets import find_ticket, reader, sight_of
from app.web.http.contract import Listed, Nothing
from app.web.http.operations import Ask, id_of
from app.web.wire.problems import Problem, invalid
from config.numbering import normalise
from crm.customers.model import Customer, CustomerNumber, card_faults
from crm.db.customers.queries import CustomerFilter
from crm.errors import NumberTaken, VersionConflict
from crm.rights import may_reveal

log = logging.getLogger(__name__)

_TICKETS = 20
"""Tickets shown with a card; while one of them is at hand, the card is shown in full."""

AnyAsk = Ask[msgspec.Struct, msgspec.Struct]


async def list_customers(ask: Ask[CustomerQuery, Nothing]) -> Listed[CustomerOut]:
    query, store = ask.query, ask.services.store
    quiet = query.quiet_days
    wanted = CustomerFilter(
        search=query.q,
        kind=query.kind,
        key=query.key,
        looked_after_by=query.looked_after_by,
        quiet_since=None if quiet is None else ask.services.clock() - timedelta(days=quiet),
    )
    page = await store.customers.list(limit=query.limit, after=query.after, wanted=wanted)
    return Listed(items=await shown_cards(ask, page.items), next=page.next)


async def shown_cards(ask: AnyAsk, cards: tuple[Customer, ...]) -> list[CustomerOut]:
    """Cards in a list, each with how often there was contact."""
    contact = await ask.services.store.customers.contact([card.id for card in cards])
    eyes = reader(ask)
    return [eyes.customer(card, contact[card.id], seen=ask.who.supervises) for card in cards]


async def get_customer(ask: Ask[Nothing, Nothing]) -> CustomerFull:
    card = await card_of(ask)
    await ask.services.store.accesses.opened(card.id, by=ask.who.name)
    log.info(
        "%s opened the card of customer %d",
        ask.who.name,
        card.id,
        extra={"action": "customer_opened", "by": ask.who.name, "customer": card.id},
    )
    return await full_card(ask, card)


async def create_customer(ask: Ask[Nothing, CustomerNew]) -> CustomerFull:
    new = msgspec.structs.asdict(ask.body)
    card = Customer(**new | {"numbers": _numbers(ask, ask.body.numbers)})
    return await full_card(ask, await _save(ask, card))


async def patch_customer(ask: Ask[Nothing, CustomerPatch]) -> CustomerFull:
    """Saves the fields that came; 409 with `current` when somebody else saved since `version` was read."""
    card = await card_of(ask)
    changes = {name: value for name, value in msgspec.structs.asdict(ask.body).items() if value is not UNSET}
    if ask.body.numbers is not UNSET:
        changes["numbers"] = _numbers(ask, ask.body.numbers)
    if changes.get("key_customer") is False and "looked_after_by" not in changes:
        changes["looked_after_by"] = None
    try:
        saved = await _save(ask, msgspec.structs.replace(card, **changes))
    except VersionConflict as exc:
        raise Problem("stale", f"{exc}", current=await full_card(ask, await card_of(ask))) from exc
    return await full_card(ask, saved)


async def customer_history(ask: Ask[Nothing, Nothing]) -> Listed[ChangeOut]:
    """All changes of a card and of those that became part of it, the newest first."""
    card = await card_of(ask)
    store = ask.services.store
    tickets = await store.tickets.for_customer(card.id, _TICKETS, sight_of(ask))
    eyes = reader(ask)
    seen = eyes.sees_card(tickets)
    return Listed(items=[eyes.change(row, seen=seen) for row in await store.customers.history(card.id)])


async def reveal_customer(ask: Ask[Nothing, Reveal]) -> CustomerFull:
    """The numbers in full, for a case and with a reason: logged before they are shown."""
    card, store = await card_of(ask), ask.services.store
    number = ask.body.ticket
    ticket = await find_ticket(ask, number) if number else None
    if number and (ticket is None or ticket.customer_id != card.id):
        raise invalid("ticket", f"{number} is no ticket of this customer")
    if not may_reveal(ask.who, number, ticket.agent if ticket else None):
        raise Problem("forbidden", "Name a ticket of this customer that is yours, or ask a supervisor.")
    await store.accesses.revealed(card.id, by=ask.who.name, reason=ask.body.reason, ticket=number)
    return await full_card(ask, card, revealed=True)


async def move_number(ask: Ask[Nothing, NumberMove]) -> CustomerFull:
    """Takes a number off the card that has it and puts it on this one."""
    card, wish = await card_of(ask), ask.body
    (number,) = _numbers(ask, (wish.number,))
    moved = await ask.services.store.customers.move_number(
        number.raw, to=msgspec.structs.replace(card, version=wish.version), use=wish.use, by=ask.who.name
    )
    return await full_card(ask, moved)


async def card_of(ask: AnyAsk) -> Customer:
    """The card of the path. Raises Problem when there is none."""
    customer_id = id_of(ask, "customer")
    card = await ask.services.store.customers.get(customer_id)
    if card is None:
        raise Problem("not_found", f"No customer {customer_id}.")
    return card


async def full_card(ask: AnyAsk, card: Customer, *, revealed: bool = False) -> CustomerFull:
    """A card with contact and tickets, as this person may see it."""
    store = ask.services.store
    tickets = await store.tickets.for_customer(card.id, _TICKETS, sight_of(ask))
    contact = await store.customers.contact([card.id])
    return reader(ask).customer_full(card, contact[card.id], tickets, revealed=revealed)


async def _save(ask: AnyAsk, card: Customer) -> Customer:
    """Raises Problem for a card that is not sound, or a number that another card has."""
    faults = card_faults(card)
    if card.looked_after_by and card.looked_after_by not in {agent.id for agent in ask.services.site.agents}:
        faults["looked_after_by"] = f"no colleague {card.looked_after_by}"
    if faults:
        errors = [{"field": field, "message": message} for field, message in faults.items()]
        raise Problem("invalid", "; ".join(f"{field}: {message}" for field, message in faults.items()), errors=errors)
    try:
        return await ask.services.store.customers.save(card, by=ask.who.name)
    except NumberTaken as exc:
        detail = f"{exc}: move it here explicitly, or merge the two cards"
        raise Problem("conflict", detail, taken={"number": exc.number, "customer": str(exc.customer_id)}) from exc


def _numbers(ask: AnyAsk, given: tuple[str | NumberIn, ...]) -> tuple[CustomerNumber, ...]:
    """The numbers as they are written. Raises Problem for a masked or an empty one."""
    found = []
    for each in given:
        number = each if isinstance(each, NumberIn) else NumberIn(number=each)
        if "*" in number.number or not normalise(number.number, ask.services.site.area_code).normalised:
            raise invalid("numbers", f"{number.number!r} is not a whole telephone number")
        found.append(CustomerNumber(raw=number.number, use=number.use, extension=number.extension))
    return tuple(found)
