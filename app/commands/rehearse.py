"""`sanxiang policy rehearse`: what a new version of the regulation would have made late, in words and JSON. Rules."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from app.commands.policy import LONG
from config.words import Words, one_line, two_lines
from crm.regulation.rehearsal import Clock, Compared, Count

SHOWN = 20
"""Newly late tickets of a clause that are told in words; the JSON has all."""


def lines(compared: Sequence[Compared], since: datetime, zone: ZoneInfo) -> Iterator[str]:
    """For people: each clause with its figures, then the tickets that would have been late."""
    clocks = sum(each.new.clocks for each in compared)
    began = f"{since.astimezone(zone):{LONG}}"
    yield two_lines(f"自 {began} 起的试算：{clocks} 个计时", f"rehearsal since {began}: {clocks} clocks")
    for each in compared:
        yield ""
        yield two_lines(f"{each.clause}  {each.text}", f"{each.clause}  {each.text_en}")
        now, new, late, kept = _count(each.now), _count(each.new), len(each.newly_late), len(each.no_longer_late)
        yield two_lines(f"  现行：{now.zh}", f"  now:  {now.en}")
        yield two_lines(f"  新版：{new.zh}", f"  new:  {new.en}")
        yield two_lines(f"  新增超时 {late}，不再超时 {kept}", f"  newly late: {late}, no longer late: {kept}")
        for before, clock in each.newly_late[:SHOWN]:
            yield f"    {_clock(clock, zone)}{_was(before, zone)}"
        if len(each.newly_late) > SHOWN:
            yield two_lines(
                f"    … 另有 {len(each.newly_late) - SHOWN} 个，见 --json",
                f"    … {len(each.newly_late) - SHOWN} more in --json",
            )


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


def _count(count: Count) -> Words:
    runs = count.clocks - count.kept - count.late
    return Words(
        f"{count.clocks} 个计时，按时 {count.kept}，超时 {count.late}，进行中 {runs}",
        f"{count.clocks} clocks, {count.kept} kept, {count.late} late, {runs} running",
    )


def _figures(count: Count) -> dict[str, int]:
    runs = count.clocks - count.kept - count.late
    return {"clocks": count.clocks, "kept": count.kept, "late": count.late, "running": runs}


_STARTED = one_line("起", "from")
_DUE = one_line("应", "due")
_STOPPED = one_line("止", "stopped")
_NOT_YET = one_line("未完成", "not yet")


def _clock(clock: Clock, zone: ZoneInfo) -> str:
    at = _shown(clock.started_at, zone), _shown(clock.due_at, zone), _shown(clock.stopped_at, zone)
    return f"{clock.ticket}  {_STARTED} {at[0]}  {_DUE} {at[1]}  {_STOPPED} {at[2] or _NOT_YET}"


def _was(before: Clock | None, zone: ZoneInfo) -> str:
    if before is None:
        return "  " + one_line("现行不计时", "no clock now")
    return f"  {one_line('现行应', 'due now')} {_shown(before.due_at, zone)}"


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
