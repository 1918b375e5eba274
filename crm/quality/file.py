"""The agent's file: rewards, penalties, valid complaints as notes; missed calls and breaches, gathered daily (rules).

A note is never changed or taken away: a wrong one is put right by another. QUA-6, CPL-9.
"""

from collections import Counter
from collections.abc import Iterable
from datetime import date, datetime
from enum import StrEnum
from typing import Final

import msgspec

from crm.journal.events import AgentMissed

MISSED_REASONS: Final = ("rona", "rejected", "busy", "unreachable")
"""What is the agent's side's doing; a caller who hung up is not."""


class NoteKind(StrEnum):
    """`missed` and `breach` are gathered by the system; the others are written by supervisors."""

    REWARD = "reward"
    PENALTY = "penalty"
    COMPLAINT = "complaint"
    REMARK = "remark"
    MISSED = "missed"
    BREACH = "breach"


MOST_POINTS: Final = 100


class FileNote(msgspec.Struct, frozen=True, kw_only=True):
    """`day`: the local day that it is about. `points`: positive for a reward, negative for a penalty."""

    id: int
    agent: str
    at: datetime
    day: date
    kind: NoteKind
    by: str
    words: str
    points: int
    ticket: str | None
    details: dict[str, int | str]


def checked_points(kind: NoteKind, points: int) -> int:
    """Raises ValueError when the points do not fit the kind: + for rewards, − for penalties, else 0."""
    if abs(points) > MOST_POINTS:
        raise ValueError(f"points: at most {MOST_POINTS}")
    fits = {NoteKind.REWARD: points >= 0, NoteKind.PENALTY: points <= 0}.get(kind, points == 0)
    if not fits:
        raise ValueError("points: a reward gives points, a penalty takes them, other notes have none")
    return points


def missed_by_agent(events: Iterable[AgentMissed]) -> dict[str, dict[str, int]]:
    """Offers each agent missed, by reason; see MISSED_REASONS."""
    counts: dict[str, Counter[str]] = {}
    for event in events:
        if event.reason in MISSED_REASONS:
            counts.setdefault(event.agent, Counter())[event.reason] += 1
    return {agent: dict(found) for agent, found in counts.items()}
