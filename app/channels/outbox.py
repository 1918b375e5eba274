"""Sends what waits in the outbox through the site's own ways (adapter, by apprise). BKG-2.

The URLs of a route are tried in their order until one takes the message; else it is tried again later.
"""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime
from typing import Final
from urllib.parse import quote

from apprise import Apprise, NotifyBase
from apprise.plugins.email.base import NotifyEmail

from app.channels.mail_out import send_mail
from config.service.channels import Mail
from config.service.outbox import RECIPIENT, Outbox
from crm.db.store import Store
from crm.errors import StoreAway
from crm.outbox.model import OutboxRow, next_try

log = logging.getLogger(__name__)

LEASE_S: Final = 120.0
"""Longer than any gateway may take."""
AT_ONCE: Final = 10


async def send_waiting(store: Store, rules: Outbox, mail: Mail | None, now: Callable[[], datetime]) -> int:
    """One round; how many were sent. `mail`: the mailbox that answers come to, if there is one. A store that is away
    means that nothing is sent this time."""
    sent = 0
    try:
        for message in await store.outbox.claim(now(), lease_s=LEASE_S, limit=AT_ONCE):
            if error := await deliver(message, rules, mail, now()):
                again = next_try(message.attempts + 1, now(), most=rules.attempts, retry_s=rules.retry_s)
                await store.outbox.failed(message.id, error, again)
                log.warning("A message was not taken: %s", error, extra={"action": "message_not_sent"})
            else:
                await store.outbox.sent(message.id, now())
                sent += 1
    except StoreAway as exc:
        log.warning("The outbox waits for the store: %s", exc, extra={"action": "outbox_store_away"})
    return sent


async def deliver(message: OutboxRow, rules: Outbox, mail: Mail | None, at: datetime) -> str:
    """What went wrong, in words without the URL, which holds passwords; "" when it was taken."""
    urls = rules.routes.get(message.route, ())
    for url in urls:
        way = Apprise.instantiate(url.replace(RECIPIENT, quote(message.recipient, safe="")), suppress_exceptions=True)
        if way is not None and await _taken(way, message, mail, at):
            return ""
    ways = ", ".join(url.partition("://")[0] for url in urls)
    return f"not taken by {ways}" if urls else f"outbox.yaml has no route '{message.route}'"


async def _taken(way: NotifyBase, message: OutboxRow, mail: Mail | None, at: datetime) -> bool:
    """A mail about a ticket is written by us, so that answers to it are known; all else is apprise's own."""
    if type(way) is NotifyEmail and message.ticket and message.token and mail is not None:
        return await asyncio.to_thread(send_mail, way, message, mail, at)
    return bool(await way.async_notify(title=message.title, body=message.text))
