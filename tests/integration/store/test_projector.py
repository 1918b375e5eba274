"""The journal comes into the store: all of it, once, in any order, however long the store is away (D5, TKT-1)."""

import asyncio
import random
import sqlite3
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, func, select

from config.ids import AgentId
from crm.db.schema import core as schema
from crm.db.store import Store
from crm.errors import StoreAway
from crm.journal.events import AnyEvent, CallAnswered, CallEnded, MessageLeft
from crm.journal.journal import Journal
from crm.tickets.model import TicketForm, TicketKind
from tests.fakes.call_story import DAY, INVITED, abandoned_call, answered_call, arrived
from tests.integration.store.postgres import PostgresServer
from tests.integration.store.projecting import projecting


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110  (a status has no event to wait for)
            await asyncio.sleep(0.01)


async def rows(store: Store, *tables: str) -> list[int]:
    async with store.database.read() as connection:
        counts = [select(func.count()).select_from(schema.metadata.tables[table]) for table in tables]
        return [(await connection.execute(count)).scalar_one() for count in counts]


def append_calls(journal: Journal, count: int, prefix: str = "c") -> list[str]:
    numbers: list[str] = []
    for each in range(count):
        number = journal.next_ticket_number(DAY)
        numbers.append(number)
        for event in answered_call(f"{prefix}{each}", number, INVITED + timedelta(seconds=each)):
            journal.append(event)
    return numbers


async def test_a_call_becomes_a_ticket_with_its_instants_timeline_and_recording(journal: Journal, store: Store) -> None:
    (number,) = append_calls(journal, 1)
    async with projecting(journal, store) as projector:
        await projector.caught_up()
    ticket = await store.tickets.get(number)
    assert ticket is not None
    assert (ticket.state, ticket.kind, ticket.line, ticket.queue, ticket.agent) == (
        "open",
        None,
        "hotline",
        "hotline",
        "8001",
    )
    assert ticket.opened_at == INVITED
    (call,) = ticket.calls
    assert (call.rings, call.wait_s, call.talk_s, call.outcome) == (1, 5, 30, "answered")
    assert call.ended_at == INVITED + timedelta(seconds=41)
    assert [entry.action for entry in ticket.timeline] == [
        "CallArrived",
        "CallRang",
        "CallAnswered",
        "MenuEntered",
        "MenuChosen",
        "CallQueued",
        "AgentOffered",
        "AgentAnswered",
        "TalkStarted",
        "CallEnded",
    ]
    assert ticket.timeline[6].by == "8001"
    assert [(recording.kind, recording.file) for recording in ticket.recordings] == [("talk", "c0.wav")]


async def test_the_ticket_is_there_with_the_arrival_alone(journal: Journal, store: Store) -> None:
    heard: list[AnyEvent] = []
    async with projecting(journal, store, heard.extend) as projector:
        journal.append(arrived("c1", "20261122-0001"))
        await projector.caught_up()
        assert await store.tickets.get("20261122-0001") is not None
        journal.append(CallEnded(at=INVITED, call_id="c1", ended_by="caller", outcome="abandoned_ringing"))
        await projector.caught_up()
    ticket = await store.tickets.get("20261122-0001")
    assert ticket is not None
    assert ticket.outcome == "abandoned_ringing"
    assert [type(event).__name__ for event in heard] == ["CallArrived", "CallEnded"]


async def test_a_ticket_is_visible_a_quarter_of_a_second_after_its_event(journal: Journal, store: Store) -> None:
    delays = []
    async with projecting(journal, store) as projector:
        for each in range(9):
            began = time.perf_counter()
            journal.append(arrived(f"c{each}", journal.next_ticket_number(DAY)))
            await projector.caught_up()
            delays.append(time.perf_counter() - began)
    assert sorted(delays)[len(delays) // 2] < 0.25  # P10: 0.5 s, p99


async def test_a_message_makes_the_ticket_a_message_unless_somebody_said_otherwise(
    journal: Journal, store: Store
) -> None:
    left = MessageLeft(at=INVITED + timedelta(seconds=9), call_id="c1", file="c1.wav", duration_s=7.5)
    async with projecting(journal, store) as projector:
        for event in (arrived("c1", "20261122-0001"), left):
            journal.append(event)
        await projector.caught_up()
        ticket = await store.tickets.get("20261122-0001")
        assert ticket is not None
        assert ticket.kind == "message"
        form = TicketForm(kind=TicketKind.COMPLAINT)
        await store.tickets.save_form("20261122-0001", form, by=AgentId("8001"), version=ticket.version)
        journal.append(CallEnded(at=left.at, call_id="c1", ended_by="caller", outcome="message"))
        await projector.caught_up()
    ticket = await store.tickets.get("20261122-0001")
    assert ticket is not None
    assert (ticket.kind, ticket.outcome, ticket.version) == ("complaint", "message", 2)
    assert [(each.kind, each.file, each.duration_s) for each in ticket.recordings] == [("message", "c1.wav", 7.5)]


async def test_events_in_any_order_and_in_any_portions_end_in_the_same_rows(journal: Journal, store: Store) -> None:
    stories = [answered_call(f"c{each}", f"20261122-{each + 1:04d}") for each in range(4)]
    stories += [abandoned_call(f"d{each}", f"20261122-{each + 5:04d}") for each in range(3)]
    events = [event for story in stories for event in story]
    random.Random(7).shuffle(events)
    async with projecting(journal, store) as projector:
        for number, event in enumerate(events):
            journal.append(event)
            if number % 11 == 0:
                await projector.caught_up()
        await projector.caught_up()
    for each in range(4):
        row = await store.calls.get(f"c{each}")
        assert row is not None
        assert (row.rings, row.wait_s, row.talk_s, row.outcome, row.agent) == (1, 5, 30, "answered", "8001")
    assert await rows(store, "event", "ticket", "call", "recording") == [len(events), 7, 7, 4]


async def test_the_whole_journal_again_changes_nothing(journal: Journal, store: Store) -> None:
    append_calls(journal, 30)
    async with projecting(journal, store) as projector:
        await projector.caught_up()
    before = await store.tickets.list(limit=100)
    async with store.database.write() as connection:
        await connection.execute(delete(schema.journal_position))
    async with projecting(journal, store) as projector:
        await projector.caught_up()
    assert await store.tickets.list(limit=100) == before
    assert await rows(store, "event", "ticket", "call", "recording") == [300, 30, 30, 30]


async def test_a_projector_stopped_at_any_moment_goes_on_where_it_was(journal: Journal, store: Store) -> None:
    append_calls(journal, 200)
    for moment in (0.0, 0.005, 0.02, 0.05, 0.1):
        async with projecting(journal, store):
            await asyncio.sleep(moment)
    async with projecting(journal, store) as projector:
        await projector.caught_up()
    assert await rows(store, "event", "ticket", "call", "recording", "rejected_event") == [2000, 200, 200, 200, 0]


async def test_an_event_the_store_refuses_is_put_aside_and_holds_up_nobody(
    journal: Journal, store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    story = answered_call("c1", "20261122-0001")
    bad = CallAnswered(event_id="bad", at=INVITED, call_id="c1", rings=2**63)
    for event in [story[0], bad, *story[3:], arrived("c2", "20261122-0002")]:
        journal.append(event)
    async with projecting(journal, store) as projector:
        await projector.caught_up()
        assert projector.status()["rejected"] == 1
    assert await rows(store, "rejected_event", "event", "ticket") == [1, 9, 2]
    assert "event bad at" in caplog.text
    row = await store.calls.get("c1")
    assert row is not None
    assert (row.rings, row.outcome) == (None, "answered")


@asynccontextmanager
async def away(store_url: str, postgres: PostgresServer | None) -> AsyncIterator[None]:
    """The store cannot be written: PostgreSQL is stopped, SQLite's file is locked by somebody else."""
    if postgres is not None:
        await asyncio.to_thread(postgres.stop)
        try:
            yield
        finally:
            await asyncio.to_thread(postgres.start)
        return
    other = sqlite3.connect(store_url.removeprefix("sqlite+aiosqlite:///"), isolation_level=None)
    try:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")
    finally:
        other.close()


@pytest.fixture
def server(request: pytest.FixtureRequest, store_url: str) -> PostgresServer | None:
    return None if store_url.startswith("sqlite") else request.getfixturevalue("postgres")


async def test_a_store_that_is_away_loses_and_doubles_nothing(
    journal: Journal, store_url: str, server: PostgresServer | None, caplog: pytest.LogCaptureFixture
) -> None:
    store = await Store.open(store_url, busy_timeout_s=0.1)
    async with projecting(journal, store) as projector:
        append_calls(journal, 20, "before")
        await projector.caught_up()
        async with away(store_url, server):
            append_calls(journal, 20, "during")
            await until(lambda: projector.status()["up"] is False)
            with pytest.raises(StoreAway):
                async with store.database.write() as connection:
                    await connection.execute(select(1))
            assert store.status()["up"] is False
            append_calls(journal, 20, "still")
            assert projector.status()["behind_bytes"] != 0
        async with asyncio.timeout(20):
            await projector.caught_up()
        assert projector.status() == {"up": True, "behind_bytes": 0, "rejected": 0, "failure": None}
    assert await store.check()
    assert store.status()["up"] is True
    assert await rows(store, "event", "ticket", "call", "recording") == [600, 60, 60, 60]
    logged = [record.action for record in caplog.records if hasattr(record, "action")]
    assert (logged.count("store_away"), logged.count("store_back")) == (1, 1)
    await store.close()


async def test_a_store_that_is_away_at_the_start_is_migrated_when_it_comes(
    journal: Journal, postgres: PostgresServer
) -> None:
    url = postgres.new_database()
    async with away(url, postgres):
        store = await Store.open(url, busy_timeout_s=0.5)
        assert store.status()["up"] is False
        with pytest.raises(StoreAway):
            await store.tickets.list()
        (number,) = append_calls(journal, 1)
    async with projecting(journal, store) as projector, asyncio.timeout(20):
        await projector.caught_up()
    assert await store.tickets.get(number) is not None
    await store.close()


async def test_it_keeps_up_with_500_events_a_second(journal: Journal, store: Store) -> None:
    append_calls(journal, 200)
    async with projecting(journal, store) as projector:
        began = time.perf_counter()
        await projector.caught_up()
        assert 2000 / (time.perf_counter() - began) >= 500


async def test_a_journal_that_lost_its_last_moments_is_read_again_from_that_day(tmp_path: Path, store: Store) -> None:
    journal = Journal.open(tmp_path / "power")
    append_calls(journal, 3)
    async with projecting(journal, store) as projector:
        await projector.caught_up()
    journal.close()
    segment = tmp_path / "power" / "2026-11-22.jsonl"
    lines = segment.read_bytes().splitlines(keepends=True)
    segment.write_bytes(b"".join(lines[:-4]))
    journal = Journal.open(tmp_path / "power")
    journal.append(arrived("new", journal.next_ticket_number(DAY)))
    async with projecting(journal, store) as projector:
        await projector.caught_up()
    journal.close()
    assert await store.calls.get("new") is not None
    assert await rows(store, "event", "ticket") == [31, 4]


async def test_a_second_journal_does_not_continue_at_the_firsts_position(tmp_path: Path, store: Store) -> None:
    for name in ("one", "two"):
        journal = Journal.open(tmp_path / name)
        last = await store.tickets.last_number(DAY)
        if last is not None:
            journal.note_ticket(last)
        append_calls(journal, 2, name)
        async with projecting(journal, store) as projector:
            await projector.caught_up()
        journal.close()
    page = await store.tickets.list()
    assert sorted(row.number for row in page.items) == [f"20261122-{count:04d}" for count in range(1, 5)]
