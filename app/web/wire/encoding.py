"""Values to JSON as every answer and live message writes them: UTC, ISO 8601, milliseconds, Z; numbers masked (rules).

A telephone number goes out masked, wherever it stands: in a field of its own, in a note, in what an error says. Only a
`Whole` text goes out as it is, and only the store as seen by a person makes one (crm/seen). CUS-4, ACC-6
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from enum import Enum
from typing import Final

import msgspec

from config.masking import LEAST, Whole, masked

_PLAIN = frozenset({int, float, bool, type(None)})
"""What most values are, so asked first."""

CODES: Final = frozenset(
    (
        *("id", "call", "next", "due_call", "customer", "customer_id", "recording", "booking", "version"),
        *("dnis", "sip", "token", "secret", "username", "url", "period", "etag"),
    )
)
"""Fields of text that this system makes, or a site's file says: digits in them are no person's number."""


def instant(at: datetime) -> str:
    """UTC with milliseconds. Raises ValueError for a naive datetime: its zone would be a guess."""
    if at.tzinfo is None:
        raise ValueError(f"{at} has no time zone")
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def plain(value: object) -> object:
    """The same value of lists, mappings and scalars only, each datetime as an instant, each number masked."""
    kind = type(value)
    if kind is str:
        return masked(value) if len(value) >= LEAST else value  # type: ignore[arg-type]
    if kind in _PLAIN:
        return value
    if isinstance(value, datetime):
        return instant(value)
    if isinstance(value, msgspec.Struct):
        shown = {name: _field(name, getattr(value, name)) for name in value.__struct_fields__}
        config = value.__struct_config__
        return shown if config.tag_field is None else {config.tag_field: config.tag, **shown}
    if isinstance(value, Mapping):
        return {str(key.value if isinstance(key, Enum) else key): _field(key, item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    if isinstance(value, Enum):
        return value.value
    return str(value) if kind is Whole else value


def _field(name: object, value: object) -> object:
    return value if type(value) is str and name in CODES else plain(value)


def encode(value: object) -> bytes:
    """Raises TypeError for a value JSON has no word for."""
    return msgspec.json.encode(plain(value))


def encode_text(value: object) -> str:
    return encode(value).decode()
