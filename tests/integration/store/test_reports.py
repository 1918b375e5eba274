"""What reports read, and the register of those that were made, on both stores. RPT-2, RPT-3, RPT-4."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import insert, update

from config.service.matters import Category, Department, Matters
from crm.db.schema.cases import ticket_clock, ticket_step
from crm.db.schema.core import ticket
from crm.db.store import Store
from crm.journal.journal import Journal
from crm.reports.analysis import complaints
from crm.reports.facts import Facts
from crm.reports.run import again_at
from tests.fakes.call_story import INVITED, answered_call
from tests.integration.store.hand_clock import HandClock
from tests.integration.store.projecting import project_all

OLD, NEW = "20261121-0001", "20261122-0001"
DAY = timedelta(days=1)
MATTERS = Matters(
    departments=(Department(id="reception", title="接待部", title_en="Reception", level="hall", head="8001"),),
    categories=(
        Category(id="attitude", title="服务态度", title_en="Attitude", kinds=("complaint",), department="reception"),
        Category(id="building", title="设施", title_en="Building", kinds=("complaint",), department="reception"),
    ),
)


async def complaint_of_yesterday(journal: Journal, store: Store) -> None:
    """OLD came in yesterday, was an hour late today, and was found valid twice today; NEW came in today."""
    for call, number, at in (("c1", OLD, INVITED - DAY), ("c2", NEW, INVITED)):
        for event in answered_call(call, number, at):
            journal.append(event)
    await project_all(journal, store)
    clock = {"ticket": OLD, "clause": "CPL-3.branch", "round": 1, "in_force_from": "2026-01-01", "provisional": False}
    instants = {"started_at": INVITED - DAY, "due_at": INVITED, "stopped_at": INVITED + timedelta(hours=1)}
    async with store.database.write() as connection:
        for number, category in ((OLD, "attitude"), (NEW, "building")):
            changed = update(ticket).where(ticket.c.number == number)
            await connection.execute(changed.values(kind="complaint", category=category))
        await connection.execute(insert(ticket_clock).values(**clock, **instants, verdict="late", holder="aid:hall"))
        for details in ('{"verdict":"valid","evidence":"x"}', '{"verdict":"valid","evidence":"y"}'):
            step = {"ticket": OLD, "at": INVITED, "by": "8801", "step": "judged", "details": details}
            await connection.execute(insert(ticket_step).values(**step))


@pytest.mark.req("RPT-2", "RPT-4")
async def test_what_ends_in_a_period_is_told_there_whenever_it_began(journal: Journal, store: Store) -> None:
    assert await store.reports.began() is None
    await complaint_of_yesterday(journal, store)
    assert await store.reports.began() == INVITED - DAY
    start = datetime(2026, 11, 22, tzinfo=UTC)
    today = await store.reports.facts(start, start + DAY)
    before: Facts = await store.reports.facts(start - DAY, start)
    assert [each.number for each in today.tickets] == [NEW]
    assert ([each.ticket for each in today.clocks], [each.ticket for each in before.clocks]) == ([], [OLD])
    assert [(each.ticket, each.verdict) for each in today.fell_due] == [(OLD, "late")]
    assert before.fell_due == ()
    rows = {row[0]: row[1:] for row in complaints(today, before, MATTERS).rows}
    assert rows["设施 Building"] == (1, 1.0, 0, 1, 0, 0)
    assert rows["服务态度 Attitude"] == (0, 0.0, 1, -1, 0, 1), "one complaint was found valid, by its last verdict"


@pytest.mark.req("RPT-3")
async def test_a_report_is_entered_once_and_waits_for_its_next_try(store: Store, clock: HandClock) -> None:
    assert await store.reports.begin("daily", "2026-11-21", "text", send=True)
    assert not await store.reports.begin("daily", "2026-11-21", "other", send=True)
    assert await store.reports.begin("weekly", "2026-W47", "", send=False)
    (run,) = await store.reports.unsent()
    assert (run.kind, run.period, run.summary, run.attempts) == ("daily", "2026-11-21", "text", 0)
    await store.reports.note_sending(run, reached=["office"], failure="group: closed", again_at=again_at(1, clock()))
    assert await store.reports.unsent() == ()
    clock.forward(minutes=1)
    (run,) = await store.reports.unsent()
    assert (run.reached, run.failure, run.attempts, run.sent_at) == ("office", "group: closed", 1, None)
    await store.reports.note_sending(run, reached=["office", "group"], failure="", again_at=None)
    assert await store.reports.unsent() == ()
    sent = {each.kind: each for each in await store.reports.list(10)}["daily"]
    assert (sent.sent_at, sent.reached, sent.failure) == (clock(), "office,group", "")
