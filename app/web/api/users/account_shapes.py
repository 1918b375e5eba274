"""What the API says of accounts and sessions (adapter). ACC-1, ACC-2."""

from datetime import datetime
from typing import Annotated

from msgspec import Meta

from app.web.api.common.shown import shaped
from app.web.http.contract import In, Out
from config.schema import Role
from crm.use_cases.accounts.passwords import FirstPassword
from crm.users.model import Account, AccountState, PasswordState, Session

Name = Annotated[str, Meta(min_length=1, max_length=64)]


class AccountOut(Out, frozen=True, kw_only=True):
    """`of_site`: stands in agents.yaml, which says name and role. `listed` false: stood there once, and has no rights.
    `sessions`: so many are logged in now. `has_factor`: the login asks for a code as well."""

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
    has_factor: bool


class AccountNew(In, frozen=True, kw_only=True):
    """Somebody without a telephone: who takes calls stands in agents.yaml. `name`: to log in with."""

    name: Annotated[str, Meta(min_length=1, max_length=32)]
    display_name: Name
    display_name_en: Name
    role: Role


class PasswordIn(In, frozen=True, kw_only=True):
    """One's own, once more."""

    password: Annotated[str, Meta(min_length=1, max_length=256)]


class FirstPasswordOut(Out, frozen=True, kw_only=True):
    """`password` opens nothing but the choice of another one. It is shown in this answer only."""

    name: str
    password: str
    until: datetime


class SessionOut(Out, frozen=True, kw_only=True):
    """A login that holds. `current`: that of this very request. `browser`: as it calls itself."""

    id: str
    name: str
    created_at: datetime
    seen_at: datetime
    address: str
    browser: str
    current: bool


class SessionsEnded(Out, frozen=True, kw_only=True):
    ended: int


def account_out(account: Account) -> AccountOut:
    return shaped(AccountOut, account)


def first_out(first: FirstPassword) -> FirstPasswordOut:
    return shaped(FirstPasswordOut, first)


def session_out(session: Session, current: str | None) -> SessionOut:
    """`current`: the id of the asker's own."""
    return shaped(SessionOut, session, current=session.id == current)
