"""A report as a document (rules): sections of tables in two languages, whoever prints it. RPT-3.

Page, workbook and PDF are made from the same document, so they cannot say different things.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from enum import StrEnum
from typing import Final

from config.words import Words


class ColumnKind(StrEnum):
    """How a cell is shown, and typed in a workbook. `share` is 0…1, `seconds` a duration."""

    TEXT = "text"
    LABEL = "label"
    """A short text."""
    COUNT = "count"
    SHARE = "share"
    SECONDS = "seconds"
    INSTANT = "instant"
    TICKET = "ticket"


Cell = str | int | float | datetime | Words | None
"""A text of ours is in both languages; one that people wrote is as they wrote it."""


@dataclass(frozen=True)
class Column:
    title: Words
    kind: ColumnKind = ColumnKind.TEXT


@dataclass(frozen=True, kw_only=True)
class Section:
    """A titled table. `note`: how its figures are counted. Without rows NOTHING is shown."""

    id: str
    title: Words
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: Words | None = None

    def __post_init__(self) -> None:
        for row in self.rows:
            if len(row) != len(self.columns):
                raise ValueError(f"section {self.id}: a row has {len(row)} cells for {len(self.columns)} columns")


@dataclass(frozen=True, kw_only=True)
class Document:
    """[since, until) are the instants it speaks of; `number` is what it is filed under."""

    number: str
    kind: str
    title: Words
    unit: Words
    since: datetime
    until: datetime
    made_at: datetime
    sections: tuple[Section, ...]


NOTHING: Final = Words("本期没有记录。", "Nothing in this period.")


def shown(cell: Cell, kind: ColumnKind, zone: tzinfo) -> str:
    """A cell in words, for paper: `–` for nothing, 12.5 % for a share, h:mm:ss for a duration, instants in `zone`."""
    if cell is None or cell == "":
        return "–"
    if isinstance(cell, Words):
        return cell.on_paper()
    if isinstance(cell, datetime):
        return f"{cell.astimezone(zone):%Y-%m-%d %H:%M:%S}"
    if kind is ColumnKind.SHARE and isinstance(cell, int | float):
        return f"{cell:.1%}"
    if kind is ColumnKind.SECONDS and isinstance(cell, int | float):
        return duration(cell)
    return str(cell)


def duration(seconds: float) -> str:
    """12.3 s, 0:04:05, 2:03:04, 3天 2:03:04."""
    if abs(seconds) < 60:
        return f"{seconds:.1f} s"
    whole = timedelta(seconds=round(abs(seconds)))
    sign = "-" if seconds < 0 else ""
    hours, rest = divmod(whole.seconds, 3600)
    clock = f"{hours}:{rest // 60:02d}:{rest % 60:02d}"
    return f"{sign}{whole.days}天 {clock}" if whole.days else f"{sign}{clock}"
