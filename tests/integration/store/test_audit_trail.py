"""The audit trail in both stores: it refuses to be changed, and what somebody with the database alone does to it is
named; 100 000 rows are checked in seconds. ACC-5, CUS-4"""

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

from app.data_protection.audit_keys import add_key, make_key_file
from app.data_protection.audit_trail import TrailFiles, Verdict, check_trail, heads_in, note_heads
from app.run.audit_sending import send_heads
from config.ids import AgentId
from config.paths import DataDir
from config.service.audit import Audit
from crm.audit.seals import GENESIS, AuditRow, plain_seal
from crm.db.schema.audit import audit
from crm.db.store import Store
from crm.journal.events import CallArrived
from crm.journal.journal import Journal
from crm.tickets.model import TicketForm
from tests.integration.store.hand_clock import HandClock
from tests.integration.store.projecting import project_all

ROWS = 100_000
START = datetime(2026, 11, 22, 1, tzinfo=UTC)
DAY = "2026-11-22"


@pytest.fixture
def data(tmp_path: Path) -> DataDir:
    (tmp_path / "data").mkdir()
    return DataDir(tmp_path / "data")


@pytest.fixture
def trail(tmp_path: Path, data: DataDir) -> TrailFiles:
    """Key and notes of a system, outside its store."""
    file = tmp_path / "elsewhere.key"
    assert make_key_file(file) and not make_key_file(file)
    return TrailFiles(data, file)


@pytest.fixture
async def store(store_url: str, clock: HandClock, trail: TrailFiles) -> AsyncIterator[Store]:
    opened = await Store.open(store_url, area_code="0571", clock=clock, audit_outside=trail)
    await trail.begin(opened)
    try:
        yield opened
    finally:
        await opened.close()


async def fill(store: Store, trail: TrailFiles, rows: int) -> None:
    """A day of so many acts, sealed as the store seals them."""
    made, before = [], GENESIS
    for serial in range(1, rows + 1):
        at = START + timedelta(milliseconds=500 * serial)
        row = AuditRow(
            day=DAY, serial=serial, at=at, by="8001", action="changed", subject=f"ticket {serial}", details=""
        )
        before = trail.keys.seal(row, before)
        made.append({name: getattr(row, name) for name in AuditRow.__dataclass_fields__} | {"seal": before})
    async with store.database.write() as connection:
        for start in range(0, rows, 10_000):
            await connection.execute(insert(audit), made[start : start + 10_000])


async def acts(store: Store, count: int) -> None:
    for number in range(count):
        await store.note_act(by="8001", action="changed", subject=f"ticket {number}")


async def checked(store: Store, data: DataDir, trail: TrailFiles, day: str | None = None) -> list[tuple[int, str]]:
    found = await check_trail(store, data, trail.keys, day)
    return [(each.serial, each.what) for each in found.broken]


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


@pytest.mark.req("CUS-4", "ACC-5")
async def test_one_row_of_a_hundred_thousand_is_named_in_seconds(
    store: Store, data: DataDir, trail: TrailFiles
) -> None:
    await fill(store, trail, ROWS)
    tomorrow = START + timedelta(days=1)
    assert set(await note_heads(store, data.audit_heads, trail.keys, tomorrow)) == {DAY}
    assert await note_heads(store, data.audit_heads, trail.keys, tomorrow) == {}
    started = time.perf_counter()
    assert await check_trail(store, data, trail.keys) == Verdict(ROWS, [])
    assert time.perf_counter() - started < 10
    async with tampering(store) as connection:
        await connection.execute(text("""UPDATE audit SET "by" = '8002' WHERE serial = 70001"""))
        await connection.execute(text("DELETE FROM audit WHERE serial = 30001"))
        await connection.execute(text("DELETE FROM audit WHERE serial > 99998"))
    told = [(serial, what.split(" ")[0]) for serial, what in await checked(store, data, trail, DAY)]
    assert told == [(30001, "rows"), (70001, "this"), (99999, "rows")]
    assert await checked(store, data, trail, "2026-11-21") == []


ATTACKS = {
    "a row changed": "UPDATE audit SET action = 'looked' WHERE serial = 7",
    "the last row changed": "UPDATE audit SET action = 'looked' WHERE serial = 40",
    "rows deleted": "DELETE FROM audit WHERE serial IN (5, 6, 7)",
    "the tail cut off": "DELETE FROM audit WHERE serial > 30",
    "all rows deleted": "DELETE FROM audit",
    "a row copied to the end": """INSERT INTO audit (day, serial, at, "by", action, subject, details, seal)
        SELECT day, 41, at, "by", action, subject, details, seal FROM audit WHERE serial = 7""",
    "rows exchanged": "UPDATE audit SET subject = CASE serial WHEN 7 THEN 'ticket 7' ELSE 'ticket 6' END "
    "WHERE serial IN (7, 8)",
    "a day renamed": "UPDATE audit SET day = '2026-11-01'",
}


@pytest.mark.req("ACC-5")
@pytest.mark.parametrize("attack", ATTACKS)
async def test_somebody_with_the_database_alone_is_found(
    store: Store, data: DataDir, trail: TrailFiles, attack: str
) -> None:
    """On the running day, whose end nobody has noted yet but in the running head."""
    await acts(store, 40)
    assert await check_trail(store, data, trail.keys) == Verdict(40, [])
    async with tampering(store) as connection:
        await connection.execute(text(ATTACKS[attack]))
    before = await checked(store, data, trail)
    assert before
    await acts(store, 3)
    assert await checked(store, data, trail), "what the system writes afterwards does not cover it up"


@pytest.mark.req("ACC-5")
@pytest.mark.parametrize("kept", [39, 20, 0])
async def test_a_day_sealed_anew_by_the_known_rule_is_found(
    store: Store, data: DataDir, trail: TrailFiles, clock: HandClock, kept: int
) -> None:
    """Rows are deleted and the rest is sealed as everybody can: without the key."""
    await acts(store, 40)
    rows = [each async for part in store.audit.chain() for each in part]
    async with tampering(store) as connection:
        await connection.execute(text("DELETE FROM audit"))
        before = "0" * 64
        for each in rows[:kept]:
            before = plain_seal(each.row, before)
            fields = {name: getattr(each.row, name) for name in AuditRow.__dataclass_fields__}
            await connection.execute(insert(audit).values(**fields, seal=before))
    assert await checked(store, data, trail)


@pytest.mark.req("ACC-5")
async def test_days_exchanged_are_found(store: Store, data: DataDir, trail: TrailFiles, clock: HandClock) -> None:
    await acts(store, 5)
    first = clock().astimezone(store.zone).date().isoformat()
    clock.forward(days=1)
    await acts(store, 5)
    second = clock().astimezone(store.zone).date().isoformat()
    assert await checked(store, data, trail) == []
    async with tampering(store) as connection:
        for old, new in ((first, "x"), (second, first), ("x", second)):
            await connection.execute(text(f"UPDATE audit SET day = '{new}' WHERE day = '{old}'"))
    assert len(await checked(store, data, trail)) >= 10


@pytest.mark.req("ACC-5")
async def test_a_controller_that_starts_after_the_cut_leaves_the_gap_to_be_seen(
    store: Store, data: DataDir, trail: TrailFiles, tmp_path: Path, store_url: str, clock: HandClock
) -> None:
    await acts(store, 10)
    async with tampering(store) as connection:
        await connection.execute(text("DELETE FROM audit WHERE serial > 6"))
    again = await Store.open(store_url, clock=clock, audit_outside=TrailFiles(data, tmp_path / "elsewhere.key"))
    try:
        await acts(again, 2)
        assert await checked(again, data, trail) == [(7, "rows 7 to 10 are missing")]
    finally:
        await again.close()


@pytest.mark.req("ACC-5")
async def test_what_was_sealed_before_there_was_a_key_is_checked_in_its_own_kind(
    store_url: str, data: DataDir, trail: TrailFiles, clock: HandClock
) -> None:
    old = await Store.open(store_url, clock=clock)
    await acts(old, 6)
    await old.close()
    new = await Store.open(store_url, clock=clock, audit_outside=trail)
    try:
        await trail.begin(new)
        await acts(new, 4)
        assert await check_trail(new, data, trail.keys) == Verdict(10, [])
        async with tampering(new) as connection:
            await connection.execute(text("""UPDATE audit SET "by" = 'x' WHERE serial = 3"""))
        assert [serial for serial, _ in await checked(new, data, trail)] == [3]
    finally:
        await new.close()


@pytest.mark.req("ACC-5")
async def test_rolled_back_acts_move_no_head_and_a_new_key_takes_over(
    store: Store, data: DataDir, trail: TrailFiles, tmp_path: Path
) -> None:
    await acts(store, 2)
    noted = trail.last
    with pytest.raises(RuntimeError):
        async with store.act() as act:
            await acts(act, 2)
            raise RuntimeError("halfway")
    assert trail.last == noted
    key = add_key(tmp_path / "elsewhere.key")
    trail.reload_keys()
    await acts(store, 2)
    assert trail.last and trail.last.seal.startswith(f"{key.id}:")
    assert await check_trail(store, data, trail.keys) == Verdict(4, [])


@pytest.mark.req("ACC-5")
async def test_how_a_day_ended_is_sent_out_once_to_each_and_again_to_whom_it_did_not_reach(
    store: Store, data: DataDir, trail: TrailFiles, clock: HandClock, tmp_path: Path
) -> None:
    from app.reports.delivery import SendFailed

    got = list[tuple[str, str]]()
    down = {"json://siem"}

    def sender(url: str):
        def send(title: str, text: str, files: list[Path]) -> None:
            if url in down:
                raise SendFailed("away")
            got.append((url, text))

        return send

    rules = Audit(send_heads_to=("auditor", "siem"))
    data.report_addresses.write_text("auditor = mailto://a\nsiem = json://siem\n", encoding="utf-8")
    await acts(store, 3)
    day = clock().astimezone(store.zone).date().isoformat()
    clock.forward(days=1)
    copy = tmp_path / "share.log"
    (head,) = (await note_heads(store, data.audit_heads, trail.keys, clock(), copy)).values()
    assert head.rows == 3
    assert copy.read_text(encoding="utf-8") == data.audit_heads.read_text(encoding="utf-8")
    assert await send_heads(data, rules, "house", trail.keys, sender) == 1
    down.clear()
    assert await send_heads(data, rules, "house", trail.keys, sender) == 1
    assert await send_heads(data, rules, "house", trail.keys, sender) == 0
    assert [url for url, _ in got] == ["mailto://a", "json://siem"]
    assert all(f"{day} 3 {head.seal}" in text for _, text in got)


@pytest.mark.req("ACC-5")
async def test_the_check_reads_and_changes_nothing_old_schemas_included(
    store: Store, store_url: str, data: DataDir, trail: TrailFiles
) -> None:
    await acts(store, 3)
    async with store.database.write() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '0006'"))
    reader = Store.to_read(store_url)
    try:
        assert await check_trail(reader, data, trail.keys) == Verdict(3, [])
        with pytest.raises((DBAPIError, Exception), match=r"read.?only"):
            async with reader.database.write() as connection:
                await connection.execute(text("DELETE FROM ticket"))
    finally:
        await reader.close()
    async with store.database.read() as connection:
        assert (await connection.execute(text("SELECT version_num FROM alembic_version"))).scalar() == "0006"


@pytest.mark.req("CUS-4")
@pytest.mark.parametrize(
    "act", ["UPDATE audit SET subject = 'x'", "DELETE FROM audit", "DELETE FROM audit WHERE id = 1"]
)
async def test_the_store_refuses_to_change_what_was_done(store: Store, trail: TrailFiles, act: str) -> None:
    await fill(store, trail, 3)
    with pytest.raises(DBAPIError, match="append-only"):
        async with store.database.write() as connection:
            await connection.execute(text(act))
    assert len((await store.audit.list()).items) == 3


async def test_the_trail_is_read_in_pages_and_by_what_was_asked(store: Store, trail: TrailFiles) -> None:
    await fill(store, trail, 30)
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
    store: Store, journal: Journal, clock: HandClock, data: DataDir, trail: TrailFiles
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
    assert await check_trail(store, data, trail.keys) == Verdict(4, [])
    assert heads_in(data.audit_heads, trail.keys) == ({}, [])
