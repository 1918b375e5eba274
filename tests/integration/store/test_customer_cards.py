"""Cards of every kind, numbers that move, contact counted, duplicates and merges, on both stores. CUS-1, CPL-10."""

import asyncio
from datetime import timedelta

import msgspec
import pytest
from sqlalchemy import Column, ForeignKey, Integer, Table, Text, func, insert, select

from crm.customers.model import Customer, CustomerFilter, CustomerKind, CustomerNumber, MergePlan, card_faults
from crm.db.schema.audit import audit
from crm.db.schema.core import call, customer, due_call, metadata, ticket
from crm.db.store import Store
from crm.errors import CardMerged, NumberTaken, UnknownRecord, VersionConflict
from crm.followups.model import DueCallKind
from crm.journal.journal import Journal
from tests.fakes.call_story import answered_call
from tests.integration.store.hand_clock import HandClock
from tests.integration.store.projecting import project_all


def card(name: str, *numbers: str, **fields: object) -> Customer:
    return Customer(name=name, numbers=tuple(CustomerNumber(raw=number) for number in numbers), **fields)  # type: ignore[arg-type]


@pytest.mark.req("CUS-1", "CPL-10")
async def test_a_merchant_a_key_customer_and_a_quiet_one_are_found(store: Store, clock: HandClock) -> None:
    shop = card(
        "杭州百味餐饮有限公司",
        "0571-88886666转12",
        kind=CustomerKind.MERCHANT,
        shop_name="百味轩",
        unit="305",
        floor="3",
    )
    assert card_faults(shop) == {}
    shop = await store.customers.save(shop, by="8801")
    assert (shop.kind, shop.numbers[0].extension, shop.numbers[0].normalised) == ("merchant", "12", "057188886666")
    key = await store.customers.save(card("王芳", "13812345678", key_customer=True, looked_after_by="8002"), by="8001")

    async def found(**wanted: object) -> list[str]:
        page = await store.customers.list(wanted=CustomerFilter(**wanted))  # type: ignore[arg-type]
        return [each.name for each in page.items]

    assert await found(kind="merchant") == [shop.name]
    assert await found(search="百味轩") == await found(search="305") == [shop.name]
    assert await found(key=True, looked_after_by="8002") == [key.name]
    assert await found(looked_after_by="8003") == []
    assert await store.cards.of_caller("057188886666", 5) == (shop, ())


@pytest.mark.req("CUS-1", "CUS-3")
async def test_a_number_moves_only_by_an_explicit_step_and_both_cards_say_so(store: Store, clock: HandClock) -> None:
    old = await store.customers.save(card("王芳", "13812345678", "13900000000"), by="8001")
    new = await store.customers.save(card("李强", "88888888"), by="8001")
    with pytest.raises(NumberTaken):
        await store.customers.save(msgspec.structs.replace(new, numbers=old.numbers), by="8001")
    moved = await store.customers.move_number("+86 138 1234 5678", to=new, use="work", by="8001")
    assert [(each.normalised, each.use) for each in moved.numbers] == [("057188888888", ""), ("13812345678", "work")]
    left = await store.customers.get(old.id)
    assert left is not None
    assert [each.normalised for each in left.numbers] == ["13900000000"]
    assert (left.version, moved.version) == (2, 2)
    for each in (old, new):
        assert (await store.customers.history(each.id))[0].field == "moved_number"
    with pytest.raises(VersionConflict):
        await store.customers.move_number("13900000000", to=new, use="", by="8001")
    with pytest.raises(UnknownRecord):
        await store.customers.move_number("13911111111", to=moved, use="", by="8001")


@pytest.mark.req("CUS-1")
async def test_contact_is_counted_from_the_calls_by_an_index(journal: Journal, store: Store, clock: HandClock) -> None:
    known = await store.customers.save(card("王芳", "13812345678"))
    for days, name in ((0, "c1"), (40, "c2"), (100, "c3"), (400, "c4")):
        for event in answered_call(name, f"20261122-000{name[1]}", clock.now - timedelta(days=days, hours=1)):
            journal.append(event)
    await project_all(journal, store)
    contact = (await store.customers.contact([known.id]))[known.id]
    assert (contact.in_30, contact.in_90, contact.in_365, contact.out_365) == (1, 2, 3, 0)
    assert contact.last_at == clock.now - timedelta(hours=1)
    quiet = CustomerFilter(quiet_since=clock.now - timedelta(minutes=30))
    assert [each.id for each in (await store.customers.list(wanted=quiet)).items] == [known.id]
    quiet = CustomerFilter(quiet_since=clock.now - timedelta(days=1))
    assert (await store.customers.list(wanted=quiet)).items == ()
    if store.database.dialect == "sqlite":
        statement = (
            "EXPLAIN QUERY PLAN SELECT max(invited_at) FROM call WHERE customer_id IN (1, 2) GROUP BY customer_id"
        )
        async with store.database.read() as connection:
            plan = [row.detail for row in await connection.exec_driver_sql(statement)]
        assert any("ix_call_customer_id_invited_at" in step for step in plan), plan


@pytest.mark.req("CUS-1")
async def test_a_merge_moves_all_that_points_at_the_card_also_in_tables_nobody_knows_yet(
    journal: Journal, store: Store, clock: HandClock
) -> None:
    stays = await store.customers.save(card("王芳", "13812345678", employer="设计院"), by="8001")
    goes = await store.customers.save(
        card("王 芳", "13900000000", employer="市设计院", notes="周末来", do_not_call=True), by="8002"
    )
    for event in answered_call("c1", "20261122-0001", ani="13900000000"):
        journal.append(event)
    await project_all(journal, store)
    await store.due_calls.schedule(
        kind=DueCallKind.CALLBACK,
        key="k",
        number="13900000000",
        due_at=clock.now,
        queue="hotline",
        ticket=None,
        note="",
        customer_id=goes.id,
        by="8001",
    )
    later = Table(
        "of_a_later_slice",
        metadata,
        Column("customer_id", ForeignKey("customer.id"), primary_key=True),
        Column("year", Integer(), primary_key=True),
        Column("said", Text()),
    )
    try:
        async with store.database.write() as connection:
            await connection.run_sync(later.create)
            rows = [(goes.id, 2025, "moves"), (goes.id, 2026, "cannot"), (stays.id, 2026, "has it")]
            await connection.execute(
                insert(later), [{"customer_id": of, "year": year, "said": said} for of, year, said in rows]
            )
        plan = MergePlan(
            stays=stays.id, stays_version=1, goes=goes.id, goes_version=1, take=frozenset({"employer", "notes"})
        )
        moved = await store.duplicates.merge(plan, by="8801")
        assert moved == {"ticket": 1, "call": 1, "due_call": 1, "of_a_later_slice": 1}
        async with store.database.read() as connection:
            for table in (ticket, call, due_call):
                assert set((await connection.execute(select(table.c.customer_id))).scalars()) == {stays.id}
            left = await connection.execute(select(later.c.said).where(later.c.customer_id == goes.id))
            assert list(left.scalars()) == ["cannot"]
    finally:
        metadata.remove(later)
    one = await store.customers.get(stays.id)
    tombstone = await store.customers.get(goes.id)
    assert one is not None and tombstone is not None
    assert (one.name, one.employer, one.notes, one.do_not_call) == ("王芳", "市设计院", "周末来", True)
    assert [each.normalised for each in one.numbers] == ["13812345678", "13900000000"]
    assert (tombstone.merged_into, tombstone.name) == (stays.id, "王 芳")
    assert [each.id for each in (await store.customers.list()).items] == [stays.id]
    told = {(each.customer_id, each.field) for each in await store.customers.history(stays.id)}
    assert {(goes.id, "numbers"), (goes.id, "merged_into"), (stays.id, "merged"), (stays.id, "employer")} <= told
    with pytest.raises(CardMerged):
        await store.customers.save(tombstone, by="8002")
    with pytest.raises(CardMerged):
        await store.duplicates.merge(msgspec.structs.replace(plan, stays_version=2), by="8801")
    async with store.database.read() as connection:
        acts = list((await connection.execute(select(audit.c.action).order_by(audit.c.id))).scalars())
    assert acts == ["customer_made", "customer_made", "promised", "customers_merged"]


@pytest.mark.req("CUS-1")
async def test_a_save_and_two_merges_at_once_leave_one_winner(store: Store) -> None:
    cards = [await store.customers.save(card(f"王芳{n}", f"1381234567{n}"), by="8001") for n in range(3)]
    first, second, third = (each.id for each in cards)
    results = await asyncio.gather(
        store.customers.save(msgspec.structs.replace(cards[1], notes="新"), by="8001"),
        store.duplicates.merge(MergePlan(stays=first, stays_version=1, goes=second, goes_version=1), by="8801"),
        store.duplicates.merge(MergePlan(stays=second, stays_version=1, goes=third, goes_version=1), by="8801"),
        return_exceptions=True,
    )
    refused = [each for each in results if isinstance(each, Exception)]
    assert len(refused) == 2
    assert all(isinstance(each, VersionConflict | CardMerged) for each in refused), refused
    async with store.database.read() as connection:
        merged = await connection.execute(select(func.count()).where(customer.c.merged_into.is_not(None)))
    assert merged.scalar() == (0 if isinstance(results[0], Customer) else 1)


@pytest.mark.req("CUS-1")
async def test_pairs_are_proposed_until_somebody_says_that_they_are_two(store: Store) -> None:
    one = await store.customers.save(card("王建国", "13812345678", employer="市设计院"), by="8001")
    other = await store.customers.save(card("王建国", "13900000000", employer="市设计院"), by="8001")
    await store.customers.save(card("王建国", "13911111111", employer="省博物馆"), by="8001")
    found = await store.duplicates.find()
    assert [(each.one, each.other, each.reasons) for each, _, _ in found] == [
        (one.id, other.id, ("same_name", "same_employer"))
    ]
    for _ in range(2):
        await store.duplicates.keep_apart(other.id, one.id, by="8801")
    assert await store.duplicates.find() == []
