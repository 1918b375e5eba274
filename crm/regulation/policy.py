"""What a clause of the regulation asks of something that began at an instant (rules). Design D7, CPL-3, TKT-4."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from config.service.policy import Clause, Policy
from config.values.fields import did_you_mean
from config.values.hours import DayKind
from config.words import two_lines
from crm.regulation.deadlines import Calendar, ClockKind, Counting, Deadline, Limit, Pause, deadline, reached


class UnknownClause(ValueError):
    """No such clause in the version in force; says which there are."""


@dataclass(frozen=True)
class Regulated:
    """A site's regulation on its calendar."""

    policy: Policy
    calendar: Calendar

    @classmethod
    def of(cls, policy: Policy, zone: ZoneInfo, special_days: Mapping[date, DayKind]) -> "Regulated":
        return cls(policy, Calendar(policy.working_time, zone, special_days))

    def clause(self, clause_id: str, start: datetime) -> Clause:
        """As in force when the clock began. Raises UnknownClause."""
        clauses = self.policy.in_force(start.astimezone(self.calendar.zone).date()).clauses
        if clause_id not in clauses:
            guess = did_you_mean(clause_id, clauses)
            raise UnknownClause(
                two_lines(f"没有条款 {clause_id!r}", f"no such clause; clauses are: {', '.join(clauses)}{guess}")
            )
        return clauses[clause_id]

    def due(self, clause: Clause, start: datetime, pauses: Sequence[Pause] = ()) -> Deadline:
        return deadline(limit_of(clause), start, self.calendar, pauses)

    def warned_at(self, clause: Clause, start: datetime, pauses: Sequence[Pause] = ()) -> list[datetime]:
        """When each step of the clause's ladder is reached (CPL-6), as far as its clock runs."""
        steps = [self.share_reached(step.at, clause, start, pauses) for step in clause.escalation]
        return [at for at in steps if at is not None]

    def share_reached(
        self, share: float, clause: Clause, start: datetime, pauses: Sequence[Pause] = ()
    ) -> datetime | None:
        """When that share of the time is used up; None while the clock stands still."""
        return reached(share, limit_of(clause), start, self.calendar, pauses)


def limit_of(clause: Clause) -> Limit:
    return Limit(ClockKind(clause.clock), clause.limit, Counting(clause.counting))
