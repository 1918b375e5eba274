"""Brings a database to the newest schema by Alembic, from the first table on. The steps are in migrations/versions.

Alembic is loaded when there is something to do: a controller that comes back to its calls does not wait for it.
"""

from pathlib import Path

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from crm.db.base.engine import WRITES, Database, make_engine

MIGRATIONS = Path(__file__).parent / "migrations"
_LOCK = 0x53414E58
"""PostgreSQL advisory lock: two controllers that start together must not both create the tables."""


async def migrate(database: Database) -> None:
    """One transaction for all steps that are missing: a database is either at the old schema or at the new one."""
    engine = make_engine(database.url, busy_timeout_s=60.0, for_migrations=True)
    try:
        if await _revision(engine) == newest_revision():
            return
        async with engine.connect() as connection:
            await connection.execution_options(**{WRITES: True})
            async with connection.begin():
                if database.dialect == "postgresql":
                    await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
                await connection.run_sync(_upgrade)
    finally:
        await engine.dispose()


def newest_revision() -> str:
    """The last step there is: its file's name begins with it."""
    return max(path.stem.partition("_")[0] for path in (MIGRATIONS / "versions").glob("[0-9]*.py"))


async def _revision(engine: AsyncEngine) -> str | None:
    """What the database says of itself; None when it says nothing: it is new, or away, and Alembic finds out which."""
    try:
        async with engine.connect() as connection:
            found: str | None = (await connection.execute(text("SELECT version_num FROM alembic_version"))).scalar()
            return found
    except DBAPIError:
        return None


def _upgrade(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
