"""Single sign-on over HTTP (adapter): a browser goes to the provider and comes back to a page of ours. ACC-3.

Whatever goes wrong, the login page says it: `/login?sign_on=<reason>`. The password stays beside it, for the day the
provider is away.
"""

import logging
from typing import Any, Final
from urllib.parse import quote

import msgspec
from aiohttp import hdrs, web

from app.sign_on.flow import SignOn
from app.sign_on.rules import LASTS, Reason, SignOnRefused
from app.web.http.contract import Nothing, Out
from app.web.http.operations import AnyOperation, Ask, operation
from app.web.wire.problems import Problem, TurnedBack

log = logging.getLogger(__name__)
security = logging.getLogger("security")

BACK: Final = "/api/login/sign-on/back"
REFUSED: Final[dict[Reason, str]] = {
    "unknown_person": "nobody here is called so, or without rights",
    "another_person": "that name is bound to somebody else at the provider, or that person to another name",
}


class SignOnOut(Out, frozen=True, kw_only=True):
    """What the button says."""

    title: str
    title_en: str


class LoginOptions(Out, frozen=True, kw_only=True):
    """How one may log in, beside a password."""

    sign_on: SignOnOut | None


class BeginQuery(msgspec.Struct, frozen=True, kw_only=True):
    """`to`: the page to go to after the login."""

    to: str = "/"


class BackQuery(msgspec.Struct, frozen=True, kw_only=True):
    """What the provider says: `code`, or an `error`; and whatever else it adds."""

    state: str = ""
    code: str = ""
    error: str | None = None


async def login_options(ask: Ask[Nothing, Nothing]) -> LoginOptions:
    sign_on = ask.services.sign_on
    shown = None if sign_on is None else SignOnOut(title=sign_on.rule.title, title_en=sign_on.rule.title_en)
    return LoginOptions(sign_on=shown)


async def begin_sign_on(ask: Ask[BeginQuery, Nothing]) -> web.StreamResponse:
    """To the provider."""
    request = ask.request
    try:
        address, kept = await _sign_on(ask).begin(ask.door.outside(request).origin + BACK, ask.query.to)
    except SignOnRefused as refused:
        return _away(refused)
    response = _to(address)
    ask.door.cookies.keep_begun(request, response, kept, LASTS)
    return response


async def finish_sign_on(ask: Ask[BackQuery, Nothing]) -> web.StreamResponse:
    """Back from the provider: a new session, or the login page with the reason why there is none."""
    request, query = ask.request, ask.query
    said = {"state": query.state, "code": query.code} | ({} if query.error is None else {"error": query.error})
    try:
        person, to = await _sign_on(ask).finish(said, ask.door.cookies.begun(request))
        entered = await ask.door.sign_on(request, person)
        if isinstance(entered, str):
            raise SignOnRefused(entered, REFUSED[entered], person.name)
    except SignOnRefused as refused:
        told = {"action": "sign_on_refused", "address": ask.door.address(request)}
        security.info("Single sign-on was refused: %s", refused, extra=told)
        response: web.Response = TurnedBack(_login_page(refused), refused.reason, refused.name)
    else:
        response = _to(to)
        ask.door.cookies.keep_login(request, response, entered)
    ask.door.cookies.forget_begun(request, response)
    return response


async def end_sign_on(ask: Ask[Nothing, Nothing]) -> web.StreamResponse:
    """After the log-out here: the provider's own, where it has one."""
    try:
        address = await _sign_on(ask).logout_address(ask.door.outside(ask.request).origin + "/login")
    except SignOnRefused as refused:
        return _away(refused)
    return _to(address or "/login")


def _sign_on(ask: Ask[Any, Any]) -> SignOn:
    if ask.services.sign_on is None:
        raise Problem("not_found", "This site has no single sign-on: accounts.yaml can name a provider.")
    return ask.services.sign_on


def _away(refused: SignOnRefused) -> web.Response:
    log.warning("Single sign-on is not to be had: %s", refused, extra={"action": "sign_on_away"})
    return _to(_login_page(refused))


def _login_page(refused: SignOnRefused) -> str:
    return f"/login?sign_on={quote(refused.reason)}"


def _to(address: str) -> web.Response:
    return web.Response(status=302, headers={hdrs.LOCATION: address, hdrs.CACHE_CONTROL: "no-store"})


# fmt: off
SIGN_ON: Final[tuple[AnyOperation, ...]] = (
    operation("login_options", "GET /api/login", login_options,
              "How one may log in, beside a password", Nothing, Nothing, LoginOptions),
    operation("begin_sign_on", "GET /api/login/sign-on", begin_sign_on,
              "To the provider of single sign-on", BeginQuery, Nothing, None, 302, "text/plain"),
    operation("finish_sign_on", f"GET {BACK}", finish_sign_on,
              "Back from it: a session, or the login page with a reason", BackQuery, Nothing, None, 302, "text/plain"),
    operation("end_sign_on", "GET /api/login/sign-on/end", end_sign_on,
              "The provider's own log-out", Nothing, Nothing, None, 302, "text/plain"),
)
# fmt: on
