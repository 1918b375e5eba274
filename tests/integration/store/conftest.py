"""Both stores for every test of this folder: SQLite in a file, PostgreSQL in a server of our own."""

import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from crm.db.store import Store
from crm.journal.journal import Journal
from tests.integration.store.hand_clock import HandClock
from tests.integration.store.postgres import PostgresServer


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    with tempfile.TemporaryDirectory(prefix="sanxiang-pg-", ignore_cleanup_errors=True) as directory:
        server = PostgresServer(Path(directory))
        server.start()
        try:
            yield server
        finally:
            server.stop()


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite+aiosqlite:///{tmp_path / 'store.db'}"
    server: PostgresServer = request.getfixturevalue("postgres")
    return server.new_database()


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
async def store(store_url: str, clock: HandClock) -> AsyncIterator[Store]:
    opened = await Store.open(store_url, area_code="0571", clock=clock)
    try:
        yield opened
    finally:
        await opened.close()


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    opened = Journal.open(tmp_path / "journal")
    yield opened
    opened.close()
