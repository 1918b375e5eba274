"""`sanxiang policy rehearse`: what a new version of the regulation would have made late, in words and JSON. Rules."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from app.commands.policy import LONG
from crm.regulation.rehearsal import Clock, Compared, Count

SHOWN = 20
"""Newly late tickets of a clause that are told in words; the JSON has all."""


def lines(compared: Sequence[Compared], since: datetime, zone: ZoneInfo) -> Iterator[str]:
    """For people: each clause with its figures, then the tickets that would have been late."""
    clocks = sum(each.new.clocks for each in compared)
    yield f"自 {since.astimezone(zone):{LONG}} 起的试算 / rehearsal since then: {clocks} 个计时 / clocks"
    for each in compared:
        yield ""
        yield f"{each.clause}  {each.text} / {each.text_en}"
        yield f"  现行 / now:   {_count(each.now)}"
        yield f"  新版 / new:   {_count(each.new)}"
        yield f"  新增超时 / newly late: {len(each.newly_late)}   不再超时 / no longer late: {len(each.no_longer_late)}"
        for before, clock in each.newly_late[:SHOWN]:
            yield f"    {_clock(clock, zone)}{_was(before, zone)}"
        if len(each.newly_late) > SHOWN:
            yield f"    … 另有 {len(each.newly_late) - SHOWN} 个，见 --json / more in --json"


def as_dict(compared: Sequence[Compared], since: datetime, zone: ZoneInfo) -> dict[str, object]:
    """For machines."""
    return {
        "since": since.astimezone(zone).isoformat(),
        "clauses": [
            {
                "clause": each.clause,
                "text": each.text,
                "text_en": each.text_en,
                "now": _figures(each.now),
                "new": _figures(each.new),
                "newly_late": [
                    _fields(clock, zone) | {"due_now": _instant(before.due_at if before else None, zone)}
                    for before, clock in each.newly_late
                ],
                "no_longer_late": [
                    _fields(clock, zone) | {"due_new": _instant(after.due_at if after else None, zone)}
                    for clock, after in each.no_longer_late
                ],
            }
            for each in compared
        ],
    }


def _count(count: Count) -> str:
    runs = count.clocks - count.kept - count.late
    return (
        f"{count.clocks} 个计时，按时 {count.kept}，超时 {count.late}，进行中 {runs} / "
        f"{count.clocks} clocks, {count.kept} kept, {count.late} late, {runs} running"
    )


def _figures(count: Count) -> dict[str, int]:
    runs = count.clocks - count.kept - count.late
    return {"clocks": count.clocks, "kept": count.kept, "late": count.late, "running": runs}


def _clock(clock: Clock, zone: ZoneInfo) -> str:
    stopped = _shown(clock.stopped_at, zone) or "未完成 / not yet"
    return (
        f"{clock.ticket}  起 / from {_shown(clock.started_at, zone)}  应 / due {_shown(clock.due_at, zone)}  "
        f"止 / stopped {stopped}"
    )


def _was(before: Clock | None, zone: ZoneInfo) -> str:
    if before is None:
        return "  现行不计时 / no clock now"
    return f"  现行应 / due now {_shown(before.due_at, zone)}"


def _shown(at: datetime | None, zone: ZoneInfo) -> str:
    return at.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S") if at else ""


def _fields(clock: Clock, zone: ZoneInfo) -> dict[str, object]:
    return {
        "ticket": clock.ticket,
        "round": clock.round,
        "started_at": _instant(clock.started_at, zone),
        "due_at": _instant(clock.due_at, zone),
        "stopped_at": _instant(clock.stopped_at, zone),
    }


def _instant(at: datetime | None, zone: ZoneInfo) -> str | None:
    return at.astimezone(zone).isoformat() if at else None
