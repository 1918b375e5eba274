"""`sanxiang audit …`: the trail of a data directory is checked, with its system running or not; a new key (adapter).

Exit codes of `verify`: 0 all rows are as they were written; 1 broken places, named; 2 it could not be checked (no
store, no key, a file that cannot be read); 3 nothing is broken, but the last row's note is missing: rows cut off
the end would not show. ACC-5.
"""

import asyncio
from datetime import date
from pathlib import Path
from typing import Annotated, Final

import typer

from app.commands.command_line import DATA, DEFAULT_DATA, DEFAULT_SITE, SITE, clear_errors
from app.data_protection.audit_keys import add_key, key_file, make_key_file, read_keys, warnings
from app.data_protection.audit_trail import TrailFiles, Verdict, check_trail
from app.process.clock import utc_now
from config.loading.load import load_site
from config.paths import DataDir
from config.schema import Site
from config.words import one_line, two_lines
from crm.audit.seals import Keys
from crm.db.store import Store
from crm.errors import StoreAway

audit = typer.Typer(no_args_is_help=True, help=one_line("审计记录", "the audit trail"))

BROKEN: Final = 1
NOT_CHECKED: Final = 2
END_UNKNOWN: Final = 3
MOST_SHOWN: Final = 100
"""Broken places that are listed; their number is told in any case."""
KEY = Annotated[
    Path | None, typer.Option("--audit-key", envvar="SANXIANG_AUDIT_KEY", help=one_line("审计密钥", "the file of keys"))
]


@audit.command(
    "verify",
    help=one_line(
        "核对审计链，只读。退出码：0 完好，1 有不符，2 无法核对，3 末尾无从核对",
        "finds rows that were changed, removed, put in, moved or sealed anew; reads only. Exit: 0 whole, 1 broken, "
        "2 could not be checked, 3 whole, but the end cannot be judged",
    ),
)
def audit_verify(
    data: DATA = DEFAULT_DATA,
    day: Annotated[str | None, typer.Option(help=one_line("只看某天", "one local day only: 2026-11-22"))] = None,
    database: Annotated[
        str | None, typer.Option(help=one_line("数据库地址", "postgresql+psycopg://… instead of SQLite"))
    ] = None,
    site: SITE = DEFAULT_SITE,
    audit_key: KEY = None,
) -> None:
    """Finds rows that were changed, removed, put in, moved or sealed anew."""
    with clear_errors(exit_code=NOT_CHECKED):
        asked = day and date.fromisoformat(day).isoformat()
        found = verify_audit(DataDir(data), database, load_site(site), audit_key, asked)
    for each in found.broken[:MOST_SHOWN]:
        typer.echo(str(each))
    for doubt in found.unjudged:
        typer.echo(two_lines(f"末尾无从核对：{doubt}", f"the end cannot be judged: {doubt}"), err=True)
    if found.broken:
        count = len(found.broken)
        typer.echo(
            two_lines(f"{found.rows} 条记录，{count} 处不符", f"{found.rows} rows, {count} broken places"), err=True
        )
        raise typer.Exit(BROKEN)
    typer.echo(two_lines(f"{found.rows} 条记录，完好", f"{found.rows} rows, all as they were written"))
    if found.unjudged:
        raise typer.Exit(END_UNKNOWN)


@audit.command(
    "rotate-key", help=one_line("换用新密钥，旧密钥留作核对", "seals with a new key; the old ones stay to check with")
)
def audit_rotate_key(site: SITE = DEFAULT_SITE, audit_key: KEY = None) -> None:
    """Adds a key; a running system takes it within a minute."""
    with clear_errors():
        file = key_file(load_site(site), audit_key)
        key = add_key(file)
    typer.echo(
        two_lines(
            f"新密钥 {key.id} 已写入 {file}，一分钟内启用",
            f"the key {key.id} is in {file}; a running system takes it within a minute",
        )
    )


def verify_audit(data: DataDir, database: str | None, site: Site, key: Path | None, day: str | None) -> Verdict:
    """Reads the trail and changes nothing. Raises ValueError with words when it cannot be checked, OSError."""
    if database is None and not data.database_file.is_file():
        raise ValueError(
            two_lines(
                f"{data.database_file} 不存在，请用 --data 指明目录",
                f"{data.database_file} does not exist: name the directory with --data",
            )
        )
    file = key_file(site, key)
    keys = read_keys(file) if file.exists() else Keys({})
    return asyncio.run(_verify(data, database or data.database_url, keys, day))


async def _verify(data: DataDir, url: str, keys: Keys, day: str | None) -> Verdict:
    store = Store.to_read(url)
    try:
        return await check_trail(store, data, keys, day)
    except StoreAway as exc:
        raise ValueError(two_lines(f"数据库连不上：{exc}", f"the database does not answer: {exc}")) from exc
    finally:
        await store.close()


async def store_for_acts(url: str, site: Site, data: DataDir, key: Path | None) -> Store:
    """The store for a command that leaves rows on the trail. Raises ValueError (the key), OSError."""
    file = key_file(site, key)
    for line in warnings(file, make_key_file(file), data.root):
        typer.echo(line, err=True)
    trail = TrailFiles(data, file)
    store = await Store.open(url, area_code=site.area_code, zone=site.zone, clock=utc_now, audit_outside=trail)
    await trail.begin(store)
    return store
