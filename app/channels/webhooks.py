"""Web hooks go out (adapter): signed, in order for each subscriber, again when they fail, to places the site names.

Requests to a server inside a network are what an attacker wants of such a thing. So scheme and host are on a list; the
name is looked up once and the connection goes to that very address, which must not be private, local or reserved;
redirects are not followed; proxies of the environment are not used; and it all takes three seconds at most.
"""

import asyncio
import ipaddress
import logging
import socket
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from config.service.channels import WebHooks
from crm.db.hooks.queries import WebHookTable
from crm.errors import StoreAway
from crm.hooks.model import Delivery, WebHook, checked_url, signature

log = logging.getLogger(__name__)

TIMEOUT_S: Final = 3.0
MOST_A_TICK: Final = 50
"""Messages to one subscriber before the others get their turn again."""


class _Refused(OSError):
    """The address may not be called."""


class _Resolver(AbstractResolver):
    """Looks a name up and lets through what may be called: all its addresses, or none."""

    def __init__(self, rules: WebHooks) -> None:
        self._rules = rules

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(host, port, family=family, type=socket.SOCK_STREAM)
        results = []
        for kind, _, protocol, _, address in found:
            check_address(str(address[0]), self._rules)
            results.append(
                ResolveResult(
                    hostname=host,
                    host=str(address[0]),
                    port=port,
                    family=kind,
                    proto=protocol,
                    flags=socket.AI_NUMERICHOST,
                )
            )
        return results

    async def close(self) -> None:
        """Nothing is open."""


def check_address(address: str, rules: WebHooks) -> None:
    """Raises OSError for an address that may not be called."""
    if not rules.admits(address.partition("%")[0]):
        raise _Refused(f"{address} is private, local or reserved; channels.yaml can allow it: web_hooks.private")


class HookSender:
    """One per system. `tick` is called every two seconds, and never twice at once."""

    def __init__(self, rules: WebHooks, table: WebHookTable, clock: Callable[[], datetime]) -> None:
        self._rules = rules
        self._table = table
        self._clock = clock
        self._session: aiohttp.ClientSession | None = None

    async def tick(self) -> int:
        """How many were delivered. A store that is away: the next time."""
        try:
            await self._table.collect()
            sent = 0
            for _ in range(MOST_A_TICK):
                heads = await self._table.next_for(self._clock())
                done = await asyncio.gather(*(self._send(*head) for head in heads))
                sent += sum(done)
                if not any(done):
                    break
            return sent
        except StoreAway as exc:
            log.warning("Web hooks wait for the store: %s", exc, extra={"action": "hooks_store_away"})
            return 0

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    async def _send(self, hook: WebHook, secret: str, delivery: Delivery) -> bool:
        status: int | None = None
        try:
            status = await self._post(hook, secret, delivery)
            error = "" if 200 <= status < 300 else _said(status)
        except (aiohttp.ClientError, OSError, ValueError, TimeoutError) as exc:
            error = str(exc) or f"no answer within {TIMEOUT_S:g} s"
        if not error and status is not None:
            await self._table.delivered(delivery, status)
            return True
        log.info("Web hook %d failed: %s", hook.id, error, extra={"action": "hook_failed"})
        if await self._table.failed(delivery, status, error, timedelta(days=self._rules.give_up_days)):
            log.error("Web hook %d is stopped: %s", hook.id, error, extra={"action": "hook_stopped"})
        return False

    async def _post(self, hook: WebHook, secret: str, delivery: Delivery) -> int:
        """The status. The list is asked again each time: it may have become shorter."""
        host = checked_url(hook.url, self._rules.allowed).hostname or ""
        if _is_address(host):
            check_address(host, self._rules)
        body = delivery.payload.encode()
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "Sanxiang",
            "Sanxiang-Event": delivery.event,
            "Sanxiang-Delivery": str(delivery.id),
            "Sanxiang-Signature": signature(secret, body, self._clock()),
        }
        async with self._opened().post(hook.url, data=body, headers=headers, allow_redirects=False) as answer:
            return answer.status

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            connector = aiohttp.TCPConnector(resolver=_Resolver(self._rules), use_dns_cache=False, force_close=True)
            self._session = aiohttp.ClientSession(
                connector=connector,
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(total=TIMEOUT_S),
                trust_env=False,
            )
        return self._session


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _said(status: int) -> str:
    return f"the server answered {status}" + (" (redirects are not followed)" if 300 <= status < 400 else "")
