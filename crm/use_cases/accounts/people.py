"""Accounts as administrators manage them (flow), and as agents.yaml has them. ACC-1, ACC-2.

agents.yaml says who takes calls, and what such a person is called and may do. The store says everything else:
passwords, who is locked or has left, and people without a telephone, who are added by hand (ADR 41).
"""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from config.schema import Role
from crm.db.store import Store
from crm.errors import BadValue, NotLikeThis, UnknownRecord, bad_values
from crm.rights import Principal
from crm.tickets.model import Detail
from crm.use_cases.accounts.passwords import FirstPassword, give_one_time
from crm.users.model import Account, AccountState, SiteAgent, checked_name, is_last_administrator

log = logging.getLogger(__name__)

SITE: Final = Principal(name="agents.yaml", agent=None, role="administrator")
"""Who does what the site's file says."""


@dataclass(frozen=True, kw_only=True)
class NewPerson:
    """Somebody who is added by hand: no telephone, in no queue. A `SiteAgent`."""

    id: str
    name: str
    name_en: str
    role: Role


async def enrol_site(store: Store, agents: Iterable[SiteAgent], *, who: Principal = SITE) -> tuple[FirstPassword, ...]:
    """The people of agents.yaml have accounts; who stands there no more loses all rights, and has them again, with the
    same password, when listed again. Returns the one-time passwords of those who had none. Raises StoreAway."""
    wanted = {agent.id: agent for agent in agents}
    async with store.act() as act:
        known = {account.name: account for account in await act.users.locked_list()}
        kept = _last_administrators(known, wanted)
        for name, agent in wanted.items():
            before = known.get(name)
            if name not in kept and (changes := _changes(before, agent)):
                await act.users.add(agent, of_site=True)
                await _note(act, who, "user_added" if before is None else "user_changed", name, changes)
        gone = sorted(each.name for each in known.values() if each.of_site and each.listed)
        gone = [name for name in gone if name not in wanted and name not in kept]
        await act.users.unlist(gone)
        for name in gone:
            await _note(act, who, "user_unlisted", name)
    without = [
        each
        for each in await store.users.list()
        if each.password == "none"  # noqa: S105 (a state, no password)
        and not each.is_gone
    ]
    return await give_one_time(store, without, who=who)


async def add_person(store: Store, person: NewPerson, *, who: Principal) -> FirstPassword:
    """Somebody new, or who had left and is back. Raises BadValue, NotLikeThis (there is such a person), StoreAway."""
    with bad_values("name"):
        checked_name(person.id)
    for field in ("name", "name_en"):
        if not getattr(person, field).strip():
            raise BadValue("display_name" if field == "name" else "display_name_en", "a name to be read")
    async with store.act() as act:
        before = await _get(act, person.id)
        if before is not None and before.state != "retired":
            raise NotLikeThis("there_already", f"There is an account {person.id}.", f"已有账号 {person.id}。")
        if before is None or not (before.of_site and before.listed):
            await act.users.add(person, of_site=False)
        await act.users.set_state(person.id, "active")
        await act.users.clear_password(person.id)
        await _note(act, who, "user_added", person.id, {"role": person.role, "display_name": person.name})
        account = await _found(act, person.id)
    (first,) = await give_one_time(store, [account], who=who)
    return first


async def reset_password(store: Store, name: str, *, who: Principal) -> FirstPassword:
    """A new one-time password: the old one and all sessions end. Raises UnknownRecord, NotLikeThis, StoreAway."""
    account = await _found(store, name)
    _not_oneself(name, who)
    if account.state == "retired" or not account.listed:
        raise NotLikeThis("retired", f"{name} has left; add the person again.", f"{name} 已离职，请重新添加。")
    (first,) = await give_one_time(store, [account], who=who)
    return first


async def lock(store: Store, name: str, *, who: Principal) -> Account:
    """For a time: no login, no session, no calls. Raises UnknownRecord, NotLikeThis, StoreAway."""
    return await _take_rights(store, name, "locked", who)


async def retire(store: Store, name: str, *, who: Principal) -> Account:
    """For good: the password is gone too. Raises UnknownRecord, NotLikeThis, StoreAway."""
    return await _take_rights(store, name, "retired", who)


async def unlock(store: Store, name: str, *, who: Principal) -> Account:
    """The same password holds again. Raises UnknownRecord, NotLikeThis, StoreAway."""
    async with store.act() as act:
        account = await _found(act, name)
        if account.state != "locked":
            raise NotLikeThis("not_locked", f"{name} is not locked.", f"{name} 没有被锁定。")
        await act.users.set_state(name, "active")
        await _note(act, who, "user_unlocked", name)
        return await _found(act, name)


async def end_sessions(store: Store, name: str, *, only: str | None = None, who: Principal) -> int:
    """Logs somebody out everywhere, or on one machine: the session `only`. Raises UnknownRecord, StoreAway."""
    async with store.act() as act:
        await _found(act, name)
        ended = await act.users.sessions.end(name, only=only)
        if only is not None and not ended:
            raise UnknownRecord("session", only)
        await _note(act, who, "sessions_ended", name, {"sessions": ended})
    return ended


async def _take_rights(store: Store, name: str, state: AccountState, who: Principal) -> Account:
    _not_oneself(name, who)
    async with store.act() as act:
        accounts = await act.users.locked_list()
        account = next((each for each in accounts if each.name == name), None)
        if account is None:
            raise UnknownRecord("user", name)
        if is_last_administrator(accounts, name):
            raise NotLikeThis(
                "last_administrator",
                f"Nobody else could administer the system: give another administrator a way in before {name} goes.",
                f"{name} 是唯一能登录的管理员，请先让另一位管理员可以登录。",
            )
        if account.state in (state, "retired"):
            raise NotLikeThis("already", f"{name} is {account.state} already.", f"{name} 已经处于该状态。")
        await act.users.set_state(name, state)
        await act.users.sessions.end(name)
        if state == "retired":
            await act.users.clear_password(name)
            await act.users.devices.forget(name)
        await _note(act, who, f"user_{state}", name)
        return await _found(act, name)


def _last_administrators(known: Mapping[str, Account], wanted: Mapping[str, SiteAgent]) -> frozenset[str]:
    """Whom agents.yaml may not take away or make less, because nobody could administer the system then."""
    able = {name for name, each in known.items() if each.role == "administrator" and each.may_log_in}
    by_hand = {name for name in able if not known[name].of_site and name not in wanted}
    by_site = {
        name
        for name, agent in wanted.items()
        if agent.role == "administrator"
        and (
            name not in known or (known[name].state == "active" and known[name].password != "expired")  # noqa: S105 (a state)
        )
    }
    if by_hand or by_site or not able:
        return frozenset()
    log.error(
        "agents.yaml would leave nobody who can administer the system: %s stays an administrator",
        ", ".join(sorted(able)),
        extra={"action": "last_administrator"},
    )
    return frozenset(able)


def _changes(before: Account | None, agent: SiteAgent) -> dict[str, Detail]:
    """What agents.yaml says otherwise than the account, with what it was."""
    if before is None:
        return {"role": agent.role, "display_name": agent.name}
    now = {"role": agent.role, "display_name": agent.name, "display_name_en": agent.name_en}
    changed: dict[str, Detail] = {
        field: f"{getattr(before, field)} → {value}" for field, value in now.items() if getattr(before, field) != value
    }
    if not before.of_site or not before.listed:
        changed["listed"] = True
    return changed


def _not_oneself(name: str, who: Principal) -> None:
    if name == who.name:
        raise NotLikeThis(
            "oneself", "Not one's own account: ask another administrator.", "不能操作自己的账号，请由另一位管理员进行。"
        )


async def _get(store: Store, name: str) -> Account | None:
    return await store.users.get(name)


async def _found(store: Store, name: str) -> Account:
    account = await _get(store, name)
    if account is None:
        raise UnknownRecord("user", name)
    return account


async def _note(store: Store, who: Principal, action: str, name: str, details: dict[str, Detail] | None = None) -> None:
    await store.note_act(by=who.name, action=action, subject=f"user {name}", details=details)
