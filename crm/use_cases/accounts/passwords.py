"""Passwords (flow): a one-time one is made, shown once and changed at the first login. ACC-1."""

import secrets
from collections.abc import Iterable
from datetime import datetime
from typing import Final

import msgspec

from crm.db.store import Store
from crm.db.users.hashing import hash_password, is_right
from crm.errors import BadPassword, NotLikeThis, UnknownRecord, WrongPassword
from crm.rights import Principal
from crm.tickets.model import Detail
from crm.users.model import ONE_TIME_LASTS, Account
from crm.users.passwords import fault_of, normal

_ALPHABET: Final = "abcdefghjkmnpqrstuvwxyz23456789"
"""Without what is mistaken for something else on paper: i, l, o, 0, 1."""
_GROUPS: Final = 3
_GROUP: Final = 5


class FirstPassword(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody's one-time password, this once in clear."""

    name: str
    display_name: str
    password: str
    until: datetime


def one_time_password() -> str:
    """74 bits in three groups: `k7fmd-q2xtw-4cnhr`."""
    return "-".join("".join(secrets.choice(_ALPHABET) for _ in range(_GROUP)) for _ in range(_GROUPS))


async def give_one_time(store: Store, accounts: Iterable[Account], *, who: Principal) -> tuple[FirstPassword, ...]:
    """Each gets a one-time password of their own; old passwords, sessions and the binding to a person at the provider
    of single sign-on end. Raises StoreAway."""
    until = store.clock() + ONE_TIME_LASTS
    made = [
        FirstPassword(name=each.name, display_name=each.display_name, password=one_time_password(), until=until)
        for each in accounts
    ]
    hashes = {each.name: await hash_password(each.password) for each in made}
    async with store.act() as act:
        for name, password_hash in hashes.items():
            await act.users.set_password(name, password_hash, until=until)
            await act.users.unbind(name)
            await act.users.sessions.end(name)
            await act.note_act(by=who.name, action="password_reset", subject=f"user {name}")
    return tuple(made)


async def change_password(
    store: Store, name: str, old: str, new: str, *, session: str | None = None, who: Principal
) -> None:
    """One's own, to `new`; all sessions end but `session`.

    Raises WrongPassword (old), BadPassword (new: too short, too common, the old one), UnknownRecord, StoreAway.
    """
    credential = await store.users.credential(name)
    if not await is_right(old, credential.password_hash if credential else None):
        raise WrongPassword
    if credential is None or credential.password_hash is None:
        raise UnknownRecord("user", name)
    if normal(new) == normal(old):
        raise BadPassword("the same as before: choose another one", "与原密码相同，请另选一个")
    account = credential.account
    if fault := fault_of(new, (name, account.display_name, account.display_name_en)):
        raise BadPassword(fault.en, fault.zh)
    password_hash = await hash_password(new)
    async with store.act() as act:
        now = await act.users.credential(name)
        if now is None or now.password_hash != credential.password_hash or not now.account.may_log_in:
            raise WrongPassword
        await act.users.set_password(name, password_hash, until=None)
        await act.users.sessions.end(name, but=session)
        if session is not None:
            await act.users.sessions.confirm(name, session, store.clock())
        await act.note_act(by=who.name, action="password_changed", subject=f"user {name}")


async def confirm_password(store: Store, password: str, *, session: str | None, address: str, who: Principal) -> bool:
    """One's own, shown again in this session; False when it is wrong. A one-time password is no password for this.

    Raises UnknownRecord (a program, which has no account), NotLikeThis (only known to single sign-on), StoreAway.
    """
    credential = await store.users.credential(who.name)
    if credential is None or session is None:
        raise UnknownRecord("user", who.name)
    if credential.password_hash is None or credential.user.must_change:
        raise NotLikeThis(
            "no_password",
            "There is no password of yours here: log out, log in again, and repeat this within 15 minutes.",
            "您在这里没有自己的密码：请退出后重新登录，并在 15 分钟内完成此操作。",
        )
    if not await is_right(password, credential.password_hash):
        return False
    async with store.act() as act:
        now = await act.users.credential(who.name)
        if now is None or now.password_hash != credential.password_hash:
            return False
        await act.users.sessions.confirm(who.name, session, store.clock())
        details: dict[str, Detail] = {"address": address}
        await act.note_act(by=who.name, action="password_confirmed", subject=f"user {who.name}", details=details)
    return True
