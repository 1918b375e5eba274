"""A table of any length for paper (adapter): laid out a page at a time, so that each row is laid out once.

The library's own table copies all rows that are left with each page.
"""

from collections.abc import Sequence
from itertools import islice
from typing import Any

from reportlab.lib.pagesizes import A4, landscape
from reportlab.platypus import Flowable, Paragraph, Table, TableStyle

from app.reports.layout.paper import HEAD, LINE, MARGIN, SMALL, words

_PADDING = 3.0
_PAGE = landscape(A4)[1] - 2 * MARGIN
_STYLE = TableStyle(
    [
        ("BACKGROUND", (0, 0), (-1, 0), HEAD),
        ("LINEBELOW", (0, 0), (-1, -1), 0.3, LINE),
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        *((f"{side}PADDING", (0, 0), (-1, -1), _PADDING) for side in ("LEFT", "RIGHT", "TOP", "BOTTOM")),
    ]
)

Row = Sequence[str]


class LongTable(Flowable):
    """`breadths` of the columns, in points; the head stands on every page; `done` rows are on pages before."""

    def __init__(self, head: Row, rows: Sequence[Row], breadths: Sequence[float], done: int = 0) -> None:
        super().__init__()
        self._head = head
        self._rows = rows
        self._breadths = breadths
        self._done = done
        self._page: Table | None = None

    def wrap(self, width: float, height: float) -> tuple[float, float]:
        """Higher than there is room when not all rows fit: then the library asks for `split`."""
        cells, heights = self._fitting(height)
        if self._done + len(cells) - 1 < len(self._rows):
            return sum(self._breadths), height + 1
        self._page = self._table(cells, heights)
        return self._page.wrap(width, height)

    def draw(self) -> None:
        assert self._page is not None  # wrapped before
        self._page.drawOn(self.canv, 0, 0)

    def split(self, width: float, height: float) -> list[Any]:
        """What fits, and the rest; nothing when the next page has more room. A row higher than a page is cut."""
        cells, heights = self._fitting(height)
        done = self._done + len(cells) - 1
        if len(cells) > 1:
            return [self._table(cells, heights), LongTable(self._head, self._rows, self._breadths, done)]
        head, (row, high) = cells[0], self._set(self._rows[self._done])
        if heights[0] + high <= _PAGE:
            return []
        cut = Table([head, row], colWidths=self._breadths, style=_STYLE, repeatRows=1, splitInRow=1)
        cut.wrap(width, height)
        parts = cut.split(width, height)
        more = bool(parts) and done + 1 < len(self._rows)
        return [*parts, LongTable(self._head, self._rows, self._breadths, done + 1)] if more else parts

    def _fitting(self, height: float) -> tuple[list[list[Paragraph]], list[float]]:
        """Head and as many rows as there is room for, with their heights."""
        head, high = self._set(self._head)
        cells, heights, room = [head], [high], height - high
        for row in islice(self._rows, self._done, None):
            texts, high = self._set(row)
            room -= high
            if room < 0:
                break
            cells.append(texts)
            heights.append(high)
        return cells, heights

    def _set(self, row: Row) -> tuple[list[Paragraph], float]:
        texts = [words(cell, SMALL) for cell in row]
        sizes = [
            text.wrap(breadth - 2 * _PADDING, _PAGE)[1] for text, breadth in zip(texts, self._breadths, strict=True)
        ]
        return texts, max(sizes) + 2 * _PADDING

    def _table(self, cells: list[list[Paragraph]], heights: list[float]) -> Table:
        return Table(cells, colWidths=self._breadths, rowHeights=heights, style=_STYLE)
