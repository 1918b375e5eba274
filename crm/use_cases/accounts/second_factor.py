"""The second factor (flow): set up with an app, shown at each login, taken away when the app is lost. ACC-3."""

import base64
import secrets
from typing import NamedTuple

from crm.db.store import Store
from crm.errors import BadValue, NotLikeThis, UnknownRecord
from crm.rights import Principal
from crm.tickets.model import Detail
from crm.users.model import Account, Place
from crm.users.second_factor import (
    RECOVERY_BYTES,
    RECOVERY_CODES,
    app_link,
    grouped,
    recovery_hash,
    shown_by,
    step_of,
)

SECRET_BYTES = 20


class Enrolment(NamedTuple):
    """What an app is given: the secret in letters for the hand, and the link for the camera."""

    secret: str
    link: str


async def begin_second_factor(store: Store, site: str, *, who: Principal) -> Enrolment:
    """A new secret for one's own app; it counts from its first code on. Raises UnknownRecord (a program, which has no
    account), NotLikeThis, StoreAway."""
    secret = _letters(SECRET_BYTES)
    async with store.act() as act:
        if await act.users.get(who.name) is None:
            raise UnknownRecord("user", who.name)
        if not await act.users.factors.begin(who.name, secret):
            raise NotLikeThis(
                "has_factor",
                "There is a second factor already: another administrator can reset it.",
                "已经设置了二次验证；更换手机请由另一位管理员重置。",
            )
        await act.note_act(by=who.name, action="second_factor_begun", subject=f"user {who.name}")
    return Enrolment(grouped(secret), app_link(secret, who.name, site))


async def confirm_second_factor(store: Store, code: str, *, session: str | None, who: Principal) -> list[str] | None:
    """The app is there: from now on each login asks for a code. The recovery codes, shown once; None: a wrong code.

    Raises BadValue (nothing was begun), StoreAway.
    """
    factor = await store.users.factors.get(who.name)
    if factor is None or factor.since is not None:
        raise BadValue("code", "begin to set it up first")
    step = step_of(factor.secret, code, store.clock())
    if step is None:
        return None
    codes = [grouped(_letters(RECOVERY_BYTES)) for _ in range(RECOVERY_CODES)]
    async with store.act() as act:
        if not await act.users.factors.confirm(factor, step, [recovery_hash(each) for each in codes], store.clock()):
            raise BadValue("code", "begin to set it up again")
        if session is not None:
            await act.users.sessions.prove(who.name, session)
        await act.users.sessions.end(who.name, but=session)
        await act.note_act(by=who.name, action="second_factor_set", subject=f"user {who.name}")
    return codes


async def enter_code(store: Store, code: str, place: Place, waiting: str | None, *, who: Principal) -> str | None:
    """A new session in place of the one that waited for this code (its id); None when the code is wrong or was used
    before. Raises StoreAway."""
    factor = await store.users.factors.get(who.name)
    shown = shown_by(factor, code, store.clock()) if factor is not None and factor.since is not None else None
    if factor is None or shown is None:
        return None
    async with store.act() as act:
        if not await act.users.factors.use_up(factor, shown):
            return None
        if waiting is not None:
            await act.users.sessions.end(who.name, only=waiting)
        session = await act.users.sessions.create(who.name, place, store.clock(), "code")
        details: dict[str, Detail] = {"address": place.address, "by": shown.kind}
        if shown.kind == "recovery":
            details["left"] = len(factor.recovery) - 1
        await act.note_act(by=who.name, action="code_entered", subject=f"user {who.name}", details=details)
    return session


async def reset_second_factor(store: Store, name: str, *, who: Principal) -> Account:
    """The app is lost: the next login sets up another one, and all sessions end. Not one's own: whoever sits down at an
    open page could take it away. Raises UnknownRecord, NotLikeThis, StoreAway."""
    if name == who.name:
        raise NotLikeThis(
            "oneself", "Not one's own: ask another administrator.", "不能重置自己的二次验证，请由另一位管理员操作。"
        )
    async with store.act() as act:
        if await act.users.get(name) is None:
            raise UnknownRecord("user", name)
        if not await act.users.factors.remove(name):
            raise NotLikeThis("no_factor", f"{name} has no second factor.", f"{name} 没有设置二次验证。")
        await act.users.sessions.end(name)
        await act.note_act(by=who.name, action="second_factor_reset", subject=f"user {name}")
        account = await act.users.get(name)
    assert account is not None  # it was there a moment ago, in this act
    return account


def _letters(size: int) -> str:
    return base64.b32encode(secrets.token_bytes(size)).decode()
