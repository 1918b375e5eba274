"""`sanxiang notice`: what an official notice comes to, as a calendar, before anybody enters it (adapter). CPL-3."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated

import typer

from config.words import one_line
from crm.days.model import read_notice
from crm.days.notice import Notice
from crm.days.words import KINDS


def notice(
    year: Annotated[int, typer.Argument(min=2004, max=2199, help=one_line("哪一年的通知", "of which year"))],
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help=one_line("通知全文", "its text, UTF-8"))],
) -> None:
    """Read an official notice and show it; enters nothing."""
    found = read_notice(file.read_text(encoding="utf-8-sig"), year)
    for line in told(found):
        typer.echo(line)
    if found.faults:
        raise typer.Exit(2)


def told(found: Notice) -> Iterator[str]:
    """Spans of days in their order, then what enters nothing and what is not understood."""
    for first, last in spans(found):
        kind, festival = KINDS[found.days[first]], found.festivals.get(first, "")
        span = f"{first}" if first == last else f"{first} … {last} ({(last - first).days + 1})"
        yield f"{span}  {kind.zh} {kind.en}  {festival}".rstrip()
    for sentence in found.left:
        yield f"未录入 not entered: {sentence}"
    for fault in found.faults:
        yield f"看不懂 fault: {fault.zh} / {fault.en}"


def spans(found: Notice) -> list[tuple[date, date]]:
    """Days in a row of one kind and festival."""
    result: list[tuple[date, date]] = []
    for day in sorted(found.days):
        first, last = result[-1] if result else (day, day)
        same = (found.days[day], found.festivals.get(day)) == (found.days[last], found.festivals.get(last))
        if result and day - last == timedelta(days=1) and same:
            result[-1] = (first, day)
        else:
            result.append((day, day))
    return result
