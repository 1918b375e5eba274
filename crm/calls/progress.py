"""What follows from the state of a call: its next step, its phase, what it is called if it ends now (rules)."""

from enum import Enum

from crm.calls.state import CallState
from crm.journal.events import CallOutcome
from crm.journal.steps import (
    CallStep,
    Duty,
    EnterLine,
    Farewell,
    Greet,
    HandOver,
    HangUp,
    Menu,
    Message,
    PickUp,
    Talk,
    Wait,
    goal_of,
)


def next_of(state: CallState) -> CallStep | None:
    """The step that is to be carried out now; None when the call is over."""
    if state.ended:
        return None
    if state.direction == "inbound" and not state.answered and (first := _before_the_answer(state)):
        return first
    return Talk() if state.partner else state.plan


def _before_the_answer(state: CallState) -> CallStep | None:
    """How a caller who hears ringing is answered; None: not yet, an agent is looked for or a line to be begun at."""
    if state.partner or (state.queue and not isinstance(state.plan, Wait)):
        return PickUp()
    match state.plan:
        case EnterLine() | Wait(ringing=True):
            return None
        case _:
            return PickUp() if state.queue else Greet()


class Phase(Enum):
    """Where the caller stands, coarsely: what a hang-up is called follows from it."""

    RINGING = "ringing"
    GREETING = "greeting"
    MENU = "menu"
    QUEUED = "queued"
    TALKING = "talking"
    MESSAGE = "message"
    PARTING = "parting"
    ENDED = "ended"


_ON = {Phase.GREETING, Phase.MENU, Phase.QUEUED, Phase.TALKING, Phase.MESSAGE, Phase.PARTING, Phase.ENDED}
ALLOWED: dict[Phase, frozenset[Phase]] = {
    Phase.RINGING: frozenset(_ON),
    Phase.GREETING: frozenset(_ON - {Phase.GREETING}),
    Phase.MENU: frozenset(_ON - {Phase.MENU, Phase.TALKING}),
    Phase.QUEUED: frozenset(_ON - {Phase.QUEUED}),
    Phase.TALKING: frozenset(_ON - {Phase.TALKING}),
    Phase.MESSAGE: frozenset({Phase.PARTING, Phase.ENDED}),
    Phase.PARTING: frozenset({Phase.TALKING, Phase.ENDED}),
    Phase.ENDED: frozenset(),
}
"""Which phase may follow which, besides staying. Held by a test over every story that is told anywhere."""

ABANDONED: dict[Phase, CallOutcome] = {
    Phase.RINGING: "abandoned_ringing",
    Phase.GREETING: "abandoned_menu",
    Phase.MENU: "abandoned_menu",
    Phase.QUEUED: "abandoned_queue",
    Phase.TALKING: "answered",
    Phase.MESSAGE: "abandoned_message",
    Phase.PARTING: "answered",
}
"""What a call is called whose caller hangs up in that phase."""


def phase_of(state: CallState) -> Phase:
    """The phase that follows from what has happened."""
    if state.ended:
        return Phase.ENDED
    if not state.answered:
        return Phase.RINGING
    if state.partner:
        return Phase.TALKING
    match goal_of(state.plan):
        case Menu():
            return Phase.MENU
        case Message():
            return Phase.MESSAGE
        case Wait() | Duty() | HandOver():
            return Phase.QUEUED
        case Farewell() | HangUp():
            return Phase.PARTING
        case _:
            return Phase.GREETING if state.queue is None else Phase.QUEUED


def outcome_of(state: CallState) -> CallOutcome:
    """What the call is called if it ends now."""
    return state.outcome or ABANDONED.get(phase_of(state), "answered")
