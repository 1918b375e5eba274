"""`sanxiang policy`: the clauses in force, and when something is due under one of them (design §5, D7). Rules."""

from collections.abc import Iterator
from datetime import datetime

from config.service.policy import Clause, Clock, Regulation
from config.words import two_lines
from crm.regulation.policy import Regulated

_UNITS: dict[Clock, tuple[str, str]] = {
    "wall_seconds": ("秒", "seconds"),
    "wall_hours": ("小时", "hours"),
    "working_hours": ("工作小时", "working hours"),
    "working_days": ("个工作日", "working days"),
}
LONG = "%Y-%m-%d %H:%M"
TO_THE_SECOND = "%Y-%m-%d %H:%M:%S"


def listed(regulation: Regulation) -> Iterator[str]:
    """The clauses of a version, each with its figure, in Chinese and English."""
    yield two_lines(f"自 {regulation.in_force_from} 起生效", f"in force from {regulation.in_force_from}")
    for clause in regulation.clauses.values():
        chinese, english = _UNITS[clause.clock]
        stops = " | ".join((clause.stops, *clause.stops_also))
        yield f"{clause.id:<18} {clause.limit:g} {chinese} {english}  {clause.starts} → {stops}"
        yield f"{'':<18} {clause.text}"
        yield f"{'':<18} {clause.text_en}"


def clause_as_dict(clause: Clause) -> dict[str, object]:
    """For machines."""
    return clause.model_dump(mode="json")


def due_as_text(regulated: Regulated, clause: Clause, start: datetime) -> str:
    """The deadline: `YYYY-MM-DD HH:MM`, with seconds where the clock counts seconds."""
    at = regulated.due(clause, start).at
    if at is None:
        raise ValueError(
            two_lines(
                f"{clause.id} 没有到期时间：四年内没有工作时间",
                f"{clause.id} has no deadline: no working time within four years",
            )
        )
    return at.strftime(TO_THE_SECOND if clause.clock == "wall_seconds" else LONG)


def due_as_dict(regulated: Regulated, clause: Clause, start: datetime) -> dict[str, object]:
    """For machines: also the warning points, and whether the calendar of those days is official."""
    due = regulated.due(clause, start)
    return {
        "clause": clause.id,
        "text": clause.text,
        "text_en": clause.text_en,
        "start": start.isoformat(),
        "due": due.at.isoformat() if due.at else None,
        "provisional": due.provisional,
        "warnings": [at.isoformat() for at in regulated.warned_at(clause, start)],
    }
