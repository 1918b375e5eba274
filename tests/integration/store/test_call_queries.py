"""Calls and the day's figures (TEL-1, TEL-2, RPT-1)."""

from datetime import timedelta

import msgspec
import pytest

from crm.calls.model import FigureRow
from crm.db.store import Store
from crm.events import AnyEvent, CallAnswered, CallArrived, CallEnded
from crm.journal import Journal
from tests.fakes.call_story import DAY, INVITED, abandoned_call, answered_call, arrived
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
    assert await store.calls.get("c9") is None


def slow_call(call: str, ticket: str) -> list[AnyEvent]:
    """Answered by the system in ring 4, by an agent 16 s after the queue, speaking after 18 s, on the aid line."""
    moved = {"CallAnswered": 15.0, "AgentAnswered": 20.0, "TalkStarted": 22.0}
    story: list[AnyEvent] = []
    for event in answered_call(call, ticket):
        at = INVITED + timedelta(seconds=moved.get(type(event).__name__, (event.at - INVITED).total_seconds()))
        changed = msgspec.structs.replace(event, at=at)
        if isinstance(changed, CallArrived):
            changed = msgspec.structs.replace(changed, line="aid")
        if isinstance(changed, CallAnswered):
            changed = msgspec.structs.replace(changed, rings=4)
        story.append(changed)
    return story


async def test_the_figures_of_a_day_follow_their_formulas(journal: Journal, store: Store) -> None:
    number = journal.next_ticket_number
    append(
        journal,
        answered_call("in-time", number(DAY)),
        slow_call("slow", "20261122-0002"),
        abandoned_call("gave-up", "20261122-0003", waited_s=30),
        abandoned_call("at-once", "20261122-0004", waited_s=3),
        abandoned_call("waits", "20261122-0005")[:-1],
        [
            arrived("rang-off", "20261122-0006"),
            CallEnded(at=INVITED, call_id="rang-off", ended_by="caller", outcome="abandoned_ringing"),
        ],
        answered_call("yesterday", "20261121-0001", INVITED - timedelta(days=1)),
    )
    outbound = msgspec.structs.replace(arrived("out", "20261122-0007"), direction="outbound")
    journal.append(outbound)
    await project_all(journal, store)
    figures = await store.calls.figures(INVITED - timedelta(hours=1))
    assert figures.total == FigureRow(
        offered=6,
        answered_by_system=5,
        within_three_rings=4,
        queued=5,
        connected=2,
        within_threshold=1,
        abandoned=3,
        abandoned_in_queue=2,
        short_abandons=1,
        waiting=1,
        average_speed_of_answer_s=(5 + 16) / 2,
        longest_wait_s=30,
        average_talk_s=(30 + 19) / 2,
        three_rings_rate=4 / 5,
        service_level=1 / 4,
        abandon_rate=3 / 6,
    )
    assert (figures.lines["aid"].offered, figures.lines["hotline"].offered) == (1, 5)
    assert figures.queues["hotline"].offered == 5
    assert figures.queues["hotline"].waiting == 1
    assert (figures.ring_limit, figures.threshold_s) == (3, 10.0)


async def test_the_limits_are_arguments_and_the_end_is_exclusive(journal: Journal, store: Store) -> None:
    append(journal, slow_call("slow", "20261122-0001"))
    await project_all(journal, store)
    figures = await store.calls.figures(INVITED, ring_limit=4, threshold_s=18)
    assert (figures.total.within_three_rings, figures.total.service_level) == (1, 1.0)
    before = await store.calls.figures(INVITED - timedelta(hours=1), until=INVITED)
    assert before.total == FigureRow()


@pytest.mark.parametrize("outcome", ["message", "out_of_hours", "information"])
async def test_a_call_that_ended_otherwise_is_not_abandoned(journal: Journal, store: Store, outcome: str) -> None:
    ended = CallEnded(at=INVITED, call_id="c1", ended_by="caller", outcome=outcome)
    append(journal, [arrived("c1", "20261122-0001"), ended])
    await project_all(journal, store)
    total = (await store.calls.figures(INVITED)).total
    assert (total.offered, total.abandoned, total.abandon_rate) == (1, 0, 0.0)
    assert total.average_speed_of_answer_s is None
