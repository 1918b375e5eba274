"""What a key press, a timeout or a closed line leads to, and the menus made of it. Walked by ivr/menus/menu.py.

An action is written `{go: queue, queue: hotline}`; `go` says which one it is.
"""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from config.values.fields import (
    DutyId,
    Id,
    InputSeconds,
    Keys,
    Language,
    MenuId,
    Model,
    PromptId,
    QueueName,
    Text,
    fault,
)

MAX_REPEATS = 5


class QueueAction(Model):
    """To the people: wait in this queue."""

    go: Literal["queue"] = "queue"
    queue: QueueName


class MenuAction(Model):
    """Into another menu; `back` there returns here."""

    go: Literal["menu"] = "menu"
    menu: MenuId


class MessageAction(Model):
    """Leave a message, which becomes a ticket (TEL-7)."""

    go: Literal["message"] = "message"


class DutyAction(Model):
    """Ring the people on duty at their own telephones (TEL-6); when nobody takes it, take a message."""

    go: Literal["duty"] = "duty"
    duty: DutyId


class RepeatAction(Model):
    """Hear this menu again."""

    go: Literal["repeat"] = "repeat"


class BackAction(Model):
    """Back to the menu the caller came from; in the first one: hear it again."""

    go: Literal["back"] = "back"


class HangupAction(Model):
    """Say these prompts, then end the call."""

    go: Literal["hangup"] = "hangup"
    play: tuple[PromptId, ...] = ()


class PlayAction(Model):
    """Say these prompts, then do the next thing: by default take a message."""

    go: Literal["play"] = "play"
    play: Annotated[tuple[PromptId, ...], Field(min_length=1)]
    then: "Action" = MessageAction()


class LanguageAction(Model):
    """From now on prompts are heard in this language and only agents who speak it are asked; then the next thing."""

    go: Literal["language"] = "language"
    language: Language
    then: "Action"


Action = Annotated[
    QueueAction
    | MenuAction
    | MessageAction
    | DutyAction
    | RepeatAction
    | BackAction
    | PlayAction
    | LanguageAction
    | HangupAction,
    Field(discriminator="go"),
]

PlayAction.model_rebuild()
LanguageAction.model_rebuild()


def ultimate(action: Action) -> Action:
    """What an action comes to once its prompts have been played, in whatever language."""
    while isinstance(action, PlayAction | LanguageAction):
        action = action.then
    return action


def _outside_menu(action: Action) -> Action:
    last = ultimate(action)
    if isinstance(last, RepeatAction | BackAction):
        raise fault(f"'go: {last.go}' works only inside a menu: use queue, message, menu or hangup here")
    return action


OutsideMenu = Annotated[Action, AfterValidator(_outside_menu)]
"""An action where there is no menu to repeat or to go back to."""


def languages_in(action: Action) -> set[Language]:
    """The languages that an action lets a caller choose."""
    found: set[Language] = set()
    while isinstance(action, PlayAction | LanguageAction):
        found |= {action.language} if isinstance(action, LanguageAction) else set()
        action = action.then
    return found


class Retry(Model):
    """What follows a missing or wrong key: the menu again, at most `attempts` times, after `play`; then `then`."""

    attempts: Annotated[int, Field(ge=1, le=MAX_REPEATS)] = 2
    play: tuple[PromptId, ...] = ()
    then: Action


class MenuBody(Model):
    """A menu as its file says it. All times in seconds, counted from the end of the prompts or from a barge-in.

    `max_digits`: the longest row of keys that can be entered. `barge_in`: a key ends the prompts.
    """

    title: Text
    play: Annotated[tuple[PromptId, ...], Field(min_length=1)]
    barge_in: bool = True
    first_digit_timeout_s: InputSeconds = 5.0
    inter_digit_timeout_s: InputSeconds = 3.0
    overall_timeout_s: InputSeconds = 20.0
    max_digits: Annotated[int, Field(ge=1, le=8)] = 1
    keys: Annotated[dict[Keys, Action], Field(min_length=1)]
    no_input: Retry
    invalid: Retry


class Menu(MenuBody):
    """One menu; its id is the stem of its file, menus/<id>.yaml."""

    id: Id

    def languages(self) -> set[Language]:
        """The languages that callers can choose in it."""
        ways = [*self.keys.values(), self.no_input.then, self.invalid.then]
        return set().union(*map(languages_in, ways))
