"""Reports, how the rules were kept, printed forms (adapter). Every file that leaves is audited. RPT-3, TKT-7."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from aiohttp import web

from app.reports import printing
from app.reports.archive import stretch_named
from app.reports.layout.typeface import TypefaceMissing
from app.reports.sounds import digests_of
from app.web.api.reports.report_shapes import (
    DocumentOut,
    FileQuery,
    PeriodFileQuery,
    PeriodQuery,
    ReportRunOut,
    document_out,
)
from app.web.http.contract import Listed, Nothing
from app.web.http.operations import AnyOperation, Ask, operation
from app.web.wire.problems import Problem, invalid
from crm.reports.document import Document
from crm.reports.period import Stretch
from crm.tickets.model import TicketDetail
from crm.use_cases.ticket_work import print_form, take_out_report

_OfPeriod = Ask[PeriodQuery, Nothing] | Ask[PeriodFileQuery, Nothing]
_OfFile = Ask[FileQuery, Nothing] | Ask[PeriodFileQuery, Nothing]

LONGEST: Final = timedelta(days=367)
LISTED: Final = 60
MOST_PRINTED: Final = 10_000
"""Rows of a PDF: half a minute's work beside the calls."""


async def list_reports(ask: Ask[Nothing, Nothing]) -> Listed[ReportRunOut]:
    runs = await ask.seen.house.reports(LISTED)
    items = [
        ReportRunOut(
            kind=run.kind,
            period=run.period,
            made_at=run.made_at,
            sent_at=run.sent_at,
            failure=run.failure,
            files=[
                "pdf" if file.suffix == ".pdf" else "xlsx" for file in ask.acts.reports.on_file(run.kind, run.period)
            ],
        )
        for run in runs
    ]
    return Listed(items=items, next=None)


async def get_report(ask: Ask[Nothing, Nothing]) -> DocumentOut:
    """As the period stands now."""
    return document_out(await ask.acts.reports.periodic(_stretch(ask)))


async def get_report_file(ask: Ask[FileQuery, Nothing]) -> web.StreamResponse:
    return await _file(ask, await ask.acts.reports.periodic(_stretch(ask)), ask.query.type)


async def make_report(ask: Ask[Nothing, Nothing]) -> ReportRunOut:
    """Files it, anew if it was filed before."""
    stretch = _stretch(ask)
    await ask.acts.reports.file(stretch)
    made = await list_reports(ask)
    return next(run for run in made.items if (run.kind, run.period) == (stretch.span.value, stretch.name))


async def get_compliance(ask: Ask[PeriodQuery, Nothing]) -> DocumentOut:
    return document_out(await _compliance(ask, ask.query))


async def get_compliance_file(ask: Ask[PeriodFileQuery, Nothing]) -> web.StreamResponse:
    return await _file(ask, await _compliance(ask, ask.query), ask.query.type)


async def get_register(ask: Ask[PeriodFileQuery, Nothing]) -> web.StreamResponse:
    return await _file(ask, await ask.acts.reports.register(*_period(ask, ask.query)), ask.query.type)


async def get_handling_form(ask: Ask[Nothing, Nothing]) -> web.StreamResponse:
    """客户投诉处理单 of one ticket, for whoever works on it or holds the case; never for whom it is about."""
    case, site = await ask.acts.reports.handling_form(ask.path("number")), ask.services.site
    body = await _printed(lambda: printing.form(case, site))
    await ask.do(print_form, case.ticket.number)
    return _download(f"form-{case.ticket.number}.pdf", "application/pdf", body)


async def get_evidence(ask: Ask[FileQuery, Nothing]) -> web.StreamResponse:
    """Every instant of a ticket, verdicts, digests, seals: for whoever has to prove how it was handled."""
    data = ask.services.data

    async def digests(ticket: TicketDetail) -> dict[int, str]:
        return await asyncio.to_thread(digests_of, ticket.recordings, data)

    return await _file(ask, await ask.acts.reports.evidence(ask.path("number"), digests), ask.query.type)


async def _compliance(ask: _OfPeriod, query: PeriodQuery) -> Document:
    return await ask.acts.reports.compliance(*_period(ask, query))


def _period(ask: _OfPeriod, query: PeriodQuery) -> tuple[datetime, datetime]:
    now = ask.services.clock()
    month = now.astimezone(ask.services.site.zone).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    since, until = query.since or month, query.until or now
    if until <= since:
        raise invalid("until", "after `since`")
    if until - since > LONGEST:
        raise invalid("since", f"at most {LONGEST.days} days before `until`")
    return since, until


def _stretch(ask: Ask[Nothing, Nothing] | Ask[FileQuery, Nothing]) -> Stretch:
    kind, period = ask.path("kind"), ask.path("period")
    try:
        return stretch_named(kind, period)
    except ValueError as exc:
        raise Problem(
            "not_found", f"No report {kind} {period}: daily 2026-11-27, weekly 2026-W48, monthly 2026-11."
        ) from exc


async def _file(ask: _OfFile, document: Document, kind: str) -> web.StreamResponse:
    zone, rows = ask.services.site.zone, max(len(section.rows) for section in document.sections)
    if kind == "pdf" and rows > MOST_PRINTED:
        raise invalid("type", f"xlsx, or a shorter period: {rows} rows, and a PDF has at most {MOST_PRINTED}")
    body = await _printed(lambda: printing.WRITERS[kind](document, zone))
    await ask.do(take_out_report, document.number)
    return _download(f"{document.number}.{kind}", printing.MEDIA[kind], body)


async def _printed(write: Callable[[], bytes]) -> bytes:
    try:
        return await asyncio.to_thread(write)
    except TypefaceMissing as exc:
        raise Problem("internal", str(exc)) from exc


def _download(name: str, media: str, body: bytes) -> web.Response:
    return web.Response(
        body=body, content_type=media, headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )


# fmt: off
OPERATIONS: Final[tuple[AnyOperation, ...]] = (
    operation("list_reports", "GET /api/reports", list_reports,
              "Reports on file, newest first", Nothing, Nothing, Listed[ReportRunOut]),
    operation("get_report", "GET /api/reports/{kind}/{period}", get_report,
              "A report: daily 2026-11-27, weekly 2026-W48, monthly 2026-11", Nothing, Nothing, DocumentOut),
    operation("make_report", "POST /api/reports/{kind}/{period}", make_report,
              "File a report", Nothing, Nothing, ReportRunOut, 201),
    operation("get_report_file", "GET /api/reports/{kind}/{period}/file", get_report_file,
              "A report as PDF or XLSX", FileQuery, Nothing, None, 200, "application/octet-stream"),
    operation("get_compliance", "GET /api/compliance", get_compliance,
              "How each rule was kept, and every breach", PeriodQuery, Nothing, DocumentOut),
    operation("get_compliance_file", "GET /api/compliance/file", get_compliance_file,
              "The same as PDF or XLSX", PeriodFileQuery, Nothing, None, 200, "application/octet-stream"),
    operation("get_register", "GET /api/register/file", get_register,
              "登记簿: the register of a period as PDF or XLSX", PeriodFileQuery, Nothing, None, 200,
              "application/octet-stream"),
    operation("get_evidence", "GET /api/tickets/{number}/evidence", get_evidence,
              "Evidence of a ticket: instants, verdicts, digests, seals", FileQuery, Nothing, None, 200,
              "application/octet-stream"),
    operation("get_handling_form", "GET /api/tickets/{number}/form", get_handling_form,
              "客户投诉处理单: the handling form as PDF", Nothing, Nothing, None, 200, "application/pdf"),
)
# fmt: on
