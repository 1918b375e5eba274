"""Visits and guides as a site offers them: slots by opening hours, places, guides, notices, reminder (BKG-1…5). Models.

What is free at a moment is computed in crm/bookings/slots.py. Times of day are local to the site's `time_zone`.
"""

import re
from datetime import date, time
from itertools import pairwise
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from config.values.fields import Day, Id, Model, Named, PersonId, QueueName, Text, fault
from config.values.hours import OpeningHours

_UNCHECKED_HOURS: Any = "always"


def _language(value: str) -> str:
    if re.fullmatch(r"[a-z]{2,3}", value) is None:
        raise fault(f"'{value}' is no language: write its code, such as zh, en, ja")
    return value


def _apart(hours: OpeningHours) -> OpeningHours:
    for day, periods in (*hours.weekdays.items(), *hours.dates.items()):
        for one, other in pairwise(periods):
            if other.start < one.end:
                raise fault(f"overlapping hours on {day}: from {other.start:%H:%M} on; make them one period")
    return hours


GuideLanguage = Annotated[str, AfterValidator(_language)]
"""ISO 639: zh, en, ja … : guides speak more languages than the prompts."""

VisitHours = Annotated[OpeningHours, AfterValidator(_apart)]
"""Cut into slots: nobody may be counted in two of them at once."""

Places = Annotated[int, Field(ge=0, le=100_000)]


def _time_of_day(value: object) -> object:
    if isinstance(value, time):
        return value
    try:
        return time.fromisoformat(str(value)) if isinstance(value, str) else _no_time(value)
    except ValueError:
        return _no_time(value)


def _no_time(value: object) -> object:
    raise fault(f'bad time {value!r}: write it in quotes, as "15:00"')


TimeOfDay = Annotated[time, BeforeValidator(_time_of_day)]


class PartySizes(Model):
    """How many people one booking may be for."""

    smallest: Annotated[int, Field(ge=1, le=10_000)] = 1
    largest: Annotated[int, Field(ge=1, le=10_000)] = 40

    @model_validator(mode="after")
    def _in_order(self) -> "PartySizes":
        if self.smallest > self.largest:
            raise fault(f"smallest {self.smallest} is more than largest {self.largest}")
        return self


class Visits(Model):
    """Visiting: each period of the opening hours is cut into slots of `slot_minutes`, `capacity` visitors in each.

    `capacities`: other numbers on single dates. `days_ahead`: how far ahead people may book; `notice_minutes`: so long
    before it begins a slot can be booked last.
    """

    hours: VisitHours
    slot_minutes: Annotated[int, Field(ge=5, le=24 * 60)] = 60
    capacity: Places
    capacities: dict[Day, Places] = Field(default_factory=dict)
    party: PartySizes = PartySizes()
    days_ahead: Annotated[int, Field(ge=1, le=366)] = 30
    notice_minutes: Annotated[int, Field(ge=0, le=30 * 24 * 60)] = 30

    def capacity_on(self, day: date) -> int:
        """Visitors in each slot of a local date."""
        return self.capacities.get(day, self.capacity)


class Guide(Model):
    """A person who guides. `hours` without: at all visiting hours. `agent`: who that is in agents.yaml, if anyone."""

    id: Id
    name: Text
    name_en: Text
    languages: Annotated[tuple[GuideLanguage, ...], Field(min_length=1)]
    hours: OpeningHours = Field(default=_UNCHECKED_HOURS, validate_default=True)
    agent: PersonId | None = None
    parties_up_to: Annotated[int, Field(ge=1, le=10_000)] = 40


class Notice(Model):
    """Something to be told when a visit is booked; read out, and part of the confirmation (BKG-2)."""

    zh: Text
    en: Text


class Reminder(Model):
    """When the reminder call is due (BKG-3): so many days before, at that time, within the permitted hours."""

    days_before: Annotated[int, Field(ge=0, le=30)] = 1
    at: TimeOfDay = time(15)


class VisitSurvey(Model):
    """When visitors are asked how it was (BKG-4)."""

    days_after: Annotated[int, Field(ge=0, le=30)] = 1
    at: TimeOfDay = time(10)


class AppointmentKind(Named):
    """Why somebody goes to a customer's place (BKG-5)."""


class Appointments(Model):
    """At the customer's place: agreed `agreed_days_before` days before at the latest (FUP-3), kept on time.

    `notice_hours`: so long before, whoever goes is told once more. `late_after_minutes` after the time is late.
    """

    kinds: Annotated[tuple[AppointmentKind, ...], Field(min_length=1)] = (
        AppointmentKind(id="repair", title="上门维修", title_en="Repair visit"),
        AppointmentKind(id="interview", title="上门走访", title_en="Interview"),
    )
    agreed_days_before: Annotated[int, Field(ge=0, le=30)] = 3
    notice_hours: Annotated[int, Field(ge=1, le=240)] = 18
    late_after_minutes: Annotated[int, Field(ge=0, le=240)] = 15


class Bookings(Model):
    """bookings.yaml; a site without one offers neither visits nor guides. `reminder`, `survey` null: no such calls.

    `queue`: where customers get a person who want to change their booking; without: the first hotline's.
    """

    visits: Visits | None = None
    guides: tuple[Guide, ...] = ()
    notices: tuple[Notice, ...] = ()
    queue: QueueName | None = None
    reminder: Reminder | None = Reminder()
    survey: VisitSurvey | None = VisitSurvey()
    appointments: Appointments = Appointments()

    @model_validator(mode="after")
    def _sound(self) -> "Bookings":
        ids = [guide.id for guide in self.guides]
        kinds = [kind.id for kind in self.appointments.kinds]
        for what, names in (("guide", ids), ("kind of appointment", kinds)):
            for name in names:
                if names.count(name) > 1:
                    raise fault(f"duplicate {what} '{name}': remove one or change its id")
        if self.guides and self.visits is None:
            raise fault("guides without visits: say under `visits` when the house is open")
        return self

    def guide(self, guide_id: str) -> Guide | None:
        """None when there is none (any more): bookings are older than this file."""
        return next((each for each in self.guides if each.id == guide_id), None)

    @property
    def languages(self) -> tuple[str, ...]:
        """What can be guided in, in the file's order."""
        return tuple(dict.fromkeys(language for guide in self.guides for language in guide.languages))
