"""`sanxiang user …`: people's accounts, with the system running or not (design §5). ACC-1, ACC-2."""

import asyncio
import json
from pathlib import Path
from typing import Annotated, Any

import typer

from app.commands import accounts
from app.commands.accounts import Answer, Stopped, Wish, carry_out
from app.commands.audit_commands import KEY
from app.commands.command_line import DATA, DEFAULT_DATA, DEFAULT_SITE, JSON, SITE, clear_errors
from config.paths import DataDir
from config.schema import Role
from config.words import one_line, two_lines
from crm.users.words import ACCOUNT_STATES, PASSWORDS, ROLES

user = typer.Typer(no_args_is_help=True, help=one_line("人员账号", "people's accounts"))

NAME = Annotated[str, typer.Argument(metavar="NAME", help=one_line("登录名", "the login name, such as 8001"))]
DATABASE = Annotated[
    str | None,
    typer.Option(help=one_line("系统未运行时的数据库", "the store of a stopped system, if not SQLite under --data")),
]


def _do(
    wish: Wish, data: Path, database: str | None, site: Path = DEFAULT_SITE, audit_key: Path | None = None
) -> Answer:
    with clear_errors(exit_code=2):
        return asyncio.run(carry_out(wish, DataDir(data), Stopped(database=database, site=site, audit_key=audit_key)))


def _items(answer: Answer) -> list[dict[str, Any]]:
    found = answer["items"]
    assert isinstance(found, list)
    return found


@user.command("list", help=one_line("全部账号", "all accounts"))
def list_users(data: DATA = DEFAULT_DATA, database: DATABASE = None, as_json: JSON = False) -> None:
    """All accounts."""
    items = _items(_do(accounts.listed(), data, database))
    if as_json:
        typer.echo(json.dumps(items, ensure_ascii=False))
        return
    for each in items:
        state = ACCOUNT_STATES[each["state"]] if each["listed"] else ACCOUNT_STATES["retired"]
        words = (ROLES[each["role"]], state, PASSWORDS[each["password"]])
        said = "  ".join(word.on_paper() for word in words)
        typer.echo(f"{each['name']:<10} {each['display_name']} {each['display_name_en']}  {said}  {each['sessions']}")


@user.command(
    "add", help=one_line("添加没有话机的人员", "somebody without a telephone; who takes calls is in agents.yaml")
)
def add(
    name: NAME,
    display_name: Annotated[str, typer.Option("--display-name", help=one_line("姓名", "name in Chinese"))],
    display_name_en: Annotated[str, typer.Option("--display-name-en", help=one_line("英文姓名", "name in English"))],
    role: Annotated[str, typer.Option(help="agent, supervisor, administrator")] = "agent",
    data: DATA = DEFAULT_DATA,
    database: DATABASE = None,
    site: SITE = DEFAULT_SITE,
    audit_key: KEY = None,
) -> None:
    """Somebody without a telephone."""
    roles: dict[str, Role] = {"agent": "agent", "supervisor": "supervisor", "administrator": "administrator"}
    with clear_errors(exit_code=2):
        if role not in roles:
            raise ValueError(two_lines(f"没有角色 {role!r}", f"no such role; roles are: {', '.join(roles)}"))
    _tell_first(_do(accounts.added(name, display_name, display_name_en, roles[role]), data, database, site, audit_key))


@user.command("reset", help=one_line("发一个新的一次性密码", "a new one-time password; all sessions end"))
def reset(
    name: NAME,
    second_factor: Annotated[
        bool,
        typer.Option(
            "--second-factor", help=one_line("重置二次验证，不换密码", "the lost app instead of the password")
        ),
    ] = False,
    data: DATA = DEFAULT_DATA,
    database: DATABASE = None,
    site: SITE = DEFAULT_SITE,
    audit_key: KEY = None,
) -> None:
    """A new one-time password, or a new start with the second factor; all sessions end."""
    if second_factor:
        _do(accounts.factor_reset(name), data, database, site, audit_key)
        typer.echo(
            two_lines(f"{name} 下次登录须重新设置二次验证", f"{name} sets up a second factor again at the next login")
        )
        return
    _tell_first(_do(accounts.reset(name), data, database, site, audit_key))


@user.command("lock", help=one_line("暂时收回全部权限", "take all rights for a time, at once"))
def lock(
    name: NAME, data: DATA = DEFAULT_DATA, database: DATABASE = None, site: SITE = DEFAULT_SITE, audit_key: KEY = None
) -> None:
    """Take all rights for a time, at once."""
    _tell_state(_do(accounts.locked(name), data, database, site, audit_key))


@user.command("unlock", help=one_line("恢复权限", "give them back"))
def unlock(
    name: NAME, data: DATA = DEFAULT_DATA, database: DATABASE = None, site: SITE = DEFAULT_SITE, audit_key: KEY = None
) -> None:
    """Give them back."""
    _tell_state(_do(accounts.unlocked(name), data, database, site, audit_key))


@user.command("retire", help=one_line("离职：立即收回全部权限", "the person has left: all rights end at once"))
def retire(
    name: NAME, data: DATA = DEFAULT_DATA, database: DATABASE = None, site: SITE = DEFAULT_SITE, audit_key: KEY = None
) -> None:
    """The person has left: all rights end at once."""
    _tell_state(_do(accounts.retired(name), data, database, site, audit_key))


@user.command("sessions", help=one_line("在哪里登录着", "where somebody is logged in"))
def sessions(name: NAME, data: DATA = DEFAULT_DATA, database: DATABASE = None, as_json: JSON = False) -> None:
    """Where somebody is logged in."""
    items = _items(_do(accounts.sessions(name), data, database))
    if as_json:
        typer.echo(json.dumps(items, ensure_ascii=False))
        return
    for each in items:
        typer.echo(f"{each['created_at']}  {each['seen_at']}  {each['address']}  {each['browser']}")


@user.command("end-sessions", help=one_line("结束全部登录", "log somebody out everywhere"))
def end_sessions(
    name: NAME, data: DATA = DEFAULT_DATA, database: DATABASE = None, site: SITE = DEFAULT_SITE, audit_key: KEY = None
) -> None:
    """Log somebody out everywhere."""
    ended = _do(accounts.sessions_ended(name), data, database, site, audit_key)["ended"]
    typer.echo(two_lines(f"已结束 {ended} 个登录", f"{ended} sessions ended"))


def _tell_first(first: Answer) -> None:
    typer.echo(
        two_lines(
            f"{first['name']} 的一次性密码（只显示这一次，首次登录须修改）：{first['password']}",
            f"the one-time password of {first['name']}, shown once, changed at the first login: {first['password']}",
        )
    )


def _tell_state(account: Answer) -> None:
    state = ACCOUNT_STATES[str(account["state"])]
    typer.echo(two_lines(f"{account['name']}：{state.zh}", f"{account['name']}: {state.en}"))
