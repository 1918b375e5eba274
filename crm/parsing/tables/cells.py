"""What a cell says: its text without what spreadsheets and platforms wrap around it, each change with its reason, and
what cannot be known for certain as a fault (rules). CUS-1, CUS-4.
"""

import re
from typing import Final

from crm.errors import BadFile
from crm.parsing.tables.model import LIVE, CellNote, ReadAs, Table, TableRead

_FORMULA_TEXT: Final = re.compile(r'=\s*(?:"((?:[^"]|"")*)"|(\d+))\s*')
"""`="13812345678"` and `=13812345678`: how exports keep spreadsheets from rounding. It is text, nothing is computed."""
_EDGES: Final = (
    " \t\r\n\u00a0\u3000\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff"
)
_ESCAPED: Final = re.compile(r"_x([0-9A-Fa-f]{4})_")
_LINES: Final = re.compile(r"\r\n?")
_ERRORS: Final = re.compile(
    r"#(?:N/A|REF!|VALUE!|NAME\?|DIV/0!|NULL!|NUM!|SPILL!|CALC!|GETTING_DATA|#{3,})", re.IGNORECASE
)
_APOSTROPHE: Final = re.compile(r"'(?=[\d=+\-@\t\r])")
_KEPT: Final = 200
"""Characters of a cell that a note shows."""


class Sheet:
    """Rows as they are read, with what is to be told of their cells. Raises BadFile beyond its bounds."""

    def __init__(self, most_rows: int, most_columns: int) -> None:
        self._most_rows, self._most_columns = most_rows, most_columns
        self.rows: Table = []
        self.changes: list[CellNote] = []
        self.faults: list[CellNote] = []

    def begin_row(self, row: int) -> None:
        """From here on cells belong to this row, counted from 1; rows in between are empty ones."""
        if row > self._most_rows + 1:
            raise BadFile(f"more than {self._most_rows} rows: split the file")
        while len(self.rows) < row:
            self.rows.append([])

    def put(self, column: int, raw: str, *, reason: str = "", before: str | None = None, escapes: bool = False) -> None:
        """A cell of this row. `reason`: how `raw` came of `before`, when it is not what stands in the file."""
        text, code = tidied(raw, escapes=escapes)
        if column > self._most_columns:
            if text:
                raise BadFile(
                    f"row {len(self.rows)} has {column} columns, at most {self._most_columns} are read: "
                    "keep the template's columns"
                )
            return
        if code in FAULTS:
            self.fail(column, code, raw)
            text = raw.strip(_EDGES)
        elif reason or code:
            self.changes.append(self._note(column, code or reason, raw if before is None else before))
        self._set(column, text)

    def fail(self, column: int, code: str, before: str) -> None:
        """A cell whose text nobody can know."""
        if column <= self._most_columns:
            self.faults.append(self._note(column, code, before))
            self._set(column, before.strip(_EDGES)[:_KEPT] or "?")

    def fill(self, row: int, column: int, text: str) -> None:
        """What a merged cell says, in another of its rows."""
        self.changes.append(CellNote(row=row, column=column, code="merged", before=""))
        cells = self.rows[row - 1]
        cells.extend([""] * (column - len(cells)))
        cells[column - 1] = text

    def table(self, how: ReadAs) -> TableRead:
        """All of it. Raises BadFile when there is nothing."""
        for row in self.rows:
            while row and not row[-1]:
                row.pop()
        while self.rows and not self.rows[-1]:
            self.rows.pop()
        if not self.rows:
            raise BadFile("the file is empty: take the template and fill it in")
        return TableRead(rows=self.rows, how=how, changes=tuple(self.changes), faults=tuple(self.faults))

    def _note(self, column: int, code: str, before: str) -> CellNote:
        return CellNote(row=len(self.rows), column=column, code=code, before=before[:_KEPT])

    def _set(self, column: int, text: str) -> None:
        row = self.rows[-1]
        row.extend([""] * (column - len(row)))
        row[column - 1] = text


FAULTS: Final = frozenset({"error_cell", "formula", "damaged"})
"""Codes of `tidied` that say that a cell cannot be read."""


def tidied(raw: str, *, escapes: bool = False) -> tuple[str, str]:
    """A cell's text, and why it is not as it stands; "" when it is. `escapes`: `_x000D_` stands for a sign (XLSX)."""
    text, code = raw, ""
    if (escapes and _ESCAPED.search(text)) or "_x000D_" in text:
        text, code = _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text), "escaped"
    if (stripped := _LINES.sub("\n", text).strip(_EDGES)) != text:
        text, code = stripped, code or "edges"
    if found := _FORMULA_TEXT.fullmatch(text):
        inner = found[1].replace('""', '"') if found[1] is not None else found[2]
        return inner.strip(_EDGES), "formula_text"
    if _ERRORS.fullmatch(text) or (text and not text.strip("#") and len(text) > 2):
        return text, "error_cell"
    if not escapes and text.startswith("="):
        return text, "formula"
    if "\ufffd" in text:
        return text, "damaged"
    if _APOSTROPHE.match(text) and (text[1:].startswith(LIVE) or text[1].isdigit()):
        return text[1:].strip(_EDGES), "apostrophe"
    return text, code
