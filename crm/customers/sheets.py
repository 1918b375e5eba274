"""Tables of text to CSV and XLSX: what a file of ours may do to a spreadsheet ends here. CUS-4.

Bytes out; no files, no network. Strangers' tables are read by crm.parsing alone.
"""

import csv
import io
from collections.abc import Iterable, Sequence

from crm.parsing.tables.model import LIVE


def write_csv(rows: Iterable[Sequence[str]]) -> bytes:
    """UTF-8 with the mark that Excel needs; cells that a spreadsheet would carry out begin with an apostrophe."""
    out = io.StringIO()
    csv.writer(out).writerows([_defused(cell) for cell in row] for row in rows)
    return out.getvalue().encode("utf-8-sig")


def write_xlsx(title: str, rows: Iterable[Sequence[str]]) -> bytes:
    """Every cell is text, also a telephone number: nothing is rounded, no zero is lost, nothing is carried out."""
    # A spreadsheet's library is loaded by whoever wants a spreadsheet, not by every start.
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell

    book = Workbook(write_only=True)
    sheet = book.create_sheet(title)
    for row in rows:
        cells = []
        for text in row:
            cell = WriteOnlyCell(sheet, value=text)
            cell.data_type = "s"
            cell.number_format = "@"
            cells.append(cell)
        sheet.append(cells)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _defused(text: str) -> str:
    return f"'{text}" if text.startswith(LIVE) else text
