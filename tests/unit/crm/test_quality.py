"""Spot checks and the monthly assessment: how recordings are drawn, what marks come to, scores and grades by rule."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.loading.load import load_site
from config.service.quality import Assessment, Part, Quality
from crm.errors import IllegalTransition
from crm.journal.events import AgentLeft, AgentMissed, CallEnded, TalkStarted
from crm.quality.assessment import AgentFacts, assess, assess_department, grade_of, weighed
from crm.quality.file import NoteKind, checked_points, missed_by_agent
from crm.quality.sampling import RecordedTalk, draw, month_bounds, recorded_talks, week_bounds
from crm.quality.scorecard import TRANSITIONS, CheckState, CheckStep, Marks, apply, result_of
from tests.unit.config.workshop import DEMO

CHINA = ZoneInfo("Asia/Shanghai")
AT = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def rules() -> Quality:
    return load_site(DEMO).quality


def talk(agent: str, number: int, duration_s: float = 60) -> RecordedTalk:
    return RecordedTalk(agent=agent, file=f"{agent}-{number}.wav", at=AT, duration_s=duration_s)


TALKS = [talk(agent, number) for agent in ("8001", "8002") for number in range(40)]


def draw_some(week: str, talks: list[RecordedTalk], drawn: tuple[RecordedTalk, ...] = ()) -> list[RecordedTalk]:
    return draw(week, talks, per_agent=3, least_talk_s=30, drawn=drawn)


@pytest.mark.req("QUA-2")
def test_a_week_draws_the_same_ones_whenever_it_is_drawn_and_another_week_others():
    chosen = draw_some("2026-W47", TALKS)
    assert sorted(one.agent for one in chosen) == ["8001"] * 3 + ["8002"] * 3
    assert set(draw_some("2026-W47", TALKS[::-1])) == set(chosen)
    assert set(draw_some("2026-W48", TALKS)) != set(chosen)
    assert draw_some("2026-W47", TALKS, tuple(chosen)) == []


@pytest.mark.req("QUA-2")
def test_short_talks_are_not_drawn_and_no_recording_twice():
    few = [talk("8001", 1, 29.9), talk("8001", 2, 30), talk("8001", 3), talk("8001", 4), talk("8001", 5)]
    chosen = draw_some("2026-W47", few)
    assert len(chosen) == 3 and few[0] not in chosen
    again = draw_some("2026-W47", few, (chosen[0],))
    assert len(again) == 2 and chosen[0] not in again


@pytest.mark.req("QUA-2")
def test_every_recording_has_the_same_chance():
    weeks = [f"{year}-W{week:02}" for year in range(2020, 2060) for week in range(1, 53)]
    talks = [talk("8001", number) for number in range(10)]
    counts = dict.fromkeys(talks, 0)
    for week in weeks:
        for one in draw_some(week, talks):
            counts[one] += 1
    expected = len(weeks) * 3 / 10
    assert all(abs(count - expected) < 5 * (expected * 0.7) ** 0.5 for count in counts.values()), counts


def test_weeks_and_months_are_the_sites():
    since, until = week_bounds("2026-W47", CHINA)
    assert since.astimezone(CHINA).isoformat() == "2026-11-16T00:00:00+08:00"
    assert until - since == timedelta(days=7)
    assert month_bounds("2026-12", CHINA)[1] == datetime(2026, 12, 31, 16, tzinfo=UTC)
    for wrong in ("2026-47", "2026-W54", "W47", ""):
        with pytest.raises(ValueError, match="week"):
            week_bounds(wrong, CHINA)
    with pytest.raises(ValueError, match="2026-11"):
        month_bounds("2026-13", CHINA)


def test_each_agents_part_of_a_call_is_a_talk_of_its_own():
    def begun(agent: str, after_s: float, file: str | None) -> TalkStarted:
        at = AT + timedelta(seconds=after_s)
        legs = {"agent_channel_id": "a", "bridge_id": "b"}
        return TalkStarted(at=at, call_id="c", agent=agent, recording=file, **legs)

    left = AgentLeft(at=AT + timedelta(seconds=40), call_id="c", agent="8001")
    ended = CallEnded(at=AT + timedelta(seconds=100), call_id="c", ended_by="caller", outcome="answered")
    story = [begun("8001", 0, "one.wav"), left, begun("8002", 50, "two.wav"), ended]
    found = recorded_talks(story)
    assert [(one.agent, one.file, one.duration_s) for one in found] == [
        ("8001", "one.wav", 40),
        ("8002", "two.wav", 50),
    ]
    assert recorded_talks([begun("8001", 0, "one.wav")]) == []
    assert recorded_talks([begun("8001", 0, None), ended]) == []


def full_marks(rules: Quality, **others: int) -> Marks:
    points = {item.id: item.points for group in rules.scorecard.groups for item in group.items}
    return Marks(points=points | others)


@pytest.mark.req("QUA-2")
def test_marks_come_to_a_score_by_group_and_part_and_anything_forbidden_is_zero(rules: Quality):
    assert result_of(rules.scorecard, full_marks(rules)).score == 100
    some = result_of(rules.scorecard, full_marks(rules, warm=5, empathy=0, correct=10))
    assert some.score == 70
    assert some.groups == {"language": 100, "attitude": 20, "knowledge": 60, "process": 100}
    assert (some.attitude, some.knowledge) == (63.6, 77.8)
    marks = Marks(points=full_marks(rules).points, forbidden=("arguing",))
    zero = result_of(rules.scorecard, marks)
    assert (zero.score, zero.attitude, zero.knowledge, set(zero.groups.values())) == (0, 0, 0, {0})


@pytest.mark.parametrize(
    ("points", "forbidden", "words"),
    [
        ({"warm": 16}, (), "'warm' has 0 to 15 points, not 16"),
        ({"warm": -1}, (), "0 to 15"),
        ({"charm": 1}, (), "no item 'charm'"),
        ({}, ("yawning",), "does not know 'yawning'"),
    ],
)
def test_marks_that_do_not_fit_the_form_are_refused(rules: Quality, points, forbidden, words):
    marks = Marks(points=full_marks(rules).points | points, forbidden=forbidden)
    with pytest.raises(ValueError, match=words):
        result_of(rules.scorecard, marks)
    with pytest.raises(ValueError, match="'opening' is missing"):
        result_of(rules.scorecard, Marks(points={}))
    with pytest.raises(ValueError, match=r"no form: write quality\.yaml"):
        result_of(Quality().scorecard, Marks(points={}))


@pytest.mark.parametrize("state", CheckState)
@pytest.mark.parametrize("step", CheckStep)
def test_every_step_in_every_state(state: CheckState, step: CheckStep):
    if (after := TRANSITIONS.get((state, step))) is None:
        with pytest.raises(IllegalTransition):
            apply(state, step)
    else:
        assert apply(state, step) is after


@pytest.mark.req("QUA-3")
def test_a_month_is_30_30_20_20(rules: Quality):
    facts = AgentFacts(
        agent="8001",
        attitude=(100.0, 80.0),
        knowledge=(70.0, 90.0),
        clocks_due=10,
        clocks_in_time=9,
        closed=10,
        closed_at_first=7,
        surveyed=8,
        satisfied=6,
    )
    found = assess(facts, rules)
    assert found.parts == {"attitude": 90, "knowledge": 80, "problem_solving": 80, "satisfaction": 75}
    assert found.score == 0.3 * 90 + 0.3 * 80 + 0.2 * 80 + 0.2 * 75 == 82
    assert (found.grade, found.weight, found.csat, found.csat_reached) == ("good", 100, 0.75, False)


@pytest.mark.req("QUA-3")
def test_what_nobody_knows_is_left_out_and_its_weight_shared(rules: Quality):
    checks = AgentFacts(agent="8001", attitude=(90.0,), knowledge=(60.0,))
    found = assess(checks, rules)
    assert (found.score, found.weight) == (75, 60)
    assert found.parts["problem_solving"] is None and found.csat_reached is None
    only_tickets = assess(AgentFacts(agent="8001", clocks_due=4, clocks_in_time=4, surveyed=1, satisfied=1), rules)
    assert (only_tickets.score, only_tickets.grade, only_tickets.weight) == (None, None, 40)
    assert assess(AgentFacts(agent="8001"), rules).score is None


PARTS: tuple[Part, ...] = ("attitude", "knowledge", "problem_solving", "satisfaction")


@given(st.lists(st.none() | st.floats(0, 100), min_size=4, max_size=4))
def test_a_score_lies_between_the_worst_and_the_best_of_its_parts(points):
    parts = dict(zip(PARTS, points, strict=True))
    score, weight = weighed(parts, Assessment(least_weight=1))
    there = [each for each in points if each is not None]
    if not there:
        assert (score, weight) == (None, 0)
    else:
        assert score is not None and min(there) - 0.06 <= score <= max(there) + 0.06


@pytest.mark.req("QUA-4")
@pytest.mark.parametrize(
    ("score", "complaints", "grade"),
    [
        (90, 0, "excellent"),
        (89.9, 0, "good"),
        (99, 1, "good"),
        (99, 2, "fair"),
        (80, 1, "good"),
        (79.9, 0, "fair"),
        (60, 5, "fair"),
        (95, 6, "failed"),
        (59.9, 0, "failed"),
        (0, 99, "failed"),
    ],
)
def test_grades_are_by_score_and_valid_complaints(rules: Quality, score, complaints, grade):
    assert grade_of(score, complaints, rules.grades) == grade


@pytest.mark.req("QUA-3")
def test_a_department_is_the_mean_of_its_assessed_members(rules: Quality):
    members = [
        AgentFacts(agent="8001", attitude=(90.0,), knowledge=(90.0,), surveyed=10, satisfied=10),
        AgentFacts(agent="8002", attitude=(70.0,), knowledge=(70.0,), surveyed=10, satisfied=7, complaints=1),
        AgentFacts(agent="8003"),
    ]
    found = assess_department("reception", members, rules)
    assert (found.score, found.grade, found.csat, found.csat_reached) == (81.3, None, 0.85, True)
    assert (found.facts["members"], found.facts["assessed"], found.facts["complaints"]) == (3, 2, 1)


@pytest.mark.req("QUA-6")
def test_missed_offers_are_counted_by_agent_and_reason():
    missed = [("8001", "rona"), ("8001", "rona"), ("8001", "busy"), ("8002", "caller_hung_up"), ("8003", "rejected")]
    events = [AgentMissed(at=AT, call_id="c", agent=agent, reason=reason) for agent, reason in missed]
    assert missed_by_agent(events) == {"8001": {"rona": 2, "busy": 1}, "8003": {"rejected": 1}}


@pytest.mark.req("QUA-6")
@pytest.mark.parametrize(
    ("kind", "points", "fits"),
    [("reward", 5, 1), ("reward", -1, 0), ("penalty", -5, 1), ("penalty", 1, 0), ("complaint", 1, 0), ("remark", 0, 1)],
)
def test_points_fit_the_kind_of_note(kind, points, fits):
    if fits:
        assert checked_points(NoteKind(kind), points) == points
    else:
        with pytest.raises(ValueError, match="a reward gives points"):
            checked_points(NoteKind(kind), points)
    with pytest.raises(ValueError, match="at most 100"):
        checked_points(NoteKind.REWARD, 101)
