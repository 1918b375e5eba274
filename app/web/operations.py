"""An operation of the API: name, path, what it takes and gives; and the one way in to all of them (adapter).

Router, permission table and OpenAPI description are made from these, so they cannot disagree. The way in: who is
asking, may they, is the request well formed; then the handler; then JSON.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import msgspec
from aiohttp import web

from app.web.api.contract import Nothing
from app.web.encoding import encode
from app.web.identity import Door
from app.web.permissions import Principal, may
from app.web.problems import Problem
from app.web.services import Services

Q = TypeVar("Q")
B = TypeVar("B")
Q_co = TypeVar("Q_co", covariant=True)
B_co = TypeVar("B_co", covariant=True)


@dataclass(frozen=True, kw_only=True)
class Ask(Generic[Q_co, B_co]):
    """One request, understood: query and body are of the types the operation names."""

    request: web.Request
    services: Services
    door: Door
    query: Q_co
    body: B_co
    principal: Principal | None

    @property
    def who(self) -> Principal:
        """Who is asking. Only for operations that need a login."""
        if self.principal is None:
            raise RuntimeError("a public operation asked who is there")
        return self.principal

    def path(self, name: str) -> str:
        """A part of the path."""
        return self.request.match_info[name]


@dataclass(frozen=True, kw_only=True)
class Operation(Generic[Q, B]):
    """`answer` None: the handler makes its own response (`media` says of which type). `takes_file`: the handler reads
    the body itself, a form with a `file`."""

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


AnyOperation = Operation[Any, Any]


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
    )


def serve(
    operation: AnyOperation, services: Services, door: Door
) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """The aiohttp handler of an operation."""

    async def handler(request: web.Request) -> web.StreamResponse:
        principal = await door.principal(request)
        if not may(principal.role if principal else None, operation.name):
            raise _refused(principal, operation)
        answer = await operation.handle(
            Ask(
                request=request,
                services=services,
                door=door,
                query=_query(request, operation.query),
                body=await _body(request, operation.body),
                principal=principal,
            )
        )
        if isinstance(answer, web.StreamResponse):
            return answer
        return web.Response(status=operation.status, body=encode(answer), content_type="application/json")

    return handler


def _refused(principal: Principal | None, operation: AnyOperation) -> Problem:
    if principal is None:
        return Problem("unauthenticated", "No valid session or token came with the request.")
    return Problem("forbidden", f"{operation.name} is not open to the role {principal.role}.")


def _query(request: web.Request, kind: type[Q]) -> Q:
    try:
        return msgspec.convert(dict(request.query), type=kind, strict=False)
    except msgspec.ValidationError as exc:
        raise malformed(exc) from exc


async def _body(request: web.Request, kind: type[B]) -> B:
    if kind is Nothing:
        return kind()
    if request.content_type != "application/json":
        raise Problem("not_json", "The body has to be application/json.")
    try:
        return msgspec.json.decode(await request.read(), type=kind)
    except msgspec.DecodeError as exc:
        raise malformed(exc) from exc


def malformed(exc: msgspec.DecodeError) -> Problem:
    """What msgspec found, by field: its message ends in "- at `$.field`"."""
    message, _, place = str(exc).partition(" - at `")
    field = place.rstrip("`").removeprefix("$").lstrip(".") or "body"
    return Problem("invalid", f"{field}: {message}", errors=[{"field": field, "message": message}])
