"""What a call does next: the closed union of its steps, small enough to stand in an event (rules). Design §3.

`ivr.call_flow` carries them out; `crm.calls.state.next_of` says which one it is.
"""

from typing import Literal

import msgspec

from config.calls.actions import (
    Action,
    DutyAction,
    HangupAction,
    LanguageAction,
    MenuAction,
    MessageAction,
    PlayAction,
    QueueAction,
)
from config.values.fields import Language


class _Step(msgspec.Struct, frozen=True, tag=True, omit_defaults=True, gc=False):
    """Root of all steps. The tag in the journal is the class name."""


class Greet(_Step, frozen=True):
    """Answer in the ring that the line says, then greet (TEL-1, TEL-4)."""


class PickUp(_Step, frozen=True):
    """Answer a caller who has heard ringing so far; no greeting, for somebody is there or something is to be said."""


class EnterLine(_Step, frozen=True):
    """Begin at a line, as a caller who dialled it does. `line`: its number; None for the line of the call."""

    line: str | None = None


class Menu(_Step, frozen=True):
    """Lead the caller through a menu."""

    menu: str


class Wait(_Step, frozen=True):
    """Wait in a queue until an agent answers. `ringing`: the line is one that people answer, so nothing is said before
    (TEL-1)."""

    queue: str
    ringing: bool = False


class Duty(_Step, frozen=True):
    """Ring the people on duty at their own telephones, one after the other (TEL-6)."""

    duty: str


class Talk(_Step, frozen=True):
    """Connect the caller with who has answered, and stay until that party leaves (TEL-3)."""


class HandOver(_Step, frozen=True):
    """Reach whom an agent has left the caller to (TEL-5). `by`: that agent."""

    kind: Literal["agent", "queue", "line", "number"]
    to: str
    by: str | None = None


class Message(_Step, frozen=True):
    """Take a message, which becomes part of the ticket (TEL-6)."""


class Farewell(_Step, frozen=True):
    """Ask how it was, if callers are asked, then thanks and 再见 (QUA-1, TEL-5). `agent`: who talked with the caller;
    `survey`: that agent wishes the caller to be asked, in any queue."""

    agent: str | None = None
    survey: bool = False


class HangUp(_Step, frozen=True):
    """Say these prompts and end the call."""

    play: tuple[str, ...] = ()


class Say(_Step, frozen=True):
    """Say these prompts, then go on."""

    play: tuple[str, ...]
    then: "CallStep"


class SwitchLanguage(_Step, frozen=True):
    """Speak this language from now on, and ask for agents who speak it, then go on."""

    language: Language
    then: "CallStep"


class DialOut(_Step, frozen=True):
    """Make the attempt of a due call; the loop of inbound calls does not carry this out (`ivr.outbound`)."""


CallStep = (
    Greet
    | PickUp
    | EnterLine
    | Menu
    | Wait
    | Duty
    | Talk
    | HandOver
    | Message
    | Farewell
    | HangUp
    | Say
    | SwitchLanguage
    | DialOut
)


def step_of(action: Action) -> CallStep:
    """The step that an action of the site comes to. Raises ValueError for one that has no meaning outside a menu."""
    match action:
        case QueueAction(queue=queue):
            return Wait(queue)
        case MenuAction(menu=menu):
            return Menu(menu)
        case DutyAction(duty=duty):
            return Duty(duty)
        case MessageAction():
            return Message()
        case HangupAction(play=play):
            return HangUp(play)
        case PlayAction(play=play, then=then):
            return Say(play, step_of(then))
        case LanguageAction(language=language, then=then):
            return SwitchLanguage(language, step_of(then))
    raise ValueError(f"{action.go!r} has no meaning outside a menu")


def goal_of(step: CallStep) -> CallStep:
    """What a step comes to once its prompts have been said, in whatever language."""
    while isinstance(step, Say | SwitchLanguage):
        step = step.then
    return step


def name_of(step: CallStep) -> str:
    """Where a step leads, in one word: `queue:hotline`, `duty:night`, `menu:aid`, `message`, `hangup`."""
    match goal_of(step):
        case Wait(queue=queue):
            return f"queue:{queue}"
        case Duty(duty=duty):
            return f"duty:{duty}"
        case Menu(menu=menu):
            return f"menu:{menu}"
        case Message():
            return "message"
        case HangUp():
            return "hangup"
        case other:
            raise ValueError(f"{type(other).__name__} is no place that a call is led to")


def step_named(name: str) -> CallStep:
    """The step of a name that `name_of` made. Raises ValueError for any other."""
    place, _, which = name.partition(":")
    match place:
        case "queue":
            return Wait(which)
        case "duty":
            return Duty(which)
        case "menu":
            return Menu(which)
        case "message":
            return Message()
        case "hangup":
            return HangUp()
    raise ValueError(f"no step is called {name!r}")
