"""Brings a database to the newest schema by Alembic, from the first table on. The steps are in migrations/versions."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text

from crm.db.engine import WRITES, Database, make_engine

_LOCK = 0x53414E58
"""PostgreSQL advisory lock: two controllers that start together must not both create the tables."""


async def migrate(database: Database) -> None:
    """One transaction for all steps that are missing: a database is either at the old schema or at the new one."""
    engine = make_engine(database.url, busy_timeout_s=60.0, for_migrations=True)
    try:
        async with engine.connect() as connection:
            await connection.execution_options(**{WRITES: True})
            async with connection.begin():
                if database.dialect == "postgresql":
                    await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
                await connection.run_sync(_upgrade)
    finally:
        await engine.dispose()


def _upgrade(connection: Connection) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
