"""What is printed: type, styles, pages (adapter). Chinese in an embedded typeface, Latin in Helvetica. RPT-3, TKT-7."""

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

from app.reports.layout.lettering import HAN, Lettering
from app.reports.layout.typeface import TypefaceMissing, typefaces

MARGIN: Final = 16 * mm
GREY: Final = colors.HexColor("#52666b")
LINE: Final = colors.HexColor("#8a9a9a")
HEAD: Final = colors.HexColor("#e4f0f0")


@cache
def _lettering() -> Lettering:
    """Once per process: the Chinese typeface is made known to the library. Raises TypefaceMissing."""
    for file in typefaces():
        try:
            typeface = TTFont(HAN, str(file))
        except TTFError:
            continue
        pdfmetrics.registerFont(typeface)
        return Lettering(typeface.face.charToGlyph)
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
    """A paragraph of anybody's text: nothing in it is markup; line breaks stay. Raises TypefaceMissing."""
    return Paragraph("<br/>".join(_marked(line) for line in text.split("\n")), style)


def _marked(line: str) -> str:
    return "".join(
        escape(text) if face == HAN else f'<font name="{face}">{escape(text)}</font>'
        for face, text in _lettering().runs(line)
    )


def printed(title: str, footer: str, content: Callable[[], Iterable[Flowable]], *, wide: bool = False) -> bytes:
    """A PDF on A4 with page numbers. Raises TypefaceMissing."""
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
