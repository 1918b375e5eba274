"""Mails that could not be read, kept as they came until a person has dealt with them. Rules. OPS-7, TKT-1."""

from datetime import datetime
from typing import Final, Literal

import msgspec

MOST_TRIES: Final = 2
"""So often a mail is begun; whatever ends the second try, death included, the next time it is set aside unread."""
KEPT_DAYS: Final = 30
"""So long a mail's bytes stay once somebody has dealt with it."""

AsideState = Literal["trying", "kept", "registered", "dismissed"]
"""`kept`: waits for a person."""


class AsideMail(msgspec.Struct, frozen=True, kw_only=True):
    """`place`: mailbox, UIDVALIDITY and UID, where it lay; `why`: what ended the last try; `file`: its bytes."""

    id: int
    place: str
    tries: int
    at: datetime
    state: AsideState
    why: str
    size: int
    file: str
    ticket: str | None
    by: str | None
    note: str
    done_at: datetime | None
