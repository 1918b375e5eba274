"""Keys of other systems (flow): made and revoked by administrators. ACC-4."""

import secrets
from datetime import timedelta

import msgspec

from config.schema import Role
from crm.errors import bad_values
from crm.keys.model import PREFIX, ApiKey, checked_lasts, checked_name, checked_scope
from crm.use_cases.cases import Ports


class NewKey(msgspec.Struct, frozen=True, kw_only=True):
    """What a new key is to be. `scope`: operations of the API."""

    name: str
    role: Role
    scope: tuple[str, ...]
    lasts: timedelta


async def make_key(ports: Ports, new: NewKey, grantable: frozenset[str]) -> tuple[ApiKey, str]:
    """The key and its secret, which is told this once. `grantable`: what the role leaves to keys.

    Raises BadValue, NotLikeThis (the name was used before), StoreAway.
    """
    with bad_values("name"):
        name = checked_name(new.name)
    with bad_values("scope"):
        scope = checked_scope(new.scope, grantable)
    with bad_values("days"):
        lasts = checked_lasts(new.lasts)
    now, secret = ports.now, PREFIX + secrets.token_urlsafe(32)
    key = ApiKey(
        name=name,
        role=new.role,
        scope=scope,
        created_at=now,
        created_by=ports.who.name,
        expires_at=now + lasts,
        used_at=None,
        refused_at=None,
        revoked_at=None,
        revoked_by=None,
    )
    await ports.store.keys.create(key, secret)
    return key, secret


async def revoke_key(ports: Ports, name: str) -> ApiKey:
    """Ends a key at once and for good. Raises UnknownRecord, StoreAway."""
    return await ports.store.keys.revoke(name, by=ports.who.name)
