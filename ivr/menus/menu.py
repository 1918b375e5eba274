"""Walks a caller through the menus: one event in, the new state and what is to be done out. Pure; the call flow plays,
listens and keeps the timers. Milestone B7.

No caller stays in menus for ever: missing and wrong keys are counted per menu, and after MAX_STEPS announcements of any
kind (also by repeat, back and wandering about) the caller is handed to people.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum

from config.calls.actions import (
    Action,
    BackAction,
    DutyAction,
    HangupAction,
    LanguageAction,
    Menu,
    MenuAction,
    MessageAction,
    PlayAction,
    QueueAction,
    RepeatAction,
    ultimate,
)
from config.values.fields import Language
from ivr.port.values import Digit, PromptsFinished
from ivr.words.digits import Match, match

MAX_STEPS = 20
"""How many announcements one caller can hear in the menus, all together."""

Menus = Mapping[str, Menu]


class Timer(Enum):
    """The clocks of a menu. Starting one that runs starts it anew."""

    FIRST_DIGIT = "first_digit"
    INTER_DIGIT = "inter_digit"
    OVERALL = "overall"


@dataclass(frozen=True)
class FirstDigitTimeout:
    """No key was pressed in time."""


@dataclass(frozen=True)
class InterDigitTimeout:
    """No further key was pressed in time."""


@dataclass(frozen=True)
class OverallTimeout:
    """Keys were pressed, but the choice was not complete in time."""


Event = Digit | PromptsFinished | FirstDigitTimeout | InterDigitTimeout | OverallTimeout


@dataclass(frozen=True)
class Play:
    """Begin to play these prompts; `PromptsFinished` is due at their end. With `barge_in` a digit may end them."""

    prompts: tuple[str, ...]
    barge_in: bool


@dataclass(frozen=True)
class StopPlay:
    """Barge-in: end the prompts now; no `PromptsFinished` is due."""


@dataclass(frozen=True)
class StartTimer:
    """Its timeout event is due after `seconds`."""

    timer: Timer
    seconds: float


@dataclass(frozen=True)
class StopTimers:
    """No timeout event is due any more."""


@dataclass(frozen=True)
class Leave:
    """The caller leaves the menus. `menu` and `digits`: what was chosen where; no digits after a timeout."""

    action: QueueAction | MessageAction | DutyAction | HangupAction
    menu: str
    digits: str


@dataclass(frozen=True)
class Speak:
    """From now on in this language, prompts and agents."""

    language: Language


Effect = Speak | Play | StopPlay | StartTimer | StopTimers | Leave


class Phase(Enum):
    """PLAYING: prompts run. COLLECTING: waiting for digits. LEFT: over."""

    PLAYING = "playing"
    COLLECTING = "collecting"
    LEFT = "left"


@dataclass(frozen=True)
class MenuState:
    """Where a caller is. `stack`: the menus `back` returns to; `then`: what follows the prompts, None = digits."""

    menu: str
    phase: Phase = Phase.PLAYING
    digits: str = ""
    stack: tuple[str, ...] = ()
    no_input: int = 0
    invalid: int = 0
    steps: int = 0
    barge_in: bool = False
    then: Action | None = None


MenuStep = tuple[MenuState, tuple[Effect, ...]]


def start(menus: Menus, menu_id: str) -> MenuStep:
    """A caller enters the menus. KeyError when there is no such menu."""
    return _present(menus, MenuState(menu_id))


def step(menus: Menus, state: MenuState, event: Event) -> MenuStep:
    """What an event leads to. One that is not due (a late timeout, a key that may not interrupt) changes nothing."""
    match event:
        case Digit(digit=digit):
            return _on_digit(menus, state, digit)
        case PromptsFinished():
            return _on_prompts_finished(menus, state)
        case FirstDigitTimeout():
            due = state.phase is Phase.COLLECTING and not state.digits
        case InterDigitTimeout():
            due = state.phase is Phase.COLLECTING and bool(state.digits)
        case OverallTimeout():
            due = state.phase is Phase.COLLECTING
    return _on_timeout(menus, state) if due else (state, ())


def _on_digit(menus: Menus, state: MenuState, digit: str) -> MenuStep:
    if state.phase is Phase.LEFT or (state.phase is Phase.PLAYING and not state.barge_in):
        return state, ()
    menu = menus[state.menu]
    stop: tuple[Effect, ...] = ()
    clocks: tuple[Effect, ...] = (StartTimer(Timer.INTER_DIGIT, menu.inter_digit_timeout_s),)
    if state.phase is Phase.PLAYING:
        stop = (StopPlay(),)
        clocks = (StartTimer(Timer.OVERALL, menu.overall_timeout_s), *clocks)
        state = replace(state, phase=Phase.COLLECTING, digits="", then=None)
    state = replace(state, digits=state.digits + digit)
    found = match(state.digits, menu.keys)
    if found is Match.INCOMPLETE:
        return state, (*stop, *clocks)
    following = _choose(menus, state) if found is Match.COMPLETE else _again(menus, state, wrong=True)
    return following[0], (*stop, *following[1])


def _on_prompts_finished(menus: Menus, state: MenuState) -> MenuStep:
    if state.phase is not Phase.PLAYING:
        return state, ()
    if state.then is not None:
        return _act(menus, state, state.then)
    menu = menus[state.menu]
    return replace(state, phase=Phase.COLLECTING), (
        StartTimer(Timer.FIRST_DIGIT, menu.first_digit_timeout_s),
        StartTimer(Timer.OVERALL, menu.overall_timeout_s),
    )


def _on_timeout(menus: Menus, state: MenuState) -> MenuStep:
    if state.digits in menus[state.menu].keys:
        return _choose(menus, state)
    return _again(menus, state, wrong=bool(state.digits))


def _choose(menus: Menus, state: MenuState) -> MenuStep:
    return _act(menus, state, menus[state.menu].keys[state.digits])


def _again(menus: Menus, state: MenuState, *, wrong: bool) -> MenuStep:
    """A missing or wrong key: the menu once more, or what the site says comes after too many of them."""
    menu = menus[state.menu]
    retry = menu.invalid if wrong else menu.no_input
    if wrong:
        state = replace(state, invalid=state.invalid + 1)
    else:
        state = replace(state, no_input=state.no_input + 1)
    if (state.invalid if wrong else state.no_input) > retry.attempts:
        return _act(menus, replace(state, digits=""), retry.then)
    return _present(menus, state, retry.play)


def _act(menus: Menus, state: MenuState, action: Action) -> MenuStep:
    fresh = replace(state, no_input=0, invalid=0)
    match action:
        case QueueAction() | MessageAction() | DutyAction() | HangupAction():
            return _leave(state, action)
        case MenuAction(menu=target):
            return _present(menus, replace(fresh, menu=target, stack=(*state.stack, state.menu)))
        case BackAction() if state.stack:
            return _present(menus, replace(fresh, menu=state.stack[-1], stack=state.stack[:-1]))
        case BackAction() | RepeatAction():
            return _present(menus, fresh)
        case PlayAction(play=prompts, then=then):
            stays = isinstance(ultimate(then), RepeatAction | BackAction | MenuAction)
            barge_in = stays and menus[state.menu].barge_in
            return _announce(menus, replace(fresh, then=then), prompts, barge_in=barge_in)
        case LanguageAction(language=language, then=then):
            state, effects = _act(menus, state, then)
            return state, (Speak(language), *effects)


def _present(menus: Menus, state: MenuState, first: tuple[str, ...] = ()) -> MenuStep:
    menu = menus[state.menu]
    state = replace(state, digits="", then=None)
    return _announce(menus, state, (*first, *menu.play), barge_in=menu.barge_in)


def _announce(menus: Menus, state: MenuState, prompts: tuple[str, ...], *, barge_in: bool) -> MenuStep:
    if state.steps >= MAX_STEPS:
        return _leave(replace(state, digits=""), way_out(menus, state.menu))
    # The digits that led to an announcement are kept: `Leave` names them, unless a new choice interrupts it.
    state = replace(state, phase=Phase.PLAYING, barge_in=barge_in, steps=state.steps + 1)
    return state, (StopTimers(), Play(prompts, barge_in))


def _leave(state: MenuState, action: QueueAction | MessageAction | DutyAction | HangupAction) -> MenuStep:
    left = replace(state, phase=Phase.LEFT, then=None)
    return left, (StopTimers(), Leave(action, state.menu, state.digits))


def way_out(menus: Menus, menu_id: str) -> QueueAction | MessageAction | DutyAction | HangupAction:
    """Where a caller goes who cannot stay in a menu: to its people (key 0, else any key), else where silence leads."""
    seen: set[str] = set()
    while menu_id not in seen:
        seen.add(menu_id)
        menu = menus[menu_id]
        keys = sorted(menu.keys, key=lambda key: (key != "0", key))
        for human in (ultimate(menu.keys[key]) for key in keys):
            if isinstance(human, QueueAction):
                return human
        silence = ultimate(menu.no_input.then)
        if isinstance(silence, QueueAction | MessageAction | DutyAction | HangupAction):
            return silence
        if isinstance(silence, MenuAction):
            menu_id = silence.menu
    return MessageAction()
