"""Calls, newest first, by whom and what and when. TKT-3"""

from datetime import timedelta

from crm.db.store import Store
from crm.journal.events import AnyEvent
from crm.journal.journal import Journal
from tests.fakes.call_story import DAY, INVITED, answered_call
from tests.integration.store.projecting import project_all


def append(journal: Journal, *stories: list[AnyEvent]) -> None:
    for story in stories:
        for event in story:
            journal.append(event)


async def test_calls_newest_first_by_caller_in_any_notation_and_in_pages(journal: Journal, store: Store) -> None:
    for each in range(5):
        number = "13812345678" if each % 2 else "0571-88888888"
        at = INVITED + timedelta(minutes=each)
        append(journal, answered_call(f"c{each}", journal.next_ticket_number(DAY), at, ani=number))
    await project_all(journal, store)
    first = await store.calls.list(limit=3)
    assert [row.call for row in first.items] == ["c4", "c3", "c2"]
    rest = await store.calls.list(limit=3, after=first.next)
    assert ([row.call for row in rest.items], rest.next) == (["c1", "c0"], None)
    assert [row.call for row in (await store.calls.list(caller="8888 8888")).items] == ["c4", "c2", "c0"]
    assert [row.call for row in (await store.calls.list(caller="+8613812345678")).items] == ["c3", "c1"]
    assert len((await store.calls.list(agent="8001")).items) == 5
    assert (await store.calls.list(agent="8002")).items == ()
    assert len((await store.calls.list(since=INVITED + timedelta(minutes=3))).items) == 2
    middle = await store.calls.list(since=INVITED + timedelta(minutes=1), until=INVITED + timedelta(minutes=3))
    assert [row.call for row in middle.items] == ["c2", "c1"]
    assert len((await store.calls.list(line="hotline", queue="hotline", direction="inbound")).items) == 5
    assert (await store.calls.list(line="aid")).items == (await store.calls.list(queue="aid")).items == ()
    assert (await store.calls.list(direction="outbound")).items == ()
    assert await store.calls.get("c9") is None
