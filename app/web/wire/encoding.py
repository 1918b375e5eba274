"""Values to JSON as every answer and live message writes them: UTC, ISO 8601, milliseconds, Z (rules)."""

from collections.abc import Mapping
from datetime import UTC, datetime
from enum import Enum

import msgspec

_PLAIN = frozenset({str, int, float, bool, type(None)})
"""What most values are, so asked first."""


def instant(at: datetime) -> str:
    """UTC with milliseconds. Raises ValueError for a naive datetime: its zone would be a guess."""
    if at.tzinfo is None:
        raise ValueError(f"{at} has no time zone")
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def plain(value: object) -> object:
    """The same value of lists, mappings and scalars only, each datetime as an instant."""
    if type(value) in _PLAIN:
        return value
    if isinstance(value, datetime):
        return instant(value)
    if isinstance(value, msgspec.Struct):
        shown = {name: plain(getattr(value, name)) for name in value.__struct_fields__}
        config = value.__struct_config__
        return shown if config.tag_field is None else {config.tag_field: config.tag, **shown}
    if isinstance(value, Mapping):
        return {str(key.value if isinstance(key, Enum) else key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    return value.value if isinstance(value, Enum) else value


def encode(value: object) -> bytes:
    """Raises TypeError for a value JSON has no word for."""
    return msgspec.json.encode(plain(value))


def encode_text(value: object) -> str:
    return encode(value).decode()
