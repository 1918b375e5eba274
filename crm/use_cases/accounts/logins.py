"""Logging in (flow). Whoever it is and whatever is wrong, one password is compared, the answer is the same. ACC-1."""

from typing import NamedTuple

from crm.db.store import Store
from crm.db.users.hashing import is_right
from crm.users.model import Place, User


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
