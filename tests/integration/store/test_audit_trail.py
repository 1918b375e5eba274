"""The audit trail in both stores: it refuses to be changed, and 100 000 rows are checked in seconds. CUS-4"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from app.data_protection.audit_trail import check_trail, heads_in, note_heads
from config.ids import AgentId
from crm.audit import AuditRow, first_seal, seal
from crm.db.schema.audit import audit
from crm.db.store import Store
from crm.journal.events import CallArrived
from crm.journal.journal import Journal
from crm.tickets.model import TicketForm
from tests.integration.store.hand_clock import HandClock
from tests.integration.store.projecting import project_all

ROWS = 100_000
START = datetime(2026, 11, 22, 1, tzinfo=UTC)


async def fill(store: Store, rows: int) -> None:
    """A day of so many acts, sealed as the store seals them."""
    made, before = [], first_seal("2026-11-22")
    for serial in range(1, rows + 1):
        at = START + timedelta(milliseconds=500 * serial)
        row = AuditRow(
            day="2026-11-22", serial=serial, at=at, by="8001", action="changed", subject=f"ticket {serial}", details=""
        )
        before = seal(row, before)
        made.append({name: getattr(row, name) for name in AuditRow.__dataclass_fields__} | {"seal": before})
    async with store.database.write() as connection:
        for start in range(0, rows, 10_000):
            await connection.execute(insert(audit), made[start : start + 10_000])


@asynccontextmanager
async def tampering(store: Store) -> AsyncIterator[AsyncConnection]:
    """Somebody with all rights on the database, who takes the triggers away first."""
    async with store.database.write() as connection:
        if store.database.dialect == "sqlite":
            for act in ("update", "delete"):
                await connection.execute(text(f"DROP TRIGGER IF EXISTS audit_refuses_{act}"))
        else:
            await connection.execute(text("DROP TRIGGER IF EXISTS audit_refuses_change ON audit"))
        yield connection


@pytest.mark.req("CUS-4")
async def test_one_row_of_a_hundred_thousand_is_named_in_seconds(store: Store, tmp_path: Path) -> None:
    await fill(store, ROWS)
    heads = tmp_path / "audit-heads.log"
    assert await note_heads(store, heads, START + timedelta(days=1)) == 1
    assert await note_heads(store, heads, START + timedelta(days=1)) == 0
    started = time.perf_counter()
    assert await check_trail(store, heads, None) == (ROWS, [])
    assert time.perf_counter() - started < 10
    async with tampering(store) as connection:
        await connection.execute(text("""UPDATE audit SET "by" = '8002' WHERE serial = 70001"""))
        await connection.execute(text("DELETE FROM audit WHERE serial = 30001"))
        await connection.execute(text("DELETE FROM audit WHERE serial > 99998"))
    _, broken = await check_trail(store, heads, "2026-11-22")
    told = [(each.serial, each.what.split(" ")[0]) for each in broken]
    assert told == [(30001, "rows"), (70001, "this"), (99999, "rows")]
    assert (await check_trail(store, heads, "2026-11-21"))[1] == []


@pytest.mark.req("CUS-4")
async def test_rows_exchanged_or_put_in_are_named(store: Store, tmp_path: Path) -> None:
    await fill(store, 300)
    async with tampering(store) as connection:
        for old, new in ((100, 9000), (200, 100), (9000, 200)):
            await connection.execute(text(f"UPDATE audit SET serial = {new} WHERE serial = {old}"))
    _, broken = await check_trail(store, tmp_path / "none", None)
    assert {each.serial for each in broken} >= {100, 200} and all(each.serial <= 201 for each in broken)


@pytest.mark.req("CUS-4")
@pytest.mark.parametrize(
    "act", ["UPDATE audit SET subject = 'x'", "DELETE FROM audit", "DELETE FROM audit WHERE id = 1"]
)
async def test_the_store_refuses_to_change_what_was_done(store: Store, act: str) -> None:
    await fill(store, 3)
    with pytest.raises(DBAPIError, match="append-only"):
        async with store.database.write() as connection:
            await connection.execute(text(act))
    assert len((await store.audit.list()).items) == 3


async def test_the_trail_is_read_in_pages_and_by_what_was_asked(store: Store) -> None:
    await fill(store, 30)
    first = await store.audit.list(limit=20, by="8001")
    second = await store.audit.list(limit=20, by="8001", after=first.next)
    assert [row.serial for row in (*first.items, *second.items)] == list(range(30, 0, -1))
    assert second.next is None
    assert [row.serial for row in (await store.audit.list(subject="ticket 7")).items] == [7]
    until = START + timedelta(seconds=3)
    assert [row.serial for row in (await store.audit.list(until=until, since=START)).items] == [5, 4, 3, 2, 1]
    assert (await store.audit.list(action="other")).items == ()


@pytest.mark.req("CUS-4", "TKT-3")
async def test_who_changes_a_ticket_or_promises_a_call_is_on_the_trail(
    store: Store, journal: Journal, clock: HandClock, tmp_path: Path
) -> None:
    number = journal.next_ticket_number(clock().date())
    arrived = {"channel_id": "c", "direction": "inbound", "dnis": "1", "ani": "2", "caller_name": "", "line": None}
    journal.append(CallArrived(at=clock(), call_id="1", ticket=number, **arrived))
    await project_all(journal, store)
    await asyncio.gather(
        *(
            store.due_calls.schedule(
                kind="callback",
                number="13812345678",
                due_at=clock() + timedelta(hours=1),
                ticket=number,
                queue="hotline",
                note="",
                key=f"k{each % 3}",
                by="8001",
            )
            for each in range(3)
        )
    )
    await store.tickets.save_form(number, TicketForm(matter="x"), by=AgentId("8002"), version=1)
    acts = {(row.by, row.action, row.subject.split()[0]) for row in (await store.audit.list()).items}
    assert acts == {("8001", "promised", "due_call"), ("8002", "changed", "ticket")}
    rows, broken = await check_trail(store, tmp_path / "none", None)
    assert (rows, broken) == (4, [])
    assert heads_in(tmp_path / "none") == {}
