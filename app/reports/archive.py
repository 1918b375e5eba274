"""Reports on file (flow): made when their time has come, once each also after downtime, kept, sent. RPT-3.

The files lie under DATA/reports, named by the report's number; the store knows which were made and which were sent.
"""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Final

from app.reports import printing
from app.reports.delivery import Send, SendFailed, read_addresses
from app.reports.layout.typeface import TypefaceMissing
from app.reports.make import MISSED, periodic
from config.paths import DataDir
from config.schema import Site
from config.words import Words
from crm.db.store import Store
from crm.errors import NotNow, StoreAway
from crm.reports.document import Cell, Document, shown
from crm.reports.period import Span, Stretch, containing, last_over
from crm.reports.run import ReportRun, again_at

log = logging.getLogger(__name__)

CATCH_UP: Final = {Span.DAILY: 7, Span.WEEKLY: 4, Span.MONTHLY: 2}
"""So many of the last periods are made after downtime; older ones can be asked for on the page."""


class ReportArchive:
    """Addresses are read anew each time, so that one can be put right while the system runs."""

    def __init__(self, store: Store, site: Site, data: DataDir) -> None:
        self._store = store
        self._site = site
        self._directory = data.reports
        self._addresses = data.report_addresses

    async def tick(self, now: datetime, send: Callable[[str], Send]) -> None:
        """Makes what is due, sends what is unsent; of the time before the first ticket there is nothing to report.
        `send`: how to reach the address of a URL."""
        try:
            began = await self._store.reports.began()
            for stretch in self.due(now):
                worth_it = began is not None and stretch.instants(self._site.zone)[1] > began
                if worth_it and not await self._store.reports.has(stretch.span.value, stretch.name):
                    await self.make(stretch, now, scheduled=True)
            for run in await self._store.reports.unsent():
                await self._deliver(run, now, send)
        except StoreAway as exc:
            log.warning("Reports wait for the store: %s", exc, extra={"action": "reports_wait"})
        except OSError as exc:
            log.error("A report cannot be filed: %s. Is the disk full?", exc, extra={"action": "reports_not_filed"})

    def due(self, now: datetime) -> list[Stretch]:
        """The newest periods that are over and whose hour has come, oldest first."""
        local = now.astimezone(self._site.zone)
        rules = self._site.reports
        found: list[Stretch] = []
        for span in (Span(name) for name in rules.make):
            stretch = last_over(span, local.date())
            if local.date() == stretch.after and local.time() < rules.at:
                stretch = stretch.before()
            for _ in range(CATCH_UP[span]):
                found.append(stretch)
                stretch = stretch.before()
        return sorted(found, key=lambda stretch: (stretch.after, stretch.span))

    async def make_by_hand(self, stretch: Stretch, now: datetime) -> Document:
        """As `make`. Raises NotNow for a period that goes on."""
        if stretch.after > now.astimezone(self._site.zone).date():
            raise NotNow(f"{stretch.name} is not over yet: it can be looked at, and is filed afterwards.")
        return await self.make(stretch, now)

    async def make(self, stretch: Stretch, now: datetime, *, scheduled: bool = False) -> Document:
        """Makes and files a report; the same period again makes its files anew. Raises StoreAway, TypefaceMissing."""
        document = await periodic(self._store, self._site, stretch, now)
        await asyncio.to_thread(self._file, document)
        wanted = bool(scheduled and self._site.reports.recipients(stretch.span.value))
        await self._store.reports.begin(stretch.span.value, stretch.name, summary(document, self._site), send=wanted)
        log.info("The report %s is on file.", document.number, extra={"action": "report_made"})
        return document

    def files(self, kind: str, period: str) -> list[Path]:
        """Those of a report that are there."""
        return [path for path in self._paths(f"{kind}-{period}") if path.is_file()]

    def _file(self, document: Document) -> None:
        self._directory.mkdir(parents=True, exist_ok=True)
        book, pdf = self._paths(document.number)
        book.write_bytes(printing.xlsx(document, self._site.zone))
        try:
            pdf.write_bytes(printing.pdf(document, self._site.zone))
        except TypefaceMissing as exc:
            log.error("A report has no PDF: %s", exc, extra={"action": "typeface_missing"})

    def _paths(self, number: str) -> tuple[Path, Path]:
        return self._directory / f"{number}.xlsx", self._directory / f"{number}.pdf"

    async def _deliver(self, run: ReportRun, now: datetime, send: Callable[[str], Send]) -> None:
        """To each address of its kind that does not have it yet."""
        known, failures = read_addresses(self._addresses), []
        reached = [name for name in run.reached.split(",") if name]
        title = f"{self._site.name} {run.kind} {run.period}"
        for name in self._site.reports.recipients(run.kind):
            if name in reached:
                continue
            try:
                if name not in known:
                    raise SendFailed("no such line in report-addresses")
                await asyncio.to_thread(send(known[name]), title, run.summary, self.files(run.kind, run.period))
                reached.append(name)
            except SendFailed as exc:
                failures.append(f"{name}: {exc}")
        if failures:
            log.error("A report was not sent: %s", "; ".join(failures), extra={"action": "report_not_sent"})
        again = again_at(run.attempts + 1, now) if failures else None
        await self._store.reports.note_sending(run, reached=reached, failure="; ".join(failures), again_at=again)


def summary(document: Document, site: Site) -> str:
    """The first lines of a report as a message: title, calls, rules that were missed."""
    calls = next(section for section in document.sections if section.id == "calls")
    rules = next(section for section in document.sections if section.id == "rules")
    total = calls.rows[0]
    figures = [
        f"{column.title.zh} {shown(cell, column.kind, site.zone)}"
        for column, cell in list(zip(calls.columns, total, strict=True))[1:]
        if cell is not None
    ]
    missed = [f"{row[0]} {_zh(row[1])}" for row in rules.rows if row[-1] == MISSED]
    lines = [f"{document.unit.zh} {document.title.zh} {document.number}", "，".join(figures)]
    lines.append("未达标：" + "；".join(missed) if missed else "各项规范均达标或本期未涉及。")
    return "\n".join(lines)


def _zh(cell: Cell) -> str:
    return cell.zh if isinstance(cell, Words) else str(cell)


def stretch_named(kind: str, period: str) -> Stretch:
    """The stretch that a report's name means, 2026-11-27, 2026-W48, 2026-11. Raises ValueError."""
    span = Span(kind)
    if span is Span.DAILY:
        day = datetime.strptime(period, "%Y-%m-%d").date()  # noqa: DTZ007 - a local date, no instant
    elif span is Span.WEEKLY:
        day = datetime.strptime(f"{period}-1", "%G-W%V-%u").date()  # noqa: DTZ007
    else:
        day = datetime.strptime(period, "%Y-%m").date()  # noqa: DTZ007
    return containing(span, day)
