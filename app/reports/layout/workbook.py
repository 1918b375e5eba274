"""A document as an XLSX workbook (adapter): a sheet per section, cells typed, no text ever a formula. RPT-3."""

from datetime import datetime
from io import BytesIO
from typing import Final
from zoneinfo import ZoneInfo

from openpyxl import Workbook
from openpyxl.cell import Cell as SheetCell
from openpyxl.cell import MergedCell
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from config.words import Words
from crm.reports.document import NOTHING, Cell, Column, ColumnKind, Document, Section

_FORMATS: Final = {
    ColumnKind.COUNT: "0",
    ColumnKind.SHARE: "0.0%",
    ColumnKind.SECONDS: "0.0",
    ColumnKind.INSTANT: "yyyy-mm-dd hh:mm:ss",
}
_WIDTHS: Final = {ColumnKind.TEXT: 28, ColumnKind.INSTANT: 20, ColumnKind.TICKET: 16}
_OTHER_WIDTH: Final = 12
_UNSAFE: Final = ("=", "+", "-", "@", "\t", "\r")
_HEAD: Final = PatternFill("solid", fgColor="E4F0F0")
_LONGEST_NAME: Final = 31
"""Of a sheet; also none of []:*?/\\ may be in it."""


def as_workbook(document: Document, zone: ZoneInfo) -> bytes:
    """The file. Instants are local; durations are seconds."""
    book = Workbook()
    book.properties.title = document.title.zh
    first = book.active
    assert isinstance(first, Worksheet)
    _cover(first, document, zone)
    for section in document.sections:
        _sheet(book.create_sheet(_sheet_name(section.title.zh)), section, zone)
    written = BytesIO()
    book.save(written)
    return written.getvalue()


def _cover(sheet: Worksheet, document: Document, zone: ZoneInfo) -> None:
    sheet.title = "封面 Cover"
    lines = (
        (document.title.zh, document.title.en),
        ("单位 Unit", f"{document.unit.zh} {document.unit.en}"),
        ("编号 Number", document.number),
        ("期间 Period", f"{_local(document.since, zone)} – {_local(document.until, zone)}"),
        ("生成 Made", _local(document.made_at, zone)),
    )
    for row, (name, value) in enumerate(lines, start=1):
        _text(sheet.cell(row, 1), name).font = Font(bold=True, size=16 if row == 1 else 11)
        _text(sheet.cell(row, 2), value)
    sheet.column_dimensions["A"].width, sheet.column_dimensions["B"].width = 28, 48


def _sheet(sheet: Worksheet, section: Section, zone: ZoneInfo) -> None:
    for place, column in enumerate(section.columns, start=1):
        head = _text(sheet.cell(1, place), f"{column.title.zh}\n{column.title.en}")
        head.font, head.fill, head.alignment = Font(bold=True), _HEAD, Alignment(wrap_text=True, vertical="top")
        sheet.column_dimensions[get_column_letter(place)].width = _WIDTHS.get(column.kind, _OTHER_WIDTH)
    for number, row in enumerate(section.rows, start=2):
        for place, (value, column) in enumerate(zip(row, section.columns, strict=True), start=1):
            _fill(sheet.cell(number, place), value, column, zone)
    below = len(section.rows) + 3
    if not section.rows:
        _text(sheet.cell(2, 1), f"{NOTHING.zh} {NOTHING.en}")
    if section.note:
        _text(sheet.cell(below, 1), f"{section.note.zh} {section.note.en}").font = Font(italic=True)
    sheet.freeze_panes = "A2"


def _fill(cell: SheetCell | MergedCell, value: Cell, column: Column, zone: ZoneInfo) -> None:
    assert isinstance(cell, SheetCell)
    if value is None:
        return
    if isinstance(value, datetime):
        cell.value = value.astimezone(zone).replace(tzinfo=None)
    elif isinstance(value, int | float):
        cell.value = value
    else:
        _text(cell, value.on_paper() if isinstance(value, Words) else value)
        return
    cell.number_format = _FORMATS.get(column.kind, "General")


def _text(cell: SheetCell | MergedCell, value: str) -> SheetCell:
    """A text that a program must not take for a formula: a leading sign is quoted, as OWASP advises."""
    assert isinstance(cell, SheetCell)  # nothing is merged here
    cell.value = f"'{value}" if value.startswith(_UNSAFE) else value
    cell.data_type = "s"
    return cell


def _sheet_name(title: str) -> str:
    return "".join(sign for sign in title if sign not in "[]:*?/\\")[:_LONGEST_NAME]


def _local(at: datetime, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M}"
