"""`sanxiang report …`: what a report says and who would get it; with --send it goes to them now. RPT-3.

It changes nothing of what is made and sent by the clock (app/reports/archive.py).
"""

import asyncio
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from app.commands.audit_commands import KEY, store_for_acts
from app.commands.command_line import DATA, DEFAULT_DATA, DEFAULT_SITE, SITE, clear_errors
from app.process.clock import utc_now
from app.reports import printing
from app.reports.archive import summary
from app.reports.delivery import SendFailed, read_addresses
from app.reports.layout.typeface import TypefaceMissing
from app.reports.make import periodic
from config.loading.load import load_site
from config.paths import DataDir
from config.schema import Site
from config.words import one_line, two_lines
from crm.db.store import Store
from crm.reports.document import Document
from crm.reports.period import Span, Stretch, containing


def report(
    kind: Annotated[str, typer.Argument(metavar="KIND", help="daily, weekly 或 monthly")],
    day: Annotated[
        str | None, typer.Option(help=one_line("期间内的某天", "a local day in it; default: yesterday"))
    ] = None,
    into: Annotated[Path | None, typer.Option(help=one_line("文件写到此目录", "writes XLSX and PDF there"))] = None,
    send: Annotated[
        bool, typer.Option("--send", help=one_line("现在就发给收件人", "send it to its recipients now"))
    ] = False,
    data: DATA = DEFAULT_DATA,
    database: Annotated[
        str | None, typer.Option(help=one_line("数据库地址", "postgresql+psycopg://… instead of SQLite"))
    ] = None,
    site: SITE = DEFAULT_SITE,
    audit_key: KEY = None,
) -> None:
    """Tries a report: what it says and who gets it; sent only with --send."""
    with clear_errors():
        loaded, directory = load_site(site), DataDir(data)
        stretch = _stretch(kind, day, loaded)
        if database is None and not directory.database_file.exists():
            raise ValueError(
                two_lines(
                    f"{data} 里没有数据，请用 --data 指明系统的目录",
                    f"{data} holds no data: name a system's directory with --data",
                )
            )
        url = database or directory.database_url
        document = asyncio.run(
            _sent(url, loaded, stretch, directory, audit_key) if send else _made(url, loaded, stretch)
        )
        typer.echo(summary(document, loaded))
        with TemporaryDirectory() as aside:
            files = _written(document, loaded, into or Path(aside)) if into or send else []
            for file in files if into else []:
                typer.echo(str(file))
            good = [_told(name, document, loaded, directory, files if send else None) for name in _names(kind, loaded)]
    if not all(good):
        raise typer.Exit(1)


def _stretch(kind: str, day: str | None, site: Site) -> Stretch:
    """Raises ValueError."""
    if kind not in {span.value for span in Span}:
        raise ValueError(
            two_lines(f"没有报表 {kind!r}", f"no report of that kind: {', '.join(span.value for span in Span)}")
        )
    today = utc_now().astimezone(site.zone).date()
    try:
        asked = containing(Span.DAILY, today).before().first if day is None else date.fromisoformat(day)
    except ValueError as exc:
        raise ValueError(
            two_lines(
                f"--day: {day!r} 不是日期，请写如 2026-11-27", f"--day: {day!r} is no day: write it as 2026-11-27"
            )
        ) from exc
    return containing(Span(kind), asked)


async def _made(url: str, site: Site, stretch: Stretch) -> Document:
    store = await Store.open(url, area_code=site.area_code, zone=site.zone)
    try:
        return await periodic(store, site, stretch, utc_now())
    finally:
        await store.close()


async def _sent(url: str, site: Site, stretch: Stretch, data: DataDir, audit_key: Path | None) -> Document:
    """On record before it leaves the house (ACC-5)."""
    store = await store_for_acts(url, site, data, audit_key)
    try:
        document = await periodic(store, site, stretch, utc_now())
        await store.note_act(by="command line", action="exported", subject=f"report {document.number}")
        return document
    finally:
        await store.close()


def _written(document: Document, site: Site, into: Path) -> list[Path]:
    """Raises OSError; ValueError when there is nothing to print Chinese with."""
    into.mkdir(parents=True, exist_ok=True)
    files = []
    for kind, write in printing.WRITERS.items():
        file = into / f"{document.number}.{kind}"
        try:
            file.write_bytes(write(document, site.zone))
        except TypefaceMissing as exc:
            raise ValueError(str(exc)) from exc
        files.append(file)
    return files


def _names(kind: str, site: Site) -> tuple[str, ...]:
    names = site.reports.recipients(kind)
    if not names:
        typer.echo(
            two_lines("reports.yaml 未设收件人", f"reports.yaml names nobody who gets it: send_to: {{{kind}: [...]}}")
        )
    return names


def _told(name: str, document: Document, site: Site, data: DataDir, files: list[Path] | None) -> bool:
    """Says of one recipient whether it can be reached, or has been. `files` None: nothing is sent."""
    url = read_addresses(data.report_addresses).get(name)
    if url is None:
        typer.echo(
            two_lines(
                f"{name}: {data.report_addresses} 里没有这一行", f"{name}: {data.report_addresses} has no such line"
            ),
            err=True,
        )
        return False
    if files is None:
        typer.echo(two_lines(f"{name}: 有地址，未发送", f"{name}: has an address; nothing was sent"))
        return True
    try:
        printing.sender(url)(f"{site.name} {document.number}", summary(document, site), files)
    except SendFailed as exc:
        typer.echo(two_lines(f"{name}: 未送达：{exc}", f"{name}: not sent: {exc}"), err=True)
        return False
    typer.echo(one_line(f"{name}: 已发送", "sent"))
    return True
