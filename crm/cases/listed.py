"""Cases, clocks and breaches as lists show them, and which cases are wanted (rules: data only). CPL-6, LNE-2."""

from datetime import datetime

import msgspec

from crm.tickets.model import TicketRow


class CaseRow(TicketRow, frozen=True, kw_only=True):
    """A case as lists show it; `due_at`: the first deadline that runs, None when none does."""

    due_at: datetime | None
    clauses: int
    """How many clocks run."""


class CaseFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which cases. `holders`: any of these parties has it; `overdue`: a deadline has passed."""

    open: bool | None = None
    stage: str | None = None
    kind: str | None = None
    severity: str | None = None
    level: str | None = None
    department: str | None = None
    category: str | None = None
    restricted: bool | None = None
    holders: frozenset[str] | None = None
    due_before: datetime | None = None
    overdue: bool | None = None


class ClockEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A clock as lists show it. `verdict`: late, running or paused while it runs."""

    ticket: str
    kind: str | None
    severity: str
    matter: str
    clause: str
    round: int
    in_force_from: str
    started_at: datetime
    due_at: datetime | None
    provisional: bool
    stopped_at: datetime | None
    verdict: str
    holder: str | None
    person: str | None
    told: int


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """How many breaches are held against a unit and a person."""

    holder: str | None
    person: str | None
    count: int
