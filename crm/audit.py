"""The audit trail's seal: each row is sealed together with the seal before it, day by day (rules). CUS-4.

A row that was changed, taken out, put in or moved breaks the chain at its place. Not in the chain: what was cut off the
end of a day; the heads of past days, kept elsewhere, show that.
"""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec


@dataclass(frozen=True, kw_only=True)
class AuditRow:
    """One act. `day`: local date, `serial`: from 1 within it; `details`: JSON text, empty for none."""

    day: str
    serial: int
    at: datetime
    by: str
    action: str
    subject: str
    details: str


def first_seal(day: str) -> str:
    """What the first row of a day is sealed with in place of a seal before it."""
    return hashlib.sha256(f"sanxiang audit {day}".encode()).hexdigest()


def seal(row: AuditRow, before: str) -> str:
    """SHA-256 over the row and the seal before it, as 64 hexadecimal digits."""
    at = row.at.astimezone(UTC).isoformat(timespec="microseconds")
    fields = [before, row.day, row.serial, at, row.by, row.action, row.subject, row.details]
    return hashlib.sha256(msgspec.json.encode(fields)).hexdigest()
