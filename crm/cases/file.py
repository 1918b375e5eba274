"""What is read of a ticket before a step is taken, and what is written after it: data only. TKT-3."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from config.schema import Site
from config.values.hours import SpecialDays
from crm.cases.clocks import Clock, Story
from crm.cases.guards import Other
from crm.cases.model import Case, fold
from crm.cases.organisation import Organisation
from crm.cases.rights import Touch
from crm.cases.steps import LoggedStep
from crm.regulation.policy import Regulated


@dataclass(frozen=True, kw_only=True)
class Rules:
    """The site's own part of every decision."""

    site: Site
    organisation: Organisation
    regulated: Regulated

    @classmethod
    def of(cls, site: Site, days: SpecialDays) -> "Rules":
        return cls(
            site=site,
            organisation=Organisation(site),
            regulated=Regulated.of(site.policy, site.zone, days),
        )


@dataclass(frozen=True, kw_only=True)
class Told:
    """How far up the ladder people have been told of a clock, and by which deadline."""

    rungs: int
    due_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class CaseFile:
    """A ticket as the store has it. `number_key`: "" for nobody who can be rung. `valid`: how many valid complaints
    of this calendar year each person named by the step has in other cases (CPL-9);
    `linked_from`: cases that name this one as similar."""

    number: str
    version: int
    opened_at: datetime
    channel: str
    line: str | None
    dnis: str
    queue: str | None
    agent: str | None
    number_to_call: str
    number_key: str
    customer_id: int | None
    case_of: str | None
    taken: tuple[LoggedStep, ...]
    talks: tuple[datetime, ...] = ()
    callers: frozenset[str] = frozenset()
    attached: tuple[str, ...] = ()
    linked_from: tuple[str, ...] = ()
    other: Other | None = None
    valid: Mapping[str, int] = field(default_factory=dict)
    told: Mapping[tuple[str, int], Told] = field(default_factory=dict)

    @cached_property
    def case(self) -> Case:
        return fold(self.taken)

    @property
    def touch(self) -> Touch:
        return Touch(agent=self.agent, callers=self.callers)

    def story(self, taken: tuple[LoggedStep, ...] | None = None) -> Story:
        """`taken`: another log in place of its own."""
        log = self.taken if taken is None else taken
        return Story(opened_at=self.opened_at, channel=self.channel, taken=log, talks=self.talks)


@dataclass(frozen=True, kw_only=True)
class Notice:
    """A message to a colleague, written once per key."""

    key: str
    recipient: str
    text: str


@dataclass(frozen=True, kw_only=True)
class OwedCall:
    """A call to the customer, entered once per key."""

    key: str
    due_at: datetime
    queue: str
    note: str
    by: str


@dataclass(frozen=True, kw_only=True)
class ClockRow:
    """A clock, with how far its ladder has been told and when the next rung comes."""

    clock: Clock
    told: int
    tell_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class Decision:
    """What is written, all of it or nothing. `columns`: of the ticket. `calls_over`: scheduled calls whose keys begin
    so are called off."""

    taken: tuple[LoggedStep, ...]
    case: Case
    columns: Mapping[str, object]
    clocks: tuple[ClockRow, ...]
    notices: tuple[Notice, ...]
    calls: tuple[OwedCall, ...] = ()
    calls_over: tuple[str, ...] = ()


def clock_row(clock: Clock, told: Told | None, now: datetime) -> ClockRow:
    """As it goes on after a step. A deadline that moved is told anew, as far as its rungs are not reached yet."""
    rungs = 0 if told is None else told.rungs
    if told is not None and told.due_at != clock.due_at:
        rungs = min(rungs, clock.reached(now))
    return told_up_to(clock, rungs)


def told_up_to(clock: Clock, rungs: int) -> ClockRow:
    ahead = None if clock.stopped_at or rungs >= len(clock.rungs) else clock.rungs[rungs].at
    return ClockRow(clock=clock, told=rungs, tell_at=ahead)
