"""Tables of text out of CSV and XLSX: what a stranger's file may do to us ends here (rules). CUS-1, CUS-4.

Bytes in, rows out; no files, no network.
"""

from typing import Final

from crm.errors import BadFile
from crm.parsing.tables.cells import Sheet
from crm.parsing.tables.delimited import read_text
from crm.parsing.tables.model import MAX_BYTES, TableRead
from crm.parsing.tables.workbook import read_workbook

MAX_ROWS: Final = 20_000
MAX_COLUMNS: Final = 64


def read_table(data: bytes, encoding: str = "") -> TableRead:
    """The rows of a CSV or XLSX file as text, each cell that was changed or cannot be read named beside them.

    Raises BadFile with what to do.
    """
    if len(data) > MAX_BYTES:
        raise BadFile(f"the file has {len(data)} bytes, at most {MAX_BYTES} are read: split it")
    sheet = Sheet(MAX_ROWS, MAX_COLUMNS)
    if data[:4] == b"PK\x03\x04":
        how = read_workbook(data, sheet)
    elif data[:4] == b"\xd0\xcf\x11\xe0":
        raise BadFile(
            "this is an old Excel file (.xls) or a protected one: save it as .xlsx without a password, or as CSV"
        )
    elif data.lstrip(b"\xef\xbb\xbf \r\n\t")[:1] == b"<":
        raise BadFile("this is a web page that is called a sheet: open it in a spreadsheet and save it as .xlsx")
    else:
        how = read_text(data, encoding, sheet)
    return sheet.table(how)
