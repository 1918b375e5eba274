"""`sanxiang policy …`: the clauses in force, deadlines under them, the rehearsal of a new version (design §5, D7)."""

import asyncio
import json
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from app.commands import rehearse
from app.commands.command_line import DATA, DEFAULT_DATA, DEFAULT_SITE, JSON, SITE, clear_errors
from app.commands.hours import moment
from app.commands.policy import clause_as_dict, due_as_dict, due_as_text, listed
from app.process.clock import utc_now
from config.loading.load import load_policy, load_site
from config.paths import DataDir
from config.schema import Site
from config.words import one_line, two_lines
from crm.cases.organisation import Organisation
from crm.days.model import EnteredDay, overlaid
from crm.db.cases.rehearsal import past_since
from crm.db.store import Store
from crm.regulation import rehearsal
from crm.regulation.policy import Regulated

policy = typer.Typer(no_args_is_help=True, help=one_line("服务规范的条款和时限", "the service regulation"))


@policy.command("clauses", help=one_line("现行条款及其时限", "the clauses in force, with their limits"))
def policy_clauses(
    at: Annotated[
        str | None, typer.Option(help=one_line("哪一天有效的条款", "in force on that day; default: today"))
    ] = None,
    site: SITE = DEFAULT_SITE,
    as_json: JSON = False,
) -> None:
    """The clauses in force, with their limits."""
    with clear_errors(exit_code=2):
        loaded = load_site(site)
        day = moment(f"{at} 00:00" if at else None, loaded.zone, utc_now()).date()
        regulation = loaded.policy.in_force(day)
    if as_json:
        typer.echo(json.dumps([clause_as_dict(each) for each in regulation.clauses.values()], ensure_ascii=False))
        return
    for line in listed(regulation):
        typer.echo(line)


@policy.command("due", help=one_line("某条款的到期时间", "when something is due under a clause"))
def policy_due(
    clause: Annotated[
        str, typer.Argument(metavar="CLAUSE", help=one_line("条款编号", "a clause's id, such as CPL-3.branch"))
    ],
    start: Annotated[
        str | None, typer.Option(help=one_line("起算时间", 'start: "2026-02-13 16:00"; default: now'))
    ] = None,
    site: SITE = DEFAULT_SITE,
    as_json: JSON = False,
) -> None:
    """When something is due under a clause."""
    with clear_errors(exit_code=2):
        loaded = load_site(site)
        began = moment(start, loaded.zone, utc_now(), option="--start")
        regulated = Regulated.of(loaded.policy, loaded.zone, loaded.special_days)
        found = regulated.clause(clause, began)
        said = due_as_text(regulated, found, began)
    if as_json:
        typer.echo(json.dumps(due_as_dict(regulated, found, began), ensure_ascii=False))
        return
    typer.echo(said)
    if regulated.due(found, began).provisional:
        typer.echo(
            two_lines("暂定：官方放假安排尚未公布", "provisional: the official calendar is not out yet"), err=True
        )


@policy.command(
    "rehearse",
    help=one_line("新版规范在已有数据上试算：哪些会超时", "a new version on past data: what would have been late"),
)
def policy_rehearse(
    file: Annotated[Path, typer.Argument(metavar="FILE", help=one_line("新版规范", "the new version, as policy.yaml"))],
    since: Annotated[str, typer.Option(help=one_line("从哪天起", "from that local day on: 2026-01-01"))],
    data: DATA = DEFAULT_DATA,
    database: Annotated[
        str | None, typer.Option(help=one_line("数据库地址", "postgresql+psycopg://… instead of SQLite"))
    ] = None,
    site: SITE = DEFAULT_SITE,
    as_json: JSON = False,
) -> None:
    """A new version on past data: what would have been late."""
    with clear_errors(exit_code=2):
        loaded, now = load_site(site), utc_now()
        began = moment(f"{since} 00:00", loaded.zone, now, option="--since")
        regulation = load_policy(file)
        if database is None and not DataDir(data).database_file.exists():
            raise ValueError(
                two_lines(
                    f"{data} 里没有数据，请用 --data 指明系统的目录",
                    f"{data} holds no data: name a system's directory with --data",
                )
            )
        url = database or DataDir(data).database_url
        pasts, entered = asyncio.run(_past(url, loaded, began))
        days = overlaid(loaded.special_days, entered)
        current, new = (Regulated.of(each, loaded.zone, days) for each in (loaded.policy, regulation))
        judged = rehearsal.rehearse(pasts, current, new, began, now)
    if as_json:
        typer.echo(json.dumps(rehearse.as_dict(judged, began, loaded.zone), ensure_ascii=False))
        return
    for line in rehearse.lines(judged, began, loaded.zone):
        typer.echo(line)


async def _past(url: str, site: Site, since: datetime) -> tuple[list[rehearsal.Past], list[EnteredDay]]:
    """What has happened, and the days that have been entered."""
    kinds = {party.id: party.kind for party in Organisation(site).parties.values()}
    store = await Store.open(url, zone=site.zone)
    try:
        return await past_since(store.database, since, kinds), await store.calendar.all()
    finally:
        await store.close()
