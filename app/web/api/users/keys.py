"""Keys of other systems, for administrators (adapter). The secret is shown once, when the key is made. ACC-4."""

from datetime import datetime, timedelta
from typing import Annotated, Final

from aiohttp import web
from msgspec import Meta

from app.web.api.common.shown import shaped
from app.web.http.contract import In, Nothing, Out, ShortText
from app.web.http.operations import AnyOperation, Ask, operation
from app.web.http.permissions import grantable
from config.schema import Role
from crm.keys.model import DEFAULT_LASTS, LONGEST_LASTS, ApiKey, Closed
from crm.use_cases.accounts import keys as use_cases
from crm.use_cases.accounts.keys import NewKey

ROLES: Final[tuple[Role, ...]] = ("agent", "supervisor", "administrator")
Days = Annotated[int, Meta(ge=1, le=LONGEST_LASTS.days)]
Scope = Annotated[list[ShortText], Meta(min_length=1, max_length=300)]


class ApiKeyOut(Out, frozen=True, kw_only=True):
    """`closed`: why it opens nothing any more. `refused_at`: the latest use that was turned away. `secret` only in the
    answer that made it."""

    name: str
    role: Role
    scope: list[str]
    created_at: datetime
    created_by: str
    expires_at: datetime
    used_at: datetime | None
    refused_at: datetime | None
    revoked_at: datetime | None
    revoked_by: str | None
    closed: Closed | None
    secret: str | None = None


class ScopeChoice(Out, frozen=True, kw_only=True):
    """An operation that keys of these roles may be given."""

    operation: str
    method: str
    path: str
    roles: list[Role]


class ApiKeyList(Out, frozen=True, kw_only=True):
    """Newest first, those that have ended too."""

    items: list[ApiKeyOut]
    choices: list[ScopeChoice]


class ApiKeyNew(In, frozen=True, kw_only=True):
    """`role`: whose sight the key has. `scope`: operations, by their ids. `days`: how long it lasts."""

    name: Annotated[str, Meta(min_length=1, max_length=64)]
    role: Role
    scope: Scope
    days: Days = DEFAULT_LASTS.days


async def list_api_keys(ask: Ask[Nothing, Nothing]) -> ApiKeyList:
    now = ask.services.clock()
    items = [_out(key, now) for key in await ask.seen.house.api_keys()]
    return ApiKeyList(items=items, choices=_choices(ask.request.app))


async def create_api_key(ask: Ask[Nothing, ApiKeyNew]) -> ApiKeyOut:
    body = ask.body
    new = NewKey(name=body.name, role=body.role, scope=tuple(body.scope), lasts=timedelta(days=body.days))
    key, secret = await ask.do(use_cases.make_key, new, grantable(body.role))
    return _out(key, ask.services.clock(), secret)


async def revoke_api_key(ask: Ask[Nothing, Nothing]) -> ApiKeyOut:
    """Its next request is refused."""
    key = await ask.do(use_cases.revoke_key, ask.path("name"))
    return _out(key, ask.services.clock())


def _out(key: ApiKey, now: datetime, secret: str | None = None) -> ApiKeyOut:
    return shaped(ApiKeyOut, key, scope=list(key.scope), closed=key.closed(now), secret=secret)


def _choices(app: web.Application) -> list[ScopeChoice]:
    """By path, so that what belongs together stands together."""
    routes = {route.resource.name: route for route in app.router.routes() if route.resource is not None}
    open_to = {role: grantable(role) for role in ROLES}
    choices = [
        ScopeChoice(operation=name, method=route.method, path=route.resource.canonical, roles=roles)
        for name, route in routes.items()
        if name is not None
        and route.resource is not None
        and (roles := [role for role in ROLES if name in open_to[role]])
    ]
    return sorted(choices, key=lambda one: (one.path, one.method))


# fmt: off
API_KEYS: Final[tuple[AnyOperation, ...]] = (
    operation("list_api_keys", "GET /api/keys", list_api_keys,
              "Keys of other systems, and what they may be given", Nothing, Nothing, ApiKeyList),
    operation("create_api_key", "POST /api/keys", create_api_key,
              "A key for another system; the answer has its secret", Nothing, ApiKeyNew, ApiKeyOut, 201,
              secret=True),
    operation("revoke_api_key", "POST /api/keys/{name}/revoke", revoke_api_key,
              "End a key at once and for good", Nothing, Nothing, ApiKeyOut),
)
# fmt: on
