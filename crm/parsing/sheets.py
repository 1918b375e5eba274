"""Tables of text out of CSV and XLSX: what a stranger's file may do to us ends here (rules). CUS-4.

Bytes in, rows out; no files, no network.
"""

import csv
import io
import zipfile
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any, Final

from openpyxl import load_workbook

from crm.errors import BadFile
from crm.parsing.jobs import LIVE, MAX_BYTES, Table

MAX_ROWS: Final = 20_000
MAX_COLUMNS: Final = 64
MAX_UNPACKED: Final = 40 * 1024 * 1024
_MAX_PARTS: Final = 500
_BAD_XML: Final = (b"<!DOCTYPE", b"<!ENTITY")


def read_table(data: bytes) -> Table:
    """The rows of a CSV or XLSX file as text, the heading first. Raises BadFile with what to do."""
    if len(data) > MAX_BYTES:
        raise BadFile(f"the file has {len(data)} bytes, at most {MAX_BYTES} are read: split it")
    if data[:4] == b"PK\x03\x04":
        rows = _xlsx_rows(data)
    elif data[:4] == b"\xd0\xcf\x11\xe0":
        raise BadFile(
            "this is an old Excel file (.xls) or a protected one: save it as .xlsx without a password, or as CSV"
        )
    else:
        rows = _csv_rows(data)
    table: Table = []
    for row in rows:
        if len(table) > MAX_ROWS:
            raise BadFile(f"more than {MAX_ROWS} rows: split the file")
        table.append(row)
    while table and not any(table[-1]):
        table.pop()
    if not table:
        raise BadFile("the file is empty: take the template and fill it in")
    return table


def _plain(text: str) -> str:
    """A cell's text, without the apostrophe that our own export has put before it."""
    text = text.strip(" \n\u3000")
    return text[1:] if text[:1] == "'" and text[1:].startswith(LIVE) else text


def _csv_rows(data: bytes) -> Iterator[list[str]]:
    text = _decoded(data)
    if "\x00" in text:
        raise BadFile("this is no text: save the table as CSV (UTF-8) or .xlsx")
    heading = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=heading.count)
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True):
            yield _row(row)
    except csv.Error as exc:
        raise BadFile(f"not readable as CSV: {exc}; save the table as CSV (UTF-8) once more") from exc


def _decoded(data: bytes) -> str:
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise BadFile("the file is UTF-16 text: save it as CSV (UTF-8) or .xlsx")
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise BadFile("neither UTF-8 nor GB18030: save the table as CSV (UTF-8) or .xlsx")


def _xlsx_rows(data: bytes) -> Iterator[list[str]]:
    _refuse_bombs(data)
    try:
        book = load_workbook(io.BytesIO(data), read_only=True, data_only=False, keep_links=False)
    except Exception as exc:  # openpyxl raises whatever the broken part leads it to
        raise BadFile("not readable as .xlsx: open it in a spreadsheet and save it again") from exc
    try:
        if not book.worksheets:
            raise BadFile("the workbook has no sheet of cells: put the table on the first sheet")
        sheet = book.worksheets[0]
        # What the file says of its size may be wrong, or a trap.
        sheet.reset_dimensions()
        for row in sheet.iter_rows(values_only=True):
            yield _row([_cell_text(value) for value in row])
    except BadFile:
        raise
    except Exception as exc:
        raise BadFile("not readable as .xlsx: open it in a spreadsheet and save it again") from exc
    finally:
        book.close()


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
        raise BadFile("not readable as .xlsx: open it in a spreadsheet and save it again") from exc


def _refuse_entities(xml: bytes) -> None:
    if xml[:2] in (b"\xff\xfe", b"\xfe\xff") or any(sign in xml for sign in _BAD_XML):
        raise BadFile("the file has parts that no spreadsheet writes: save the table as CSV (UTF-8)")


def _row(values: Sequence[str]) -> list[str]:
    row = [_plain(value) for value in values]
    while row and not row[-1]:
        row.pop()
    if len(row) > MAX_COLUMNS:
        raise BadFile(f"a row has {len(row)} columns, at most {MAX_COLUMNS} are read: keep the template's columns")
    return row


def _cell_text(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "是" if value else "否"
        case float() if value.is_integer():
            return str(int(value))
        case datetime() | date():
            return value.isoformat()[:10]
        case _:
            return str(value)
