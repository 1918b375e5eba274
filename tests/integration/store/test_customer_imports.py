"""Imports wait for their confirmation and are written once, however often that is said, on both stores. CUS-1."""

import asyncio

import pytest
from sqlalchemy import func, select

from crm.customers.imports import plan_import
from crm.customers.model import Customer, CustomerNumber
from crm.db.schema.audit import audit
from crm.db.schema.core import customer
from crm.db.schema.customers import customer_import_row
from crm.db.store import Store
from crm.errors import UnknownRecord
from crm.journal.journal import Journal
from crm.parsing.tables.model import TableRead
from tests.fakes.call_story import answered_call
from tests.integration.store.hand_clock import HandClock
from tests.integration.store.projecting import project_all

TABLE = [
    ["姓名", "电话", "单位"],
    ["王芳", "+86 138 1234 5678", "设计院"],
    ["李强", "13900000000"],
    ["", "13900000001"],
    *[[f"客户{n}", f"1370000{n:04d}"] for n in range(400)],
]


async def cards(store: Store) -> int:
    async with store.database.read() as connection:
        return (await connection.execute(select(func.count()).select_from(customer))).scalar_one()


@pytest.mark.req("CUS-1")
@pytest.mark.parametrize("on_existing", ["skip", "update"])
async def test_a_plan_is_written_once_in_batches_however_often_it_is_confirmed(
    store: Store, clock: HandClock, journal: Journal, on_existing: str
) -> None:
    known = await store.customers.save(Customer(name="王小芳", numbers=(CustomerNumber(raw="13812345678"),)), by="8001")
    for event in answered_call("c1", "20261122-0001", ani="13900000000"):
        journal.append(event)
    await project_all(journal, store)
    state = await store.imports.keep(plan_import(TableRead(rows=TABLE), "0571", ()), file="客户.xlsx", by="8801")
    assert (state.ready, state.existing, state.faulty) == (402, 1, 1)
    assert await cards(store) == 1
    noted = await store.imports.rows(state.token, by="8801")
    assert [(row.row, row.existing, [fault.code for fault in row.faults]) for row in noted] == [
        (2, known.id, []),
        (4, None, ["empty_name"]),
    ]
    with pytest.raises(UnknownRecord, match="upload"):
        await store.imports.state(state.token, by="8002")
    first = await store.imports.write_batch(state.token, by="8801", on_existing=on_existing)
    assert (first.ready, first.written) == (202, 199)
    await asyncio.gather(*(store.imports.write_batch(state.token, by="8801", on_existing="skip") for _ in range(4)))
    done = await store.imports.state(state.token, by="8801")
    skips = on_existing == "skip"
    assert (done.ready, done.written, done.skipped, done.updated) == (0, 401, int(skips), int(not skips))
    assert await cards(store) == 402
    changed = await store.customers.get(known.id)
    assert changed is not None
    assert (changed.name, changed.employer) == (("王小芳", "") if skips else ("王芳", "设计院"))
    assert (await store.tickets.get("20261122-0001")).customer_name == "李强"  # type: ignore[union-attr]
    async with store.database.read() as connection:
        acts = list((await connection.execute(select(audit.c.action))).scalars())
        left = set((await connection.execute(select(customer_import_row.c.card))).scalars())
    assert acts.count("customers_imported") == 1
    assert left == {""}


@pytest.mark.req("CUS-1", "CUS-4")
async def test_who_was_made_since_the_preview_is_not_made_again_and_a_plan_is_not_kept(
    store: Store, clock: HandClock
) -> None:
    state = await store.imports.keep(plan_import(TableRead(rows=TABLE[:3]), "0571", ()), file="f", by="8801")
    for name, number in (("王芳", "13812345678"), ("别人", "13900000001")):
        await store.customers.save(Customer(name=name, numbers=(CustomerNumber(raw=number),)), by="8001")
    done = await store.imports.write_batch(state.token, by="8801", on_existing="skip")
    assert (done.written, done.skipped) == (1, 1)
    late = await store.imports.keep(plan_import(TableRead(rows=TABLE[:2]), "0571", ()), file="f", by="8801")
    clock.forward(minutes=31)
    with pytest.raises(UnknownRecord):
        await store.imports.write_batch(late.token, by="8801", on_existing="skip")
    assert await store.imports.drop_expired(clock.now) == 2
    async with store.database.read() as connection:
        assert list(await connection.execute(select(customer_import_row))) == []
