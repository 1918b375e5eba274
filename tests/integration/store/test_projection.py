"""What the projector remembers of open calls changes what it costs, never what it writes. And its thread holds up
nobody: not the loop, not the end. D5, P3."""

import asyncio
import contextlib
import random
import sys
import threading
import time
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, select, text
from sqlalchemy.exc import DBAPIError

from config.numbering import NumberKind
from crm.customers.model import Customer, CustomerNumber
from crm.db.base.bulk import insert_new, upsert
from crm.db.base.worker import ENDS_WITHIN_S, Worker
from crm.db.projecting.open_calls import OpenCalls
from crm.db.projecting.projection import Projection
from crm.db.schema import core as schema
from crm.db.store import Store
from crm.journal.events import AgentAnswered, AnyEvent, CallAnswered, CallEnded, CallNoted, MessageLeft
from crm.journal.journal import Journal
from tests.fakes.call_story import INVITED, abandoned_call, answered_call, arrived
from tests.integration.store.projecting import project_all, projecting

TABLES = ("event", "agent_state", "ticket", "call", "recording")


@pytest.fixture
async def writer(store: Store) -> AsyncIterator[Worker]:
    made = Worker(store.database)
    yield made
    await made.close()


class Applying:
    """A projection that is told events, in transactions of its own."""

    def __init__(self, writer: Worker, most: int = 100) -> None:
        self.writer = writer
        self.calls = OpenCalls(most)
        self.projection = Projection("0571", self.calls)

    async def apply(self, *events: AnyEvent) -> None:
        await self.writer.transact(lambda connection: self.projection.apply(connection, events))


async def contents(store: Store) -> dict[str, list[dict[str, Any]]]:
    """All rows that a projection makes, without the ids that the database gave them."""
    found = {}
    async with store.database.read() as connection:
        for name in TABLES:
            rows = await connection.execute(select(schema.metadata.tables[name]))
            each = [{key: value for key, value in row._mapping.items() if key != "id"} for row in rows]
            found[name] = sorted(each, key=repr)
    return found


async def wipe(store: Store) -> None:
    async with store.database.write() as connection:
        for name in ("recording", "call", "ticket", "agent_state", "event"):
            await connection.execute(schema.metadata.tables[name].delete())


def seven_calls() -> list[AnyEvent]:
    stories: list[list[AnyEvent]] = [answered_call(f"c{each}", f"20261122-{each + 1:04d}") for each in range(4)]
    stories += [abandoned_call(f"d{each}", f"20261122-{each + 5:04d}") for each in range(2)]
    left = MessageLeft(at=INVITED + timedelta(seconds=9), call_id="m", file="m.wav", duration_s=7.5)
    stories.append([arrived("m", "20261122-0007"), left])
    return [event for story in stories for event in story]


@pytest.mark.parametrize("most", [1, 3, 100])
async def test_forgetting_shuffling_and_doubling_change_no_row(store: Store, writer: Worker, most: int) -> None:
    events = seven_calls()
    await Applying(writer).apply(*events)
    expected = await contents(store)
    for seed in range(3):
        await wipe(store)
        order = random.Random(seed)
        told = [*events, *order.choices(events, k=20)]
        order.shuffle(told)
        applying = Applying(writer, most)
        while told:
            batch = [told.pop() for _ in range(min(len(told), order.randint(1, 9)))]
            await applying.apply(*batch)
            assert len(applying.calls) <= most
        assert await contents(store) == expected


async def test_a_call_that_has_ended_is_forgotten_and_a_late_event_still_counts(store: Store, writer: Worker) -> None:
    applying = Applying(writer)
    await applying.apply(*abandoned_call("c1", "20261122-0001")[:-1])
    assert len(applying.calls) == 1
    ended = CallEnded(at=INVITED + timedelta(seconds=9), call_id="c1", ended_by="caller", outcome="abandoned_message")
    await applying.apply(ended)
    assert len(applying.calls) == 0
    await applying.apply(MessageLeft(at=INVITED + timedelta(seconds=8), call_id="c1", file="c1.wav", duration_s=4.0))
    ticket = await store.tickets.get("20261122-0001")
    assert ticket is not None
    assert (ticket.kind, ticket.outcome, [each.file for each in ticket.recordings]) == (
        "message",
        "message",
        ["c1.wav"],
    )


async def test_events_before_the_arrival_wait_for_it(store: Store, writer: Worker) -> None:
    story = answered_call("c1", "20261122-0001")
    applying = Applying(writer)
    for event in reversed(story):
        await applying.apply(event)
    ticket = await store.tickets.get("20261122-0001")
    assert ticket is not None
    assert (ticket.agent, ticket.outcome, len(ticket.recordings)) == ("8001", "answered", 1)


async def test_a_transaction_that_failed_is_not_remembered(journal: Journal, store: Store) -> None:
    """The batch is rolled back after its rows are made; told again, all of it is written."""
    good, bad = arrived("c1", "20261122-0001"), CallAnswered(event_id="bad", at=INVITED, call_id="c1", rings=2**63)
    later = AgentAnswered(at=INVITED + timedelta(seconds=2), call_id="c1", agent="8001")
    async with projecting(journal, store) as projector:
        journal.append(good)
        await projector.caught_up()
        for event in (bad, later):
            journal.append(event)
        await projector.caught_up()
    call = await store.calls.get("c1")
    assert call is not None
    assert (call.agent, call.rings) == ("8001", None)
    assert projector.status()["rejected"] == 1


async def test_a_card_made_during_the_call_stays_on_its_rows(store: Store, writer: Worker) -> None:
    story = answered_call("c1", "20261122-0001")
    applying = Applying(writer)
    await applying.apply(*story[:5])
    number = CustomerNumber(raw="138 1234 5678", normalised="", kind=NumberKind.MOBILE)
    card = await store.customers.save(Customer(id=0, version=0, name="王", numbers=(number,)))
    await applying.apply(*story[5:])
    ticket, call = await store.tickets.get("20261122-0001"), await store.calls.get("c1")
    assert ticket is not None
    assert call is not None
    assert (ticket.customer_id, call.customer_id, call.customer_name) == (card.id, card.id, "王")


async def test_another_projector_goes_on_in_the_middle_of_a_call(journal: Journal, store: Store) -> None:
    for event in answered_call("c1", "20261122-0001"):
        async with projecting(journal, store) as projector:
            journal.append(event)
            await projector.caught_up()
    call = await store.calls.get("c1")
    assert call is not None
    assert (call.rings, call.wait_s, call.talk_s, call.outcome, call.agent) == (1, 5, 30, "answered", "8001")


async def test_a_projector_killed_at_any_moment_leaves_nothing_out_and_nothing_twice(
    tmp_path: Path, store_url: str, store: Store
) -> None:
    """Each is killed after another number of batches and a moment more, in the middle of the next one or before it."""
    journal = Journal.open(tmp_path / "killed")
    for each in range(400):
        for event in answered_call(f"c{each}", f"20261122-{each + 1:04d}", INVITED + timedelta(seconds=each % 7)):
            journal.append(event)
    journal.close()
    command = [sys.executable, "-m", "tests.integration.store.projector_process", str(tmp_path / "killed"), store_url]
    for batches, more_s in ((1, 0.0), (1, 0.012), (2, 0.025), (1, 0.04)):
        process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
        assert process.stdout is not None
        async with asyncio.timeout(60):
            for _ in range(batches):
                await process.stdout.readline()
        await asyncio.sleep(more_s)
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
    journal = Journal.open(tmp_path / "killed")
    await project_all(journal, store)
    journal.close()
    found = await contents(store)
    assert {name: len(rows) for name, rows in found.items()} == {
        "event": 4000,
        "agent_state": 0,
        "ticket": 400,
        "call": 400,
        "recording": 400,
    }
    assert {(row["outcome"], row["agent"], row["rings"], row["talk_s"]) for row in found["call"]} == {
        ("answered", "8001", 1, 30.0)
    }


async def test_bulk_rows_are_read_as_they_were_written(store: Store, writer: Worker) -> None:
    """Instants to the microsecond, nothing, quotes, braces, four bytes a character; overwritten as they should."""
    odd = "a'b\"c\\d{e}%f\n𠮷 客户"
    at = INVITED + timedelta(microseconds=1)

    def row(number: str, note: str, line: str | None) -> dict[str, object]:
        fixed = {"state": "open", "severity": "normal", "channel": "telephone", "version": 1, "opened_at": at}
        return {"number": number, "note": note, "line": line, **fixed}

    def work(connection: Connection) -> None:
        insert_new(connection, schema.ticket, [row("1", odd, None), row("2", "", odd)], ["number"])
        insert_new(connection, schema.ticket, [row("1", "not this", None)], ["number"])
        upsert(connection, schema.ticket, [row("2", "this", None), row("3", "", None)], ["number"])
        insert_new(connection, schema.ticket, [], ["number"])

    await writer.transact(work)
    async with store.database.read() as connection:
        found = list(await connection.execute(select(schema.ticket).order_by(schema.ticket.c.number)))
    assert [(each.note, each.line, each.opened_at) for each in found] == [
        (odd, None, at),
        ("this", None, at),
        ("", None, at),
    ]


async def test_a_naive_instant_is_refused(writer: Worker) -> None:
    row = {"event_id": "1", "name": "x", "at": INVITED.replace(tzinfo=None), "call_id": None, "payload": "{}"}
    with pytest.raises(ValueError, match="time zone"):
        await writer.transact(lambda connection: insert_new(connection, schema.event, [row], ["event_id"]))


async def test_what_work_raises_its_caller_hears_and_the_next_work_goes_on(store: Store, writer: Worker) -> None:
    def refused(connection: Connection) -> None:
        insert_new(connection, schema.journal_position, [_position("half")], ["journal"])
        connection.execute(text("SELECT * FROM nowhere"))

    with pytest.raises(DBAPIError):
        await writer.transact(refused)
    await writer.transact(
        lambda connection: upsert(connection, schema.journal_position, [_position("whole")], ["journal"])
    )
    async with store.database.read() as connection:
        assert (await connection.execute(select(schema.journal_position.c.journal))).scalars().all() == ["whole"]


def _position(journal: str) -> dict[str, object]:
    return {"journal": journal, "segment": "2026-11-22", "offset": 1}


async def test_a_writer_that_hangs_holds_up_neither_the_loop_nor_the_end(store: Store) -> None:
    hung, writer = threading.Event(), Worker(store.database)
    waiting = asyncio.create_task(writer(hung.wait))
    began = time.monotonic()
    await asyncio.sleep(0.01)
    assert time.monotonic() - began < 0.5
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    await writer.close()
    assert ENDS_WITHIN_S <= time.monotonic() - began < ENDS_WITHIN_S + 2
    hung.set()


async def test_the_loop_goes_on_while_thousands_of_events_are_stored(journal: Journal, store: Store) -> None:
    """A call's timer is late by a few milliseconds at most, as a rule, whatever the store has to do."""
    events: Sequence[AnyEvent] = [
        CallNoted(at=INVITED, call_id=f"c{each % 50}", action="noted", text="x" * 200) for each in range(3000)
    ]
    for event in events:
        journal.append(event)
    late: list[float] = []
    async with projecting(journal, store) as projector:
        done = asyncio.create_task(projector.caught_up())
        while not done.done():
            began = time.monotonic()
            await asyncio.sleep(0.002)
            late.append(time.monotonic() - began - 0.002)
    assert sorted(late)[len(late) // 2] < 0.02
