"""Knowledge cards in the store: shipped once, versions kept, approved by somebody, openings counted. CPL-10."""

import asyncio

import pytest
from sqlalchemy import select

from config.loading.load import load_site
from crm.db.schema.audit import audit
from crm.db.store import Store
from crm.errors import IllegalTransition, UnknownRecord, VersionConflict
from crm.knowledge.model import CardText, found
from tests.integration.store.hand_clock import HandClock
from tests.unit.config.workshop import DEMO

pytestmark = pytest.mark.req("CPL-10")


async def test_what_a_site_brings_along_is_entered_once_and_peoples_changes_stay(
    store: Store, clock: HandClock
) -> None:
    cards = load_site(DEMO).knowledge.cards
    await asyncio.gather(store.knowledge.ship(cards), store.knowledge.ship(cards[:2]))
    today = clock.now.date()
    (card, now), *_ = found(await store.knowledge.all(), today, words="七天")
    assert (now.title, now.approved_by, now.kinds) == ("商品退换货规则", "system", ("complaint", "after_sales"))
    changed = await store.knowledge.revise(card.id, CardText(title="退换货", text="新"), by="8001", version=1)
    await store.knowledge.approve(changed.id, 2, by="8801")
    await store.knowledge.ship(cards)
    all_cards = await store.knowledge.all()
    assert len(all_cards) == len(cards)
    assert [(each.title, each.by, each.approved_by) for each in (await store.knowledge.get(card.id)).versions] == [
        ("商品退换货规则", "system", "system"),
        ("退换货", "8001", "8801"),
    ]


async def test_a_card_is_written_approved_and_counted_when_it_is_opened(store: Store, clock: HandClock) -> None:
    text = CardText(
        title="停车", text="地下两层", keywords=("车位",), kinds=("consultation",), valid_from=clock.now.date()
    )
    card = await store.knowledge.create(text, by="8001", key="8001:a")
    assert (await store.knowledge.create(text, by="8001", key="8001:a")).id == card.id
    assert found([card], clock.now.date()) == []
    with pytest.raises(IllegalTransition):
        await store.knowledge.approve(card.id, 2, by="8801")
    approved = await store.knowledge.approve(card.id, 1, by="8801")
    assert approved.versions[0].approved_by == "8801" and approved.versions[0].valid_from == clock.now.date()
    with pytest.raises(IllegalTransition):
        await store.knowledge.approve(card.id, 1, by="8801")
    with pytest.raises(VersionConflict):
        await store.knowledge.revise(card.id, text, by="8001", version=0)
    for by in ("8001", "8002", "8001"):
        opened = await store.knowledge.opened(card.id, by=by, ticket=None)
    assert opened.opened == 3
    for missing in (store.knowledge.get(99), store.knowledge.opened(99, by="8001", ticket=None)):
        with pytest.raises(UnknownRecord):
            await missing
    async with store.database.read() as connection:
        rows = (await connection.execute(select(audit.c.by, audit.c.action).order_by(audit.c.id))).all()
    assert [tuple(row) for row in rows] == [("8001", "write_card"), ("8801", "approve_card")]
