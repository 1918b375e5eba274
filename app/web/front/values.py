"""What a value from outside may be, whatever field it is in (rules): text that can be kept, a year that can be counted
in, a number that a store counts to. An operation's own types say the rest."""

import re
from collections.abc import Iterator
from datetime import date
from typing import Final

import msgspec

FIRST_YEAR: Final = 1900
LAST_YEAR: Final = 2200
LARGEST: Final = 2**63 - 1

_NAMED_DAY: Final = re.compile(r"(\d{4})-(?:W\d{2}|\d{2}(?:-\d{2})?)", re.ASCII)
"""A month, a week or a day as the API writes it: 2026-11, 2026-W48, 2026-11-27."""


class Unkept(ValueError):
    """A value that no field may have; `field` names it."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


def check_value(field: str, value: object) -> None:
    """Raises Unkept. Looks into structs, lists and mappings."""
    match value:
        case str():
            check_text(field, value)
        case int() if not -LARGEST <= value <= LARGEST:
            raise Unkept(field, f"a number of at most {LARGEST}")
        case date() if not FIRST_YEAR <= value.year <= LAST_YEAR:  # a datetime is one too
            raise _year(field)
        case msgspec.Struct() | dict() | list() | tuple() | set() | frozenset():
            for name, item in _parts(field, value):
                check_value(name, item)
        case _:
            pass


def check_text(field: str, text: str) -> None:
    """Raises Unkept for what no store can keep (NUL, halves of characters), and for a day that is out of the calendar
    as soon as anything is added to it."""
    if "\x00" in text or any("\ud800" <= character <= "\udfff" for character in text):
        raise Unkept(field, "contains a character that cannot be kept (NUL, or half of one)")
    named = _NAMED_DAY.fullmatch(text)
    if named and not FIRST_YEAR <= int(named[1]) <= LAST_YEAR:
        raise _year(field)


def check_name(field: str, text: str) -> None:
    """As `check_text`, for what names a record or a place in a list: part of a path, value of a query."""
    check_text(field, text)
    if text.isascii() and text.isdigit() and int(text[:20]) > LARGEST:
        raise Unkept(field, f"a number of at most {LARGEST}")


def _year(field: str) -> Unkept:
    return Unkept(field, f"a time between the years {FIRST_YEAR} and {LAST_YEAR}")


def _parts(field: str, value: object) -> Iterator[tuple[str, object]]:
    match value:
        case msgspec.Struct():
            yield from ((name, getattr(value, name)) for name in value.__struct_fields__)
        case dict():
            for name, item in value.items():
                yield field, name
                yield str(name), item
        case list() | tuple() | set() | frozenset():
            yield from ((field, item) for item in value)
