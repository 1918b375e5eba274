"""An agent's day: spans, time per state, occupancy, and the work on each call, wrap-up above all. RPT-1"""

from collections import Counter
from datetime import timedelta
from itertools import pairwise

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from routing.agent import AgentState
from routing.statistics.agent_time import (
    AgentClock,
    Handles,
    Span,
    StateChange,
    occupancy,
    spans,
    time_in_states,
    within,
)
from routing.statistics.figures import MICROSECOND, Handle
from tests.fakes.call_records import AGENTS, NINE, at

MORNING = [
    StateChange(agent="8001", at=at(0), state="available"),
    StateChange(agent="8001", at=at(100), state="reserved", call_id="c1"),
    StateChange(agent="8001", at=at(101), state="ringing", call_id="c1"),
    StateChange(agent="8001", at=at(105), state="talking", call_id="c1"),
    StateChange(agent="8001", at=at(165), state="hold", call_id="c1"),
    StateChange(agent="8001", at=at(175), state="talking", call_id="c1"),
    StateChange(agent="8001", at=at(205), state="wrap_up"),
    StateChange(agent="8001", at=at(225), state="available"),
    StateChange(agent="8001", at=at(300), state="not_ready", reason="meal"),
]


def handled(changes: list[StateChange]) -> dict[str, tuple[Handle, ...]]:
    clock, work = AgentClock(), Handles()
    for change in changes:
        if (ended := clock.change(change)) is not None:
            work.add(ended)
    return {call: work.finished(call, clock) for call in {change.call_id for change in changes if change.call_id}}


def seconds(count: float) -> timedelta:
    return timedelta(seconds=count)


def test_the_time_per_state_and_the_occupancy_worked_by_hand() -> None:
    times = time_in_states(spans(MORNING), at(0), at(400))
    assert {key: count / 1e6 for key, count in times.items()} == {
        ("available", None): 100 + 75,
        ("reserved", None): 1,
        ("ringing", None): 4,
        ("talking", None): 90,
        ("hold", None): 10,
        ("wrap_up", None): 20,
        ("not_ready", "meal"): 100,
    }
    made = occupancy(times)
    assert (made.numerator, made.denominator) == (125_000_000, 300_000_000)


def test_wrap_up_belongs_to_the_call_it_follows() -> None:
    """field.md §3, item 2: wrap-up lost or invisible. The state change names no call; the figures know it."""
    assert handled(MORNING) == {
        "c1": (Handle(agent="8001", talk=seconds(90), hold=seconds(10), wrap_up=seconds(20)),),
    }


def test_a_prolonged_wrap_up_and_a_wish_are_told_again_and_counted_once() -> None:
    """field.md §3, items 2 and 4."""
    again = [
        *MORNING[:4],
        StateChange(agent="8001", at=at(150), state="talking", call_id="c1"),  # a wish during the talk
        *MORNING[4:7],
        StateChange(agent="8001", at=at(220), state="wrap_up"),  # twenty seconds more
        StateChange(agent="8001", at=at(245), state="available"),
    ]
    assert [span.state for span in spans(again)].count("wrap_up") == 1
    assert handled(again)["c1"] == (Handle(agent="8001", talk=seconds(90), hold=seconds(10), wrap_up=seconds(40)),)


def test_work_in_hand_is_counted_when_it_is_done() -> None:
    assert handled(MORNING[:6])["c1"] == ()
    assert handled(MORNING[:7])["c1"] == ()


def test_a_talk_that_a_new_controller_took_over_is_one_handle() -> None:
    """field.md §3, item 3: states that are stuck or doubled. At its start it puts the agent right, then adopts."""
    taken_over = [
        *MORNING[:4],
        StateChange(agent="8001", at=at(130), state="available"),
        StateChange(agent="8001", at=at(130.5), state="talking", call_id="c1"),
        StateChange(agent="8001", at=at(160), state="wrap_up"),
        StateChange(agent="8001", at=at(170), state="available"),
    ]
    assert handled(taken_over)["c1"] == (Handle(agent="8001", talk=seconds(54.5), wrap_up=seconds(10)),)


def test_two_agents_who_had_the_call_each_have_a_handle() -> None:
    other = [
        StateChange(agent="8002", at=at(190), state="talking", call_id="c1"),
        StateChange(agent="8002", at=at(260), state="wrap_up"),
        StateChange(agent="8002", at=at(265), state="available"),
    ]
    found = handled(sorted([*MORNING, *other], key=lambda change: change.at))["c1"]
    assert [(handle.agent, handle.talk.total_seconds()) for handle in found] == [("8001", 90), ("8002", 70)]


def test_a_clock_that_was_set_back_makes_no_negative_time() -> None:
    back = [MORNING[0], StateChange(agent="8001", at=at(-60), state="not_ready", reason="meal")]
    assert list(spans(back)) == [
        Span(agent="8001", state="available", start=at(0), end=at(0)),
        Span(agent="8001", state="not_ready", start=at(0), reason="meal"),
    ]


changes = st.builds(
    StateChange,
    agent=st.sampled_from(AGENTS),
    at=st.integers(0, 86_400_000_000).map(lambda us: NINE + timedelta(microseconds=us)),
    state=st.sampled_from([state.value for state in AgentState]),
    call_id=st.sampled_from([None, "c1", "c2"]),
)


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(changes), st.integers(0, 86_400))
def test_spans_leave_no_gap_and_the_parts_of_a_day_add_up(told: list[StateChange], noon: int) -> None:
    told.sort(key=lambda change: change.at)
    history = list(spans(told))
    for agent in AGENTS:
        own = sorted((span for span in history if span.agent == agent), key=lambda span: span.start)
        for before, after in pairwise(own):
            assert before.end == after.start
    start, end = NINE, at(86_400)
    middle = at(noon)
    whole = time_in_states(history, start, end)
    halves: Counter[tuple[str, str | None]] = Counter()
    halves.update(time_in_states(history, start, middle))
    halves.update(time_in_states(history, middle, end))
    assert whole == halves
    assert sum(whole.values()) == sum(within(span, start, end) // MICROSECOND for span in history)
