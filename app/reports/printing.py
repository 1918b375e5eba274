"""The files of reports (adapter): their makers are loaded when the first one is asked for, not at the start.

The libraries for workbooks, PDFs and notices take two seconds to load; a controller that comes back to its calls has
none to spare.
"""

from collections.abc import Callable
from zoneinfo import ZoneInfo

from app.reports.content.case_file import CaseFile
from app.reports.delivery import Send
from config.schema import Site
from crm.reports.document import Document

MEDIA = {
    "pdf": "application/pdf",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def pdf(document: Document, zone: ZoneInfo) -> bytes:
    """Raises TypefaceMissing."""
    from app.reports.layout.sheet import as_pdf

    return as_pdf(document, zone)


def xlsx(document: Document, zone: ZoneInfo) -> bytes:
    from app.reports.layout.workbook import as_workbook

    return as_workbook(document, zone)


WRITERS: dict[str, Callable[[Document, ZoneInfo], bytes]] = {"pdf": pdf, "xlsx": xlsx}


def form(case: CaseFile, site: Site) -> bytes:
    """The handling form. Raises TypefaceMissing."""
    from app.reports.layout.forms import handling_form

    return handling_form(case, site)


def sender(url: str) -> Send:
    """How to reach an address."""
    from app.reports.send import sender as by_apprise

    return by_apprise(url)
