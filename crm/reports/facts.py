"""What reports are made of, as the store tells it: tickets, talks, attempts, answers of a period. Data only. RPT-2."""

from dataclasses import dataclass
from datetime import datetime

from crm.reports.compliance import ClockRow


@dataclass(frozen=True, kw_only=True)
class TicketFact:
    """A ticket as reports count it. `outcome`: of the call that opened it."""

    number: str
    opened_at: datetime
    kind: str | None
    category: str | None
    department: str | None
    severity: str
    state: str
    channel: str
    line: str | None
    agent: str | None
    matter: str
    restricted: bool


@dataclass(frozen=True, kw_only=True)
class OutboundTalk:
    """A talk that we rang somebody up for (TEL-8)."""

    ticket: str
    agent: str | None
    began_at: datetime
    talk_s: float


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """A customer's telephone was rung (FUP-6)."""

    ticket: str | None
    kind: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Score:
    """An answer to the question after the talk, 1 to 5 (QUA-1)."""

    at: datetime
    agent: str | None
    queue: str | None
    score: int


@dataclass(frozen=True, kw_only=True)
class StepFact:
    """A step on a ticket: what was registered, judged, fed back. `details` as it was written down; `category`: of the
    ticket as it is now."""

    ticket: str
    at: datetime
    by: str
    step: str
    details: dict[str, object]
    category: str | None = None


@dataclass(frozen=True, kw_only=True)
class Facts:
    """All of one period [since, until). `clocks` began in it, `fell_due` were to stop in it, whenever they began."""

    since: datetime
    until: datetime
    tickets: tuple[TicketFact, ...]
    clocks: tuple[ClockRow, ...]
    fell_due: tuple[ClockRow, ...]
    talks: tuple[OutboundTalk, ...]
    attempts: tuple[Attempt, ...]
    scores: tuple[Score, ...]
    steps: tuple[StepFact, ...]
