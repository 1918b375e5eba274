"""A document as a PDF (adapter): the same sections as the page and the workbook have. RPT-3, RPT-4."""

from collections.abc import Iterator
from datetime import timedelta
from zoneinfo import ZoneInfo

from reportlab.lib.pagesizes import A4, landscape
from reportlab.platypus import Flowable, Table, TableStyle

from app.reports.paper import BODY, HEAD, HEADING, LINE, MARGIN, NOTE, SMALL, TITLE, UNDER, printed, words
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


def _table(section: Section, zone: ZoneInfo) -> Table:
    head = [words(column.title.zh, SMALL) for column in section.columns]
    rows = [
        [words(shown(cell, column.kind, zone), SMALL) for cell, column in zip(row, section.columns, strict=True)]
        for row in section.rows
    ]
    table = Table([head, *rows], colWidths=_breadths(section.columns), repeatRows=1, splitInRow=1)
    table.setStyle(
        TableStyle(
            [
                ("BACKGROUND", (0, 0), (-1, 0), HEAD),
                ("LINEBELOW", (0, 0), (-1, -1), 0.3, LINE),
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                ("LEFTPADDING", (0, 0), (-1, -1), 3),
                ("RIGHTPADDING", (0, 0), (-1, -1), 3),
            ]
        )
    )
    return table


def _breadths(columns: tuple[Column, ...]) -> list[float]:
    weights = [_WEIGHTS.get(column.kind, 1.0) for column in columns]
    return [_BREADTH * weight / sum(weights) for weight in weights]
