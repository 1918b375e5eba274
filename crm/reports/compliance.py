"""How often each rule was kept, and every breach with its ticket and instants (rules). RPT-4, CPL-6.

A clause of the regulation is judged by its clocks as they stand (crm/db/cases: one row per ticket, clause and round,
each by the version in force when it began). The telephone's rules are judged by the calls and come as `Kept` from
whoever counts calls. What is still running and not yet due counts neither for nor against.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from config.words import Words


class Verdict(StrEnum):
    KEPT = "kept"
    BROKEN = "broken"
    RUNNING = "running"
    """Not stopped, and not due yet, or it stands still."""
    MOVED = "moved"
    """The case went on with somebody else, or in another case, before it was due: neither for nor against."""


@dataclass(frozen=True, kw_only=True)
class ClockRow:
    """One clock of one ticket. `due_at` None: it stands still."""

    ticket: str
    clause: str
    round: int
    in_force_from: str
    started_at: datetime
    due_at: datetime | None
    stopped_at: datetime | None
    holder: str | None
    person: str | None
    provisional: bool = False
    verdict: str | None = None
    """As crm/cases wrote it when the clock stopped: kept, late, moved, merged."""


def verdict(clock: ClockRow, now: datetime) -> Verdict:
    """Kept when it stopped no later than it was due; broken when it stopped later, or is due and still runs."""
    if clock.verdict in ("moved", "merged"):
        return Verdict.MOVED
    if clock.due_at is None:
        return Verdict.KEPT if clock.stopped_at else Verdict.RUNNING
    if clock.stopped_at is not None:
        return Verdict.KEPT if clock.stopped_at <= clock.due_at else Verdict.BROKEN
    return Verdict.BROKEN if now > clock.due_at else Verdict.RUNNING


@dataclass(frozen=True, kw_only=True)
class Breach:
    """One time that a rule was not kept. `late_s`: by how much; still growing when `stopped_at` is None."""

    rule: str
    ticket: str | None
    started_at: datetime
    due_at: datetime | None
    stopped_at: datetime | None
    late_s: float
    holder: str | None = None
    person: str | None = None
    provisional: bool = False


@dataclass(frozen=True, kw_only=True)
class Kept:
    """A rule and how it fared. `target`: the share that has to be kept, 1 when every single time counts; None: the
    figure is told, nothing is promised."""

    rule: str
    text: Words
    kept: int
    broken: int
    running: int = 0
    target: float | None = 1.0
    breaches: tuple[Breach, ...] = ()

    @property
    def applied(self) -> int:
        """How often it came to be judged."""
        return self.kept + self.broken

    @property
    def share(self) -> float | None:
        """Kept ÷ judged; None when it never applied."""
        return self.kept / self.applied if self.applied else None

    @property
    def met(self) -> bool | None:
        return None if self.share is None or self.target is None else self.share >= self.target


@dataclass(frozen=True)
class _Counted:
    clocks: dict[Verdict, int] = field(default_factory=lambda: dict.fromkeys(Verdict, 0))
    breaches: list[Breach] = field(default_factory=list)


def clauses_kept(clocks: Iterable[ClockRow], texts: Mapping[str, Words], now: datetime) -> tuple[Kept, ...]:
    """One `Kept` per clause, those of `texts` that never applied among them, in the order of `texts`."""
    counted: dict[str, _Counted] = defaultdict(_Counted)
    for clock in clocks:
        found = verdict(clock, now)
        counted[clock.clause].clocks[found] += 1
        if found is Verdict.BROKEN:
            counted[clock.clause].breaches.append(_breach(clock, now))
    order = [*texts, *(clause for clause in sorted(counted) if clause not in texts)]
    return tuple(_kept(clause, texts.get(clause, Words(clause, clause)), counted[clause]) for clause in order)


def _kept(clause: str, text: Words, counted: _Counted) -> Kept:
    return Kept(
        rule=clause,
        text=text,
        kept=counted.clocks[Verdict.KEPT],
        broken=counted.clocks[Verdict.BROKEN],
        running=counted.clocks[Verdict.RUNNING],
        breaches=tuple(sorted(counted.breaches, key=lambda breach: (breach.started_at, breach.ticket or ""))),
    )


def _breach(clock: ClockRow, now: datetime) -> Breach:
    assert clock.due_at is not None  # without it nothing is broken
    return Breach(
        rule=clock.clause,
        ticket=clock.ticket,
        started_at=clock.started_at,
        due_at=clock.due_at,
        stopped_at=clock.stopped_at,
        late_s=((clock.stopped_at or now) - clock.due_at).total_seconds(),
        holder=clock.holder,
        person=clock.person,
        provisional=clock.provisional,
    )


def all_breaches(rules: Sequence[Kept]) -> list[Breach]:
    """Of all rules, oldest first."""
    return sorted((breach for rule in rules for breach in rule.breaches), key=lambda breach: breach.started_at)
