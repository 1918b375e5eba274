"""Cards that may be one customer: proposed, kept apart, merged (adapter). CUS-1."""

from aiohttp import web

from app.web.api.common.customer_shapes import MergedOut, MergeWish, Pair, PairOut
from app.web.api.customers.customers import full_card, shown_cards
from app.web.http.contract import Listed, Nothing
from app.web.http.operations import Ask, id_of
from crm.customers.model import MergePlan
from crm.use_cases import customers as use_cases


async def list_duplicates(ask: Ask[Nothing, Nothing]) -> Listed[PairOut]:
    """The likeliest first."""
    found = await ask.seen.customers.duplicates(most=100)
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
    await ask.do(use_cases.keep_apart, ask.body.one, ask.body.other)
    return web.Response(status=204)


async def merge_customers(ask: Ask[Nothing, MergeWish]) -> MergedOut:
    """The other card becomes part of the one of the path, for good; it stays as a signpost."""
    wish = ask.body
    plan = MergePlan(
        stays=id_of(ask, "customer"),
        stays_version=wish.version,
        goes=wish.other,
        goes_version=wish.other_version,
        take=frozenset(wish.take),
    )
    card, moved = await ask.do(use_cases.merge_cards, plan)
    return MergedOut(customer=await full_card(ask, card), moved=moved)
