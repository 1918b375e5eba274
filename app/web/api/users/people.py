"""Logging in and out, and who one is (adapter). Passwords are checked by the store; here is how fast one may try."""

import math
from datetime import timedelta
from typing import Final

from aiohttp import web

from app.web.api.common.shown import agent_out, site_out, user_out
from app.web.http.contract import LoggedIn, Login, Me, Nothing
from app.web.http.login_guard import LoginGuard
from app.web.http.operations import Ask
from app.web.wire.encoding import encode
from app.web.wire.problems import Problem
from crm.errors import AccountLocked

GUARD: Final = web.AppKey("guard", LoginGuard)


async def login(ask: Ask[Nothing, Login]) -> web.StreamResponse:
    """A new session, whatever came with the request; the same words for an unknown name and a wrong password."""
    request, users, now = ask.request, ask.services.store.users, ask.services.clock()
    ask.door.check_origin(request, required=False)
    address = request.remote or "unknown"
    wait = request.app[GUARD].admit(address, now)
    if wait:
        raise _too_many(wait)
    try:
        user = await users.verify(ask.body.name, ask.body.password)
    except AccountLocked as exc:
        raise _too_many(exc.until - now) from exc
    if user is None:
        raise Problem("wrong_login", "The name is unknown or the password is wrong.")
    request.app[GUARD].succeeded(address)
    token = await users.sessions.create(user, now)
    who = ask.door.principal_of(user)
    response = web.Response(
        body=encode(LoggedIn(user=user_out(user.name, who, ask.services.site))), content_type="application/json"
    )
    ask.door.set_cookie(request, response, token)
    return response


def _too_many(wait: timedelta) -> Problem:
    """The same words for an address and for an account."""
    return Problem(
        "too_many_attempts", "Too many wrong passwords.", retry_after_s=max(1, math.ceil(wait.total_seconds()))
    )


async def logout(ask: Ask[Nothing, Nothing]) -> web.StreamResponse:
    """Ends the session; open live feeds of it end within half a minute."""
    response = web.Response(status=204)
    await ask.door.log_out(ask.request, response)
    return response


async def me(ask: Ask[Nothing, Nothing]) -> Me:
    """The person, the lists of the site, and the live state: all a page needs to start."""
    site, who = ask.services.site, ask.who
    view = next((agent for agent in ask.services.acd.agents() if agent.agent == who.agent), None)
    return Me(
        user=user_out(who.name, who, site),
        site=site_out(site),
        agent=None if view is None else agent_out(view, site),
    )
