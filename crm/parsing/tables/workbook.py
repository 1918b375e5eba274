"""Workbooks (XLSX, also strict ones): the first sheet that people see, cell by cell (rules). CUS-1, CUS-4.

Read from the parts themselves, since what libraries make of a cell loses what we must tell: that a formula has no
value, that a cell holds an error, that a number was written with fewer digits than it has. Names are compared without
their namespace, so the strict form of the standard is read like the usual one.
"""

import io
import zipfile
from collections.abc import Iterator
from typing import Final, NamedTuple
from xml.etree.ElementTree import Element, ParseError, iterparse

from crm.errors import BadFile
from crm.parsing.tables.cells import Sheet
from crm.parsing.tables.model import ReadAs
from crm.parsing.tables.values import Formats, Value, formats_of, value_of

MAX_UNPACKED: Final = 40 * 1024 * 1024
_MAX_PARTS: Final = 500
_BAD_XML: Final = (b"<!DOCTYPE", b"<!ENTITY")
_AGAIN: Final = "not readable as .xlsx: open it in a spreadsheet and save it again"
_MOST_FILLED: Final = 20_000
"""Cells that merged ones may fill."""


class _Book(NamedTuple):
    archive: zipfile.ZipFile
    parts: frozenset[str]

    def each(self, part: str) -> Iterator[Element]:
        """The elements of a part as they end. Raises ParseError, KeyError."""
        for _, element in iterparse(io.BytesIO(self.archive.read(part)), ("end",)):  # noqa: S314  see _refuse_bombs
            yield element


class _Told(NamedTuple):
    """What the workbook says of its sheets: (name, state, part), and how its values are to be read."""

    sheets: list[tuple[str, str, str]]
    since_1904: bool
    recalculated: bool


def read_workbook(data: bytes, sheet: Sheet) -> ReadAs:
    """Reads the first visible sheet into `sheet`. Raises BadFile with what to do."""
    _refuse_bombs(data)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            book = _Book(archive, frozenset(archive.namelist()))
            return _read(book, sheet)
    except BadFile:
        raise
    except (ParseError, KeyError, ValueError, IndexError, TypeError, ArithmeticError, zipfile.BadZipFile) as exc:
        raise BadFile(_AGAIN) from exc


def _read(book: _Book, sheet: Sheet) -> ReadAs:
    told = _workbook(book)
    shown = [each for each in told.sheets if each[1] == "visible"]
    if not shown:
        raise BadFile("the workbook has no visible sheet of cells: put the table on the first sheet")
    name, _, part = shown[0]
    left = tuple(
        f"{other}（隐藏 hidden）" if state != "visible" else other for other, state, _ in told.sheets if other != name
    )
    strings = _shared_strings(book)
    formats = formats_of(book.each("xl/styles.xml") if "xl/styles.xml" in book.parts else (), told.since_1904)
    _cells(book, part, sheet, strings, formats, told.recalculated)
    return ReadAs(form="xlsx", encoding="", sheet=name, left=left)


def local(element: Element) -> str:
    return element.tag.rpartition("}")[2]


def _workbook(book: _Book) -> _Told:
    targets: dict[str, tuple[str, str]] = {}
    for element in book.each("xl/_rels/workbook.xml.rels"):
        if local(element) == "Relationship":
            target = element.get("Target", "")
            path = target.removeprefix("/") if target.startswith("/") else f"xl/{target}"
            targets[element.get("Id", "")] = (element.get("Type", "").rpartition("/")[2], path)
    sheets, since_1904, recalculated = list[tuple[str, str, str]](), False, False
    for element in book.each("xl/workbook.xml"):
        match local(element):
            case "sheet":
                marks = [value for key, value in element.items() if key.rpartition("}")[2] == "id" and "}" in key]
                kind, path = targets.get(marks[0] if marks else "", ("", ""))
                if kind == "worksheet" and path in book.parts:
                    sheets.append((element.get("name", ""), element.get("state", "visible"), path))
            case "workbookPr":
                since_1904 = element.get("date1904", "0") in ("1", "true")
            case "calcPr":
                recalculated = element.get("fullCalcOnLoad", "0") in ("1", "true")
    return _Told(sheets, since_1904, recalculated)


def _shared_strings(book: _Book) -> list[str]:
    found: list[str] = []
    if "xl/sharedStrings.xml" in book.parts:
        for element in book.each("xl/sharedStrings.xml"):
            if local(element) == "si":
                found.append(_text(element))
                element.clear()
    return found


def _text(element: Element) -> str:
    """The runs of a string, without its phonetic reading."""
    pieces: list[str] = []
    for child in element:
        if local(child) == "t":
            pieces.append(child.text or "")
        elif local(child) == "r":
            pieces += [each.text or "" for each in child if local(each) == "t"]
    return "".join(pieces)


def _cells(book: _Book, part: str, sheet: Sheet, strings: list[str], formats: Formats, recalculated: bool) -> None:
    at, merged = 0, list[str]()
    for element in book.each(part):
        match local(element):
            case "row":
                at = int(element.get("r", at + 1))
                if at <= len(sheet.rows):
                    raise BadFile(_AGAIN)  # rows that go backwards: two would become one
                sheet.begin_row(at)
                _row(element, sheet, strings, formats, recalculated)
                element.clear()
            case "mergeCell":
                merged.append(element.get("ref", ""))
    _fill(sheet, merged)


def _row(row: Element, sheet: Sheet, strings: list[str], formats: Formats, recalculated: bool) -> None:
    column, hidden = 0, row.get("hidden", "0") in ("1", "true")
    for cell in row:
        if local(cell) != "c":
            continue
        column = _column(cell.get("r", "")) or column + 1
        value = value_of(_cell(cell, strings), formats, recalculated=recalculated)
        if value.fault:
            sheet.fail(column, value.fault, value.before)
        else:
            reason = value.reason or ("hidden_row" if hidden and value.text else "")
            sheet.put(column, value.text, reason=reason, before=value.before if value.reason else None, escapes=True)


def _cell(cell: Element, strings: list[str]) -> Value:
    """What a cell holds, as it stands; a string's own number is looked up."""
    kind, formula, held = cell.get("t", "n"), None, None
    for child in cell:
        match local(child):
            case "f":
                formula = child.text or ""
            case "v":
                held = child.text or ""
            case "is":
                held = _text(child)
    if kind == "s" and held:
        place = int(held)
        held = strings[place] if 0 <= place < len(strings) else None
        kind = "str" if held is not None else "e"
    return Value(kind=kind, held=held, formula=formula, style=int(cell.get("s", "0")))


def _column(reference: str) -> int:
    """C7 → 3; 0 when it does not say."""
    number = 0
    for sign in reference:
        if not "A" <= sign <= "Z":
            break
        number = number * 26 + ord(sign) - 64
    return number


def _fill(sheet: Sheet, merged: list[str]) -> None:
    """A cell that is merged over several rows speaks for each of them that has something of its own."""
    left = _MOST_FILLED
    for reference in merged:
        first, _, last = reference.partition(":")
        column, top, bottom = _column(first), _row_of(first), min(_row_of(last), len(sheet.rows))
        if not (0 < top < bottom and column <= len(sheet.rows[top - 1])):
            continue
        text = sheet.rows[top - 1][column - 1]
        for row in range(top + 1, bottom + 1):
            if left and text and any(sheet.rows[row - 1]) and not _at(sheet.rows[row - 1], column):
                sheet.fill(row, column, text)
                left -= 1


def _at(row: list[str], column: int) -> str:
    return row[column - 1] if column <= len(row) else ""


def _row_of(reference: str) -> int:
    digits = "".join(sign for sign in reference if sign.isdigit() and sign.isascii())
    return int(digits or 0)


def _refuse_bombs(data: bytes) -> None:
    """The sizes that a ZIP directory names are bounds: `zipfile` reads no byte beyond them."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            infos = archive.infolist()
            if len(infos) > _MAX_PARTS or sum(info.file_size for info in infos) > MAX_UNPACKED:
                raise BadFile(f"unpacked the file is larger than {MAX_UNPACKED} bytes: save only the table, as CSV")
            for info in infos:
                if info.filename.endswith((".xml", ".rels")):
                    _refuse_entities(archive.read(info))
    except BadFile:
        raise
    except Exception as exc:  # of a broken directory zipfile raises whatever its numbers lead it to
        raise BadFile(_AGAIN) from exc


def _refuse_entities(xml: bytes) -> None:
    if xml[:2] in (b"\xff\xfe", b"\xfe\xff") or any(sign in xml for sign in _BAD_XML):
        raise BadFile("the file has parts that no spreadsheet writes: save the table as CSV (UTF-8)")
