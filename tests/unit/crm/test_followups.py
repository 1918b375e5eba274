"""The due call's state table, permitted hours, attempts and gaps (FUP-6, D6)."""

import itertools
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.errors import IllegalTransition
from crm.followups.model import (
    FINAL,
    OWNED,
    REACHED,
    TRANSITIONS,
    DialRules,
    DueCall,
    DueCallKind,
    DueCallState,
    DueCallStep,
    Outcome,
    apply,
    channel_id,
    next_attempt,
    next_permitted,
    states_before,
    target,
    was_asked_for,
)

pytestmark = pytest.mark.req("FUP-6")

EXPECTED = {
    "scheduled": {"claim": "claimed", "cancel": "cancelled"},
    "claimed": {
        "reclaim": "claimed",
        "dial": "dialling",
        "release": "scheduled",
        "retry": "scheduled",
        "fail": "failed",
        "cancel": "cancelled",
    },
    "dialling": {
        "reclaim": "dialling",
        "dial": "dialling",
        "answer": "talking",
        "release": "scheduled",
        "retry": "scheduled",
        "succeed": "done",
        "fail": "failed",
    },
    "talking": {"reclaim": "talking", "retry": "scheduled", "succeed": "done", "fail": "failed"},
    "done": {},
    "failed": {"take_up": "scheduled"},
    "cancelled": {},
}


@pytest.mark.parametrize(("state", "step"), list(itertools.product(DueCallState, DueCallStep)))
def test_every_state_and_step(state: DueCallState, step: DueCallStep) -> None:
    expected = EXPECTED[state.value].get(step.value)
    if expected is None:
        with pytest.raises(IllegalTransition):
            apply(state, step)
    else:
        assert apply(state, step).value == expected
    assert len(TRANSITIONS) == sum(map(len, EXPECTED.values()))


@given(st.lists(st.sampled_from(DueCallStep), max_size=40))
def test_a_call_that_is_over_is_only_taken_up_by_hand_and_one_is_only_talking_after_dialling(
    steps: list[DueCallStep],
) -> None:
    state, dialled = DueCallState.SCHEDULED, False
    for step in steps:
        if (state, step) not in TRANSITIONS:
            continue
        by_hand = (state, step) == (DueCallState.FAILED, DueCallStep.TAKE_UP)
        assert by_hand or state in (DueCallState.SCHEDULED, *OWNED)
        state = apply(state, step)
        dialled = dialled or state is DueCallState.DIALLING
    assert dialled or state not in (DueCallState.TALKING, DueCallState.DONE)


def test_the_where_clause_is_the_table() -> None:
    assert states_before(DueCallStep.ANSWER) == (DueCallState.DIALLING,)
    assert set(states_before(DueCallStep.CANCEL)) == {DueCallState.SCHEDULED, DueCallState.CLAIMED}
    assert target(DueCallStep.RETRY) is DueCallState.SCHEDULED


def test_an_attempt_has_one_channel_id() -> None:
    assert channel_id(17, 2) == "due-17-2"


@dataclass(frozen=True)
class Hours:
    start: time
    end: time


CHINA = ZoneInfo("Asia/Shanghai")
HOURS = (Hours(time(14), time(20)), Hours(time(9), time(12)))
RULES = DialRules(hours=HOURS, zone=CHINA, attempts=3, gap_s=7200)


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=CHINA).astimezone(UTC)


@pytest.mark.parametrize(
    ("at", "permitted"),
    [
        ("2026-11-22 08:59:59", "2026-11-22 09:00"),
        ("2026-11-22 09:00", "2026-11-22 09:00"),
        ("2026-11-22 11:59:59", "2026-11-22 11:59:59"),
        ("2026-11-22 12:00", "2026-11-22 14:00"),
        ("2026-11-22 19:59", "2026-11-22 19:59"),
        ("2026-11-22 20:00", "2026-11-23 09:00"),
        ("2026-12-31 23:00", "2027-01-01 09:00"),
    ],
)
def test_permitted_hours(at: str, permitted: str) -> None:
    assert next_permitted(local(at), HOURS, CHINA) == local(permitted)


@given(st.integers(0, 3000 * 86400).map(lambda seconds: datetime(2020, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)))
def test_what_is_permitted_lies_in_a_span_and_is_never_earlier(at: datetime) -> None:
    permitted = next_permitted(at, HOURS, CHINA)
    assert at <= permitted < at + timedelta(days=1)
    moment = permitted.astimezone(CHINA).time()
    assert any(span.start <= moment < span.end for span in HOURS)
    assert next_permitted(permitted, HOURS, CHINA) == permitted


def test_no_hours_at_all_is_a_fault_of_the_site() -> None:
    with pytest.raises(ValueError, match="no permitted hours"):
        next_permitted(local("2026-11-22 10:00"), (), CHINA)


@pytest.mark.parametrize("outcome", list(Outcome))
def test_reached_and_final_outcomes_end_it_others_are_tried_again(outcome: Outcome) -> None:
    again = next_attempt(outcome, 1, local("2026-11-22 09:30"), RULES)
    if outcome in REACHED or outcome in FINAL:
        assert again is None
    else:
        assert again == local("2026-11-22 11:30")


def test_the_gap_ends_in_permitted_hours_and_the_attempts_are_limited() -> None:
    assert next_attempt(Outcome.BUSY, 2, local("2026-11-22 11:00"), RULES) == local("2026-11-22 14:00")
    assert next_attempt(Outcome.BUSY, 2, local("2026-11-22 19:00"), RULES) == local("2026-11-23 09:00")
    assert next_attempt(Outcome.BUSY, 3, local("2026-11-22 09:30"), RULES) is None


def due_call(kind: DueCallKind, key: str, by: str | None) -> DueCall:
    """One that was entered by somebody, or by the system."""
    absent = ("ticket", "customer_id", "owner", "lease_until", "channel_id", "accepted_by", "accepted_at", "outcome")
    at = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
    return DueCall(
        id=5,
        kind=kind,
        state=DueCallState.CLAIMED,
        number="13812345678",
        number_key="13812345678",
        due_at=at,
        queue="hotline",
        note="",
        key=key,
        attempts=1,
        fence=1,
        created_at=at,
        created_by=by,
        closed_at=None,
        closed_by=None,
        **dict.fromkeys(absent),
    )


@pytest.mark.req("FUP-10")
@pytest.mark.parametrize(
    ("kind", "key", "by", "asked"),
    [
        (DueCallKind.CALLBACK, "8001:5f3a", "8001", True),
        (DueCallKind.CALLBACK, "case:20261123-0001:promise:3", "8001", True),
        (DueCallKind.CALLBACK, "case:20261123-0001:feedback:4", "8001", False),
        (DueCallKind.CALLBACK, "suggestion:20261123-0001:2", "8001", False),
        (DueCallKind.CALLBACK, "call-1.owed", None, False),
        (DueCallKind.REMINDER, "8001:5f3b", "8001", False),
        (DueCallKind.QUEUE_CALLBACK, "place:call-1", None, True),
        (DueCallKind.QUEUE_CALLBACK, "place-elsewhere:call-1", None, False),
    ],
)
def test_a_flag_on_the_card_gives_way_only_to_a_call_that_was_asked_for(
    kind: DueCallKind, key: str, by: str | None, asked: bool
) -> None:
    assert was_asked_for(due_call(kind, key, by)) is asked
