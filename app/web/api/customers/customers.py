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
from app.web.api.tickets.tickets import sight_of, viewer_of
from app.web.http.contract import Listed, Nothing
from app.web.http.operations import Ask, id_of
from app.web.wire.problems import Problem
from crm.customers.model import Customer, CustomerNumber
from crm.db.customers.queries import CustomerFilter
from crm.errors import VersionConflict
from crm.use_cases import customers as use_cases

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
    viewer = viewer_of(ask)
    return [viewer.customer(card, contact[card.id], seen=ask.who.supervises) for card in cards]


async def get_customer(ask: Ask[Nothing, Nothing]) -> CustomerFull:
    card = await use_cases.open_card(ask.services.ports, id_of(ask, "customer"), who=ask.who)
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
    return await full_card(ask, await use_cases.create_card(ask.services.ports, card, who=ask.who))


async def patch_customer(ask: Ask[Nothing, CustomerPatch]) -> CustomerFull:
    """Saves the fields that came; 409 with `current` when somebody else saved since `version` was read."""
    changes = {name: value for name, value in msgspec.structs.asdict(ask.body).items() if value is not UNSET}
    if ask.body.numbers is not UNSET:
        changes["numbers"] = _numbers(ask.body.numbers)
    try:
        saved = await use_cases.change_card(ask.services.ports, id_of(ask, "customer"), changes, who=ask.who)
    except VersionConflict as exc:
        raise Problem("stale", f"{exc}", current=await full_card(ask, await card_of(ask))) from exc
    return await full_card(ask, saved)


async def customer_history(ask: Ask[Nothing, Nothing]) -> Listed[ChangeOut]:
    """All changes of a card and of those that became part of it, the newest first."""
    card = await card_of(ask)
    store = ask.services.store
    tickets = await store.tickets.for_customer(card.id, _TICKETS, sight_of(ask))
    viewer = viewer_of(ask)
    seen = viewer.sees_card(tickets)
    return Listed(items=[viewer.change(row, seen=seen) for row in await store.customers.history(card.id)])


async def reveal_customer(ask: Ask[Nothing, Reveal]) -> CustomerFull:
    """The numbers in full, for a case and with a reason: logged before they are shown."""
    wish, customer_id = ask.body, id_of(ask, "customer")
    card = await use_cases.reveal_card(
        ask.services.ports, customer_id, ticket=wish.ticket, reason=wish.reason, who=ask.who
    )
    return await full_card(ask, card, revealed=True)


async def move_number(ask: Ask[Nothing, NumberMove]) -> CustomerFull:
    """Takes a number off the card that has it and puts it on this one."""
    wish, customer_id = ask.body, id_of(ask, "customer")
    number = CustomerNumber(raw=wish.number, use=wish.use)
    moved = await use_cases.move_number(ask.services.ports, customer_id, number, who=ask.who, version=wish.version)
    return await full_card(ask, moved)


async def card_of(ask: AnyAsk) -> Customer:
    """The card of the path."""
    return await use_cases.find_card(ask.services.ports, id_of(ask, "customer"))


async def full_card(ask: AnyAsk, card: Customer, *, revealed: bool = False) -> CustomerFull:
    """A card with contact and tickets, as this person may see it."""
    store = ask.services.store
    tickets = await store.tickets.for_customer(card.id, _TICKETS, sight_of(ask))
    contact = await store.customers.contact([card.id])
    return viewer_of(ask).customer_full(card, contact[card.id], tickets, revealed=revealed)


def _numbers(given: tuple[str | NumberIn, ...]) -> tuple[CustomerNumber, ...]:
    """The numbers as they are written."""
    numbers = [each if isinstance(each, NumberIn) else NumberIn(number=each) for each in given]
    return tuple(CustomerNumber(raw=each.number, use=each.use, extension=each.extension) for each in numbers)
