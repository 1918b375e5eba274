"""Who saw whose card, and people who are removed (adapter). CUS-4."""

import msgspec

from app.web.api.common.customer_shapes import AccessOut, AccessQuery, RemovalOut, RemovalWish
from app.web.api.common.shown import shaped
from app.web.http.contract import Listed, Nothing
from app.web.http.operations import Ask, id_of
from crm.customers.model import Removal


async def list_accesses(ask: Ask[AccessQuery, Nothing]) -> Listed[AccessOut]:
    """Newest first."""
    query = ask.query
    page = await ask.seen.customers.accesses(
        customer_id=query.customer, by=query.by, limit=query.limit, after=query.after
    )
    return Listed(items=[shaped(AccessOut, row, customer=str(row.customer_id)) for row in page.items], next=page.next)


async def remove_customer(ask: Ask[Nothing, RemovalWish]) -> RemovalOut:
    """For good: card, numbers, names and sounds go; figures stay. The certificate is the answer."""
    return _out(await ask.acts.remove_customer(id_of(ask, "customer"), **msgspec.structs.asdict(ask.body)))


async def list_removals(ask: Ask[Nothing, Nothing]) -> Listed[RemovalOut]:
    """The certificates, newest first."""
    return Listed(items=[_out(row) for row in await ask.seen.customers.removals()])


def _out(row: Removal) -> RemovalOut:
    return shaped(RemovalOut, row, id=str(row.id), customer=str(row.customer_id))
