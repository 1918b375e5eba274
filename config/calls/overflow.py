"""Where callers go who cannot be served: a queue's steps along the linkage, and the people on duty. LNE-7, TEL-6.

Which step applies to a waiting call is said in routing/waiting/overflow.py; how people on duty are rung,
in ivr/talking/duty.py.
"""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from config.calls.actions import OutsideMenu
from config.values.fields import InputSeconds, Model, Named, Number, PromptId, Seconds, Text, fault
from config.values.hours import OpeningHours

CONDITIONS = ("after_s", "longer_than", "no_staff", "closed")


class OverflowStep(Model):
    """A condition, and where it sends the caller, who keeps the arrival time; `play` is heard before. One of:

    `after_s`: has waited so long in this queue. `longer_than`: that many callers or more are before this one.
    `no_staff`: of the queue's agents every one is logged out or not ready. `closed`: its line is outside its hours.
    """

    after_s: Seconds | None = None
    longer_than: Annotated[int, Field(ge=1, le=10_000)] | None = None
    no_staff: Literal[True] | None = None
    closed: Literal[True] | None = None
    play: tuple[PromptId, ...] = ("moved-on",)
    to: OutsideMenu

    @model_validator(mode="after")
    def _one_condition(self) -> "OverflowStep":
        if sum(getattr(self, name) is not None for name in CONDITIONS) != 1:
            raise fault(f"an overflow step has exactly one condition: {', '.join(CONDITIONS)}")
        return self


class DutyHours(OpeningHours):
    """When somebody is on duty; unlike a line's hours, holidays are days like any other."""

    holidays: Literal["closed", "open"] = "open"


class DutyPerson(Model):
    """Somebody outside the house, with a mobile or home number, rung through the trunk."""

    name: Text
    number: Number
    hours: DutyHours = Field(default_factory=lambda: DutyHours.model_validate("always"))


def _somebody(people: tuple[DutyPerson, ...]) -> tuple[DutyPerson, ...]:
    if not people:
        raise fault("nobody on duty: name at least one person, such as {name: 王值班, number: '13800000001'}")
    return people


class Duty(Named):
    """A duty roster (值班表), `{go: duty, duty: <id>}`: who is on duty is rung in this order, until one presses 1.

    `accept_timeout_s`: so long after the last word somebody may take to press 1; a voicemail box never does.
    """

    people: Annotated[tuple[DutyPerson, ...], AfterValidator(_somebody)]
    ring_timeout_s: InputSeconds = 25.0
    accept_timeout_s: InputSeconds = 8.0
    callback: bool = True
    """Whoever could not be helped is owed a call, due when the line opens next."""
    intro: PromptId = "duty-intro"
    number_intro: PromptId = "duty-number"
    press_one: PromptId = "duty-key"
    missed: PromptId = "duty-missed"
