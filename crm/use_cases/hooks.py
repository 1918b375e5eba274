"""Subscriptions to news (flow): made, changed, tried, ended by administrators."""

import secrets
from collections.abc import Mapping
from typing import Any

from crm.errors import bad_values
from crm.hooks.model import News, WebHook, checked_patterns, checked_url
from crm.use_cases.cases import Ports


async def subscribe(ports: Ports, url: str, events: list[str]) -> tuple[WebHook, str]:
    """The subscription and its secret, which is told this once. Raises BadValue, StoreAway."""
    secret = secrets.token_urlsafe(32)
    _check_url(ports, url)
    return await ports.store.hooks.create(url, _patterns(events), secret, by=ports.who.name), secret


async def change_hook(
    ports: Ports, hook_id: int, changes: Mapping[str, Any], *, new_secret: bool, version: int
) -> tuple[WebHook, str | None]:
    """`changes`: of url, events, active. The new secret, if one is wanted: the old one ends at once.

    Raises UnknownRecord, BadValue, VersionConflict, StoreAway.
    """
    secret = secrets.token_urlsafe(32) if new_secret else None
    kept = dict(changes) | ({"secret": secret} if secret else {})
    if "url" in kept:
        _check_url(ports, kept["url"])
    if "events" in kept:
        kept["events"] = _patterns(kept["events"])
    return await ports.store.hooks.change(hook_id, version, kept, by=ports.who.name), secret


async def unsubscribe(ports: Ports, hook_id: int) -> None:
    """Raises UnknownRecord, StoreAway."""
    await ports.store.hooks.remove(hook_id, by=ports.who.name)


async def try_hook(ports: Ports, hook_id: int) -> WebHook:
    """A message to try it: the event `webhook.ping`. Raises UnknownRecord, StoreAway."""
    hook = await ports.store.hooks.get(hook_id)
    news = News(event="webhook.ping", at=ports.now, subject=f"webhook {hook.id}", by=ports.who.name)
    await ports.store.hooks.announce(hook.id, news)
    return await ports.store.hooks.get(hook.id)


def _check_url(ports: Ports, url: str) -> None:
    with bad_values("url"):
        checked_url(url, ports.site.channels.web_hooks.allowed)


def _patterns(events: list[str]) -> tuple[str, ...]:
    with bad_values("events"):
        return checked_patterns(events)
