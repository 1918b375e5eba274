"""Whether the digits pressed so far are a choice of a menu. Pure; the timeouts are the menu's (menu.py)."""

from collections.abc import Collection
from enum import Enum


class Match(Enum):
    """COMPLETE: take it now. INCOMPLETE: more could follow. INVALID: no choice begins like this."""

    COMPLETE = "complete"
    INCOMPLETE = "incomplete"
    INVALID = "invalid"


def match(digits: str, keys: Collection[str]) -> Match:
    """Compare `digits` with a menu's keys. A key that is also the beginning of another waits for the next digit."""
    if any(key != digits and key.startswith(digits) for key in keys):
        return Match.INCOMPLETE
    return Match.COMPLETE if digits in keys else Match.INVALID
