"""The projector takes over a journal of the version before this one: every event, every call, every due call. TKT-1."""

import shutil
from pathlib import Path

from sqlalchemy import func, select

from crm.db.schema.core import agent_state, call, due_call, event, rejected_event, ticket
from crm.db.store import Store
from crm.journal.events import AgentStateChanged, CallArrived, CallbackOwed, TicketOpened
from crm.journal.journal import Journal
from tests.integration.store.projecting import project_all

OLD = Path(__file__).parents[2] / "unit" / "crm" / "old_journal"


async def test_what_the_version_before_wrote_comes_into_the_store(store: Store, tmp_path: Path) -> None:
    shutil.copytree(OLD, tmp_path / "old")
    journal = Journal.open(tmp_path / "old")
    try:
        told = [each for _, each in journal.read()]
        await project_all(journal, store)
    finally:
        journal.close()
    wanted = {
        event: len(told),
        rejected_event: 0,
        call: sum(isinstance(each, CallArrived) for each in told),
        ticket: sum(isinstance(each, CallArrived | TicketOpened) for each in told),
        agent_state: sum(isinstance(each, AgentStateChanged) for each in told),
        due_call: sum(isinstance(each, CallbackOwed) for each in told),
    }
    async with store.database.read() as connection:
        for table, count in wanted.items():
            assert (await connection.execute(select(func.count()).select_from(table))).scalar_one() == count, table.name
        ended = select(call.c.call_id).where(call.c.ended_at.is_(None))
        assert set((await connection.execute(ended)).scalars()) == {"call-waits", "call-talks"}
    stories = await store.stories.of(["call-a", "call-d"])
    assert [type(each).__name__ for each in stories["call-d"]][-1] == "CallEnded"
