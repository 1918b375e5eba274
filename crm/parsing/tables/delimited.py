"""Tables as text: which sign is between the cells, and where the rows end (rules). CUS-1."""

import csv
import io
import re
from collections.abc import Iterator
from typing import Final

from crm.errors import BadFile
from crm.parsing.tables.cells import Sheet
from crm.parsing.tables.encodings import decoded
from crm.parsing.tables.model import ReadAs

DELIMITERS: Final = ",;\t|，"
_SEP: Final = re.compile(r'\ufeff?"?sep=(.)"?[ \t,;]*(?:\r\n|\r|\n|$)', re.IGNORECASE)
_LOOKED_AT: Final = 20
"""Rows by which the delimiter is judged."""


def read_text(data: bytes, encoding: str, sheet: Sheet) -> ReadAs:
    """Reads CSV in any encoding and with any delimiter into `sheet`. Raises BadFile with what to do."""
    text, found, certain = decoded(data, encoding)
    if "\x00" in text:
        raise BadFile("this is no text: save the table as CSV (UTF-8) or .xlsx")
    left: tuple[str, ...] = ()
    if named := _SEP.match(text):
        delimiter, text, left = named[1], text[named.end() :], (named[0].strip(),)
    else:
        delimiter = _delimiter(text)
    for number, row in enumerate(_rows(text, delimiter), start=1):
        sheet.begin_row(number)
        for column, cell in enumerate(row, start=1):
            sheet.put(column, cell)
    return ReadAs(form="csv", encoding=found, certain=certain, delimiter=delimiter, left=left)


def _rows(text: str, delimiter: str) -> Iterator[list[str]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    number = 0
    try:
        for number, row in enumerate(reader, start=1):  # noqa: B007  the last one that was sound
            yield row
    except csv.Error as exc:
        raise BadFile(
            f"not readable as CSV from row {number + 1} on: {exc}; save the table as CSV (UTF-8) once more"
        ) from exc


def _delimiter(text: str) -> str:
    """The sign that parts most rows into as many cells, and leaves no other delimiter at a cell's edge."""
    head = "\n".join(re.split(r"\r\n|\r|\n", text[:65_536])[:_LOOKED_AT])
    return max(DELIMITERS, key=lambda each: (_fit(head, each), -DELIMITERS.index(each)))


def _fit(head: str, delimiter: str) -> float:
    others = "".join(each for each in DELIMITERS if each not in (delimiter, "\t"))
    rows: list[list[str]] = []
    try:
        for row in csv.reader(io.StringIO(head, newline=""), delimiter=delimiter):
            rows.append(row)
    except csv.Error:
        pass  # the head may end within a quoted cell; what was read before it counts
    widths = [len(row) for row in rows if len(row) > 1]
    if not widths:
        return 0.0
    agreeing = max(widths.count(width) for width in set(widths))
    cells = [cell.strip() for row in rows for cell in row]
    torn = sum(1 for cell in cells if cell and (cell[0] in others or cell[-1] in others))
    return agreeing - torn / max(1, len(cells)) * len(rows)
