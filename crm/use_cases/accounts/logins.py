"""Logging in (flow). Whoever it is and whatever is wrong, one password is compared, the answer is the same. ACC-1."""

from typing import Literal, NamedTuple

import msgspec

from crm.db.store import Store
from crm.db.users.hashing import is_right
from crm.tickets.model import Detail
from crm.users.model import Place, User, Vouched


class Login(NamedTuple):
    """Somebody is in: the token of the session, and that of the machine, which is known from now on."""

    user: User
    session: str
    device: str


async def log_in(store: Store, name: str, password: str, place: Place, *, device: str | None) -> Login | None:
    """A new session; None when the name is unknown, the password wrong, or the account without rights. `device`: the
    cookie of the machine. Raises StoreAway."""
    credential = await store.users.credential(name)
    kept = credential.password_hash if credential else None
    if not await is_right(password, kept) or credential is None or kept is None or not credential.account.may_log_in:
        return None
    now = store.clock()
    async with store.act() as act:
        if not await act.users.logged_in(name, kept, now):
            return None
        session = await act.users.sessions.create(name, place, now)
        token = await act.users.devices.remember(device, name, now)
    return Login(credential.user, session, token)


async def log_in_signed_on(
    store: Store, person: Vouched, place: Place, *, device: str | None
) -> Login | Literal["unknown_person", "another_person"]:
    """A new session of whom a provider of single sign-on has vouched for, or why there is none: nobody of that name has
    rights here, and nobody gets an account by it; or that name was somebody else's before. Raises StoreAway. ACC-3"""
    now, name = store.clock(), person.name
    async with store.act() as act:
        credential = await act.users.credential(name)
        if credential is None or credential.account.is_gone:
            return "unknown_person"
        if not await act.users.signed_on(person, now):
            return "another_person"
        session = await act.users.sessions.create(name, place, now, "sign_on")
        token = await act.users.devices.remember(device, name, now)
        details: dict[str, Detail] = {"address": place.address, "by": "sign_on"}
        await act.note_act(by=name, action="logged_in", subject=f"user {name}", details=details)
    return Login(msgspec.structs.replace(credential.user, proof="sign_on"), session, token)
