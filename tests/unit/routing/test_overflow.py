"""Which overflow step applies to a waiting call, and when to look again. LNE-7."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.schema import MessageAction, OverflowStep
from routing.waiting.overflow import LOOK_S, Situation, applies, condition_of, look_again_s, step_now

MESSAGE = MessageAction()


def step(**condition: object) -> OverflowStep:
    return OverflowStep.model_validate({**condition, "to": MESSAGE})


def situation(**known: object) -> Situation:
    quiet: dict[str, object] = {"waited_s": 0.0, "ahead": 0, "staffed": 3, "open": True}
    return Situation(**{**quiet, **known})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("condition", "known", "expected"),
    [
        ({"after_s": 60}, {"waited_s": 59.999}, False),
        ({"after_s": 60}, {"waited_s": 60.0}, True),
        ({"longer_than": 3}, {"ahead": 2}, False),
        ({"longer_than": 3}, {"ahead": 3}, True),
        ({"longer_than": 3}, {"ahead": None}, False),
        ({"no_staff": True}, {"staffed": 1}, False),
        ({"no_staff": True}, {"staffed": 0}, True),
        ({"closed": True}, {}, False),
        ({"closed": True}, {"open": False}, True),
    ],
)
def test_each_condition(condition: dict[str, object], known: dict[str, object], expected: bool) -> None:
    assert applies(step(**condition), situation(**known)) is expected
    assert condition_of(step(**condition)) == next(iter(condition))


def test_the_first_step_that_applies_is_taken() -> None:
    steps = [step(after_s=60), step(no_staff=True), step(closed=True)]
    assert step_now(steps, situation()) is None
    assert step_now(steps, situation(staffed=0, open=False)) is steps[1]
    assert step_now(steps, situation(waited_s=61, staffed=0)) is steps[0]


def test_when_to_look_again() -> None:
    assert look_again_s([], 5) is None
    assert look_again_s([step(longer_than=3)], 5) is None
    assert look_again_s([step(after_s=60), step(after_s=30)], 5) == 25
    assert look_again_s([step(after_s=60), step(after_s=30)], 40) == 20
    assert look_again_s([step(after_s=60)], 60) is None
    assert look_again_s([step(after_s=60), step(closed=True)], 5) == LOOK_S
    assert look_again_s([step(after_s=60), step(no_staff=True)], 59.5) == 0.5


STEPS = st.lists(
    st.one_of(
        st.integers(1, 600).map(lambda s: step(after_s=s)),
        st.integers(1, 20).map(lambda n: step(longer_than=n)),
        st.sampled_from([step(no_staff=True), step(closed=True)]),
    ),
    max_size=6,
)
NOW = st.builds(
    Situation,
    waited_s=st.floats(0, 900),
    ahead=st.none() | st.integers(0, 30),
    staffed=st.integers(0, 3),
    open=st.booleans(),
)


@given(STEPS, NOW)
def test_a_step_is_taken_only_when_it_applies_and_none_before_it_does(
    steps: list[OverflowStep], now: Situation
) -> None:
    taken = step_now(steps, now)
    before = steps[: steps.index(taken)] if taken else steps
    assert not any(applies(each, now) for each in before)
    assert taken is None or applies(taken, now)


@given(STEPS, NOW, st.floats(0.0, 1.0))
def test_nothing_that_goes_by_time_is_missed_between_two_looks(
    steps: list[OverflowStep], now: Situation, part: float
) -> None:
    """As long as staff, hours and queue stay as they are, no step begins to apply before the next look."""
    if step_now(steps, now) is not None:
        return
    look_s = look_again_s(steps, now.waited_s)
    later_s = (look_s if look_s is not None else 1000.0) * part * 0.999
    later = Situation(waited_s=now.waited_s + later_s, ahead=None, staffed=now.staffed, open=now.open)
    assert step_now(steps, later) is None
