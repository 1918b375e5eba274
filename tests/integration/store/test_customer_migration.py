"""Cards, numbers and tickets from before kinds, merges and extensions are as they were, on both stores. CUS-1."""

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text
from sqlalchemy.engine import make_url

from crm.customers.model import CustomerKind
from crm.db.base.engine import WRITES, make_engine
from crm.db.migrate import MIGRATIONS
from crm.db.store import Store

ROWS = (
    "INSERT INTO customer (id, version, name, employer, key_customer, do_not_call, updated_at)"
    " VALUES (7, 3, '王芳', '设计院', true, false, '2026-11-22 01:00:00')",
    "INSERT INTO customer_number (normalised, customer_id, raw, kind, place, rank)"
    " VALUES ('13812345678', 7, '+86 138 1234 5678', 'mobile', '浙江', 0)",
    "INSERT INTO customer_change (customer_id, at, field, old, new)"
    " VALUES (7, '2026-11-22 01:00:00', 'name', '王方', '王芳')",
    "INSERT INTO ticket (number, opened_at, state, severity, channel, customer_id, version)"
    " VALUES ('20261122-0001', '2026-11-22 01:00:00', 'open', 'normal', 'telephone', 7, 1)",
)


def step(connection: Connection, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    newer = connection.dialect.has_table(connection, "erased_number")
    move = command.downgrade if revision == "0008" and newer else command.upgrade
    move(config, revision)


async def bring_to(url: str, revision: str, *statements: str) -> None:
    """Brings the database to a revision, up or down, and then does these."""
    engine = make_engine(make_url(url), busy_timeout_s=10.0, for_migrations=True)
    async with engine.connect() as connection:
        await connection.execution_options(**{WRITES: True})
        async with connection.begin():
            await connection.run_sync(step, revision)
            for statement in statements:
                await connection.execute(text(statement))
    await engine.dispose()


@pytest.mark.req("CUS-1")
async def test_cards_from_before_are_persons_as_they_were_up_down_and_up_again(store_url: str) -> None:
    await bring_to(store_url, "0008", *ROWS)
    for _ in range(2):
        await bring_to(store_url, "0009")
        await bring_to(store_url, "0008")
    store = await Store.open(store_url, area_code="0571")
    try:
        card = await store.customers.get(7)
        assert card is not None
        assert (card.kind, card.name, card.employer, card.version) == (CustomerKind.PERSON, "王芳", "设计院", 3)
        assert (card.key_customer, card.looked_after_by, card.merged_into, card.shop_name) == (True, None, None, "")
        assert [(each.raw, each.use, each.extension) for each in card.numbers] == [("+86 138 1234 5678", "", "")]
        assert [change.new for change in await store.customers.history(7)] == ["王芳"]
        ticket = await store.tickets.get("20261122-0001")
        assert ticket is not None and ticket.customer_name == "王芳"
        assert (await store.customers.save(card, by="8001")).version == 4
    finally:
        await store.close()
