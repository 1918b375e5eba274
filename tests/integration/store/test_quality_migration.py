"""The step to quality control, knowledge cards and suggestions: up with data, down, and up again."""

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text

from crm.db.base.engine import Database, make_engine
from crm.db.migrate import MIGRATIONS
from crm.db.store import Store
from crm.knowledge.model import CardText

TICKET = "INSERT INTO ticket (number, opened_at, state, severity, channel, kind, version) VALUES \
('20261122-0001', '2026-11-22 02:00:00', 'open', 'normal', 'telephone', 'suggestion', 1)"


async def test_the_step_goes_up_with_data_and_down_again(store_url: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))

    async def go(to: str, *, down: bool = False, then: str = "") -> None:
        def run(connection: Connection) -> None:
            config.attributes["connection"] = connection
            (command.downgrade if down else command.upgrade)(config, to)

        engine = make_engine(Database(store_url, _nothing, busy_timeout_s=5).url, 5, for_migrations=True)
        async with engine.begin() as connection:
            await connection.run_sync(run)
            if then:
                await connection.execute(text(then))
        await engine.dispose()

    await go("0010", then=TICKET)
    await go("0011")
    await go("0010", down=True)
    store = await Store.open(store_url)
    registered = await store.suggestions.register(
        "20261122-0001", nature="other", proposer="", contact="", summary="座椅", by="8001"
    )
    card = await store.knowledge.create(CardText(title="停车", text="地下"), by="8001", key="one")
    assert (registered.state, card.id) == ("registered", 1)
    await store.close()


async def _nothing(database: Database) -> None:
    """No migrations by itself."""
