"""A report that was made, and when one that could not be sent is tried again (rules). RPT-3."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from crm.backoff import wait_s

TRIES: Final = 8
FIRST_PAUSE_S: Final = 60.0
"""Doubling: the eighth attempt comes about two hours after the first."""


@dataclass(frozen=True, kw_only=True)
class ReportRun:
    """`kind` and `period` name it; `try_at`: when it is to be sent (again), None: not any more. `reached`: the names
    of the addresses that have it, with commas; `failure`: the last."""

    kind: str
    period: str
    made_at: datetime
    summary: str
    sent_at: datetime | None
    attempts: int
    try_at: datetime | None
    reached: str
    failure: str


def again_at(attempts: int, now: datetime) -> datetime | None:
    """When to try once more after so many attempts, this one among them; None when it is given up."""
    return now + timedelta(seconds=wait_s(attempts, FIRST_PAUSE_S)) if attempts < TRIES else None
