"""`sanxiang key …` and `sanxiang telephone …`: keys of other systems and secrets of telephones (adapter). ACC-4.

Each asks the running system, so that its trail has it and its Asterisk hears of it.
"""

import asyncio
import json
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer

from app.commands.command_line import DATA, DEFAULT_DATA, JSON, clear_errors
from app.phone.system import Json, SystemClient
from config.paths import DataDir
from config.words import one_line, two_lines
from crm.keys.model import DEFAULT_LASTS

api_keys = typer.Typer(no_args_is_help=True, help=one_line("其他系统的接口密钥", "API keys of other systems"))
telephones = typer.Typer(no_args_is_help=True, help=one_line("坐席话机的密钥", "secrets of agents' telephones"))

NAME = Annotated[str, typer.Argument(metavar="NAME", help=one_line("名称", "its name, such as report-system"))]


@api_keys.command("add", help=one_line("新建密钥，只显示这一次", "make a key; it is shown this once"))
def add(
    name: NAME,
    scope: Annotated[
        list[str],
        typer.Option("--scope", help=one_line("可用的接口，可重复", "an operation of the API; may be repeated")),
    ],
    role: Annotated[
        str, typer.Option(help=one_line("按谁的视野", "whose sight it has: agent, supervisor, administrator"))
    ] = "agent",
    days: Annotated[int, typer.Option(help=one_line("有效天数", "days until it expires"))] = DEFAULT_LASTS.days,
    data: DATA = DEFAULT_DATA,
) -> None:
    """Make a key; it is shown this once, alone on the standard output."""
    operations = [each for words in scope for each in words.replace(",", " ").split()]
    with clear_errors():
        made = _ask(data, "POST", "/api/keys", {"name": name, "role": role, "scope": operations, "days": days})
    typer.echo(
        two_lines(
            f"密钥 {name} 到 {made['expires_at']} 有效，只显示这一次：",
            f"the key {name} is valid until {made['expires_at']} and shown this once:",
        ),
        err=True,
    )
    typer.echo(str(made["secret"]))


@api_keys.command("list", help=one_line("全部密钥", "all keys"))
def list_keys(data: DATA = DEFAULT_DATA, as_json: JSON = False) -> None:
    """All keys, newest first."""
    with clear_errors():
        answer = _ask(data, "GET", "/api/keys")
    keys: Any = answer["items"]
    if as_json:
        typer.echo(json.dumps(keys, ensure_ascii=False))
        return
    for key in keys:
        state = key["closed"] or f"until {key['expires_at']}"
        used = key["used_at"] or "never"
        typer.echo(f"{key['name']}  {key['role']}  {state}  used: {used}  {' '.join(key['scope'])}")
    if not keys:
        typer.echo(two_lines("还没有密钥", "no keys yet"))


@api_keys.command("revoke", help=one_line("吊销密钥，立即生效", "end a key at once and for good"))
def revoke(name: NAME, data: DATA = DEFAULT_DATA) -> None:
    """End a key at once and for good."""
    with clear_errors():
        _ask(data, "POST", f"/api/keys/{quote(name, safe='')}/revoke", {})
    typer.echo(two_lines(f"密钥 {name} 已吊销", f"the key {name} is revoked"))


@telephones.command("renew", help=one_line("更换话机密钥，旧密钥立即失效", "a new secret; the old one ends at once"))
def renew(
    agent: Annotated[str, typer.Argument(metavar="ID", help=one_line("工号", "the agent's number, for example 8001"))],
    data: DATA = DEFAULT_DATA,
    as_json: JSON = False,
) -> None:
    """A new secret for an agent's telephone; the old one ends at once, and a talk goes on."""
    with clear_errors():
        account = _ask(data, "POST", f"/api/agents/{quote(agent, safe='')}/telephone/renew", {})
    if as_json:
        typer.echo(json.dumps(account, ensure_ascii=False))
        return
    typer.echo(
        two_lines(
            f"话机 {account['username']} 在 {account['sip']} 注册，新密钥只显示这一次：",
            f"the telephone registers as {account['username']} at {account['sip']}; its new secret, shown this once:",
        ),
        err=True,
    )
    typer.echo(str(account["secret"]))


def _ask(data: Path, method: str, path: str, body: Json | None = None) -> dict[str, object]:
    """Raises PhoneError, with words for the terminal."""

    async def ask() -> dict[str, object]:
        async with SystemClient(DataDir(data)) as client:
            return await client.ask(method, path, body=body)

    return asyncio.run(ask())
