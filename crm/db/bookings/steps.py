"""What was done to a booking or an appointment, by whom: one row each, never changed. TKT-3."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Insert, insert

from crm.db.schema.bookings import booking_step
from crm.tickets.model import Detail

_NAMES = ("state", "starts_at", "at", "party", "language", "guide", "contact_name", "contact_number", "note")
_MORE = ("person", "place", "kind")


def step_insert(
    *, subject: str, ticket: str, at: datetime, by: str, step: str, details: Mapping[str, Detail]
) -> Insert:
    text = msgspec.json.encode(details, order="sorted").decode() if details else ""
    return insert(booking_step).values(subject=subject, ticket=ticket, at=at, by=by, step=step, details=text)


def differences(before: msgspec.Struct, after: msgspec.Struct) -> dict[str, Detail]:
    """What changed, as `old_party`, `party` …; instants as ISO text."""
    found: dict[str, Detail] = {}
    for name in (*_NAMES, *_MORE):
        old, new = getattr(before, name, None), getattr(after, name, None)
        if old != new:
            found |= {f"old_{name}": _plain(old), name: _plain(new)}
    return found


def _plain(value: Any) -> Detail:
    if isinstance(value, datetime):
        return value.isoformat()
    return value if value is None or isinstance(value, int | float) else str(value)
