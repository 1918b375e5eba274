"""What Alembic runs to migrate: the connection of crm/db/store.py, or for developers that of the URL in `-x url=…`."""

import asyncio

from alembic import context
from sqlalchemy.engine import Connection
from sqlalchemy.ext.asyncio import create_async_engine

from crm.db.tables import metadata


def migrate(connection: Connection) -> None:
    """Batch mode, because SQLite alters a table by copying it."""
    context.configure(
        connection=connection, target_metadata=metadata, render_as_batch=True, compare_server_default=False
    )
    with context.begin_transaction():
        context.run_migrations()


async def migrate_url(url: str) -> None:
    engine = create_async_engine(url)
    async with engine.begin() as connection:
        await connection.run_sync(migrate)
    await engine.dispose()


given: Connection | None = context.config.attributes.get("connection")
if given is not None:
    migrate(given)
else:
    asyncio.run(migrate_url(context.get_x_argument(as_dictionary=True)["url"]))
