"""Who may log in, and the rules of passwords and sessions: limits and back-off. No hashing and no SQL here."""

from datetime import datetime, timedelta
from typing import Final, Protocol

import msgspec

SESSION_IDLE: Final = timedelta(minutes=30)
SESSION_ABSOLUTE: Final = timedelta(hours=12)
FREE_FAILURES: Final = 5
"""So many wrong passwords in a row cost nothing but themselves."""
LONGEST_LOCK: Final = timedelta(minutes=15)


class User(msgspec.Struct, frozen=True, kw_only=True):
    """A person who may log in. `name` is the agent's id ("8001")."""

    name: str
    display_name: str
    display_name_en: str
    role: str
    """agent, supervisor or administrator."""


class SiteAgent(Protocol):
    """What of a site's agent becomes a user (config.schema.Agent has it)."""

    @property
    def id(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def name_en(self) -> str: ...
    @property
    def role(self) -> str: ...


def lock_after(failures: int) -> timedelta:
    """How long an account is locked after so many wrong passwords in a row: 1 s from the sixth, doubling to 15 min."""
    if failures <= FREE_FAILURES:
        return timedelta(0)
    return min(timedelta(seconds=2.0 ** min(failures - FREE_FAILURES - 1, 20)), LONGEST_LOCK)


def session_is_valid(*, created_at: datetime, seen_at: datetime, now: datetime) -> bool:
    """False once the session was idle for 30 minutes or is 12 hours old."""
    return now - seen_at < SESSION_IDLE and now - created_at < SESSION_ABSOLUTE
