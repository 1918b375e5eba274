"""The kinds of value a site's files are made of: durations, names, references, periods. Not the shape of the files
(schema.py), and no file is read here. Each type explains in its own error what should be written instead.

References (`QueueName`, `PromptId`…) are checked against the names the site declares when those are given as the
validation context; without a context (models built in Python) they are plain strings.
"""

import difflib
import ipaddress
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, time
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic import ValidationInfo as Info
from pydantic_core import PydanticCustomError

ID_PATTERN = r"[a-z][a-z0-9_-]{0,39}"
MAX_RINGS = 3  # TEL-1: 铃响三声内

Language = Literal["zh", "en"]
"""What prompts are spoken in."""

Kind = Literal["menu", "queue", "prompt", "agent", "person", "level", "skill", "duty", "category"]
_LABEL: Mapping[Kind, tuple[str, str]] = {
    "menu": ("menu", "menus"),
    "queue": ("queue", "queues"),
    "prompt": ("prompt", "prompts"),
    "agent": ("agent with a telephone", "agents with a telephone"),
    "person": ("person of agents.yaml", "people"),
    "level": ("level", "levels"),
    "skill": ("skill", "skills"),
    "duty": ("duty roster", "duty rosters"),
    "category": ("category", "categories"),
}
_LISTED_AT_MOST = 12


@dataclass(frozen=True)
class Declared:
    """What a site declares, for checking what it refers to. A kind without an entry could not be read: not checked."""

    names: Mapping[Kind, frozenset[str]] = field(default_factory=dict)
    ring_period_s: float | None = None


class Model(BaseModel):
    """Base of all parts of a site: frozen, unknown keys are errors, no value is silently converted."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, validate_default=True)


def fault(message: str) -> PydanticCustomError:
    """An error whose text is shown as it is (no templates: braces in a user's text stay braces)."""
    return PydanticCustomError("site_fault", "{message}", {"message": message})


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """ " — did you mean 'x'?" when there is a likely candidate, else nothing."""
    close = difflib.get_close_matches(word, sorted(known), n=1)
    return f" — did you mean '{close[0]}'?" if close else ""


def _refers_to(kind: Kind) -> AfterValidator:
    def check(value: str, info: Info) -> str:
        names = info.context.names.get(kind) if isinstance(info.context, Declared) else None
        if names is None or value in names:
            return value
        one, many = _LABEL[kind]
        few = len(names) <= _LISTED_AT_MOST
        shown = f"{many} are: {', '.join(sorted(names)) or '(none)'}" if few else f"there are {len(names)} {many}"
        raise fault(f"unknown {one} '{value}'; {shown}{did_you_mean(value, names)}")

    return AfterValidator(check)


def _matching(pattern: str, meaning: str) -> AfterValidator:
    expression = re.compile(pattern)

    def check(value: str) -> str:
        if expression.fullmatch(value) is None:
            raise fault(f"'{value}' is not {meaning}")
        return value

    return AfterValidator(check)


MenuId = Annotated[str, _refers_to("menu")]
QueueName = Annotated[str, _refers_to("queue")]
PromptId = Annotated[str, _refers_to("prompt")]
TelephoneId = Annotated[str, _refers_to("agent")]
PersonId = Annotated[str, _refers_to("person")]
LevelId = Annotated[str, _refers_to("level")]
DutyId = Annotated[str, _refers_to("duty")]
SkillId = Annotated[str, _refers_to("skill")]
CategoryId = Annotated[str, _refers_to("category")]

Id = Annotated[str, _matching(ID_PATTERN, "a name of small letters, digits and '-'")]
Text = Annotated[str, Field(min_length=1, max_length=500)]
Number = Annotated[str, _matching(r"\+?[0-9*#]{1,20}", "a telephone number of at most 20 of 0-9, * and #")]
AllowedNumber = Annotated[
    str,
    _matching(
        r"\+[1-9][0-9]{0,14}\*?|[0-9]{3,20}\*?",
        "a telephone number, or with a * at its end the beginning of numbers ('+852*')",
    ),
]
Country = Annotated[str, _matching(r"[A-Z]{2}", "a country by its two letters (ISO 3166), such as HK or SG")]
AgentNumber = Annotated[str, _matching(r"[0-9]{3,8}", "an agent number of 3 to 8 digits")]
AreaCode = Annotated[str, _matching(r"0[0-9]{2,3}", "an area code such as '0571'")]
Keys = Annotated[str, _matching(r"[0-9*#]{1,8}", "a key (0-9, * or #) or a row of up to 8 of them")]
Sha256 = Annotated[str, _matching(r"[0-9a-f]{64}", "a SHA-256 checksum (64 hexadecimal digits)")]


def _seconds(at_most: float, *, whole: bool = False, from_zero: bool = False) -> BeforeValidator:
    """A duration in seconds: a bare number, more than 0 (or 0 too), at most `at_most`."""
    low = "0 or more" if from_zero else "more than 0"
    wanted = f"seconds as a {'whole ' if whole else ''}number, {low} and at most {at_most:g}"

    def check(value: object) -> object:
        number = isinstance(value, int if whole else (int, float)) and not isinstance(value, bool)
        if not number:
            raise fault(f"bad duration {value!r}: write {wanted}, without unit or quotes")
        assert isinstance(value, int | float)
        if not (0 <= value <= at_most and (from_zero or value > 0)):
            raise fault(f"bad duration {value:g}: write {wanted}")
        return value

    return BeforeValidator(check)


Seconds = Annotated[float, _seconds(3600)]
InputSeconds = Annotated[float, _seconds(120)]
WholeSeconds = Annotated[int, _seconds(86400, whole=True)]
RingPeriod = Annotated[float, _seconds(10)]


def _in_rings(rings: int, why: str, *, inclusive: bool) -> AfterValidator:
    def check(value: float, info: Info) -> float:
        period = info.context.ring_period_s if isinstance(info.context, Declared) else None
        if period is None or value < rings * period or (inclusive and value == rings * period):
            return value
        word = "at most" if inclusive else "less than"
        raise fault(f"{value:g} s is too long: {word} {rings * period:g} ({why}, TEL-1)")

    return AfterValidator(check)


LineRing = Annotated[
    float,
    _seconds(60, from_zero=True),
    _in_rings(MAX_RINGS - 1, "the line answers before ring 3 starts", inclusive=False),
]
PeopleRing = Annotated[
    float,
    _seconds(60),
    _in_rings(MAX_RINGS - 1, "ring 3 starts then, and the system answers", inclusive=True),
]
AgentRing = Annotated[
    float, _seconds(120), _in_rings(MAX_RINGS, "an agent's telephone rings three rings", inclusive=True)
]


def _address(value: str) -> str:
    try:
        ipaddress.ip_network(value)
    except ValueError:
        raise fault(f"'{value}' is not an IP address or network such as '10.1.0.0/16'") from None
    return value


def _host_port(value: str) -> str:
    match = re.fullmatch(r"[A-Za-z0-9.-]+:([0-9]{1,5})", value)
    if match is None or not 0 < int(match[1]) < 65536:
        raise fault(f"'{value}' is not host:port, such as '192.0.2.10:5060'")
    return value


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise fault(f"unknown time zone '{value}'; write one such as 'Asia/Shanghai'") from None
    return value


Address = Annotated[str, AfterValidator(_address)]
HostPort = Annotated[str, AfterValidator(_host_port)]
ZoneName = Annotated[str, AfterValidator(_zone)]

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
"""In the order of `date.weekday()`."""

END_OF_DAY = time.max
"""What "24:00" is read as: `datetime.time` has no 24:00."""

_PERIOD = re.compile(r"((?:[01]\d|2[0-3]):[0-5]\d)\s*-\s*((?:[01]\d|2[0-3]):[0-5]\d|24:00)")


def days_named(spec: str) -> tuple[Weekday, ...]:
    """The days that "sat" or "mon-fri" stands for; empty when it stands for none. "sat-mon" wraps around."""
    first, _, last = spec.partition("-")
    if first not in WEEKDAYS or (last or first) not in WEEKDAYS or spec.endswith("-"):
        return ()
    start, end = WEEKDAYS.index(first), WEEKDAYS.index(last or first)
    return tuple(WEEKDAYS[(start + i) % 7] for i in range((end - start) % 7 + 1))


def period_bounds(text: str) -> tuple[time, time] | None:
    """Start and end of "09:00-12:00" on one day, or None when the text is no such period."""
    match = _PERIOD.fullmatch(text.strip())
    if match is None:
        return None
    start = time.fromisoformat(match[1])
    end = END_OF_DAY if match[2] == "24:00" else time.fromisoformat(match[2])
    return (start, end) if start < end else None


class Period(Model):
    """A part of one day in local time, from `start` until just before `end`; written "09:00-12:00"."""

    start: time
    end: time

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, value: Any) -> Any:
        if isinstance(value, dict) and all(isinstance(part, time) for part in value.values()):
            return value
        bounds = period_bounds(value) if isinstance(value, str) else None
        if bounds is None:
            raise fault(f'bad period {value!r}: write it as "09:00-18:00", the end after the start')
        return {"start": bounds[0], "end": bounds[1]}

    def contains(self, moment: time) -> bool:
        """Whether a local time of day lies in it."""
        return self.start <= moment and (moment < self.end or self.end == END_OF_DAY)


def _in_order(periods: tuple[Period, ...]) -> tuple[Period, ...]:
    return tuple(sorted(periods, key=lambda period: period.start))


DayPeriods = Annotated[tuple[Period, ...], AfterValidator(_in_order)]
"""The periods of one day, sorted."""


def _day_spec(value: str) -> str:
    if not days_named(value):
        raise fault(f"'{value}' is no day: write mon, tue, wed, thu, fri, sat, sun or a range such as mon-fri")
    return value


def _by_day(value: dict[str, tuple[Period, ...]]) -> dict[str, tuple[Period, ...]]:
    days: dict[str, list[Period]] = {}
    for spec, periods in value.items():
        for day in days_named(spec):
            days.setdefault(day, []).extend(periods)
    return {day: _in_order(tuple(periods)) for day, periods in days.items()}


WeekHours = Annotated[dict[Annotated[str, AfterValidator(_day_spec)], tuple[Period, ...]], AfterValidator(_by_day)]
"""Weekday → its periods, sorted; written with ranges ("mon-fri"). A day that is not named is closed."""


def _day(value: object) -> object:
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        raise fault(f"'{value}' is no date: write it as 2027-02-06") from None


Day = Annotated[date, BeforeValidator(_day)]


class Named(Model):
    """Base of what has an id and is shown by a title in both languages."""

    id: Id
    title: Text
    title_en: Text
