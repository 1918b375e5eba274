"""People's accounts for `sanxiang user`: asked of the running system, or of the store while none runs (adapter). ACC-2.

Rights that are taken from a running system end at once, as its pages' do; of a stopped one there is nothing to end but
what the store has.
"""

import fcntl
import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import quote

import msgspec

from app.commands.audit_commands import store_for_acts
from app.phone.errors import SystemNotRunning
from app.phone.system import SystemClient
from app.process.clock import utc_now
from app.web.api.users.account_shapes import SessionsEnded, account_out, first_out, session_out
from config.loading.load import load_site
from config.paths import DataDir
from config.schema import Role
from config.words import two_lines
from crm.db.store import Store
from crm.errors import CrmError
from crm.rights import Principal
from crm.use_cases.accounts import people
from crm.use_cases.accounts.people import NewPerson
from crm.use_cases.accounts.second_factor import reset_second_factor
from crm.users.model import Account

COMMAND_LINE: Final = Principal(name="command line", agent=None, role="administrator")
"""Who can read the data directory: the machine's operator."""

Answer = dict[str, object]


@dataclass(frozen=True, kw_only=True)
class Wish:
    """One act: a request for the running system, the same use case for a store."""

    method: str
    path: str
    body: dict[str, object] | None = None
    by_store: Callable[[Store], Awaitable[object]]


@dataclass(frozen=True, kw_only=True)
class Stopped:
    """Where the store of a system lies that does not run, and the key that seals what is done to it (ACC-5)."""

    database: str | None
    site: Path
    audit_key: Path | None


async def carry_out(wish: Wish, data: DataDir, stopped: Stopped) -> Answer:
    """What comes of it, in the API's shape. Raises ValueError with words, PhoneError (as the API refused), SiteFaults,
    OSError."""
    try:
        async with SystemClient(data) as client:
            return await client.ask(wish.method, wish.path, body=wish.body)
    except SystemNotRunning:
        if is_running(data):
            raise
    if stopped.database is None and not data.database_file.is_file():
        raise ValueError(
            two_lines(
                f"{data.database_file} 不存在：请先启动一次系统，或用 --data 指明目录",
                f"{data.database_file} does not exist: start the system once, or name the directory with --data",
            )
        )
    url = stopped.database or data.database_url
    if wish.method == "GET":
        store = await Store.open(url, clock=utc_now)
    else:
        store = await store_for_acts(url, load_site(stopped.site), data, stopped.audit_key)
    try:
        found: Answer = msgspec.to_builtins(await wish.by_store(store))
    except CrmError as exc:
        raise ValueError(two_lines(f"{getattr(exc, 'zh', exc)}", f"{exc}")) from exc
    finally:
        await store.close()
    return found


def is_running(data: DataDir) -> bool:
    """Whether a controller holds this directory, though its API says nothing (yet)."""
    if not data.lock_file.exists():
        return False
    descriptor = os.open(data.lock_file, os.O_RDWR)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(descriptor)
    return False


def listed() -> Wish:
    async def by_store(store: Store) -> object:
        return {"items": [account_out(account) for account in await store.users.list()]}

    return Wish(method="GET", path="/api/users", by_store=by_store)


def added(name: str, display_name: str, display_name_en: str, role: Role) -> Wish:
    person = NewPerson(id=name, name=display_name, name_en=display_name_en, role=role)

    async def by_store(store: Store) -> object:
        return first_out(await people.add_person(store, person, who=COMMAND_LINE))

    body: dict[str, object] = {
        "name": name,
        "display_name": display_name,
        "display_name_en": display_name_en,
        "role": role,
    }
    return Wish(method="POST", path="/api/users", body=body, by_store=by_store)


def reset(name: str) -> Wish:
    async def by_store(store: Store) -> object:
        return first_out(await people.reset_password(store, name, who=COMMAND_LINE))

    return Wish(method="POST", path=_place(name, "reset"), by_store=by_store)


def factor_reset(name: str) -> Wish:
    return _changed(name, "second-factor/reset", reset_second_factor)


def locked(name: str) -> Wish:
    return _changed(name, "lock", people.lock)


def unlocked(name: str) -> Wish:
    return _changed(name, "unlock", people.unlock)


def retired(name: str) -> Wish:
    return _changed(name, "retire", people.retire)


def _place(name: str, what: str) -> str:
    """Whatever was typed as a name is one part of the path."""
    return f"/api/users/{quote(name, safe='')}/{what}"


def _changed(name: str, path: str, act: Callable[..., Awaitable[Account]]) -> Wish:
    """An act on an account, of which the account comes."""

    async def by_store(store: Store) -> object:
        return account_out(await act(store, name, who=COMMAND_LINE))

    return Wish(method="POST", path=_place(name, path), by_store=by_store)


def sessions(name: str) -> Wish:
    async def by_store(store: Store) -> object:
        return {"items": [session_out(each, None) for each in await store.users.sessions.list(name, store.clock())]}

    return Wish(method="GET", path=_place(name, "sessions"), by_store=by_store)


def sessions_ended(name: str) -> Wish:
    async def by_store(store: Store) -> object:
        return SessionsEnded(ended=await people.end_sessions(store, name, who=COMMAND_LINE))

    return Wish(method="DELETE", path=_place(name, "sessions"), by_store=by_store)
