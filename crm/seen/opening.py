"""Which texts may be shown with the numbers in them (rules): the only place that makes a text `Whole`. CUS-4, ACC-6."""

import dataclasses
from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec

from config.masking import Whole, has_number, masked, restored

T = TypeVar("T")


def opened(row: T) -> T:
    """The same row, its texts with their numbers: for somebody who may see these."""
    found: T = _each(row, _whole)
    return found


def sealed(row: T) -> T:
    """The same row without a telephone number: for files, which nothing masks on their way out."""
    found: T = _each(row, masked)
    return found


def restored_in(changes: Mapping[str, Any], row: object) -> dict[str, Any]:
    """Changes of a row's texts, whose writer may have been shown them masked (config.masking.restored)."""
    return {
        name: restored(value, before) if isinstance(value, str) and isinstance(before, str) else value
        for name, value in changes.items()
        for before in (getattr(row, name, None),)
    }


def opened_if(row: T, may: bool) -> T:
    return opened(row) if may else row


def _whole(text: str) -> str:
    return Whole(text) if has_number(text) else text


def _each(value: Any, text: Any) -> Any:
    kind = type(value)
    if kind is str or kind is Whole:
        return text(value)
    if isinstance(value, msgspec.Struct):
        changed = {}
        for name in value.__struct_fields__:
            before = getattr(value, name)
            after = _each(before, text)
            if after is not before:
                changed[name] = after
        return msgspec.structs.replace(value, **changed) if changed else value
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        parts_ = {each.name: _each(getattr(value, each.name), text) for each in dataclasses.fields(value)}
        changed = {name: part for name, part in parts_.items() if part is not getattr(value, name)}
        return dataclasses.replace(value, **changed) if changed else value
    if kind is tuple or kind is list:
        parts = [_each(item, text) for item in value]
        return kind(parts) if any(map(_other, parts, value)) else value
    if isinstance(value, Mapping):
        items = {name: _each(item, text) for name, item in value.items()}
        return items if any(map(_other, items.values(), value.values())) else value
    return value


def _other(one: object, other: object) -> bool:
    return one is not other
