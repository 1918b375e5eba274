"""The migrations make what the code expects, from nothing, on both stores, also when two start at once (D5)."""

import asyncio
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, insert, select

from config.ids import TicketNumber
from crm.db.base.engine import Database
from crm.db.migrate import MIGRATIONS, newest_revision
from crm.db.schema.core import metadata, ticket
from crm.db.schema.users import user_account, user_session
from crm.db.store import Store
from tests.integration.store.old_schema import migrate_to

SEARCH_INDEX = "ticket_words"
"""So begin the tables of the index of words (TKT-7): made by a migration, of SQLite's own making."""


async def test_the_migrated_schema_is_the_one_in_the_code(store: Store) -> None:
    def differences(connection: Connection) -> list[object]:
        options = {"include_name": lambda name, kind, _: kind != "table" or not name.startswith(SEARCH_INDEX)}
        return list(compare_metadata(MigrationContext.configure(connection, opts=options), metadata))

    async with store.database.read() as connection:
        assert await connection.run_sync(differences) == []


async def test_opening_again_changes_nothing_and_two_at_once_are_one(store_url: str) -> None:
    first, second = await asyncio.gather(Store.open(store_url), Store.open(store_url))
    third = await Store.open(store_url)
    for store in (first, second, third):
        assert store.status()["up"] is True
        assert (await store.tickets.list()).items == ()
        await store.close()


def test_the_newest_step_is_told_by_the_names_of_the_files() -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    assert newest_revision() == ScriptDirectory.from_config(config).get_current_head()


async def test_an_instant_comes_back_as_utc_whatever_zone_it_had(store: Store) -> None:
    at = datetime(2026, 11, 22, 9, 30, 0, 123456, tzinfo=timezone(timedelta(hours=8)))
    async with store.database.write() as connection:
        await connection.execute(insert(user_account).values(name="8001", display_name="", role="agent"))
        await connection.execute(insert(user_session).values(token_hash="t", name="8001", created_at=at, seen_at=at))
        (back,) = (await connection.execute(select(user_session.c.created_at))).scalars()
    assert back == at
    assert back.tzinfo is UTC


async def test_a_naive_instant_is_refused(store: Store) -> None:
    naive = datetime(2026, 11, 22, 9, 30)  # noqa: DTZ001
    with pytest.raises(Exception, match="naive datetime"):
        async with store.database.read() as connection:
            await connection.execute(select(ticket).where(ticket.c.opened_at == naive))


@pytest.mark.parametrize("url", ["postgresql://localhost/x", "sqlite:///x.db", "mysql+aiomysql://localhost/x"])
async def test_a_url_without_one_of_our_drivers_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="name the driver"):
        await Store.open(url)


async def test_opening_a_ticket_uses_indexes(tmp_path: Path) -> None:
    store = await Store.open(f"sqlite+aiosqlite:///{tmp_path / 'plan.db'}")
    statements = (
        "SELECT * FROM ticket WHERE number = 'x'",
        "SELECT * FROM call WHERE ticket = 'x' ORDER BY invited_at",
        "SELECT * FROM event WHERE call_id IN (SELECT call_id FROM call WHERE ticket = 'x')",
        "SELECT * FROM recording WHERE ticket = 'x'",
        "SELECT * FROM ticket_change WHERE ticket = 'x'",
        "SELECT * FROM due_call WHERE ticket = 'x'",
        "SELECT * FROM ticket_step WHERE ticket = 'x' ORDER BY id",
        "SELECT s.id FROM ticket_step s JOIN ticket t ON t.number = s.ticket WHERE t.case_of = 'x' AND step = 'merged'",
        "SELECT min(due_at) FROM ticket_clock WHERE stopped_at IS NULL GROUP BY ticket",
        "SELECT ticket FROM ticket_clock WHERE tell_at <= 'x'",
        "SELECT * FROM ticket ORDER BY opened_at DESC, number DESC LIMIT 50",
        "SELECT * FROM ticket WHERE number_key = 'x' ORDER BY opened_at DESC LIMIT 5",
        "SELECT * FROM due_call WHERE state = 'scheduled' AND due_at <= 'x'",
    )
    async with store.database.read() as connection:
        for statement in statements:
            plan = [row.detail for row in await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}")]
            for step in plan:
                assert not step.startswith("SCAN") or "USING" in step, (statement, plan)
    await store.close()


async def test_tickets_of_before_the_cases_are_unregistered_and_as_they_were(store_url: str) -> None:
    """Up to 0006 with data, then on."""
    old = Database(store_url, lambda database: migrate_to(database, "0006"), busy_timeout_s=5)
    row = "'20261122-0001', '2026-11-22 01:00:00', 'open', 'normal', 'telephone', 'hotline', 1"
    async with old.write() as connection:
        await connection.exec_driver_sql(
            f"INSERT INTO ticket (number, opened_at, state, severity, channel, line, version) VALUES ({row})"
        )
    await old.close()
    store = await Store.open(store_url)
    ticket = await store.tickets.get(TicketNumber("20261122-0001"))
    assert ticket is not None
    assert (ticket.stage, ticket.holder, ticket.restricted, ticket.case_of) == (None, None, False, None)
    file = await store.cases.get("20261122-0001")
    assert (file.case.stage, file.taken) == ("new", ())
    await store.close()
