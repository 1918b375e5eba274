"""Customers' cards (flow): written, merged, moved from and to files; who sees one is on record before. CUS-1, CUS-4."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from config.numbering import number_fault
from crm.customers.imports import ImportState, Plan, plan_import
from crm.customers.model import Customer, CustomerFilter, CustomerNumber, MergePlan, card_faults
from crm.errors import BadFile, BadValue, BadValues, bad_values
from crm.parsing.apart import read_table_apart
from crm.seen.opening import restored_in
from crm.use_cases.cases import Ports

_WRITES_FOR_S: Final = 2.0
"""So long one confirmation writes; who asks again goes on, and so sees how far it is."""


@dataclass(frozen=True, kw_only=True)
class Takeout:
    """Cards that leave as a file: which, why, in which form."""

    wanted: CustomerFilter
    reason: str
    form: str


async def open_card(ports: Ports, customer_id: int) -> Customer:
    """A card that somebody looks at, which is on record. Raises UnknownRecord, StoreAway: then nobody sees it."""
    return await ports.seen.customers.open(customer_id)


async def reveal_card(ports: Ports, customer_id: int, *, ticket: str | None, reason: str) -> Customer:
    """A card whose numbers are shown in full, for a case and with a reason, which is on record in the same act.

    Raises UnknownRecord, BadValue (no ticket of this customer), Forbidden, StoreAway.
    """
    return await ports.seen.customers.reveal(customer_id, ticket=ticket, reason=reason)


async def create_card(ports: Ports, card: Customer) -> Customer:
    """Raises BadValues, NumberTaken, Forbidden (a key customer's), StoreAway."""
    _check_numbers(ports, card.numbers)
    return await _save(ports, card)


async def change_card(ports: Ports, customer_id: int, changes: Mapping[str, Any]) -> Customer:
    """`changes`: the fields that came, and the `version` that was read. Who is no key customer is looked after no more.

    Raises UnknownRecord, Forbidden, BadValues, VersionConflict, NumberTaken, CardMerged, StoreAway.
    """
    card = await ports.seen.customers.to_change(customer_id)
    kept = restored_in(changes, card)
    _check_numbers(ports, kept.get("numbers", ()))
    if kept.get("key_customer") is False and "looked_after_by" not in kept:
        kept["looked_after_by"] = None
    return await _save(ports, msgspec.structs.replace(card, **kept))


async def move_number(ports: Ports, customer_id: int, number: CustomerNumber, *, version: int) -> Customer:
    """Takes a number off the card that has it and puts it on this one.

    Raises UnknownRecord, Forbidden, BadValue, VersionConflict, CardMerged, StoreAway.
    """
    card = await ports.seen.customers.to_change(customer_id)
    _check_numbers(ports, (number,))
    to = msgspec.structs.replace(card, version=version)
    return await ports.seen.customers.move_number(number.raw, to=to, use=number.use)


async def keep_apart(ports: Ports, one: int, other: int) -> None:
    """Somebody has looked: these are two. Raises UnknownRecord, Forbidden, BadValue, StoreAway."""
    for customer_id in (one, other):
        await ports.seen.customers.get(customer_id)
    if one == other:
        raise BadValue("other", "the same card: name two")
    await ports.seen.customers.keep_apart(one, other)


async def merge_cards(ports: Ports, plan: MergePlan) -> tuple[Customer, dict[str, int]]:
    """One card becomes part of another, for good; what that is now, and how many records went over.

    Raises UnknownRecord, BadValue, VersionConflict, CardMerged, StoreAway.
    """
    await ports.seen.customers.get(plan.stays)
    with bad_values("take" if plan.take else "other"):
        moved = await ports.seen.customers.merge(plan)
    return await ports.seen.customers.get(plan.stays), dict(moved)


async def plan_file(ports: Ports, name: str, data: bytes, encoding: str) -> tuple[Plan, ImportState | None]:
    """Reads a file of cards; a plan without faults is kept for this person. `encoding`: "" finds it out.

    Raises BadValue, StoreAway.
    """
    agents = {agent.id for agent in ports.site.agents}
    try:
        plan = await asyncio.to_thread(
            lambda: plan_import(read_table_apart(data, encoding), ports.site.area_code, agents)
        )
    except BadFile as exc:
        raise BadValue("file", str(exc)) from exc
    return plan, None if plan.faults else await ports.seen.customers.keep_plan(plan, name)


async def write_file(ports: Ports, token: str, *, on_existing: str) -> ImportState:
    """Writes on until all is written or some time is over; said twice, nothing is written twice.

    Raises UnknownRecord, StoreAway.
    """
    until = time.monotonic() + _WRITES_FOR_S
    while True:
        state = await ports.seen.customers.write_batch(token, on_existing)
        if state.ready == 0 or time.monotonic() > until:
            return state


async def take_out(ports: Ports, takeout: Takeout) -> tuple[Customer, ...]:
    """Cards with whole numbers; who, why and how many is on record before. Raises BadValue, StoreAway."""
    most = ports.site.privacy.export_most
    cards = await ports.seen.customers.export(takeout.wanted, most)
    if len(cards) > most:
        raise BadValue("q", f"more than {most} cards: narrow the search, or raise export_most in privacy.yaml")
    ids = [card.id for card in cards]
    await ports.seen.customers.note_export(ids, reason=takeout.reason, form=takeout.form)
    return cards


async def _save(ports: Ports, card: Customer) -> Customer:
    faults = card_faults(card)
    if card.looked_after_by and card.looked_after_by not in {agent.id for agent in ports.site.agents}:
        faults["looked_after_by"] = f"no colleague {card.looked_after_by}"
    if faults:
        raise BadValues(faults)
    return await ports.seen.customers.save(card)


def _check_numbers(ports: Ports, numbers: tuple[CustomerNumber, ...]) -> None:
    """Raises BadValue for a text that is not one whole number."""
    for number in numbers:
        if fault := number_fault(number.raw, ports.site.area_code):
            raise BadValue("numbers", fault)
