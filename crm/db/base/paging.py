"""Cursors of lists that are ordered by an instant and a key. A cursor holds its place although rows come and go."""

from datetime import UTC, datetime, timedelta
from typing import Final

from crm.errors import BadCursor

MAX_LIMIT: Final = 500
_LARGEST_ID: Final = 2**63 - 1
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def cursor(at: datetime, key: object) -> str:
    """The place just behind the row of this instant and key."""
    return f"{(at - _EPOCH) // timedelta(microseconds=1)}.{key}"


def parse(after: str) -> tuple[datetime, str]:
    """The inverse of `cursor`; raises BadCursor."""
    micros, dot, key = after.partition(".")
    try:
        if not (dot and key):
            raise ValueError("no key")
        return _EPOCH + timedelta(microseconds=int(micros)), key
    except (ValueError, OverflowError) as exc:
        raise BadCursor(f"not a cursor of this list: {after!r}") from exc


def parse_numbered(after: str) -> tuple[datetime, int]:
    """As `parse`, for a list whose key is a number."""
    at, key = parse(after)
    return at, row_id(key, after)


def row_id(text: str, after: str) -> int:
    """A row's number in a cursor. Raises BadCursor for one that no store counts to."""
    if text.isascii() and text.isdecimal() and len(text) < 20 and int(text) <= _LARGEST_ID:
        return int(text)
    raise BadCursor(f"not a cursor of this list: {after!r}")


def page_size(limit: int) -> int:
    """At least 1, at most MAX_LIMIT."""
    return max(1, min(limit, MAX_LIMIT))
