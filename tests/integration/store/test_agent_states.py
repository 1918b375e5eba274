"""Agents' states and calls' stories, as the store gives them back to whoever counts. RPT-1"""

from datetime import timedelta
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, insert

from crm.db.calls.stories import CHUNK
from crm.db.migrate import MIGRATIONS
from crm.db.schema.core import event
from crm.db.store import Store
from crm.journal.events import AgentStateChanged
from crm.journal.journal import Journal
from tests.fakes.call_story import DAY, INVITED, answered_call
from tests.integration.store.projecting import project_all


def changed(agent: str, seconds: float, state: str, **others: Any) -> AgentStateChanged:
    return AgentStateChanged(at=INVITED + timedelta(seconds=seconds), agent=agent, state=state, **others)


async def test_the_history_of_a_period_begins_with_the_state_before_it(journal: Journal, store: Store) -> None:
    told = [
        changed("8001", 0, "available"),
        changed("8002", 0, "logged_out"),
        changed("8001", 50, "not_ready", reason="meal"),
        changed("8002", 60, "available"),
        changed("8001", 100, "talking", call_id="c1"),
    ]
    for each in told:
        journal.append(each)
    await project_all(journal, store)
    await project_all(journal, store)
    since, until = INVITED + timedelta(seconds=60), INVITED + timedelta(seconds=100)
    assert await store.agent_states.changes(since, until) == [told[1], told[2], told[3]]
    assert await store.agent_states.changes(since, until, "8001") == [told[2]]
    assert await store.agent_states.changes(INVITED, until + timedelta(seconds=1), "8001") == [
        told[0],
        told[2],
        told[4],
    ]
    assert await store.agent_states.changes(since, until, "8009") == []


async def test_stories_come_in_chunks_none_left_out_and_none_twice(journal: Journal, store: Store) -> None:
    count = CHUNK + 7
    for each in range(count):
        # Several calls of one instant lie across the border between two chunks.
        number = journal.next_ticket_number(DAY)
        for one in answered_call(f"c{each:04}", number, INVITED + timedelta(seconds=each // 20)):
            journal.append(one)
    await project_all(journal, store)
    chunks = [chunk async for chunk in store.stories.arrived(INVITED, INVITED + timedelta(hours=1))]
    assert [len(chunk) for chunk in chunks] == [CHUNK, 7]
    assert len({story[0].call_id for chunk in chunks for story in chunk}) == count
    assert {len(story) for chunk in chunks for story in chunk} == {10}


async def test_a_store_that_is_older_learns_the_states_from_its_events(store: Store) -> None:
    def again(connection: Connection) -> None:
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        config.attributes["connection"] = connection
        command.downgrade(config, "0002")
        payload = '{"type":"AgentStateChanged","agent":"8001","state":"not_ready","reason":"meal","at":"…"}'
        rows = [("e1", payload), ("e2", payload.replace('"meal"', "null").replace("not_ready", "available"))]
        for event_id, text in rows:
            values = {"event_id": event_id, "name": "AgentStateChanged", "at": INVITED, "payload": text}
            connection.execute(insert(event).values(**values))
        command.upgrade(config, "head")

    async with store.database.write() as connection:
        await connection.run_sync(again)
    (first, second) = await store.agent_states.changes(INVITED, INVITED + timedelta(seconds=1))
    assert (first.at, first.agent, first.state, first.reason) == (INVITED, "8001", "not_ready", "meal")
    assert (second.state, second.reason, second.call_id) == ("available", None, None)
