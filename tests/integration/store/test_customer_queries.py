"""Customers' cards: recognised by number, changed with a history (CUS-1, CUS-2, CUS-3)."""

import msgspec
import pytest
from sqlalchemy import select

from crm.customers.model import Customer, CustomerNumber
from crm.db.schema.core import customer_change
from crm.db.store import Store
from crm.errors import NumberTaken, UnknownRecord, VersionConflict
from crm.journal.journal import Journal
from tests.fakes.call_story import answered_call
from tests.integration.store.hand_clock import HandClock
from tests.integration.store.projecting import project_all


def card(name: str, *numbers: str) -> Customer:
    return Customer(name=name, numbers=tuple(CustomerNumber(raw=number) for number in numbers))


@pytest.mark.req("CUS-2", "CUS-3")
async def test_a_customer_is_recognised_by_any_number_in_any_notation(store: Store) -> None:
    saved = await store.customers.save(card("王芳", "+86 138-1234-5678", "8888 8888"))
    assert [(each.raw, each.normalised, each.kind) for each in saved.numbers] == [
        ("+86 138-1234-5678", "13812345678", "mobile"),
        ("8888 8888", "057188888888", "landline"),
    ]
    for number in ("13812345678", "008613812345678", "0571-88888888", "+86 571 88888888"):
        assert await store.cards.of_caller(number, 5) == (saved, ())
    for number in ("13812345679", "anonymous", ""):
        assert await store.cards.of_caller(number, 5) == (None, ())
    assert await store.customers.get(saved.id) == saved
    assert await store.customers.get(saved.id + 1) is None


async def test_a_number_belongs_to_one_customer(store: Store) -> None:
    first = await store.customers.save(card("王芳", "13812345678"))
    with pytest.raises(NumberTaken) as caught:
        await store.customers.save(card("李强", "+8613812345678"))
    assert caught.value.customer_id == first.id
    assert [each.name for each in (await store.customers.list()).items] == ["王芳"]


@pytest.mark.req("CUS-1")
async def test_changes_are_kept_and_a_stale_one_is_refused(store: Store, clock: HandClock) -> None:
    first = await store.customers.save(card("王芳", "13812345678"), by="8001")
    clock.forward(minutes=1)
    renamed = msgspec.structs.replace(first, name="王小芳", numbers=(CustomerNumber(raw="13900000000"),))
    second = await store.customers.save(renamed, by="8002")
    assert (second.name, second.version, second.updated_at) == ("王小芳", 2, clock.now)
    assert [each.normalised for each in second.numbers] == ["13900000000"]
    assert await store.cards.of_caller("13812345678", 5) == (None, ())
    with pytest.raises(VersionConflict):
        await store.customers.save(renamed, by="8003")
    with pytest.raises(UnknownRecord):
        await store.customers.save(msgspec.structs.replace(first, id=999))
    async with store.database.read() as connection:
        rows = await connection.execute(select(customer_change).order_by(customer_change.c.id))
        kept = [(row.by, row.field, row.old, row.new) for row in rows]
    assert kept == [
        ("8001", "numbers", "", "13812345678"),
        ("8002", "name", "王芳", "王小芳"),
        ("8002", "numbers", "13812345678", "13900000000"),
    ]


async def test_search_and_pages(store: Store, clock: HandClock) -> None:
    for name, number in (("王芳", "13812345678"), ("李强", "13900000000"), ("王100%", "057188888888")):
        clock.forward(seconds=1)
        await store.customers.save(card(name, number))

    async def found(search: str) -> list[str]:
        return [each.name for each in (await store.customers.list(search)).items]

    assert await found("王") == ["王100%", "王芳"]
    assert await found("%") == ["王100%"]
    assert await found("1234") == await found("1381234567") == [], "a part of a number finds nothing"
    assert await found("+86 138 1234 5678") == ["王芳"]
    assert await found("+86 139 0000 0000") == ["李强"]
    assert await found("88888888") == ["王100%"]
    assert await found("无此人") == []
    first = await store.customers.list(limit=2)
    rest = await store.customers.list(limit=2, after=first.next)
    assert [each.name for each in (*first.items, *rest.items)] == ["王100%", "李强", "王芳"]
    assert rest.next is None


@pytest.mark.req("CUS-2")
async def test_a_caller_is_matched_on_arrival_and_afterwards(journal: Journal, store: Store) -> None:
    known = await store.customers.save(card("王芳", "13812345678"))
    for event in answered_call("c1", "20261122-0001", ani="+8613812345678"):
        journal.append(event)
    for event in answered_call("c2", "20261122-0002", ani="0571-88888888"):
        journal.append(event)
    await project_all(journal, store)
    first, second = await store.tickets.get("20261122-0001"), await store.tickets.get("20261122-0002")
    assert first is not None
    assert second is not None
    assert (first.customer_id, first.customer_name, first.calls[0].customer_name) == (known.id, "王芳", "王芳")
    assert second.customer_id is None
    later = await store.customers.save(card("李强", "88888888"))
    second = await store.tickets.get("20261122-0002")
    assert second is not None
    assert (second.customer_id, second.calls[0].customer_id) == (later.id, later.id)
