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
from app.web.api.common.shown import change_out, customer_full_out, customer_out
from app.web.http.contract import Listed, Nothing
from app.web.http.operations import Ask, id_of
from app.web.wire.problems import Problem
from crm.customers.model import Customer, CustomerFilter, CustomerNumber
from crm.errors import VersionConflict
from crm.use_cases import customers as use_cases

log = logging.getLogger(__name__)

_TICKETS = 20
"""Tickets shown with a card."""

AnyAsk = Ask[msgspec.Struct, msgspec.Struct]


async def list_customers(ask: Ask[CustomerQuery, Nothing]) -> Listed[CustomerOut]:
    query, quiet = ask.query, ask.query.quiet_days
    wanted = CustomerFilter(
        search=query.q,
        kind=query.kind,
        key=query.key,
        looked_after_by=query.looked_after_by,
        quiet_since=None if quiet is None else ask.services.clock() - timedelta(days=quiet),
    )
    page = await ask.seen.customers.list(wanted, limit=query.limit, after=query.after)
    return Listed(items=await shown_cards(ask, page.items), next=page.next)


async def shown_cards(ask: AnyAsk, cards: tuple[Customer, ...]) -> list[CustomerOut]:
    """Cards in a list, each with how often there was contact."""
    contact = await ask.seen.customers.contact([card.id for card in cards])
    return [customer_out(card, contact[card.id]) for card in cards]


async def get_customer(ask: Ask[Nothing, Nothing]) -> CustomerFull:
    card = await ask.do(use_cases.open_card, id_of(ask, "customer"))
    log.info(
        "%s opened the card of customer %d",
        ask.who.name,
        card.id,
        extra={"action": "customer_opened", "by": ask.who.name, "customer": card.id},
    )
    return await full_card(ask, card)


async def create_customer(ask: Ask[Nothing, CustomerNew]) -> CustomerFull:
    new = msgspec.structs.asdict(ask.body)
    card = Customer(**new | {"numbers": _numbers(ask.body.numbers)})
    return await full_card(ask, await ask.do(use_cases.create_card, card))


async def patch_customer(ask: Ask[Nothing, CustomerPatch]) -> CustomerFull:
    """Saves the fields that came; 409 with `current` when somebody else saved since `version` was read."""
    changes = {name: value for name, value in msgspec.structs.asdict(ask.body).items() if value is not UNSET}
    if ask.body.numbers is not UNSET:
        changes["numbers"] = _numbers(ask.body.numbers)
    customer_id = id_of(ask, "customer")
    try:
        saved = await ask.do(use_cases.change_card, customer_id, changes)
    except VersionConflict as exc:
        current = await full_card(ask, await ask.seen.customers.get(customer_id))
        raise Problem("stale", f"{exc}", current=current) from exc
    return await full_card(ask, saved)


async def customer_history(ask: Ask[Nothing, Nothing]) -> Listed[ChangeOut]:
    """All changes of a card and of those that became part of it, the newest first."""
    changes = await ask.seen.customers.history(id_of(ask, "customer"))
    return Listed(items=[change_out(row) for row in changes])


async def reveal_customer(ask: Ask[Nothing, Reveal]) -> CustomerFull:
    """The numbers in full, for a case and with a reason: logged before they are shown."""
    wish, customer_id = ask.body, id_of(ask, "customer")
    card = await ask.do(use_cases.reveal_card, customer_id, ticket=wish.ticket, reason=wish.reason)
    return await full_card(ask, card)


async def move_number(ask: Ask[Nothing, NumberMove]) -> CustomerFull:
    """Takes a number off the card that has it and puts it on this one."""
    wish, customer_id = ask.body, id_of(ask, "customer")
    number = CustomerNumber(raw=wish.number, use=wish.use)
    return await full_card(ask, await ask.do(use_cases.move_number, customer_id, number, version=wish.version))


async def full_card(ask: AnyAsk, card: Customer) -> CustomerFull:
    """A card with contact and tickets, as this person may see it."""
    tickets = await ask.seen.tickets.of_customer(card.id, _TICKETS)
    contact = await ask.seen.customers.contact([card.id])
    return customer_full_out(card, contact[card.id], tickets)


def _numbers(given: tuple[str | NumberIn, ...]) -> tuple[CustomerNumber, ...]:
    """The numbers as they are written."""
    numbers = [each if isinstance(each, NumberIn) else NumberIn(number=each) for each in given]
    return tuple(CustomerNumber(raw=each.number, use=each.use, extension=each.extension) for each in numbers)
