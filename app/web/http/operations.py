"""An operation of the API: name, path, what it takes and gives; and the one way in to all of them (adapter).

Router, permission table and OpenAPI description are made from these, so they cannot disagree. The way in: who is
asking, may they, is the request well formed; then the handler; then JSON.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Concatenate, Final, Generic, ParamSpec, TypeVar

import msgspec
from aiohttp import web

from app.web.front.values import LARGEST, Unkept, check_name, check_text, check_value
from app.web.http.acting import Acting
from app.web.http.audit.table import AUDITED, Audited
from app.web.http.audit.trail import WebTrail
from app.web.http.contract import Nothing
from app.web.http.idempotency import Kept, KeptRequests, wish_of
from app.web.http.identity import Authenticator
from app.web.http.permissions import asks_again, held_back, is_open_to
from app.web.http.services import Services, Tools
from app.web.wire.encoding import encode
from app.web.wire.problems import Problem, TurnedBack, invalid
from crm.errors import CrmError
from crm.rights import Principal
from crm.seen.store import SeenStore
from crm.use_cases.cases import Ports

P = ParamSpec("P")
T = TypeVar("T")
Q = TypeVar("Q")
B = TypeVar("B")
Q_co = TypeVar("Q_co", covariant=True)
B_co = TypeVar("B_co", covariant=True)


@dataclass(frozen=True, kw_only=True)
class Ask(Generic[Q_co, B_co]):
    """One request, understood: query and body are of the types the operation names.

    `services` has no store: what somebody may see of it is in `seen`, and what somebody may do is begun with `do`.
    """

    request: web.Request
    services: Tools
    door: Authenticator
    query: Q_co
    body: B_co
    principal: Principal | None
    acting: Acting | None

    @property
    def who(self) -> Principal:
        """Who is asking. Only for operations that need a login."""
        if self.principal is None:
            raise RuntimeError("a public operation asked who is there")
        return self.principal

    @property
    def acts(self) -> Acting:
        """Whoever asks, at work. Only for operations that need a login."""
        if self.acting is None:
            raise RuntimeError("a public operation asked for the store")
        return self.acting

    @property
    def seen(self) -> SeenStore:
        """The store as whoever asks sees it."""
        return self.acts.seen

    async def do(self, use_case: Callable[Concatenate[Ports, P], Awaitable[T]], *args: P.args, **kwargs: P.kwargs) -> T:
        """Begins a use case for whoever asks: `await ask.do(use_cases.create_card, card)`."""
        return await self.acts.do(use_case, *args, **kwargs)

    def path(self, name: str) -> str:
        """A part of the path."""
        return self.request.match_info[name]


@dataclass(frozen=True)
class Feed:
    """What goes over a long connection: the unions of its messages, by the names they are published under."""

    sends: tuple[str, Any]
    receives: tuple[str, Any] | None = None


@dataclass(frozen=True, kw_only=True)
class Operation(Generic[Q, B]):
    """`answer` None: the handler makes its own response (`media` says of which type). `takes_file`: the handler reads
    the body itself, a form with a `file`. `secret`: what it takes or gives is kept nowhere, so it is not kept for a
    second request with the same Idempotency-Key either."""

    name: str
    method: str
    path: str
    summary: str
    handle: Callable[[Ask[Q, B]], Awaitable[object]]
    query: type[Q]
    body: type[B]
    answer: Any = None
    status: int = 200
    media: str = "application/json"
    takes_file: bool = False
    secret: bool = False
    feed: Feed | None = None


AnyOperation = Operation[Any, Any]

_PENDING_WORDS: Final = "This login has something to do first: look at `user.pending` of GET /api/me."
_CONFIRM_WORDS: Final = "The password was shown too long ago: show it to POST /api/me/confirm, then ask again."
_WRITES: Final = frozenset({"POST", "PUT", "PATCH", "DELETE"})


def operation(
    name: str,
    route: str,
    handle: Callable[[Ask[Q, B]], Awaitable[object]],
    summary: str,
    query: type[Q],
    body: type[B],
    answer: object = None,
    status: int = 200,
    media: str = "application/json",
    takes_file: bool = False,
    secret: bool = False,
    feed: Feed | None = None,
) -> Operation[Q, B]:
    """An operation of a table; `route`: method and path."""
    method, path = route.split(" ")
    return Operation(
        name=name,
        method=method,
        path=path,
        summary=summary,
        handle=handle,
        query=query,
        body=body,
        answer=answer,
        status=status,
        media=media,
        takes_file=takes_file,
        secret=secret,
        feed=feed,
    )


def serve(
    operation: AnyOperation, services: Services, door: Authenticator, kept: KeptRequests, trail: WebTrail
) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """The aiohttp handler of an operation."""

    async def handler(request: web.Request) -> web.StreamResponse:
        principal = await door.principal(request)
        try:
            if not is_open_to(principal, operation.name):
                raise _refused(principal, operation)
            if principal is not None and held_back(principal.pending, operation.name):
                raise Problem(principal.pending or "forbidden", _PENDING_WORDS)
            if principal is not None and asks_again(principal.shown_at, operation.name, services.clock()):
                raise Problem("confirm_password", _CONFIRM_WORDS)
            return await answer(request, principal)
        except (Problem, CrmError) as why:
            await trail.turned_away(principal, operation.name, operation.path, why, request)
            raise

    async def answer(request: web.Request, principal: Principal | None) -> web.StreamResponse:
        _check_path(request)
        query, body = _query(request, operation.query), await _body(request, operation.body)
        ask = Ask(
            request=request,
            services=services.tools,
            door=door,
            query=query,
            body=body,
            principal=principal,
            acting=services.acting(principal) if principal else None,
        )
        own_response = operation.answer is None or operation.secret
        if request.method not in _WRITES or own_response or principal is None:  # a stranger's key is kept nowhere
            return await _on_record(operation, ask, trail, lambda: _answer(operation, ask))
        raw = b"" if operation.body is Nothing else await request.read()
        wish = wish_of(request, principal.name, raw)
        once = partial(kept.once, wish, lambda: _keepable(operation, ask)) if wish else lambda: _answer(operation, ask)
        return await _on_record(operation, ask, trail, once)

    return handler


async def _on_record(
    operation: AnyOperation, ask: Ask[Any, Any], trail: WebTrail, answer: Callable[[], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Answers, and leaves the row that is the server's to write (ACC-5)."""
    written_by = AUDITED[operation.name]
    if written_by is Audited.BEGIN:
        await trail.note(ask.who, operation.name, operation.path, ask.request)
    try:
        response = await answer()
    except Problem as why:
        if written_by is Audited.LOGIN:
            await trail.login_refused(ask.body.name, why.kind, ask.request)
        elif written_by is Audited.CONFIRM:
            await trail.login_refused(ask.who.name, why.kind, ask.request)
        elif written_by is Audited.CODE:
            await trail.code_refused(ask.who, why.kind, ask.request)
        raise
    if written_by is Audited.LOGIN:
        await trail.logged_in(ask.body.name, ask.request)
    elif written_by is Audited.ANSWER:
        await trail.note(ask.who, operation.name, operation.path, ask.request)
    elif written_by is Audited.SIGN_ON and isinstance(response, TurnedBack):
        await trail.login_refused(response.name, response.why, ask.request)
    return response


async def _answer(operation: AnyOperation, ask: Ask[Any, Any]) -> web.StreamResponse:
    answer = await operation.handle(ask)
    if isinstance(answer, web.StreamResponse):
        return answer
    if operation.status == 204:
        return web.Response(status=204)
    return web.Response(status=operation.status, body=encode(answer), content_type="application/json")


async def _keepable(operation: AnyOperation, ask: Ask[Any, Any]) -> Kept:
    answer = await operation.handle(ask)
    if isinstance(answer, web.Response) and isinstance(answer.body, bytes):
        return Kept(answer.status, answer.body)
    return Kept(operation.status, encode(answer))


def _refused(principal: Principal | None, operation: AnyOperation) -> Problem:
    if principal is None:
        return Problem("unauthenticated", "No valid session, key or token came with the request.")
    if principal.scope is not None:
        return Problem("forbidden", f"{operation.name} is not in the scope of this key.")
    return Problem("forbidden", f"{operation.name} is not open to the role {principal.role}.")


def _query(request: web.Request, kind: type[Q]) -> Q:
    given = dict(request.query)
    for name, value in given.items():
        _kept(check_text, name, name)
        _kept(check_name, name, value)
    try:
        query = msgspec.convert(given, type=kind, strict=False)
    except msgspec.ValidationError as exc:
        raise malformed(exc) from exc
    _kept(check_value, "query", query)
    return query


async def _body(request: web.Request, kind: type[B]) -> B:
    if kind is Nothing:
        return kind()
    if request.content_type != "application/json":
        raise Problem("not_json", "The body has to be application/json.")
    raw = await request.read()
    try:
        body = msgspec.json.decode(raw, type=kind)
    except msgspec.DecodeError as exc:
        raise malformed(exc) from exc
    except UnicodeDecodeError as exc:
        raise invalid("body", f"not UTF-8: {exc.reason}") from exc
    _kept(check_value, "body", body)
    return body


def _check_path(request: web.Request) -> None:
    for name, value in request.match_info.items():
        _kept(check_name, name, value)


def _kept(check: Callable[[str, str], None] | Callable[[str, object], None], field: str, value: Any) -> None:
    """Raises Problem for a value that no field may have."""
    try:
        check(field, value)
    except Unkept as exc:
        raise invalid(exc.field, f"{exc}") from exc


def id_of(ask: Ask[Any, Any], what: str, name: str = "id") -> int:
    """The id in the path. Raises Problem (404) for one that no record can have."""
    text = ask.path(name)
    if not (text.isascii() and text.isdecimal() and len(text) < 20 and 0 < int(text) <= LARGEST):
        raise Problem("not_found", f"No {what} {text}.")
    return int(text)


def malformed(exc: msgspec.DecodeError) -> Problem:
    """What msgspec found, by field: its message ends in "- at `$.field`"."""
    message, _, place = str(exc).partition(" - at `")
    field = place.rstrip("`").removeprefix("$").lstrip(".") or "body"
    return Problem("invalid", f"{field}: {message}", errors=[{"field": field, "message": message}])
