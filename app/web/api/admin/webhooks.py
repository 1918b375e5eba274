"""Subscriptions to news, for administrators (adapter). The secret is shown once, when it is made."""

from datetime import datetime
from typing import Annotated, Any, Final

import msgspec
from msgspec import UNSET, Meta, UnsetType

from app.web.api.common.shown import shaped
from app.web.http.contract import In, Listed, Nothing, Out, Paging
from app.web.http.operations import AnyOperation, Ask, id_of, operation
from app.web.wire.problems import Problem
from crm.errors import VersionConflict
from crm.hooks.model import WebHook
from crm.use_cases import hooks as use_cases

Url = Annotated[str, Meta(min_length=8, max_length=500)]
Events = Annotated[list[Annotated[str, Meta(max_length=81)]], Meta(min_length=1, max_length=50)]
Version = Annotated[int, Meta(ge=1, le=2**31 - 1)]


class WebHookOut(Out, frozen=True, kw_only=True):
    """`secret` only in the answer that made it; `waiting`: messages not delivered yet."""

    id: str
    url: str
    events: list[str]
    active: bool
    created_at: datetime
    created_by: str
    failing_since: datetime | None
    stopped_why: str
    waiting: int
    version: int
    secret: str | None = None


class WebHookNew(In, frozen=True, kw_only=True):
    """`events`: ticket.opened, booking.*, *."""

    url: Url
    events: Events


class WebHookPatch(In, frozen=True, kw_only=True):
    """The version that was read, and what changes. `new_secret`: the old one ends at once."""

    version: Version
    url: Url | UnsetType = UNSET
    events: Events | UnsetType = UNSET
    active: bool | UnsetType = UNSET
    new_secret: bool = False


class WebHookRules(Out, frozen=True, kw_only=True):
    """All subscriptions, and where the site lets them go."""

    items: list[WebHookOut]
    allowed: list[str]


class DeliveryOut(Out, frozen=True, kw_only=True):
    """A message. `payload` as it is sent."""

    id: str
    event: str
    payload: dict[str, Any]
    at: datetime
    attempts: int
    next_at: datetime
    done_at: datetime | None
    status: int | None
    error: str


async def list_webhooks(ask: Ask[Nothing, Nothing]) -> WebHookRules:
    items = [_out(hook) for hook in await ask.seen.house.web_hooks()]
    return WebHookRules(items=items, allowed=list(ask.services.site.channels.web_hooks.allowed))


async def create_webhook(ask: Ask[Nothing, WebHookNew]) -> WebHookOut:
    return _out(*await ask.do(use_cases.subscribe, ask.body.url, ask.body.events))


async def patch_webhook(ask: Ask[Nothing, WebHookPatch]) -> WebHookOut:
    """409 with `current` when it is stale."""
    body, hook_id = ask.body, id_of(ask, "web hook")
    given = {name: getattr(body, name) for name in ("url", "events", "active")}
    changes = {name: value for name, value in given.items() if value is not UNSET}
    try:
        changed = await ask.do(
            use_cases.change_hook, hook_id, changes, new_secret=body.new_secret, version=body.version
        )
    except VersionConflict as exc:
        current = _out(await ask.seen.house.web_hook(hook_id))
        raise Problem("stale", f"{exc}", current=current) from exc
    return _out(*changed)


async def delete_webhook(ask: Ask[Nothing, Nothing]) -> None:
    await ask.do(use_cases.unsubscribe, id_of(ask, "web hook"))


async def list_deliveries(ask: Ask[Paging, Nothing]) -> Listed[DeliveryOut]:
    """Newest first."""
    hook = await ask.seen.house.web_hook(id_of(ask, "web hook"))
    page = await ask.seen.house.deliveries(hook.id, limit=ask.query.limit, after=ask.query.after)
    items = [
        shaped(DeliveryOut, row, id=str(row.id), payload=msgspec.json.decode(row.payload, type=dict[str, Any]))
        for row in page.items
    ]
    return Listed(items=items, next=page.next)


async def ping_webhook(ask: Ask[Nothing, Nothing]) -> WebHookOut:
    """A message to try it: the event `webhook.ping`."""
    return _out(await ask.do(use_cases.try_hook, id_of(ask, "web hook")))


def _out(hook: WebHook, secret: str | None = None) -> WebHookOut:
    return shaped(WebHookOut, hook, id=str(hook.id), events=list(hook.events), secret=secret)


# fmt: off
WEB_HOOKS: Final[tuple[AnyOperation, ...]] = (
    operation("list_webhooks", "GET /api/webhooks", list_webhooks,
              "Subscriptions to news", Nothing, Nothing, WebHookRules),
    operation("create_webhook", "POST /api/webhooks", create_webhook,
              "Subscribe; the answer has the secret", Nothing, WebHookNew, WebHookOut, 201,
              secret=True),
    operation("patch_webhook", "PATCH /api/webhooks/{id}", patch_webhook,
              "Change, stop or start again", Nothing, WebHookPatch, WebHookOut, secret=True),
    operation("delete_webhook", "DELETE /api/webhooks/{id}", delete_webhook,
              "End a subscription", Nothing, Nothing, None, 204),
    operation("list_deliveries", "GET /api/webhooks/{id}/deliveries", list_deliveries,
              "What was sent, what waits", Paging, Nothing, Listed[DeliveryOut]),
    operation("ping_webhook", "POST /api/webhooks/{id}/ping", ping_webhook,
              "Send a message to try it", Nothing, Nothing, WebHookOut),
)
# fmt: on
