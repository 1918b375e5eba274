"""Customers' cards (adapter). Opening one is logged with who did it (CUS-1, CUS-4)."""

import logging

import msgspec
from msgspec import UNSET

from app.web.api.contract import Listed, Nothing
from app.web.api.records import CustomerFull, CustomerNew, CustomerOut, CustomerPatch, CustomerQuery
from app.web.api.shown import shaped
from app.web.api.tickets import reader
from app.web.operations import Ask, id_of
from app.web.problems import Problem, invalid
from crm.customers.model import Customer, CustomerNumber
from crm.customers.numbers import normalise
from crm.errors import VersionConflict

log = logging.getLogger(__name__)


async def list_customers(ask: Ask[CustomerQuery, Nothing]) -> Listed[CustomerOut]:
    page = await ask.services.store.customers.list(search=ask.query.q, limit=ask.query.limit, after=ask.query.after)
    eyes = reader(ask)
    return Listed(items=[eyes.customer(row, seen=ask.who.supervises) for row in page.items], next=page.next)


async def get_customer(ask: Ask[Nothing, Nothing]) -> CustomerFull:
    return await _full(ask, await _customer_of(ask))


async def create_customer(ask: Ask[Nothing, CustomerNew]) -> CustomerFull:
    new = msgspec.structs.asdict(ask.body)
    new["numbers"] = _numbers(ask, ask.body.numbers)
    return await _full(ask, await ask.services.store.customers.save(Customer(**new), by=ask.who.name))


async def patch_customer(ask: Ask[Nothing, CustomerPatch]) -> CustomerFull:
    """Saves the fields that came; 409 with `current` when somebody else saved since `version` was read."""
    customer = await _customer_of(ask)
    changes = {name: value for name, value in msgspec.structs.asdict(ask.body).items() if value is not UNSET}
    if ask.body.numbers is not UNSET:
        changes["numbers"] = _numbers(ask, ask.body.numbers)
    changed = msgspec.structs.replace(customer, **changes)
    try:
        saved = await ask.services.store.customers.save(changed, by=ask.who.name)
    except VersionConflict as exc:
        raise Problem("stale", f"{exc}", current=await _full(ask, await _customer_of(ask))) from exc
    return await _full(ask, saved)


async def _customer_of(ask: Ask[Nothing, CustomerPatch] | Ask[Nothing, Nothing]) -> Customer:
    customer_id = id_of(ask, "customer")
    customer = await ask.services.store.customers.get(customer_id)
    if customer is None:
        raise Problem("not_found", f"No customer {customer_id}.")
    return customer


async def _full(ask: Ask[Nothing, msgspec.Struct], customer: Customer) -> CustomerFull:
    log.info(
        "%s opened the card of customer %d",
        ask.who.name,
        customer.id,
        extra={"action": "customer_opened", "by": ask.who.name, "customer": customer.id},
    )
    tickets = await ask.services.store.tickets.for_customer(customer_id=customer.id, limit=5)
    return reader(ask).customer_full(customer, tickets)


def _numbers(ask: Ask[Nothing, msgspec.Struct], raw: tuple[str, ...]) -> tuple[CustomerNumber, ...]:
    """The numbers as the store compares them. Raises Problem for a masked or an empty one."""
    found = []
    for text in raw:
        number = normalise(text, ask.services.site.area_code)
        if "*" in text or not number.normalised:
            raise invalid("numbers", f"{text!r} is not a whole telephone number")
        found.append(shaped(CustomerNumber, number))
    return tuple(found)
