"""Spot checks, agents' files and closed months in the store: drawn once, gathered once, closed once. QUA-2, 3, 6."""

import asyncio
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import func, insert, select

from config.loading.load import load_site
from config.schema import Site
from crm.db.schema.audit import audit
from crm.db.schema.cases import ticket_clock
from crm.db.schema.core import call, ticket
from crm.db.store import Store
from crm.errors import BadValue, IllegalTransition, VersionConflict
from crm.journal.events import AgentLeft, AgentMissed, AnyEvent, CallEnded, SurveyAnswered, TalkStarted
from crm.journal.journal import Journal
from crm.quality.file import NoteKind
from crm.quality.month import ClosedMonth
from crm.quality.scorecard import CheckState, Marks
from crm.rights import Principal
from crm.use_cases import quality as service
from crm.use_cases.cases import Ports
from tests.fakes.acting_ports import ports_of
from tests.fakes.call_story import INVITED, answered_call, arrived
from tests.integration.store.hand_clock import HandClock
from tests.integration.store.projecting import project_all
from tests.unit.config.workshop import DEMO

WEEK, MONTH = "2026-W47", "2026-11"


@pytest.fixture(scope="module")
def site() -> Site:
    return load_site(DEMO)


def marks(site: Site, **others: int) -> Marks:
    points = {item.id: item.points for group in site.quality.scorecard.groups for item in group.items}
    return Marks(points=points | others, comment="语速稍快")


async def told(journal: Journal, store: Store, *events: AnyEvent) -> None:
    for event in events:
        journal.append(event)
    await project_all(journal, store)


def some_calls(count: int, talk_s: float = 30) -> list[AnyEvent]:
    story: list[AnyEvent] = []
    for number in range(count):
        at = INVITED + timedelta(minutes=10 * number)
        *before, ended = answered_call(f"c{number}", f"20261122-{number + 1:04}", at)
        end = CallEnded(
            at=at + timedelta(seconds=11 + talk_s), call_id=ended.call_id, ended_by="caller", outcome="answered"
        )
        story += [*before, end]
    return story


async def audited(store: Store) -> list[str]:
    async with store.database.read() as connection:
        return list((await connection.execute(select(audit.c.action).order_by(audit.c.id))).scalars())


def ports(store: Store, site: Site) -> Callable[[str], Ports]:
    """What an agent or a supervisor acts on."""

    def of(agent: str) -> Ports:
        role = "supervisor" if agent.startswith("88") else "agent"
        return ports_of(site, store, Principal(name=agent, agent=agent, role=role))  # type: ignore[arg-type]

    return of


@pytest.mark.req("QUA-2")
async def test_a_week_is_drawn_once_by_who_talked_and_for_how_long(journal: Journal, store: Store, site: Site) -> None:
    """c9 is handed on: 8002's part of it is long enough, 8001's is not."""
    desk = ports(store, site)
    at = INVITED + timedelta(hours=3)
    story = answered_call("c9", "20261122-0009", at)[:-1]
    second = {"agent_channel_id": "a2", "bridge_id": "b2", "recording": "c9-2.wav"}
    handed_on: list[AnyEvent] = [
        *story,
        AgentLeft(at=at + timedelta(seconds=30), call_id="c9", agent="8001"),
        TalkStarted(at=at + timedelta(seconds=40), call_id="c9", agent="8002", **second),
        CallEnded(at=at + timedelta(seconds=140), call_id="c9", ended_by="caller", outcome="answered"),
    ]
    await told(journal, store, *some_calls(5), *some_calls(0), *handed_on)
    assert await service.draw_week(desk("8801"), WEEK) == 4
    assert await service.draw_week(desk("8801"), WEEK) == 0
    assert await service.draw_week(desk("8801"), "2026-W46") == 0
    drawn = (await store.checks.list(week=WEEK)).items
    assert sorted(check.agent for check in drawn) == ["8001", "8001", "8001", "8002"]
    (other,) = (check for check in drawn if check.agent == "8002")
    assert (other.ticket, other.duration_s, other.available, other.state) == ("20261122-0009", 100, True, "drawn")
    assert len({check.recording_id for check in drawn}) == 4
    page = await store.checks.list(agent="8001", limit=2)
    rest = await store.checks.list(agent="8001", limit=2, after=page.next)
    assert len(page.items) == 2 and len(rest.items) == 1 and rest.next is None
    await store.recordings.mark_deleted(other.recording_id, INVITED)
    gone = await store.checks.get(other.id)
    assert gone is not None and not gone.available
    with pytest.raises(BadValue, match="2026-W47"):
        await service.draw_week(desk("8801"), "last week")


@pytest.mark.req("QUA-2")
async def test_two_who_draw_at_once_draw_the_same(journal: Journal, store: Store, site: Site) -> None:
    desk = ports(store, site)
    await told(journal, store, *some_calls(6))
    await asyncio.gather(*(service.draw_week(desk(by), WEEK) for by in ("8801", "8802", "8803")))
    assert len((await store.checks.list(week=WEEK)).items) == 3


@pytest.mark.req("QUA-2")
async def test_scores_are_answered_and_decided_and_every_version_stays(
    journal: Journal, store: Store, site: Site
) -> None:
    desk = ports(store, site)
    await told(journal, store, *some_calls(1))
    await service.draw_week(desk("8801"), WEEK)
    (drawn,) = (await store.checks.list(week=WEEK)).items
    scored = await service.score_check(desk("8801"), f"{drawn.id}", marks(site, warm=0), version=1)
    assert (scored.state, scored.score, scored.version) == ("scored", 85, 2)
    with pytest.raises(VersionConflict):
        await service.score_check(desk("8801"), str(drawn.id), marks(site), version=1)
    objected = await service.answer_check(desk("8001"), str(scored.id), "客户先挂断", version=2)
    with pytest.raises(IllegalTransition):
        await service.score_check(desk("8801"), str(objected.id), marks(site), version=3)
    decided = await service.decide_check(desk("8801"), str(objected.id), "有理", marks(site), version=3)
    assert (decided.state, decided.score, decided.attitude) == (CheckState.DECIDED, 100, 100)
    assert [(entry.step, entry.by, entry.words) for entry in decided.steps] == [
        ("score", "8801", ""),
        ("object", "8001", "客户先挂断"),
        ("decide", "8801", "有理"),
    ]
    first, _, last = decided.steps
    assert (
        first.marks is not None
        and first.result is not None
        and (first.marks.points["warm"], first.result.score) == (0, 85)
    )
    assert last.result is not None and last.result.score == 100
    assert await audited(store) == ["draw_checks", "check_score", "check_object", "check_decide"]
    to_agent = [each.text for each in (await store.messages.list(recipient="8001")).items]
    assert len(to_agent) == 2 and "得分 85" in to_agent[1] and "改为 100 分" in to_agent[0]
    assert "客户先挂断" in (await store.messages.list(recipient="8801")).items[0].text


@pytest.mark.req("QUA-6")
async def test_notes_are_only_added_and_a_key_is_one_note(store: Store, clock: HandClock) -> None:
    async def add(kind: NoteKind, points: int, key: str) -> int:
        note = await store.agent_files.add(
            "8001", kind, day=date(2026, 11, 22), words="客户来信表扬", points=points, ticket=None, by="8801", key=key
        )
        clock.forward(minutes=1)
        return note.id

    first = await add(NoteKind.REWARD, 5, "a")
    assert await add(NoteKind.PENALTY, -5, "a") == first
    await add(NoteKind.COMPLAINT, 0, "b")
    notes = (await store.agent_files.list("8001")).items
    assert [(note.kind, note.points, note.by, note.day) for note in notes] == [
        ("complaint", 0, "8801", date(2026, 11, 22)),
        ("reward", 5, "8801", date(2026, 11, 22)),
    ]
    assert (await store.agent_files.list("8002")).items == ()
    assert [note.id for note in (await store.agent_files.list(None, kinds=[NoteKind.REWARD])).items] == [first]
    assert await audited(store) == ["note_on_file", "note_on_file"]


async def breached(
    store: Store, clause: str, due_at: datetime, stopped_at: datetime | None, person: str | None
) -> None:
    row = {"ticket": "20261122-0001", "clause": clause, "round": 1, "in_force_from": "2026-01-01", "provisional": False}
    times = {"started_at": INVITED, "due_at": due_at, "stopped_at": stopped_at}
    async with store.database.write() as connection:
        await connection.execute(insert(ticket_clock).values(**row, **times, person=person, told=0))


@pytest.mark.req("QUA-6")
async def test_a_days_missed_calls_and_breaches_are_gathered_exactly_once_also_after_days_of_silence(
    journal: Journal, store: Store, site: Site, clock: HandClock
) -> None:
    def missed(call_id: str, at: datetime, agent: str, reason: str) -> AgentMissed:
        return AgentMissed(at=at, call_id=call_id, agent=agent, reason=reason)

    late = datetime(2026, 11, 22, 15, 59, 50, tzinfo=UTC)  # 23:59:50 in China
    await told(
        journal,
        store,
        arrived("c1", "20261122-0001"),
        missed("c1", INVITED + timedelta(seconds=20), "8001", "rona"),
        missed("c1", INVITED + timedelta(seconds=40), "8001", "rejected"),
        missed("c1", INVITED + timedelta(seconds=60), "8002", "caller_hung_up"),
        arrived("c2", "20261122-0002", late),
        missed("c2", late + timedelta(seconds=5), "8002", "busy"),
        missed("c2", late + timedelta(seconds=20), "8002", "rona"),  # 00:00:10: the next day's
    )
    due = INVITED + timedelta(hours=1)
    await breached(store, "pass-on", due, due + timedelta(minutes=1), "8001")
    await breached(store, "in-time", due, due, "8001")
    await breached(store, "open", due + timedelta(days=1), None, "8002")
    await breached(store, "nobody", due, None, None)
    clock.now = datetime(2026, 11, 22, 16, 0, tzinfo=UTC)  # midnight: the 22nd is over
    assert sum(await asyncio.gather(*(service.gather_days(store, site, clock.now) for _ in range(3)))) >= 1
    assert await service.gather_days(store, site, clock.now) == 0
    first = {(note.agent, note.kind): note for note in (await store.agent_files.list(None)).items}
    assert set(first) == {("8001", "missed"), ("8001", "breach"), ("8002", "missed")}
    assert first["8001", "missed"].details == {"rona": 1, "rejected": 1}
    assert first["8002", "missed"].details == {"busy": 1}
    assert first["8001", "breach"].ticket == "20261122-0001"
    assert first["8001", "breach"].details == {"clause": "pass-on", "due_at": due.isoformat()}
    clock.forward(days=3, hours=1)  # nobody was there for three days
    assert await service.gather_days(store, site, clock.now) == 3
    later = [(note.agent, note.kind, note.day.isoformat()) for note in (await store.agent_files.list("8002")).items]
    assert sorted(later) == [
        ("8002", "breach", "2026-11-23"),
        ("8002", "missed", "2026-11-22"),
        ("8002", "missed", "2026-11-23"),
    ]


@pytest.mark.req("QUA-3", "QUA-4")
async def test_a_month_is_counted_from_what_is_there_and_frozen_when_it_is_closed(
    journal: Journal, store: Store, site: Site, clock: HandClock
) -> None:
    desk = ports(store, site)
    answers = [
        SurveyAnswered(
            at=INVITED + timedelta(hours=9), call_id=f"c{number}", agent="8001", queue="hotline", score=score
        )
        for number, score in enumerate((5, 4, 2, 5))
    ]
    await told(journal, store, *some_calls(4), *answers)
    async with store.database.write() as connection:
        three = ("20261122-0001", "20261122-0002", "20261122-0003")
        await connection.execute(ticket.update().where(ticket.c.number.in_(three)).values(state="closed"))
        await connection.execute(call.update().where(call.c.call_id == "c3").values(ticket="20261122-0003"))
    due = INVITED + timedelta(hours=1)
    await breached(store, "late", due, due + timedelta(minutes=1), "8001")
    for clause in ("in-time", "in-time-2", "in-time-3"):
        await breached(store, clause, due, due, "8001")
    await service.draw_week(desk("8801"), WEEK)
    checks = (await store.checks.list(week=WEEK)).items
    for check, warm in zip(checks[:2], (0, 15), strict=True):
        await service.score_check(desk("8801"), str(check.id), marks(site, warm=warm), version=1)
    await store.agent_files.add(
        "8001", NoteKind.COMPLAINT, day=date(2026, 11, 30), words="属实", points=0, ticket=None, by="8801", key="a"
    )
    closed, rated = await desk("8801").seen.quality.month(MONTH)
    assert closed is None
    (mine,) = (each for each in rated.agents if each.subject == "8001")
    # attitude (72.7 + 100) / 2; in time 3 of 4, at first 2 of 3; 3 of 4 satisfied
    assert mine.parts == {"attitude": 86.4, "knowledge": 100, "problem_solving": 70.8, "satisfaction": 75}
    assert (mine.score, mine.grade, mine.facts["complaints"]) == (85.1, "good", 1)
    assert {each.subject for each in rated.departments} >= {"reception"}
    with pytest.raises(BadValue, match="not over yet"):
        await service.close_month(desk("8801"), MONTH)

    clock.now = datetime(2026, 11, 30, 16, 0, tzinfo=UTC)  # midnight in China
    scored = await store.checks.get(checks[0].id)
    assert scored is not None
    objected = await service.answer_check(desk("8001"), str(scored.id), "不同意", version=2)
    with pytest.raises(IllegalTransition, match=f"before spot check {checks[0].id} is decided"):
        await service.close_month(desk("8801"), MONTH)
    await service.decide_check(desk("8801"), str(objected.id), "维持", None, version=3)
    await service.close_month(desk("8801"), MONTH)
    with pytest.raises(IllegalTransition, match="closed"):
        await service.close_month(desk("8801"), MONTH)

    third = await store.checks.get(checks[2].id)
    assert third is not None
    await service.score_check(desk("8801"), str(third.id), marks(site, warm=0, correct=0), version=1)
    frozen, kept = await desk("8801").seen.quality.month(MONTH)
    assert isinstance(frozen, ClosedMonth)
    assert (frozen.closed_by, frozen.rule_version) == ("8801", site.quality.version)
    assert kept == rated
    assert (await audited(store)).count("close_month") == 1
    async with store.database.read() as connection:
        assert (await connection.execute(select(func.count()).select_from(ticket))).scalar_one() == 4
