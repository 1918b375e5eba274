"""What a site may say, as frozen models: lines, queues, agents, menus, prompts, rules of the house.

Not the reading of files (load.py), nor the checks over several of them (crosscheck.py). Durations carry `_s` (seconds);
times of day are local to the site's `time_zone`; defaults are those of the requirements. LNE-1, TEL-1, TEL-4, FUP-6.
"""

from collections.abc import Mapping
from datetime import time
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import Field, model_validator

from config.calls.actions import Action as Action
from config.calls.actions import BackAction as BackAction
from config.calls.actions import DutyAction as DutyAction
from config.calls.actions import HangupAction as HangupAction
from config.calls.actions import LanguageAction as LanguageAction
from config.calls.actions import Menu as Menu
from config.calls.actions import MenuAction as MenuAction
from config.calls.actions import MessageAction as MessageAction
from config.calls.actions import OutsideMenu
from config.calls.actions import PlayAction as PlayAction
from config.calls.actions import QueueAction as QueueAction
from config.calls.actions import RepeatAction as RepeatAction
from config.calls.actions import Retry as Retry
from config.calls.disk import DiskRules
from config.calls.outbound import OutboundRules as OutboundRules
from config.calls.overflow import Duty as Duty
from config.calls.overflow import DutyPerson as DutyPerson
from config.calls.overflow import OverflowStep as OverflowStep
from config.calls.people import Agent as Agent
from config.calls.people import LineKind as LineKind
from config.calls.people import Queue as Queue
from config.calls.people import Role as Role
from config.calls.people import RoutingRules, Skill
from config.calls.telephones import SilentLines, Telephones
from config.calls.waiting import WaitRules
from config.destination import OutboundRule, outbound_rule
from config.numbering import called, normalise
from config.service.accounts import Accounts
from config.service.audit import Audit
from config.service.bookings import Bookings
from config.service.channels import Channels
from config.service.knowledge import Knowledge
from config.service.matters import Matters
from config.service.outbox import Outbox
from config.service.policy import Policy
from config.service.privacy import Privacy
from config.service.quality import Quality
from config.service.reports import Reports
from config.service.suggestions import Suggestions
from config.values.fields import (
    Address,
    AreaCode,
    Day,
    HostPort,
    Id,
    LevelId,
    LineRing,
    MenuId,
    Model,
    Named,
    Number,
    PeopleRing,
    PromptId,
    QueueName,
    RingPeriod,
    Seconds,
    Sha256,
    Text,
    WholeSeconds,
    ZoneName,
    fault,
)
from config.values.fields import Period as Period
from config.values.fields import Weekday as Weekday
from config.values.hours import DayKind as DayKind
from config.values.hours import OpeningHours as OpeningHours
from config.values.kinds import TicketKind as TicketKind

# Defaults that name prompts, as a file would write them: so they are checked in a site that leaves them out.
_UNCHECKED_GREETINGS: Any = {}
_UNCHECKED_WAIT: Any = {}
_UNCHECKED_CLOSED: Any = {"go": "play", "play": ("out-of-hours",), "then": {"go": "message"}}


class Trunk(Model):
    """The telephone network's side: where calls come from, and the host:port customers are dialled through."""

    match: Annotated[tuple[Address, ...], Field(min_length=1)]
    outbound: HostPort | None = None
    caller_id: Number


class Recording(Model):
    """Of talks and of messages that callers leave (TEL-10)."""

    enabled: bool = True
    notice: bool = True
    retention_days: Annotated[int, Field(ge=1, le=3650)] = 180
    message_max_s: WholeSeconds = 120
    message_silence_s: WholeSeconds = 5


class Greetings(Model):
    """The first words of a call, by hour and festival (TEL-4). A festival's greeting goes before the hour's."""

    default: PromptId = "greeting-default"
    morning: PromptId = "greeting-morning"
    morning_hours: Period = Period(start=time(6), end=time(11))
    evening: PromptId = "greeting-evening"
    evening_hours: Period = Period(start=time(19), end=time(23))
    newyear: PromptId = "greeting-newyear"
    spring: PromptId = "greeting-spring"
    holiday: PromptId = "greeting-holiday"


class AdmissionRules(Model):
    """When new calls are refused (503), so that those inside are served as ever: P11 of the performance page.

    `command_latency_s`: most of Asterisk's commands are carried out within that, or fewer calls are let in;
    `calls_in_setup`: so many calls at most are between arrival and queue. `reserved_legs`: so many audio ports are kept
    free of callers, besides one for each agent's telephone, for people on duty and customers whom we call. `rtp_ports`:
    the size of the range of UDP ports; by default as many as telephones, calls and reserve need. `per_caller_at_once`,
    `per_caller_a_minute`: how many calls of one number are let in; `calls_a_minute`: of all. `trunk_at_once`: how many
    calls there may be on the trunk, in both directions, when one comes in; `per_line_at_once`: how many that came in on
    one line, so that one that is flooded leaves the others their share. Without a figure the ports are the limit.
    """

    command_latency_s: Seconds = 0.25
    calls_in_setup: Annotated[int, Field(ge=1, le=100_000)] = 1000
    reserved_legs: Annotated[int, Field(ge=0, le=1000)] = 20
    rtp_ports: Annotated[int, Field(ge=20, le=20_000, multiple_of=2)] | None = None
    per_caller_at_once: Annotated[int, Field(ge=1, le=100_000)] = 20
    per_caller_a_minute: Annotated[int, Field(ge=1, le=100_000)] = 60
    calls_a_minute: Annotated[int, Field(ge=1, le=1_000_000)] = 6000
    trunk_at_once: Annotated[int, Field(ge=1, le=100_000)] | None = None
    per_line_at_once: Annotated[int, Field(ge=1, le=100_000)] | None = None


class ServiceLevel(Model):
    """The target of TEL-2. A caller who gives up within `short_abandon_s` counts neither for nor against it."""

    threshold_s: Seconds = 10
    target: Annotated[float, Field(gt=0, le=1)] = 0.8
    short_abandon_s: Seconds = 5


class Level(Named):
    """A level of the organisation (三级联动), and the one above it."""

    above: LevelId | None = None


class PauseReason(Named):
    """Why an agent is not ready."""


class Disposition(Named):
    """A result code an agent gives to a ticket of one of these kinds."""

    kinds: Annotated[tuple[TicketKind, ...], Field(min_length=1)]


class PromptText(Model):
    """An entry of prompts.yaml. `own`: the site's own recording, which has no checksum; `en_…`: of the English sound.

    `only`: a clip that the other language does without.
    """

    zh: Text
    en: Text
    voice: Text | None = None
    sha256: Sha256 | None = None
    own: bool = False
    en_voice: Text | None = None
    en_sha256: Sha256 | None = None
    en_own: bool = False
    only: Literal["en"] | None = None


class Prompt(PromptText):
    """One prompt: what it says, and the checksums of prompts/zh/<id>.wav and prompts/en/<id>.wav (design D8)."""

    id: Id


class Line(Model):
    """A number callers dial. It rings for `ring_s` before the system answers, which is before ring 3 starts (TEL-1).

    `answer_by: people`: no menu (GB/T 33358 advises against it): the agents of `queue` ring at once while the caller
    hears ringing; after `answer_at_s` without an answer the system picks up, apologises, and the caller waits in it.
    """

    dnis: Number
    kind: LineKind
    title: Text
    title_en: Text
    level: LevelId
    greeting: PromptId
    answer_by: Literal["system", "people"] = "system"
    menu: MenuId | None = None
    queue: QueueName | None = None
    answer_at_s: PeopleRing = 10.0
    hours: OpeningHours
    ring_s: LineRing = 0.0
    out_of_hours: OutsideMenu = Field(default=_UNCHECKED_CLOSED)
    fallback_queue: QueueName

    @model_validator(mode="after")
    def _leads_somewhere(self) -> Self:
        if self.answer_by == "system" and self.menu is None:
            raise fault("missing key 'menu': a line that the system answers leads into a menu")
        if self.answer_by == "people" and self.queue is None:
            raise fault("missing key 'queue': say whose telephones ring on a line with `answer_by: people`")
        return self


class Settings(Model):
    """site.yaml: what holds for the whole site. `special_days` goes before the built-in calendar (CPL-3).

    `first_passwords`: where one-time passwords that the start makes go: into DATA/one-time-passwords, which only its
    owner can read, or on the terminal, as a demonstration wants it (ACC-1).
    """

    name: Text
    name_en: Text
    time_zone: ZoneName = "Asia/Shanghai"
    area_code: AreaCode
    ring_period_s: RingPeriod = 5.0
    trunk: Trunk
    first_passwords: Literal["sealed", "printed"] = "sealed"
    recording: Recording = Recording()
    outbound: OutboundRules = OutboundRules()
    telephones: Telephones = Telephones()
    silent_lines: SilentLines = SilentLines()
    greetings: Greetings = Field(default=_UNCHECKED_GREETINGS)
    wait: WaitRules = Field(default=_UNCHECKED_WAIT)
    service_level: ServiceLevel = ServiceLevel()
    admission: AdmissionRules = AdmissionRules()
    disk: DiskRules = DiskRules()
    routing: RoutingRules = RoutingRules()
    skills: tuple[Skill, ...] = ()
    duty: tuple[Duty, ...] = ()
    special_days: dict[Day, DayKind] = Field(default_factory=dict)
    levels: Annotated[tuple[Level, ...], Field(min_length=1)]
    reasons: Annotated[tuple[PauseReason, ...], Field(min_length=1)]
    dispositions: Annotated[tuple[Disposition, ...], Field(min_length=1)]


class Site(Settings):
    """A whole site, checked. `directory` is where its files are."""

    directory: Path
    policy: Policy
    matters: Matters = Matters()
    accounts: Accounts = Accounts()
    channels: Channels = Channels()
    quality: Quality = Quality()
    knowledge: Knowledge = Knowledge()
    suggestions: Suggestions = Suggestions()
    reports: Reports = Reports()
    bookings: Bookings = Bookings()
    outbox: Outbox = Outbox()
    privacy: Privacy = Privacy()
    audit: Audit = Audit()
    lines: tuple[Line, ...]
    queues: tuple[Queue, ...]
    agents: tuple[Agent, ...]
    menus: tuple[Menu, ...]
    prompts: dict[str, Prompt]

    @cached_property
    def zone(self) -> ZoneInfo:
        """The zone in which opening hours, greetings and calendars are meant."""
        return ZoneInfo(self.time_zone)

    @cached_property
    def outbound_rule(self) -> OutboundRule:
        """Who may be dialled through the trunk (FUP-10)."""
        return outbound_rule(
            area_code=self.area_code,
            lines=(line.dnis for line in self.lines),
            extensions=(agent.id for agent in self.agents),
            on_duty=(person.number for duty in self.duty for person in duty.people),
            do_not_call=self.outbound.do_not_call,
            kinds=self.outbound.kinds,
            countries=self.outbound.countries,
            allow=self.outbound.allow,
        )

    @cached_property
    def menus_by_id(self) -> Mapping[str, Menu]:
        """For the menu interpreter (ivr/menus/menu.py)."""
        return {menu.id: menu for menu in self.menus}

    @cached_property
    def _lines_by_dnis(self) -> Mapping[str, Line]:
        return {line.dnis: line for line in self.lines}

    @cached_property
    def _queues_by_name(self) -> Mapping[str, Queue]:
        return {queue.name: queue for queue in self.queues}

    @cached_property
    def _duty_by_id(self) -> Mapping[str, Duty]:
        return {duty.id: duty for duty in self.duty}

    @cached_property
    def _agents_by_id(self) -> Mapping[str, Agent]:
        return {agent.id: agent for agent in self.agents}

    @cached_property
    def _lines_by_number(self) -> Mapping[str, Line]:
        return {normalise(line.dnis, self.area_code).normalised: line for line in self.lines}

    def line_for(self, dnis: str) -> Line | None:
        """The line with this number, in whatever notation the network calls it; None when none has it."""
        if exact := self._lines_by_dnis.get(dnis):
            return exact
        meant = (self._lines_by_number.get(number) for number in called(dnis, self.area_code))
        return next((line for line in meant if line), None)

    def queue(self, name: str) -> Queue:
        """KeyError when there is none: names from the site's own files are checked when it is loaded."""
        return self._queues_by_name[name]

    def menu(self, menu_id: str) -> Menu:
        """KeyError when there is none."""
        return self.menus_by_id[menu_id]

    def duty_roster(self, duty_id: str) -> Duty:
        """KeyError when there is none."""
        return self._duty_by_id[duty_id]

    def agent(self, agent_id: str) -> Agent:
        """KeyError when there is none."""
        return self._agents_by_id[agent_id]
