"""What is printed: type, styles, pages (adapter). Chinese in an embedded typeface, Latin in Helvetica. RPT-3, TKT-7."""

import re
from collections.abc import Callable, Iterable
from functools import cache
from html import escape
from io import BytesIO
from typing import Any, Final

from reportlab.lib import colors
from reportlab.lib.enums import TA_CENTER
from reportlab.lib.pagesizes import A4, landscape
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFError, TTFont
from reportlab.platypus import BaseDocTemplate, Flowable, Frame, PageTemplate, Paragraph

from app.reports.typeface import TypefaceMissing, typefaces

HAN: Final = "sanxiang-han"
_LATIN: Final = re.compile(r"[\x20-\x7e\xa0-\xff–—‘’“”…•]+")
MARGIN: Final = 16 * mm
GREY: Final = colors.HexColor("#52666b")
LINE: Final = colors.HexColor("#8a9a9a")
HEAD: Final = colors.HexColor("#e4f0f0")


@cache
def _registered() -> None:
    """Once per process. Raises TypefaceMissing."""
    for file in typefaces():
        try:
            pdfmetrics.registerFont(TTFont(HAN, str(file)))
        except TTFError:
            continue
        return
    raise TypefaceMissing


def _style(name: str, size: float, **more: Any) -> ParagraphStyle:
    return ParagraphStyle(name, fontName=HAN, fontSize=size, leading=size * 1.45, wordWrap="CJK", **more)


TITLE: Final = _style("title", 18, alignment=TA_CENTER, spaceAfter=2 * mm)
UNDER: Final = _style("under", 9, alignment=TA_CENTER, textColor=GREY, spaceAfter=5 * mm)
HEADING: Final = _style("heading", 12, spaceBefore=6 * mm, spaceAfter=2 * mm)
BODY: Final = _style("body", 9)
SMALL: Final = _style("small", 7.5)
NOTE: Final = _style("note", 7.5, textColor=GREY, spaceBefore=1 * mm)


def words(text: str, style: ParagraphStyle = BODY) -> Paragraph:
    """A paragraph of anybody's text: nothing in it is markup; line breaks stay."""
    shown = "<br/>".join(_runs(line) for line in text.split("\n"))
    return Paragraph(shown, style)


def _runs(line: str) -> str:
    """The Chinese typeface has no Latin letters: those runs are set in Helvetica."""
    made, end = [], 0
    for run in _LATIN.finditer(line):
        made.append(escape(line[end : run.start()]))
        made.append(f'<font name="Helvetica">{escape(run[0])}</font>')
        end = run.end()
    made.append(escape(line[end:]))
    return "".join(made)


def printed(title: str, footer: str, content: Callable[[], Iterable[Flowable]], *, wide: bool = False) -> bytes:
    """A PDF on A4 with page numbers. Raises TypefaceMissing."""
    _registered()
    size = landscape(A4) if wide else A4
    written = BytesIO()
    document = BaseDocTemplate(
        written, pagesize=size, title=title, author="Sanxiang", leftMargin=MARGIN, rightMargin=MARGIN
    )
    frame = Frame(MARGIN, MARGIN, size[0] - 2 * MARGIN, size[1] - 2 * MARGIN, 0, 0, 0, 0)

    def below(canvas: Any, page: Any) -> None:
        line = words(f"{footer}　　第 {page.page} 页", NOTE)
        line.wrapOn(canvas, size[0] - 2 * MARGIN, MARGIN)
        line.drawOn(canvas, MARGIN, MARGIN / 2)

    document.addPageTemplates([PageTemplate(frames=[frame], onPage=below)])
    document.build(list(content()))
    return written.getvalue()
