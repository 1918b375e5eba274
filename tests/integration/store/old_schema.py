"""A database as an earlier version left it: for tests that migrate data."""

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection

from crm.db.base.engine import WRITES, Database, make_engine
from crm.db.migrate import MIGRATIONS


async def migrate_to(database: Database, revision: str) -> None:
    """Up to this step, no further: the `prepare` of a Database."""

    def upgrade(connection: Connection) -> None:
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        config.attributes["connection"] = connection
        command.upgrade(config, revision)

    engine = make_engine(database.url, busy_timeout_s=60.0, for_migrations=True)
    async with engine.connect() as connection:
        await connection.execution_options(**{WRITES: True})
        async with connection.begin():
            await connection.run_sync(upgrade)
    await engine.dispose()
