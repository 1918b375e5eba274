"""`sanxiang user …` on the store of a system that does not run. ACC-1, ACC-2."""

import asyncio
import json
import re
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyotp
import pytest
from click.testing import Result
from typer.testing import CliRunner

from app.cli import app
from app.commands import accounts
from crm.db.store import Store
from crm.rights import Principal
from crm.use_cases.accounts.logins import Login, log_in
from crm.use_cases.accounts.second_factor import begin_second_factor, confirm_second_factor
from crm.users.model import Place
from tests.fakes.logins import let_people_log_in, password_of
from tests.fakes.small_site import small_site
from tests.integration.store.hand_clock import HandClock

pytestmark = pytest.mark.req("ACC-1", "ACC-2")

READING = ("list", "sessions")
Ask = Callable[..., Coroutine[Any, Any, Result]]


@pytest.fixture
def clock() -> HandClock:
    """The command goes by the real time."""
    clock = HandClock()
    clock.now = datetime.now(UTC)
    return clock


@pytest.fixture
async def ask(store: Store, store_url: str, tmp_path: Path) -> Ask:
    """The command's answer to some words."""
    await let_people_log_in(store, small_site().agents)

    async def ask(*words: str) -> Result:
        key = [] if words[0] in READING else ["--audit-key", str(tmp_path / "audit.key")]
        command = ["user", *words, "--data", str(tmp_path), "--database", store_url, *key]
        return await asyncio.to_thread(CliRunner().invoke, app, command)

    return ask


async def enters(store: Store, name: str, password: str) -> Login | None:
    return await log_in(store, name, password, Place(address="192.0.2.1", browser=""), device=None)


def one_time_of(said: Result) -> str:
    assert said.exit_code == 0, said.stderr
    found = re.findall(r"[a-z2-9]{5}-[a-z2-9]{5}-[a-z2-9]{5}", said.stdout)
    assert len(set(found)) == 1
    return str(found[0])


@pytest.mark.req("ACC-3")
async def test_a_lost_app_is_reset_and_the_password_stays(ask: Ask, store: Store, clock: HandClock) -> None:
    chef = Principal(name="8901", agent="8901", role="administrator")
    secret = (await begin_second_factor(store, "站点", who=chef)).secret.replace(" ", "")
    code = pyotp.TOTP(secret).at(clock.now)
    assert await confirm_second_factor(store, code, session=None, who=chef) is not None
    entered = await enters(store, "8901", password_of("8901"))
    assert entered is not None and entered.user.pending(("administrator",)) == "code"
    assert (await ask("reset", "8901", "--second-factor")).exit_code == 0
    assert await store.users.sessions.list("8901", clock.now) == ()
    entered = await enters(store, "8901", password_of("8901"))
    assert entered is not None and entered.user.pending(("administrator",)) == "second_factor"
    again = await ask("reset", "8901", "--second-factor")
    assert again.exit_code == 2 and "has no second factor" in again.stderr


async def test_a_lost_password_is_reset_and_the_old_one_is_gone(ask: Ask, store: Store) -> None:
    first = one_time_of(await ask("reset", "8901"))
    assert await enters(store, "8901", password_of("8901")) is None
    entered = await enters(store, "8901", first)
    assert entered is not None and entered.user.pending(()) == "new_password"
    (*_, row) = [each.row for each in await store.audit.about("user 8901") if each.row.action == "password_reset"]
    assert row.by == "command line"


async def test_people_are_added_locked_unlocked_and_retired(ask: Ask, store: Store) -> None:
    names = ["--display-name", "李娜", "--display-name-en", "Li Na", "--role", "administrator"]
    first = one_time_of(await ask("add", "li.na", *names))
    assert await enters(store, "li.na", first) is not None
    assert await enters(store, "8001", password_of("8001")) is not None
    sessions = json.loads((await ask("sessions", "8001", "--json")).stdout)
    assert [each["address"] for each in sessions] == ["192.0.2.1"]
    assert (await ask("end-sessions", "8001")).exit_code == 0
    assert json.loads((await ask("sessions", "8001", "--json")).stdout) == []
    assert "已锁定" in (await ask("lock", "8001")).stdout
    assert await enters(store, "8001", password_of("8001")) is None
    assert "正常" in (await ask("unlock", "8001")).stdout
    assert await enters(store, "8001", password_of("8001")) is not None
    assert "已离职" in (await ask("retire", "8001")).stdout
    listed = {each["name"]: each for each in json.loads((await ask("list", "--json")).stdout)}
    assert listed["8001"]["state"] == "retired" and listed["li.na"]["password"] == "one_time"
    said = (await ask("list")).stdout
    assert "李娜" in said and "已离职 Left" in said and first not in said


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("lock", "8901"), "唯一能登录的管理员"),
        (("retire", "8901"), "唯一能登录的管理员"),
        (("unlock", "8001"), "没有被锁定"),
        (("reset", "nobody"), "no user nobody"),
        (("add", "Li Na", "--display-name", "x", "--display-name-en", "x"), "a-z"),
        (("add", "x1", "--display-name", "x", "--display-name-en", "x", "--role", "chef"), "没有角色"),
        (("add", "8001", "--display-name", "x", "--display-name-en", "x"), "已有账号"),
    ],
)
async def test_what_cannot_be_is_said_in_words(ask: Ask, words: tuple[str, ...], says: str) -> None:
    said = await ask(*words)
    assert said.exit_code == 2 and says in said.stderr and "Traceback" not in said.output


def test_without_a_store_it_says_what_to_do(tmp_path: Path) -> None:
    said = CliRunner().invoke(app, ["user", "list", "--data", str(tmp_path)])
    assert said.exit_code == 2 and "start the system once" in said.stderr


def test_whatever_is_typed_as_a_name_reaches_no_other_place_of_the_api() -> None:
    for wish in (accounts.reset, accounts.locked, accounts.sessions_ended, accounts.sessions):
        assert wish("../keys/a?b#c").path.startswith("/api/users/..%2Fkeys%2Fa%3Fb%23c/")
