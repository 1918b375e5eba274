"""API keys: what one is, what it may be given, when it no longer opens (rules: no clock, no hashing, no SQL). ACC-4.

A key belongs to a system, not to a person: it has a name, the rights of a role, and of these only its scope.
"""

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final, Literal

import msgspec

from config.schema import Role

PREFIX: Final = "sxk_"
"""What every key begins with, so that scanners for leaked secrets find it, and we see what it is before we look."""
MARK: Final = "key:"
"""What the name of a key begins with where it stands among names of people."""
DEFAULT_LASTS: Final = timedelta(days=365)
LONGEST_LASTS: Final = timedelta(days=730)
NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,39}")

Closed = Literal["revoked", "expired"]


class ApiKey(msgspec.Struct, frozen=True, kw_only=True):
    """A key without its secret. `scope`: operations of the API. `refused_at`: the latest use that was turned away.

    A name is never used twice, so that the trail's `key:NAME` means one key for ever.
    """

    name: str
    role: Role
    scope: tuple[str, ...]
    created_at: datetime
    created_by: str
    expires_at: datetime
    used_at: datetime | None
    refused_at: datetime | None
    revoked_at: datetime | None
    revoked_by: str | None

    @property
    def principal_name(self) -> str:
        """Under which name its acts are on the audit trail."""
        return MARK + self.name

    def closed(self, now: datetime) -> Closed | None:
        """Why it opens nothing at `now`; None while it does."""
        if self.revoked_at is not None:
            return "revoked"
        return "expired" if now >= self.expires_at else None


def checked_name(name: str) -> str:
    """Raises ValueError."""
    if NAME.fullmatch(name) is None:
        raise ValueError("1 to 40 small letters, digits, dots, dashes, such as report-system")
    return name


def checked_scope(scope: Iterable[str], grantable: frozenset[str]) -> tuple[str, ...]:
    """Sorted and without repetition. `grantable`: what the role leaves to keys. Raises ValueError."""
    wanted = sorted(set(scope))
    if not wanted:
        raise ValueError("name at least one operation")
    if closed := [operation for operation in wanted if operation not in grantable]:
        raise ValueError(f"not for a key of this role: {', '.join(closed)}")
    return tuple(wanted)


def checked_lasts(lasts: timedelta) -> timedelta:
    """Raises ValueError."""
    if not timedelta(0) < lasts <= LONGEST_LASTS:
        raise ValueError(f"1 to {LONGEST_LASTS.days} days")
    return lasts
