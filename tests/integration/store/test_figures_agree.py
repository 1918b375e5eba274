"""The same numbers live, from the journal's files alone, and from the store. RPT-1"""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import get_args

import msgspec
import pytest

from app.figures.live import LiveFigures
from app.figures.past import figures_of
from app.figures.period import Period
from app.figures.replay import replay
from app.web.api.figures.figure_shapes import ByName, FiguresOut, figures_out
from crm.db.store import Store
from crm.journal.events import AnyEvent, CallAnswered, CallArrived, CallEnded
from crm.journal.journal import Journal
from routing.statistics.figure_board import By
from tests.fakes.call_story import DAY, INVITED, abandoned_call, answered_call, arrived
from tests.fakes.random_day import START, RandomDay, two_level_site
from tests.fakes.small_site import small_site
from tests.integration.store.projecting import project_all

SITE = two_level_site()
TODAY = date(2026, 11, 22)
MIDNIGHT = datetime(2026, 11, 21, 16, 0, tzinfo=UTC)


def shown(period: Period, at: datetime) -> dict[str, FiguresOut]:
    return {by: figures_out(period, at, by) for by in get_args(ByName)}


@pytest.mark.req("RPT-1")
@pytest.mark.parametrize("seed", range(3))
async def test_live_replayed_and_stored_figures_are_the_same(
    seed: int, journal: Journal, store: Store, tmp_path: Path
) -> None:
    """A day and a half, with a restart in the middle: what came before is read from the journal, the rest is heard."""
    events = list(RandomDay(seed))
    restart, now = START + timedelta(hours=20), START + timedelta(hours=29)
    told = [event for event in events if event.at < now]
    for event in told:
        if event.at < restart:
            journal.append(event)
    live = LiveFigures(SITE, journal, lambda: now)
    after = [event for event in told if event.at >= restart]
    for event in after[:10]:
        journal.append(event)
        live.hear(event)
    assert live.today() is None
    await live.read_journal()
    for event in after[10:]:
        journal.append(event)
        live.hear(event)
        live.today()
    await project_all(journal, store)
    today = live.today()
    assert today is not None
    of_the_store = await figures_of(store, SITE, MIDNIGHT, now, now=now, earlier=True)
    of_the_files = replay(tmp_path / "journal", SITE, TODAY, now)
    expected = shown(today, now)
    assert expected["total"].total.handled > 10
    assert shown(of_the_store, now) == expected
    assert shown(of_the_files, now) == expected


async def test_a_day_that_is_over_is_the_same_from_the_files_and_from_the_store(
    journal: Journal, store: Store, tmp_path: Path
) -> None:
    for event in RandomDay(7):
        journal.append(event)
    await project_all(journal, store)
    now = START + timedelta(days=3)
    of_the_store = await figures_of(store, SITE, MIDNIGHT, MIDNIGHT + timedelta(days=1), now=now, earlier=True)
    of_the_files = replay(tmp_path / "journal", SITE, TODAY, now)
    assert shown(of_the_files, now) == shown(of_the_store, now)


async def test_the_watched_figures_are_those_of_who_never_looked(journal: Journal) -> None:
    """Calls that are counted again and again while they go on are counted once."""
    now = START + timedelta(hours=29)
    watched, unwatched = (LiveFigures(SITE, journal, lambda: now) for _ in range(2))
    for figures in (watched, unwatched):
        await figures.read_journal()
    for event in RandomDay(11):
        for figures in (watched, unwatched):
            figures.hear(event)
        watched.today()
    one, other = watched.today(), unwatched.today()
    assert one is not None
    assert other is not None
    assert shown(one, now) == shown(other, now)


def append(journal: Journal, *stories: list[AnyEvent]) -> None:
    for story in stories:
        for event in story:
            journal.append(event)


async def of_day(store: Store, since: datetime = INVITED - timedelta(hours=1)) -> FiguresOut:
    now = INVITED + timedelta(hours=1)
    return figures_out(await figures_of(store, small_site(), since, now, now=now), now)


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
        if type(changed).__name__ == "CallQueued":
            changed = msgspec.structs.replace(changed, at=INVITED + timedelta(seconds=16))
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
    journal.append(msgspec.structs.replace(arrived("out", "20261122-0007"), direction="outbound"))
    await project_all(journal, store)
    figures = await of_day(store)
    total = figures.total
    counted = {name: getattr(total, name) for name in total.__struct_fields__ if name != "ratios"}
    assert counted == {
        "offered": 6,
        "answered_by_system": 5,
        "within_three_rings": 4,
        "answered": 2,
        "person_within_three_rings": 1,
        "queued": 5,
        "connected": 2,
        "within_threshold": 2,
        "abandoned": 3,
        "abandoned_in_queue": 2,
        "abandoned_in_threshold": 1,
        "short_abandons": 1,
        "waiting": 1,
        "offers": 2,
        "rona": 0,
        "refused": 0,
        "busy": 0,
        "unreachable": 0,
        "handled": 0,
        "place_kept": 0,
        "surveyed": 0,
        "satisfied": 0,
        "average_speed_of_answer_s": (5 + 4) / 2,
        "average_talk_s": None,
        "longest_wait_s": 30,
        "three_rings_rate": 4 / 5,
        "service_level": 2 / 4,
        "abandon_rate": 3 / 6,
    }
    assert (total.ratios["service_level"].numerator, total.ratios["service_level"].denominator) == (2, 4)
    assert (figures.lines["aid"].offered, figures.lines["hotline"].offered) == (1, 5)
    assert (figures.queues["hotline"].offered, figures.queues["hotline"].waiting) == (5, 1)
    assert figures.levels["hall"].offered == 6
    assert (figures.ring_limit, figures.threshold_s) == (3, 10.0)


async def test_the_end_of_a_period_is_exclusive(journal: Journal, store: Store) -> None:
    append(journal, answered_call("c1", journal.next_ticket_number(DAY)))
    await project_all(journal, store)
    now = INVITED + timedelta(hours=1)
    before = await figures_of(store, SITE, INVITED - timedelta(hours=1), INVITED, now=now)
    after = await figures_of(store, SITE, INVITED, now, now=now)
    assert (before.board.total.offered, after.board.total.offered) == (0, 1)
    assert dict(before.board.by(By.QUEUE)) == {}


@pytest.mark.parametrize("outcome", ["message", "out_of_hours", "information"])
async def test_a_call_that_ended_otherwise_is_not_abandoned(journal: Journal, store: Store, outcome: str) -> None:
    ended = CallEnded(at=INVITED, call_id="c1", ended_by="caller", outcome=outcome)
    append(journal, [arrived("c1", "20261122-0001"), ended])
    await project_all(journal, store)
    total = (await of_day(store, INVITED)).total
    assert (total.offered, total.abandoned, total.abandon_rate) == (1, 0, 0.0)
    assert total.average_speed_of_answer_s is None
