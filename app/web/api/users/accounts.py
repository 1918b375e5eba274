"""Accounts for administrators, and everybody's own sessions (adapter). ACC-1, ACC-2.

Whoever loses rights loses them at once: sessions end in the store, open connections look, an agent is signed off.
"""

from typing import Any, Final

from app.web.api.users.account_shapes import (
    AccountNew,
    AccountOut,
    FirstPasswordOut,
    PasswordIn,
    SessionOut,
    SessionsEnded,
    account_out,
    first_out,
    session_out,
)
from app.web.http.contract import Listed, Nothing
from app.web.http.operations import AnyOperation, Ask, operation
from app.web.wire.problems import Problem
from config.ids import AgentId
from crm.use_cases.accounts import managing
from crm.use_cases.accounts.people import NewPerson


async def list_users(ask: Ask[Nothing, Nothing]) -> Listed[AccountOut]:
    """All there ever were, by name."""
    return Listed(items=[account_out(account) for account in await ask.seen.house.accounts()])


async def add_user(ask: Ask[Nothing, AccountNew]) -> FirstPasswordOut:
    """Somebody new, or who had left and is back; the one-time password is in the answer."""
    body = ask.body
    person = NewPerson(id=body.name, name=body.display_name, name_en=body.display_name_en, role=body.role)
    first = await ask.do(managing.add_person, person)
    ask.services.acd.let_in(AgentId(first.name))
    return first_out(first)


async def reset_password(ask: Ask[Nothing, Nothing]) -> FirstPasswordOut:
    """A new one-time password; the old one and all sessions end."""
    first = await ask.do(managing.reset_password, ask.path("name"))
    ask.door.rights_changed(first.name)
    return first_out(first)


async def lock_user(ask: Ask[Nothing, Nothing]) -> AccountOut:
    """For a time: nothing is open to this person, who is signed off, in a talk after it."""
    account = await ask.do(managing.lock, ask.path("name"))
    _shut_out(ask, account.name)
    return account_out(account)


async def unlock_user(ask: Ask[Nothing, Nothing]) -> AccountOut:
    """The same password holds again."""
    account = await ask.do(managing.unlock, ask.path("name"))
    ask.services.acd.let_in(AgentId(account.name))
    return account_out(account)


async def retire_user(ask: Ask[Nothing, Nothing]) -> AccountOut:
    """The person has left: as `lock_user`, and the password is gone."""
    account = await ask.do(managing.retire, ask.path("name"))
    _shut_out(ask, account.name)
    return account_out(account)


async def list_user_sessions(ask: Ask[Nothing, Nothing]) -> Listed[SessionOut]:
    """Somebody's logins that hold, the one used last first."""
    name = ask.path("name")
    return await _sessions(ask, name)


async def end_user_sessions(ask: Ask[Nothing, Nothing]) -> SessionsEnded:
    """Logs somebody out everywhere."""
    name = ask.path("name")
    ended = await ask.do(managing.end_sessions, name)
    ask.door.rights_changed(name)
    return SessionsEnded(ended=ended)


async def end_user_session(ask: Ask[Nothing, Nothing]) -> SessionsEnded:
    """Logs somebody out on one machine."""
    name = ask.path("name")
    ended = await ask.do(managing.end_sessions, name, only=ask.path("session"))
    ask.door.rights_changed(name)
    return SessionsEnded(ended=ended)


async def list_own_sessions(ask: Ask[Nothing, Nothing]) -> Listed[SessionOut]:
    """Where one is logged in."""
    return await _sessions(ask, ask.who.name)


async def end_own_session(ask: Ask[Nothing, Nothing]) -> SessionsEnded:
    """Logs oneself out on another machine."""
    ended = await ask.do(managing.end_sessions, ask.who.name, only=ask.path("session"))
    ask.door.rights_changed(ask.who.name)
    return SessionsEnded(ended=ended)


async def confirm_password(ask: Ask[Nothing, PasswordIn]) -> None:
    """Opens what is sensitive for a quarter of an hour; tried as slowly as a login."""
    door, request = ask.door, ask.request
    place, session = door.place(request), door.session_of(request)

    async def confirm() -> bool | None:
        return await ask.do(managing.confirm_password, ask.body.password, session, place.address) or None

    if await door.attempt(request, ask.who.name, confirm) is None:
        raise Problem("wrong_login", "The password is wrong.")


async def _sessions(ask: Ask[Any, Any], name: str) -> Listed[SessionOut]:
    current = ask.door.session_of(ask.request)
    found = await ask.seen.house.sessions(name)
    return Listed(items=[session_out(session, current) for session in found])


def _shut_out(ask: Ask[Any, Any], name: str) -> None:
    ask.door.rights_changed(name)
    ask.services.acd.shut_out(AgentId(name), by=ask.who.name)


# fmt: off
ACCOUNTS: Final[tuple[AnyOperation, ...]] = (
    operation("list_own_sessions", "GET /api/me/sessions", list_own_sessions,
              "Where one is logged in", Nothing, Nothing, Listed[SessionOut]),
    operation("end_own_session", "DELETE /api/me/sessions/{session}", end_own_session,
              "Log oneself out on another machine", Nothing, Nothing, SessionsEnded),
    operation("confirm_password", "POST /api/me/confirm", confirm_password,
              "Show one's password again, for what is sensitive", Nothing, PasswordIn, None, 204, secret=True),
    operation("list_users", "GET /api/users", list_users,
              "Accounts, by name", Nothing, Nothing, Listed[AccountOut]),
    operation("add_user", "POST /api/users", add_user,
              "Add somebody; the answer has the one-time password", Nothing, AccountNew, FirstPasswordOut, 201,
              secret=True),
    operation("reset_password", "POST /api/users/{name}/reset", reset_password,
              "A new one-time password; all sessions end", Nothing, Nothing, FirstPasswordOut, secret=True),
    operation("lock_user", "POST /api/users/{name}/lock", lock_user,
              "Take all rights for a time", Nothing, Nothing, AccountOut),
    operation("unlock_user", "POST /api/users/{name}/unlock", unlock_user,
              "Give them back", Nothing, Nothing, AccountOut),
    operation("retire_user", "POST /api/users/{name}/retire", retire_user,
              "The person has left: all rights end at once", Nothing, Nothing, AccountOut),
    operation("list_user_sessions", "GET /api/users/{name}/sessions", list_user_sessions,
              "Where somebody is logged in", Nothing, Nothing, Listed[SessionOut]),
    operation("end_user_sessions", "DELETE /api/users/{name}/sessions", end_user_sessions,
              "Log somebody out everywhere", Nothing, Nothing, SessionsEnded),
    operation("end_user_session", "DELETE /api/users/{name}/sessions/{session}", end_user_session,
              "Log somebody out on one machine", Nothing, Nothing, SessionsEnded),
)
# fmt: on
