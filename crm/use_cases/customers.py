"""Customers' cards (flow): written, merged, moved from and to files; who sees one is on record before. CUS-1, CUS-4."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from config.numbering import normalise
from crm.customers.imports import ImportState, Plan, plan_import
from crm.customers.model import Customer, CustomerNumber, card_faults
from crm.db.customers.merging import MergePlan
from crm.db.customers.queries import CustomerFilter
from crm.errors import BadFile, BadValue, BadValues, Forbidden, UnknownRecord, bad_values
from crm.parsing.apart import read_table_apart
from crm.rights import Principal, may_reveal
from crm.use_cases.cases import Ports, find_ticket

_WRITES_FOR_S: Final = 2.0
"""So long one confirmation writes; who asks again goes on, and so sees how far it is."""


@dataclass(frozen=True, kw_only=True)
class Takeout:
    """Cards that leave as a file: which, why, in which form."""

    wanted: CustomerFilter
    reason: str
    form: str


async def find_card(ports: Ports, customer_id: int) -> Customer:
    """Raises UnknownRecord, StoreAway."""
    card = await ports.store.customers.get(customer_id)
    if card is None:
        raise UnknownRecord("customer", customer_id)
    return card


async def open_card(ports: Ports, customer_id: int, *, who: Principal) -> Customer:
    """A card that somebody looks at, which is on record. Raises UnknownRecord, StoreAway: then nobody sees it."""
    card = await find_card(ports, customer_id)
    await ports.store.accesses.opened(card.id, by=who.name)
    return card


async def reveal_card(ports: Ports, customer_id: int, *, ticket: str | None, reason: str, who: Principal) -> Customer:
    """A card whose numbers are shown in full, for a case and with a reason, which is on record before.

    Raises UnknownRecord, BadValue (no ticket of this customer), Forbidden, StoreAway.
    """
    card = await find_card(ports, customer_id)
    found = await find_ticket(ports, ticket, who) if ticket else None
    if ticket and (found is None or found.customer_id != card.id):
        raise BadValue("ticket", f"{ticket} is no ticket of this customer")
    if not may_reveal(who, ticket, found.agent if found else None):
        raise Forbidden("Name a ticket of this customer that is yours, or ask a supervisor.")
    await ports.store.accesses.revealed(card.id, by=who.name, reason=reason, ticket=ticket)
    return card


async def create_card(ports: Ports, card: Customer, *, who: Principal) -> Customer:
    """Raises BadValues, NumberTaken, StoreAway."""
    _check_numbers(ports, card.numbers)
    return await _save(ports, card, who)


async def change_card(ports: Ports, customer_id: int, changes: Mapping[str, Any], *, who: Principal) -> Customer:
    """`changes`: the fields that came, and the `version` that was read. Who is no key customer is looked after no more.

    Raises UnknownRecord, BadValues, VersionConflict, NumberTaken, CardMerged, StoreAway.
    """
    card, kept = await find_card(ports, customer_id), dict(changes)
    _check_numbers(ports, kept.get("numbers", ()))
    if kept.get("key_customer") is False and "looked_after_by" not in kept:
        kept["looked_after_by"] = None
    return await _save(ports, msgspec.structs.replace(card, **kept), who)


async def move_number(
    ports: Ports, customer_id: int, number: CustomerNumber, *, who: Principal, version: int
) -> Customer:
    """Takes a number off the card that has it and puts it on this one.

    Raises UnknownRecord, BadValue, VersionConflict, CardMerged, StoreAway.
    """
    card = await find_card(ports, customer_id)
    _check_numbers(ports, (number,))
    to = msgspec.structs.replace(card, version=version)
    return await ports.store.customers.move_number(number.raw, to=to, use=number.use, by=who.name)


async def keep_apart(ports: Ports, one: int, other: int, *, who: Principal) -> None:
    """Somebody has looked: these are two. Raises UnknownRecord, BadValue, StoreAway."""
    for customer_id in (one, other):
        await find_card(ports, customer_id)
    if one == other:
        raise BadValue("other", "the same card: name two")
    await ports.store.duplicates.keep_apart(one, other, by=who.name)


async def merge_cards(ports: Ports, plan: MergePlan, *, who: Principal) -> tuple[Customer, dict[str, int]]:
    """One card becomes part of another, for good; what that is now, and how many records went over.

    Raises UnknownRecord, BadValue, VersionConflict, CardMerged, StoreAway.
    """
    await find_card(ports, plan.stays)
    with bad_values("take" if plan.take else "other"):
        moved = await ports.store.duplicates.merge(plan, by=who.name)
    return await find_card(ports, plan.stays), dict(moved)


async def plan_file(ports: Ports, name: str, data: bytes, *, who: Principal) -> tuple[Plan, ImportState | None]:
    """Reads a file of cards; a plan without faults is kept for this person. Raises BadValue, StoreAway."""
    agents = {agent.id for agent in ports.site.agents}
    try:
        plan = await asyncio.to_thread(lambda: plan_import(read_table_apart(data), ports.site.area_code, agents))
    except BadFile as exc:
        raise BadValue("file", str(exc)) from exc
    return plan, None if plan.faults else await ports.store.imports.keep(plan, file=name, by=who.name)


async def write_file(ports: Ports, token: str, *, on_existing: str, who: Principal) -> ImportState:
    """Writes on until all is written or some time is over; said twice, nothing is written twice.

    Raises UnknownRecord, StoreAway.
    """
    until = time.monotonic() + _WRITES_FOR_S
    while True:
        state = await ports.store.imports.write_batch(token, by=who.name, on_existing=on_existing)
        if state.ready == 0 or time.monotonic() > until:
            return state


async def take_out(ports: Ports, takeout: Takeout, *, who: Principal) -> tuple[Customer, ...]:
    """Cards with whole numbers; who, why and how many is on record before. Raises BadValue, StoreAway."""
    most = ports.site.privacy.export_most
    cards = await ports.store.customers.all(takeout.wanted, most)
    if len(cards) > most:
        raise BadValue("q", f"more than {most} cards: narrow the search, or raise export_most in privacy.yaml")
    ids = [card.id for card in cards]
    await ports.store.accesses.exported(ids, by=who.name, reason=takeout.reason, form=takeout.form)
    return tuple(cards)


async def _save(ports: Ports, card: Customer, who: Principal) -> Customer:
    faults = card_faults(card)
    if card.looked_after_by and card.looked_after_by not in {agent.id for agent in ports.site.agents}:
        faults["looked_after_by"] = f"no colleague {card.looked_after_by}"
    if faults:
        raise BadValues(faults)
    return await ports.store.customers.save(card, by=who.name)


def _check_numbers(ports: Ports, numbers: tuple[CustomerNumber, ...]) -> None:
    """Raises BadValue for a masked or an empty one."""
    for number in numbers:
        if "*" in number.raw or not normalise(number.raw, ports.site.area_code).normalised:
            raise BadValue("numbers", f"{number.raw!r} is not a whole telephone number")
