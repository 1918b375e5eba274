"""Logging in and out, one's own password, and who one is (adapter). The door says how fast one may try."""

from aiohttp import web

from app.web.api.common.shown import agent_out, site_out, user_out
from app.web.http.contract import LoggedIn, Login, Me, Nothing, PasswordChange
from app.web.http.operations import Ask
from app.web.wire.encoding import encode
from crm.use_cases.accounts import managing


async def login(ask: Ask[Nothing, Login]) -> web.StreamResponse:
    """A new session, whatever came with the request; the same words for an unknown name and a wrong password."""
    request = ask.request
    ask.door.check_origin(request, required=False)
    entered = await ask.door.log_in(request, ask.body.name, ask.body.password)
    who = ask.door.principal_of(entered.user)
    response = web.Response(
        body=encode(LoggedIn(user=user_out(who, ask.services.site))), content_type="application/json"
    )
    ask.door.cookies.keep_login(request, response, entered)
    return response


async def logout(ask: Ask[Nothing, Nothing]) -> web.StreamResponse:
    """Ends the session; open live feeds of it end at once."""
    response = web.Response(status=204)
    await ask.door.log_out(ask.request, response)
    ask.door.rights_changed(ask.who.name)
    return response


async def change_password(ask: Ask[Nothing, PasswordChange]) -> None:
    """One's own; the present session goes on, all others end."""
    who, body, session = ask.who, ask.body, ask.door.session_of(ask.request)

    async def change() -> bool:
        await ask.do(managing.change_password, body.old, body.new, session)
        return True

    await ask.door.attempt(ask.request, who.name, change)
    ask.door.rights_changed(who.name)


async def me(ask: Ask[Nothing, Nothing]) -> Me:
    """The person, the lists of the site, and the live state: all a page needs to start."""
    site, who = ask.services.site, ask.who
    view = next((agent for agent in ask.services.acd.agents() if agent.agent == who.agent), None)
    return Me(
        user=user_out(who, site),
        site=site_out(site),
        agent=None if view is None else agent_out(view, site),
    )
