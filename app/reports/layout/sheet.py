"""A document as a PDF (adapter): the same sections as the page and the workbook have. RPT-3, RPT-4."""

from collections.abc import Iterator
from datetime import timedelta
from zoneinfo import ZoneInfo

from reportlab.lib.pagesizes import A4, landscape
from reportlab.platypus import Flowable

from app.reports.layout.long_table import LongTable
from app.reports.layout.paper import BODY, HEADING, MARGIN, NOTE, TITLE, UNDER, printed, words
from crm.reports.document import NOTHING, Column, ColumnKind, Document, Section, shown

_WEIGHTS = {ColumnKind.TEXT: 2.4, ColumnKind.INSTANT: 1.9, ColumnKind.TICKET: 1.6}
_BREADTH = landscape(A4)[0] - 2 * MARGIN


def as_pdf(document: Document, zone: ZoneInfo) -> bytes:
    """The file. Raises TypefaceMissing."""
    footer = f"{document.unit.zh}　{document.title.zh}　{document.number}"
    return printed(document.title.zh, footer, lambda: _content(document, zone), wide=True)


def _content(document: Document, zone: ZoneInfo) -> Iterator[Flowable]:
    last = document.until.astimezone(zone) - timedelta(seconds=1)
    yield words(document.title.zh, TITLE)
    yield words(
        f"{document.unit.zh}　{document.since.astimezone(zone):%Y-%m-%d} – {last:%Y-%m-%d}　"
        f"编号 {document.number}　生成于 {document.made_at.astimezone(zone):%Y-%m-%d %H:%M}",
        UNDER,
    )
    for section in document.sections:
        yield words(f"{section.title.zh} {section.title.en}", HEADING)
        yield _table(section, zone) if section.rows else words(NOTHING.zh, BODY)
        if section.note:
            yield words(section.note.zh, NOTE)


def _table(section: Section, zone: ZoneInfo) -> LongTable:
    head = [column.title.zh for column in section.columns]
    rows = [
        [shown(cell, column.kind, zone) for cell, column in zip(row, section.columns, strict=True)]
        for row in section.rows
    ]
    return LongTable(head, rows, _breadths(section.columns))


def _breadths(columns: tuple[Column, ...]) -> list[float]:
    weights = [_WEIGHTS.get(column.kind, 1.0) for column in columns]
    return [_BREADTH * weight / sum(weights) for weight in weights]
