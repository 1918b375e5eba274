"""Cards that may be one customer: proposed, kept apart, merged (adapter). CUS-1."""

from aiohttp import web

from app.web.api.common.customer_shapes import MergedOut, MergeWish, Pair, PairOut
from app.web.api.customers.customers import card_of, full_card, shown_cards
from app.web.http.contract import Listed, Nothing
from app.web.http.operations import Ask
from app.web.wire.problems import Problem, invalid
from crm.db.customers.merging import MergePlan


async def list_duplicates(ask: Ask[Nothing, Nothing]) -> Listed[PairOut]:
    """The likeliest first."""
    found = await ask.services.store.duplicates.find(most=100)
    cards = {card.id: card for _, one, other in found for card in (one, other)}
    shown = {int(card.id): card for card in await shown_cards(ask, tuple(cards.values()))}
    return Listed(
        items=[
            PairOut(score=each.score, reasons=list(each.reasons), one=shown[each.one], other=shown[each.other])
            for each, _, _ in found
        ]
    )


async def keep_apart(ask: Ask[Nothing, Pair]) -> web.Response:
    """Somebody has looked: these are two."""
    store, pair = ask.services.store, ask.body
    for customer_id in (pair.one, pair.other):
        if await store.customers.get(customer_id) is None:
            raise Problem("not_found", f"No customer {customer_id}.")
    if pair.one == pair.other:
        raise invalid("other", "the same card: name two")
    await store.duplicates.keep_apart(pair.one, pair.other, by=ask.who.name)
    return web.Response(status=204)


async def merge_customers(ask: Ask[Nothing, MergeWish]) -> MergedOut:
    """The other card becomes part of the one of the path, for good; it stays as a signpost."""
    card, wish = await card_of(ask), ask.body
    plan = MergePlan(
        stays=card.id,
        stays_version=wish.version,
        goes=wish.other,
        goes_version=wish.other_version,
        take=frozenset(wish.take),
    )
    try:
        moved = await ask.services.store.duplicates.merge(plan, by=ask.who.name)
    except ValueError as exc:
        raise invalid("take" if wish.take else "other", str(exc)) from exc
    return MergedOut(customer=await full_card(ask, await card_of(ask)), moved=moved)
