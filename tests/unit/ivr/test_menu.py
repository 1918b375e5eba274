"""The menu interpreter: choices, barge-in, counters, timeouts, and that every caller gets out. Milestone B7."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.calls.actions import Menu, MenuAction, MessageAction, QueueAction, ultimate
from ivr.menus.menu import (
    MAX_STEPS,
    Effect,
    Event,
    FirstDigitTimeout,
    InterDigitTimeout,
    Leave,
    MenuState,
    OverallTimeout,
    Phase,
    Play,
    StartTimer,
    StopPlay,
    StopTimers,
    Timer,
    start,
    step,
    way_out,
)
from ivr.port.values import Digit, PromptsFinished

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
TO_PEOPLE = {"go": "queue", "queue": "hotline"}


def menu(menu_id: str, keys: Mapping[str, object], **more: object) -> Menu:
    source: dict[str, Any] = {
        "id": menu_id,
        "title": menu_id,
        "play": (f"menu-{menu_id}",),
        "keys": dict(keys),
        "no_input": {"attempts": 2, "play": ("no-input",), "then": TO_PEOPLE},
        "invalid": {"attempts": 1, "play": ("invalid-key",), "then": {"go": "message"}},
        **more,
    }
    return Menu.model_validate(source)


MAIN = menu(
    "main",
    {
        "1": TO_PEOPLE,
        "2": {"go": "message"},
        "3": {"go": "menu", "menu": "visit"},
        "4": {"go": "hangup", "play": ("goodbye",)},
        "*": {"go": "repeat"},
        "#": {"go": "back"},
        "7": {"go": "play", "play": ("please-wait",), "then": TO_PEOPLE},
    },
)
VISIT = menu(
    "visit",
    {
        "1": {"go": "play", "play": ("info-hours",), "then": {"go": "repeat"}},
        "#": {"go": "back"},
        "0": {"go": "queue", "queue": "aid"},
    },
)
CODES = menu("codes", {"1": TO_PEOPLE, "12": {"go": "message"}, "99": {"go": "repeat"}}, max_digits=2, barge_in=False)
MENUS = {one.id: one for one in (MAIN, VISIT, CODES)}


def press(digit: str) -> Digit:
    return Digit(digit=digit, at=NOW)


def run(menu_id: str, *events: Event, menus: Mapping[str, Menu] = MENUS) -> tuple[MenuState, tuple[Effect, ...]]:
    """Where the events lead, and the effects of the last one."""
    state, effects = start(menus, menu_id)
    for event in events:
        state, effects = step(menus, state, event)
    return state, effects


def left(effects: tuple[Effect, ...]) -> Leave | None:
    return next((effect for effect in effects if isinstance(effect, Leave)), None)


def played(effects: tuple[Effect, ...]) -> tuple[str, ...] | None:
    return next((effect.prompts for effect in effects if isinstance(effect, Play)), None)


FINISHED = PromptsFinished()
SILENCE = (FINISHED, FirstDigitTimeout())


def test_entering_plays_the_menu() -> None:
    assert run("main") == (
        MenuState("main", barge_in=True, steps=1),
        (StopTimers(), Play(("menu-main",), barge_in=True)),
    )


def test_after_the_prompts_two_clocks_run() -> None:
    state, effects = run("main", FINISHED)
    assert state.phase is Phase.COLLECTING
    assert effects == (StartTimer(Timer.FIRST_DIGIT, 5), StartTimer(Timer.OVERALL, 20))


@pytest.mark.parametrize(
    ("key", "action"),
    [
        ("1", QueueAction(queue="hotline")),
        ("2", MessageAction()),
        ("4", MAIN.keys["4"]),
    ],
)
def test_a_choice_leaves(key: str, action: object) -> None:
    state, effects = run("main", FINISHED, press(key))
    assert effects == (StopTimers(), Leave(action, "main", key))  # type: ignore[arg-type]
    assert state.phase is Phase.LEFT


def test_barge_in_stops_the_prompts_and_counts_the_digit_once() -> None:
    _, effects = run("main", press("1"))
    assert effects == (StopPlay(), StopTimers(), Leave(QueueAction(queue="hotline"), "main", "1"))


def test_without_barge_in_digits_during_the_prompts_are_not_heard() -> None:
    before = run("codes")[0]
    assert step(MENUS, before, press("1")) == (before, ())


def test_a_submenu_and_back() -> None:
    state, effects = run("main", FINISHED, press("3"))
    assert (state.menu, played(effects)) == ("visit", ("menu-visit",))
    state, effects = step(MENUS, state, press("#"))
    assert (state.menu, state.stack, played(effects)) == ("main", (), ("menu-main",))
    assert effects[0] == StopPlay()


def test_back_in_the_first_menu_repeats_it() -> None:
    state, effects = run("main", press("#"))
    assert (state.menu, played(effects)) == ("main", ("menu-main",))


def test_information_is_played_then_the_menu_again() -> None:
    state, effects = run("visit", FINISHED, press("1"))
    assert effects == (StopTimers(), Play(("info-hours",), barge_in=True))
    state, effects = step(MENUS, state, FINISHED)
    assert (state.menu, played(effects)) == ("visit", ("menu-visit",))


def test_information_can_be_interrupted_by_the_next_choice() -> None:
    _, effects = run("visit", FINISHED, press("1"), press("0"))
    assert left(effects) == Leave(QueueAction(queue="aid"), "visit", "0")


def test_prompts_on_the_way_out_cannot_be_interrupted_and_keep_the_choice() -> None:
    state, effects = run("main", FINISHED, press("7"))
    assert effects == (StopTimers(), Play(("please-wait",), barge_in=False))
    assert step(MENUS, state, press("9")) == (state, ())
    assert left(step(MENUS, state, FINISHED)[1]) == Leave(QueueAction(queue="hotline"), "main", "7")


def test_silence_is_counted_and_ends_where_the_menu_says() -> None:
    for times in (1, 2):
        state, effects = run("main", *SILENCE * times)
        assert (state.no_input, played(effects)) == (times, ("no-input", "menu-main"))
    assert left(run("main", *SILENCE * 3)[1]) == Leave(QueueAction(queue="hotline"), "main", "")


def test_wrong_keys_are_counted_apart_from_silence() -> None:
    state, effects = run("main", *SILENCE, *SILENCE, FINISHED, press("9"))
    assert (state.no_input, state.invalid, played(effects)) == (2, 1, ("invalid-key", "menu-main"))
    assert left(step(MENUS, state, press("9"))[1]) == Leave(MessageAction(), "main", "")


def test_a_valid_choice_forgives_earlier_mistakes() -> None:
    state, _ = run("main", press("9"), press("*"))
    assert (state.invalid, state.no_input) == (0, 0)
    assert left(step(MENUS, state, press("9"))[1]) is None


def test_a_key_of_two_digits() -> None:
    state, effects = run("codes", FINISHED, press("1"))
    assert (state.digits, effects) == ("1", (StartTimer(Timer.INTER_DIGIT, 3),))
    assert left(step(MENUS, state, press("2"))[1]) == Leave(MessageAction(), "codes", "12")


@pytest.mark.parametrize("timeout", [InterDigitTimeout(), OverallTimeout()])
def test_a_short_key_that_could_be_longer_is_taken_at_the_timeout(timeout: Event) -> None:
    assert left(run("codes", FINISHED, press("1"), timeout)[1]) == Leave(QueueAction(queue="hotline"), "codes", "1")


@pytest.mark.parametrize("timeout", [InterDigitTimeout(), OverallTimeout()])
def test_half_a_key_is_a_wrong_key(timeout: Event) -> None:
    state, effects = run("codes", FINISHED, press("9"), timeout)
    assert (state.invalid, state.no_input, played(effects)) == (1, 0, ("invalid-key", "menu-codes"))


def test_barge_in_with_the_first_of_two_digits_starts_both_clocks() -> None:
    codes = CODES.model_copy(update={"barge_in": True})
    state, effects = run("codes", press("1"), menus={"codes": codes})
    assert effects == (StopPlay(), StartTimer(Timer.OVERALL, 20), StartTimer(Timer.INTER_DIGIT, 3))
    assert state.digits == "1"


@pytest.mark.parametrize("late", [FirstDigitTimeout(), InterDigitTimeout(), OverallTimeout()])
def test_a_timeout_that_comes_too_late_changes_nothing(late: Event) -> None:
    playing = run("main", *SILENCE)[0]
    assert step(MENUS, playing, late) == (playing, ())
    gone = run("main", press("1"))[0]
    assert step(MENUS, gone, late) == (gone, ())


def test_the_overall_clock_ends_silence_too() -> None:
    assert run("main", FINISHED, OverallTimeout())[0].no_input == 1


def test_events_that_belong_to_the_other_phase_change_nothing() -> None:
    collecting = run("codes", FINISHED, press("1"))[0]
    assert step(MENUS, collecting, FINISHED) == (collecting, ())
    assert step(MENUS, collecting, FirstDigitTimeout()) == (collecting, ())
    fresh = run("codes", FINISHED)[0]
    assert step(MENUS, fresh, InterDigitTimeout()) == (fresh, ())


def test_who_only_repeats_reaches_people() -> None:
    state, effects = run("main", *[press("*")] * MAX_STEPS)
    assert left(effects) == Leave(QueueAction(queue="hotline"), "main", "")
    assert state.steps == MAX_STEPS
    assert left(run("main", *[press("*")] * (MAX_STEPS - 1))[1]) is None


def test_the_way_out_prefers_key_0_then_any_human_then_what_silence_leads_to() -> None:
    assert way_out(MENUS, "visit") == QueueAction(queue="aid")
    assert way_out(MENUS, "main") == QueueAction(queue="hotline")
    silent = {"then": {"go": "menu", "menu": "main"}}
    lonely = menu("lonely", {"1": {"go": "repeat"}}, no_input=silent)
    assert way_out({**MENUS, "lonely": lonely}, "lonely") == QueueAction(queue="hotline")
    circle = menu("circle", {"1": {"go": "repeat"}}, no_input={"then": {"go": "menu", "menu": "circle"}})
    assert way_out({"circle": circle}, "circle") == MessageAction()
    hangs_up = menu("end", {"1": {"go": "repeat"}}, no_input={"then": {"go": "hangup"}})
    assert way_out({"end": hangs_up}, "end") == hangs_up.no_input.then


NAMES = ("a", "b", "c")
KEYS = st.text("012*#", min_size=1, max_size=2)
LEAVING = st.sampled_from([{"go": "queue", "queue": "q"}, {"go": "message"}, {"go": "hangup"}])
STAYING = st.sampled_from([{"go": "repeat"}, {"go": "back"}, *({"go": "menu", "menu": name} for name in NAMES)])
SIMPLE = LEAVING | STAYING
ACTIONS = SIMPLE | st.builds(lambda then: {"go": "play", "play": ("info",), "then": then}, SIMPLE)
RETRIES = st.builds(lambda attempts, then: {"attempts": attempts, "then": then}, st.integers(1, 5), ACTIONS)


@st.composite
def any_menus(draw: st.DrawFn) -> dict[str, Menu]:
    """Menus as a site check would never let through: nothing in them needs to lead anywhere."""
    return {
        name: menu(
            name,
            draw(st.dictionaries(KEYS, ACTIONS, min_size=1, max_size=4)),
            no_input=draw(RETRIES),
            invalid=draw(RETRIES),
            barge_in=draw(st.booleans()),
            max_digits=2,
        )
        for name in NAMES
    }


EVENTS = st.sampled_from(
    [*(press(d) for d in "012*#9A"), FINISHED, FirstDigitTimeout(), InterDigitTimeout(), OverallTimeout()]
)
MOST_EVENTS = MAX_STEPS * 5
"""Each announcement ends once, and is followed by at most two digits and one timeout before the next."""


def natural(state: MenuState) -> Event:
    """What happens by itself when the caller does nothing."""
    if state.phase is Phase.PLAYING:
        return FINISHED
    return InterDigitTimeout() if state.digits else FirstDigitTimeout()


@settings(deadline=None)
@given(any_menus(), st.lists(EVENTS, max_size=250))
def test_every_caller_gets_out_whatever_happens(menus: dict[str, Menu], events: list[Event]) -> None:
    state, effects = start(menus, "a")
    announced, changes = 1, 0
    waiting = iter(events)
    while state.phase is not Phase.LEFT:
        event = next(waiting, None) or natural(state)
        after, effects = step(menus, state, event)
        assert after != state or effects == ()
        changes += after != state
        announced += sum(isinstance(effect, Play) for effect in effects)
        state = after
        assert changes <= MOST_EVENTS
    assert announced <= MAX_STEPS
    last = effects[-1]
    assert isinstance(last, Leave)
    assert last.action.go in ("queue", "message", "hangup")
    assert step(menus, state, press("1")) == (state, ())


@settings(deadline=None)
@given(any_menus(), st.lists(EVENTS, max_size=60))
def test_a_waiting_caller_always_has_a_clock_running(menus: dict[str, Menu], events: list[Event]) -> None:
    """Whoever plays the effects never ends up with neither prompts nor a timer: that would be silence for ever."""
    state, effects = start(menus, "a")
    playing, timers = False, set[Timer]()
    for event in [None, *events]:
        if event is not None:
            if isinstance(event, PromptsFinished) and state.phase is Phase.PLAYING:
                playing = False
            state, effects = step(menus, state, event)
        for effect in effects:
            match effect:
                case Play():
                    playing = True
                case StopPlay():
                    assert playing
                    playing = False
                case StartTimer(timer=timer):
                    timers.add(timer)
                case StopTimers():
                    timers.clear()
                case Leave():
                    assert not playing and not timers
        if state.phase is Phase.PLAYING:
            assert playing and not timers
        if state.phase is Phase.COLLECTING:
            assert not playing and Timer.OVERALL in timers
            assert (Timer.INTER_DIGIT if state.digits else Timer.FIRST_DIGIT) in timers


def test_the_ultimate_action_is_behind_the_prompts() -> None:
    assert ultimate(VISIT.keys["1"]).go == "repeat"
    assert isinstance(ultimate(MAIN.keys["3"]), MenuAction)
