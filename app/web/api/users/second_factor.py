"""The second factor over the API (adapter): set up with a picture for an app, shown at the login, reset. ACC-3."""

from typing import Annotated, Final

import segno
from aiohttp import web
from msgspec import Meta

from app.web.api.common.shown import user_out
from app.web.api.users.account_shapes import AccountOut, account_out
from app.web.http.contract import In, LoggedIn, Nothing, Out
from app.web.http.operations import AnyOperation, Ask, operation
from app.web.wire.encoding import encode
from app.web.wire.problems import Problem
from crm.use_cases.accounts import managing


class CodeIn(In, frozen=True, kw_only=True):
    """Six digits of the app, or a recovery code, with or without blanks."""

    code: Annotated[str, Meta(min_length=1, max_length=64)]


class EnrolmentOut(Out, frozen=True, kw_only=True):
    """`secret`: for who cannot scan; `link`: what the picture says; `picture`: a QR code as data: URL (SVG)."""

    secret: str
    link: str
    picture: str


class RecoveryOut(Out, frozen=True, kw_only=True):
    """`codes` stand in for a lost app, each once; they are in this answer only."""

    codes: list[str]


async def enter_code(ask: Ask[Nothing, CodeIn]) -> web.StreamResponse:
    """The second step of a login; the session comes as a new cookie."""
    request, door, code = ask.request, ask.door, ask.body.code

    async def enter() -> str | None:
        return await ask.do(managing.enter_code, code, door.place(request), door.session_of(request))

    session = await door.attempt(request, ask.who.name, enter, of_code=True)
    if session is None:
        raise Problem("wrong_code", "The code is wrong, or was used before: wait for the next one.")
    door.rights_changed(ask.who.name)
    user = user_out(await door.who_has(session), ask.services.site)
    response = web.Response(body=encode(LoggedIn(user=user)), content_type="application/json")
    door.cookies.keep_session(request, response, session)
    return response


async def begin_second_factor(ask: Ask[Nothing, Nothing]) -> EnrolmentOut:
    """For one's own login; nothing changes before the first code has come."""
    enrolment = await ask.do(managing.begin_second_factor)
    picture = segno.make(enrolment.link, error="m").svg_data_uri(scale=5, border=2)
    return EnrolmentOut(secret=enrolment.secret, link=enrolment.link, picture=picture)


async def confirm_second_factor(ask: Ask[Nothing, CodeIn]) -> RecoveryOut:
    """The first code of the app; other sessions end."""
    code, session = ask.body.code, ask.door.session_of(ask.request)

    async def confirm() -> list[str] | None:
        return await ask.do(managing.confirm_second_factor, code, session)

    codes = await ask.door.attempt(ask.request, ask.who.name, confirm, of_code=True)
    if codes is None:
        raise Problem("wrong_code", "The code is wrong: look whether the app's clock is right.")
    ask.door.rights_changed(ask.who.name)
    return RecoveryOut(codes=codes)


async def reset_second_factor(ask: Ask[Nothing, Nothing]) -> AccountOut:
    """The app is lost: the next login sets up another one; all sessions end."""
    account = await ask.do(managing.reset_second_factor, ask.path("name"))
    ask.door.rights_changed(account.name)
    return account_out(account)


# fmt: off
SECOND_FACTOR: Final[tuple[AnyOperation, ...]] = (
    operation("enter_code", "POST /api/login/code", enter_code,
              "The second step of a login; the session comes as a cookie", Nothing, CodeIn, LoggedIn, secret=True),
    operation("begin_second_factor", "POST /api/me/second-factor", begin_second_factor,
              "Set up an app for codes: what it has to be told", Nothing, Nothing, EnrolmentOut, secret=True),
    operation("confirm_second_factor", "POST /api/me/second-factor/confirm", confirm_second_factor,
              "The app's first code; the answer has the recovery codes", Nothing, CodeIn, RecoveryOut, secret=True),
    operation("reset_second_factor", "POST /api/users/{name}/second-factor/reset", reset_second_factor,
              "Somebody's app is lost: the next login sets up another", Nothing, Nothing, AccountOut),
)
# fmt: on
