"""Written messages on their way out of the house: what one is, and when it is tried again. Rules. BKG-2."""

from datetime import datetime, timedelta
from typing import Final, Literal

import msgspec

from crm.backoff import wait_s

LONGEST_WAIT_S: Final = 6 * 3600.0

OutboxState = Literal["waiting", "sent", "failed"]
"""`failed`: tried so often as the site says, and given up."""


class OutMessage(msgspec.Struct, frozen=True, kw_only=True):
    """A message for a route of outbox.yaml. `key`: the same one twice is one message. `about`: whose it is, such as
    `booking 12`."""

    key: str
    route: str
    recipient: str
    title: str
    text: str
    about: str
    ticket: str | None = None


class OutboxRow(OutMessage, frozen=True, kw_only=True):
    """A message as it stands. `next_at`: when it is tried (again); `error`: what the last attempt failed with.

    `token` and `message_id`: random, made with the row; by them an answer finds the ticket.
    """

    id: int
    token: str | None
    message_id: str | None
    state: OutboxState
    created_at: datetime
    next_at: datetime
    attempts: int
    sent_at: datetime | None
    error: str


def next_try(attempts_made: int, now: datetime, *, most: int, retry_s: float) -> datetime | None:
    """When to try again after so many failures: the wait doubles, up to six hours. None: give up."""
    if attempts_made >= most:
        return None
    return now + timedelta(seconds=wait_s(attempts_made, retry_s, LONGEST_WAIT_S))
