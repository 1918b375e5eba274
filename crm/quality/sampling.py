"""Which recordings are drawn for a spot check (rules): at random, and the same ones whenever the week is drawn. QUA-2.

Recordings are put in the order of SHA-256 over the week, the agent and the file's name, and the first of that order are
taken. So chance has no memory: nobody can draw again until a pleasant one comes, and what is there does not depend on
when it is drawn, nor on what else was recorded.
"""

import hashlib
import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from crm.journal.events import AgentLeft, CallEnded, CallEvent, OutsideTalkStarted, TalkStarted

_WEEK = re.compile(r"(\d{4})-W(\d{2})")


@dataclass(frozen=True, kw_only=True)
class RecordedTalk:
    """One agent's part of a call, as it was recorded. `duration_s`: seconds in which both heard each other."""

    agent: str
    file: str
    at: datetime
    duration_s: float


def week_bounds(week: str, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """First instant of an ISO week ("2026-W47", from Monday) and of the next one. Raises ValueError with words."""
    match = _WEEK.fullmatch(week)
    if match is None:
        raise ValueError("a week is written as 2026-W47")
    try:
        monday = date.fromisocalendar(int(match[1]), int(match[2]), 1)
    except ValueError:
        raise ValueError(f"the year {match[1]} has no week {match[2]}") from None
    return tuple(_midnight(day, zone) for day in (monday, monday + timedelta(days=7)))  # type: ignore[return-value]


def month_bounds(month: str, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """First instant of a month ("2026-11") and of the next one. Raises ValueError with words."""
    try:
        first = date.fromisoformat(f"{month}-01")
    except ValueError:
        raise ValueError("a month is written as 2026-11") from None
    return _midnight(first, zone), _midnight((first + timedelta(days=31)).replace(day=1), zone)


def day_bounds(day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """First instant of a local day and of the next one."""
    return _midnight(day, zone), _midnight(day + timedelta(days=1), zone)


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(0), zone).astimezone(UTC)


def recorded_talks(events: Iterable[CallEvent]) -> list[RecordedTalk]:
    """The recorded talks of one call, from its events in order; one that has not ended yet is left out."""
    found: list[RecordedTalk] = []
    begun: TalkStarted | None = None
    for event in events:
        over = isinstance(event, CallEnded | TalkStarted | OutsideTalkStarted) or (
            isinstance(event, AgentLeft) and begun is not None and event.agent == begun.agent
        )
        if not over:
            continue
        if begun is not None and begun.recording:
            length = (event.at - begun.at).total_seconds()
            found.append(RecordedTalk(agent=begun.agent, file=begun.recording, at=begun.at, duration_s=length))
        begun = event if isinstance(event, TalkStarted) else None
    return found


def draw(
    week: str, talks: Sequence[RecordedTalk], *, per_agent: int, least_talk_s: float, drawn: Collection[RecordedTalk]
) -> list[RecordedTalk]:
    """What is to be drawn in addition to what is `drawn`: until each agent has `per_agent` in this week, or all."""
    known = {talk.file for talk in drawn}
    room = {talk.agent: per_agent for talk in talks}
    for talk in drawn:
        room[talk.agent] = room.get(talk.agent, per_agent) - 1
    new = []
    for talk in sorted(talks, key=lambda talk: _lot(week, talk)):
        if talk.file not in known and talk.duration_s >= least_talk_s and room[talk.agent] > 0:
            room[talk.agent] -= 1
            new.append(talk)
    return new


def _lot(week: str, talk: RecordedTalk) -> str:
    return hashlib.sha256(f"{week} {talk.agent} {talk.file}".encode()).hexdigest()
