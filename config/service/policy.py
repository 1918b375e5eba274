"""The service regulation as a site writes it: clauses with their clocks, in versions with dates (D7). Models only.

What is due when is computed in crm/regulation/deadlines.py. A clause's id is a requirement id, with a suffix where a
requirement has several figures: `CPL-3.branch`.
"""

from datetime import date
from itertools import pairwise
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from config.values.fields import Day, Id, Model, Text, fault
from config.values.hours import OpeningHours
from config.values.kinds import TicketKind

ClauseId = Annotated[str, Field(pattern=r"^[A-Z0-9]+(-[A-Za-z0-9]+)*(\.[a-z0-9-]+)?$", max_length=40)]

Clock = Literal["wall_seconds", "wall_hours", "working_hours", "working_days"]

Instant = Literal[
    "arrived",
    "opened",
    "passed_on",
    "received",
    "started",
    "answered",
    "responded",
    "solved",
    "replied_in_writing",
    "fed_back",
    "extension_asked",
    "promised",
    "closed",
]
"""What starts and stops a clock: a step of a ticket, or of its call."""

Standstill = Literal["customer_awaited", "extension_decided", "reopened"]
"""While this lasts the clock stands still."""

Recipient = Literal["agent", "department", "supervisor", "level_above", "head_office"]

PartyKind = Literal["aid", "hotline", "supervision", "branch", "province", "department", "head_office"]
"""What kind of party has a case in hand. `branch`: a department or line of a level that has one above it."""

PresetName = Literal["three-lines", "gbt33358", "museum-3wd", "12345-bureau"]

Share = Annotated[float, Field(gt=0, le=1)]


class Escalation(Model):
    """At that share of the time used up, these are told (CPL-6)."""

    at: Share
    to: Annotated[tuple[Recipient, ...], Field(min_length=1)]


LADDER = (
    Escalation(at=0.5, to=("agent",)),
    Escalation(at=0.8, to=("agent", "supervisor")),
    Escalation(at=1.0, to=("supervisor", "level_above")),
)
"""CPL-6: warned at 50 % and 80 %, held against unit and person at 100 %."""


def _rising(steps: tuple[Escalation, ...]) -> tuple[Escalation, ...]:
    for before, after in pairwise(steps):
        if after.at <= before.at:
            raise fault(f"the ladder must rise: {after.at:g} comes after {before.at:g}")
    return steps


class Scope(Model):
    """To which tickets a clause applies: all that are left empty say nothing.

    `holders`: who has the case when its clock starts; `severity`, `complex`, `written`: how it was registered;
    `channels`: how it came (telephone, email, sms…).
    """

    kinds: tuple[TicketKind, ...] = ()
    holders: tuple[PartyKind, ...] = ()
    channels: tuple[Id, ...] = ()
    severity: Literal["normal", "major"] | None = None
    urgent: bool | None = None
    complex: bool | None = None
    written: bool | None = None


class Clause(Model):
    """One rule with a figure. `limit` is in the unit of its clock: seconds, hours, working hours or working days.

    `counting` of working days: `next_day` (Civil Code: the day of the start does not count) or `same_day`.
    `stops_also`: what is as good as `stops`. `per`: the clock runs once for the ticket, or anew for each party that
    receives it.
    """

    id: ClauseId
    text: Text
    text_en: Text
    clock: Clock
    limit: Annotated[float, Field(gt=0, le=100_000)]
    counting: Literal["next_day", "same_day"] = "next_day"
    starts: Instant
    stops: Instant
    stops_also: tuple[Instant, ...] = ()
    per: Literal["ticket", "holder"] = "ticket"
    applies: Scope = Scope()
    pauses: tuple[Standstill, ...] = ()
    escalation: Annotated[tuple[Escalation, ...], AfterValidator(_rising)] = LADDER


def _each_once(clauses: tuple[Clause, ...]) -> tuple[Clause, ...]:
    seen: set[str] = set()
    for clause in clauses:
        if clause.id in seen:
            raise fault(f"duplicate clause '{clause.id}': remove one or change its id")
        seen.add(clause.id)
    return clauses


Clauses = Annotated[tuple[Clause, ...], AfterValidator(_each_once)]


class PresetFile(Model):
    """config/presets/<name>.yaml: clauses that a site can take over by name."""

    title: Text
    title_en: Text
    clauses: Clauses


class PolicyVersion(Model):
    """A regulation in force from a date on. Own clauses replace those of presets, later presets those of earlier."""

    in_force_from: Day
    presets: tuple[PresetName, ...] = ()
    clauses: Clauses = ()


def _by_date(versions: tuple[PolicyVersion, ...]) -> tuple[PolicyVersion, ...]:
    for before, after in pairwise(versions):
        if after.in_force_from <= before.in_force_from:
            raise fault(f"versions must rise: {after.in_force_from} comes after {before.in_force_from}")
    return versions


def _sound(hours: OpeningHours) -> OpeningHours:
    if not any(hours.weekdays.values()):
        raise fault("no working time at all: name at least one weekday with its periods")
    for periods in (*hours.weekdays.values(), *hours.dates.values()):
        for before, after in pairwise(periods):
            if after.start < before.end:
                raise fault(f"working time overlaps: {before.start:%H:%M}-{before.end:%H:%M} and {after.start:%H:%M}-…")
    return hours


class PolicyFile(Model):
    """policy.yaml. `working_time`: when the clocks that count working hours and days run."""

    working_time: Annotated[OpeningHours, AfterValidator(_sound)]
    versions: Annotated[tuple[PolicyVersion, ...], Field(min_length=1), AfterValidator(_by_date)]


class Regulation(Model):
    """The clauses in force from a date on, by id."""

    in_force_from: date
    clauses: dict[str, Clause]


class Policy(Model):
    """All versions, presets resolved, the oldest first."""

    working_time: OpeningHours
    versions: tuple[Regulation, ...]

    def in_force(self, day: date) -> Regulation:
        """The version of a local date; before the first one: the first."""
        due = [version for version in self.versions if version.in_force_from <= day]
        return due[-1] if due else self.versions[0]
