"""Who may log in: accounts, what they may be in, and the rules of sessions (rules). No hashing, no SQL. ACC-1."""

import re
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Final, Literal, NamedTuple, Protocol

import msgspec

from config.schema import Role
from crm.rights import Pending

SESSION_IDLE: Final = timedelta(minutes=30)
SESSION_ABSOLUTE: Final = timedelta(hours=12)
MOST_SESSIONS: Final = 10
"""Of one person at once. The next login ends the one unseen for longest, those of a password alone first: who knows
somebody's password and has no code pushes nobody out who has shown one."""
ONE_TIME_LASTS: Final = timedelta(days=7)
"""So long a one-time password waits for its person; then it is as good as none."""

AccountState = Literal["active", "locked", "retired"]
"""Locked: for a time, by an administrator. Retired: the person has left."""

PasswordState = Literal["none", "one_time", "expired", "own"]

Proof = Literal["password", "code", "sign_on"]
"""By what a session's person has shown who it is: a password alone, with the code of an app, or elsewhere (ACC-3)."""

_ADDED_NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{1,31}")


class User(msgspec.Struct, frozen=True, kw_only=True):
    """A person who is logging in or has. `name` is the agent's id ("8001"). `shown_at`: of a session, when its owner
    has last shown the password; any login counts as that."""

    name: str
    display_name: str
    display_name_en: str
    role: Role
    must_change: bool = False
    has_factor: bool = False
    proof: Proof = "password"
    shown_at: datetime | None = None

    def pending(self, factor_for: Collection[Role]) -> Pending | None:
        """What this login has to do first. `factor_for`: the roles that log in with a second factor. ACC-1, ACC-3.

        Whoever comes by single sign-on has shown all there is to be shown at the provider.
        """
        if self.proof == "sign_on":
            return None
        if self.has_factor and self.proof != "code":
            return "code"
        if self.must_change:
            return "new_password"
        return "second_factor" if self.role in factor_for and not self.has_factor else None


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """An account as administrators see it. `of_site`: the person stands in agents.yaml, which says name and role;
    `listed` False: stood there once, which is as good as retired. `sessions`: so many are logged in. `has_factor`:
    logs in with the code of an app as well."""

    name: str
    display_name: str
    display_name_en: str
    role: Role
    state: AccountState
    of_site: bool
    listed: bool
    password: PasswordState
    password_until: datetime | None
    last_login_at: datetime | None
    sessions: int
    has_factor: bool = False

    @property
    def may_log_in(self) -> bool:
        """Whether a right password would let this person in."""
        return self.state == "active" and self.listed and self.password in ("one_time", "own")

    @property
    def is_gone(self) -> bool:
        """No right is left: nobody can log in, and takes calls."""
        return self.state != "active" or not self.listed


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """A login that holds. `id` names it to people; only who has its token can use it. `browser`: as it calls itself."""

    id: str
    name: str
    created_at: datetime
    seen_at: datetime
    address: str
    browser: str


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where somebody logs in from: network address (IPv6: its /64) and what the browser calls itself."""

    address: str
    browser: str


class Vouched(NamedTuple):
    """Whom a provider of single sign-on vouches for: `name` here, and `subject`, which it gives to nobody else."""

    name: str
    issuer: str
    subject: str


class SiteAgent(Protocol):
    """What of a site's agent becomes an account (config.schema.Agent has it)."""

    @property
    def id(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def name_en(self) -> str: ...
    @property
    def role(self) -> Role: ...


def checked_name(name: str) -> str:
    """The name of somebody who is added by hand. Raises ValueError with words."""
    if _ADDED_NAME.fullmatch(name) is None:
        raise ValueError("name: 2 to 32 of a-z, 0-9, dot, dash and underscore, such as 8902 or li.na")
    return name


def password_state(*, has_one: bool, must_change: bool, until: datetime | None, now: datetime) -> PasswordState:
    """What stands in an account's row, at `now`."""
    if not has_one:
        return "none"
    if not must_change:
        return "own"
    return "one_time" if until is not None and now < until else "expired"


def is_last_administrator(accounts: Iterable[Account], name: str) -> bool:
    """Whether nobody else could administer the system if this person could not get in."""
    able = {each.name for each in accounts if each.role == "administrator" and each.may_log_in}
    return able == {name}


def session_is_valid(*, created_at: datetime, seen_at: datetime, now: datetime) -> bool:
    """False once the session was idle for 30 minutes or is 12 hours old."""
    return now - seen_at < SESSION_IDLE and now - created_at < SESSION_ABSOLUTE
