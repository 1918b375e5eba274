"""Logging in and out, and who one is (adapter). The door checks passwords, and how fast one may try."""

from typing import Final

from aiohttp import web

from app.web.api.common.shown import agent_out, site_out, user_out
from app.web.http.contract import LoggedIn, Login, Me, Nothing
from app.web.http.login_guard import LoginGuard
from app.web.http.operations import Ask
from app.web.wire.encoding import encode

GUARD: Final = web.AppKey("guard", LoginGuard)


async def login(ask: Ask[Nothing, Login]) -> web.StreamResponse:
    """A new session, whatever came with the request; the same words for an unknown name and a wrong password."""
    request = ask.request
    ask.door.check_origin(request, required=False)
    address = request.remote or "unknown"
    user, token = await ask.door.log_in(ask.body.name, ask.body.password, address, request.app[GUARD])
    who = ask.door.principal_of(user)
    response = web.Response(
        body=encode(LoggedIn(user=user_out(user.name, who, ask.services.site))), content_type="application/json"
    )
    ask.door.set_cookie(request, response, token)
    return response


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
