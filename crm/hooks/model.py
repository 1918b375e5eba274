"""Web hooks: which news there are, who wants which, how a message is signed and when it is sent again (rules).

A message says what happened to which record, and no more: who wants to know the rest asks the API with a token of its
own, so that no telephone number leaves by this way (CUS-4).
"""

import hashlib
import hmac
import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import SplitResult, urlsplit

import msgspec

from crm.backoff import wait_s
from crm.journal.events import CallArrived, CallEnded, Event, LetterReceived, TicketOpened
from crm.tickets.model import Detail

PATTERN: Final = re.compile(r"\*|[a-z][a-z0-9_]{0,39}\.(\*|[a-z][a-z0-9_]{0,39})")
"""`ticket.opened`, `booking.*`, `*`."""
FIRST_RETRY_S: Final = 5.0
LONGEST_RETRY_S: Final = 3600.0


class News(msgspec.Struct, frozen=True, kw_only=True):
    """What happened: `event` as subscriptions name it, `subject` the record's kind and id."""

    event: str
    at: datetime
    subject: str
    by: str | None = None
    data: dict[str, Detail] = msgspec.field(default_factory=dict)


class WebHook(msgspec.Struct, frozen=True, kw_only=True):
    """A subscription. `failing_since`: of the first failure after the last success; `stopped_why`: why it was ended
    for us."""

    id: int
    url: str
    events: tuple[str, ...]
    active: bool
    created_at: datetime
    created_by: str
    failing_since: datetime | None
    stopped_why: str
    version: int
    waiting: int = 0


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """A message to one subscriber. `done_at`: the subscriber took it; `status` and `error` are of the last attempt."""

    id: int
    webhook: int
    event: str
    payload: str
    at: datetime
    attempts: int
    next_at: datetime
    done_at: datetime | None
    status: int | None
    error: str


def news_of_event(event: Event) -> News | None:
    """None for what is nobody's news."""
    match event:
        case CallArrived(direction="inbound", ticket=ticket, line=line):
            data: dict[str, Detail] = {"channel": "telephone", "line": line, "kind": None}
            return News(event="ticket.opened", at=event.at, subject=f"ticket {ticket}", data=data)
        case TicketOpened(ticket=ticket, channel=channel, opening=opening):
            data = {"channel": channel, "line": None, "kind": opening.kind}
            return News(event="ticket.opened", at=event.at, subject=f"ticket {ticket}", by=opening.by, data=data)
        case LetterReceived(ticket=ticket):
            return News(event="ticket.letter", at=event.at, subject=f"ticket {ticket}")
        case CallEnded(call_id=call_id, outcome=outcome):
            return News(event="call.ended", at=event.at, subject=f"call {call_id}", data={"outcome": outcome})
        case _:
            return None


EVENT_NAMES: Final = tuple(kind.__name__ for kind in (CallArrived, TicketOpened, LetterReceived, CallEnded))
"""The journal's events that can be news."""


def news_of_act(at: datetime, by: str, action: str, subject: str) -> News:
    """Of a row of the audit trail: `ticket 20261122-0001` and `changed` are `ticket.changed`."""
    return News(event=f"{subject.partition(' ')[0]}.{action}", at=at, subject=subject, by=by)


def wants(patterns: Sequence[str], event: str) -> bool:
    """Whether a subscription to these patterns hears of the event."""
    return any(
        pattern in ("*", event) or (pattern.endswith(".*") and event.startswith(pattern[:-1])) for pattern in patterns
    )


def checked_patterns(patterns: Sequence[str]) -> tuple[str, ...]:
    """Without repetition. Raises ValueError."""
    for pattern in patterns:
        if PATTERN.fullmatch(pattern) is None:
            raise ValueError(f"{pattern!r} is none: write ticket.opened, booking.* or *")
    if not patterns:
        raise ValueError("name at least one, such as ticket.opened, booking.* or *")
    return tuple(dict.fromkeys(patterns))


def checked_url(url: str, allowed: Sequence[str]) -> SplitResult:
    """The parts of an address that may be called: scheme and host are on the site's list. Raises ValueError."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as exc:
        raise ValueError(f"not an address: {exc}") from exc
    if re.search(r"[\s\x00-\x1f\\]", url) or parts.username is not None or parts.password is not None or parts.fragment:
        raise ValueError("write scheme, host and path, and no name, password or fragment")
    host = f"[{parts.hostname}]" if parts.hostname and ":" in parts.hostname else parts.hostname
    origins = {f"{parts.scheme}://{host}{'' if port is None else f':{port}'}"}
    if port == {"http": 80, "https": 443}.get(parts.scheme):
        origins.add(f"{parts.scheme}://{host}")
    if not host or not origins & set(allowed):
        shown = ", ".join(allowed) or "none"
        raise ValueError(f"scheme and host have to be among web_hooks.allowed of channels.yaml; there are: {shown}")
    return parts


def signature(secret: str, body: bytes, at: datetime) -> str:
    """The value of the header `Sanxiang-Signature`: the receiver computes the same over `t`, a dot and the body, and
    refuses a `t` that is old."""
    stamp = str(int(at.timestamp()))
    digest = hmac.new(secret.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    return f"t={stamp},v1={digest}"


def retry_after(attempts: int) -> timedelta:
    """How long after so many failed attempts the next one is made: 5 s, doubling up to an hour."""
    return timedelta(seconds=wait_s(attempts, FIRST_RETRY_S, LONGEST_RETRY_S))
