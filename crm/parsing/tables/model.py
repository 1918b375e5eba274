"""What a table comes to when it is read: data alone, for the parsing process and for who asked it (rules). CUS-1."""

from typing import Final

import msgspec

MAX_BYTES: Final = 5 * 1024 * 1024
"""Of a sheet."""
LIVE: Final = ("=", "+", "-", "@", "\t", "\r")
"""A cell that begins so would be carried out by a spreadsheet."""

ENCODINGS: Final = ("utf-8", "utf-8-sig", "utf-16-le", "utf-16-be", "gb18030", "big5")
"""In which a sheet of text may come; GBK is part of GB 18030."""

Table = list[list[str]]


class CellNote(msgspec.Struct, frozen=True, kw_only=True):
    """A cell whose text is not what stands in the file, or that cannot be read. `row` and `column` count from 1, as in
    a spreadsheet; `code`: why; `before`: as it stands in the file."""

    row: int
    column: int
    code: str
    before: str


class ReadAs(msgspec.Struct, frozen=True, kw_only=True):
    """How a file was understood. `certain`: no other encoding would do; `left`: sheets that are not read, and rows
    above the table's own, as they stand."""

    form: str = "csv"
    encoding: str = ""
    certain: bool = True
    delimiter: str = ""
    sheet: str = ""
    left: tuple[str, ...] = ()


class TableRead(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The rows as text, each in its place: the first is row 1. `changes`: cells that were tidied, with the reason;
    `faults`: cells whose text nobody can know."""

    rows: Table
    how: ReadAs = ReadAs()
    changes: tuple[CellNote, ...] = ()
    faults: tuple[CellNote, ...] = ()
