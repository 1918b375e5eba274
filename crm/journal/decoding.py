"""Reads events as they were written down, by this version or another (rules). TKT-3.

A reason that this version does not know must cost nobody the event: a call without its end would be open for ever. It
is kept as it was written. Whatever else is wrong (a state that nothing can be done with, a missing field) is no event.
"""

from functools import cache
from typing import Any, Final, Literal, cast, get_args, get_origin, get_type_hints

import msgspec

from crm.journal.events import AnyEvent, Event

ONLY_TOLD: Final = ("reason", "why", "outcome")
"""Fields that say why: they are shown and counted, and nothing is decided by an unknown one."""

_strict: Final[msgspec.json.Decoder[AnyEvent]] = msgspec.json.Decoder(AnyEvent)
_KINDS: Final[dict[str, type[Event]]] = {kind.__name__: kind for kind in get_args(AnyEvent)}


def decode_event(line: bytes | str) -> AnyEvent:
    """One event. Raises msgspec.DecodeError, UnicodeDecodeError."""
    try:
        return _strict.decode(line)
    except msgspec.ValidationError:
        told = msgspec.json.decode(line)
        unknown = _unknown_reasons(told)
        if not unknown:
            raise
        known = {name: _reasons(_KINDS[told["type"]])[name][0] for name in unknown}
        event = msgspec.convert(told | known, cast(type[AnyEvent], AnyEvent))
        return msgspec.structs.replace(event, **unknown)


def _unknown_reasons(told: Any) -> dict[str, str]:
    """Reasons of an event that this version has no name for."""
    kind = _KINDS.get(told.get("type", "")) if isinstance(told, dict) else None
    if kind is None:
        return {}
    said = {name: (told.get(name), known) for name, known in _reasons(kind).items()}
    return {name: value for name, (value, known) in said.items() if isinstance(value, str) and value not in known}


@cache
def _reasons(kind: type[Event]) -> dict[str, tuple[str, ...]]:
    """The reasons that an event may have, by field."""
    hints = get_type_hints(kind)
    return {name: values for name in ONLY_TOLD if name in hints and (values := tuple(_literals(hints[name])))}


def _literals(hint: Any) -> list[str]:
    if get_origin(hint) is Literal:
        return [value for value in get_args(hint) if isinstance(value, str)]
    return [value for each in get_args(hint) for value in _literals(each)]
