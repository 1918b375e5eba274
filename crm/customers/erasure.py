"""What is left of somebody who is removed: texts without the names and numbers, in whatever notation. Rules. CUS-4.

PIPL, Article 47. Times, states and figures stay, so that reports of the past remain true.
"""

import hashlib
import random
import re
from collections.abc import Iterable, Mapping
from typing import Final, TypeVar

import msgspec

from config.numbering import normalise

GONE: Final = "[已删除]"
"""In place of a name."""
_ADDRESSED: Final = ("先生", "女士", "小姐", "大爷", "奶奶")
_CODE: Final = re.compile(r"[a-z0-9_:.\-]+")
"""A name that looks like a code of ours (`inbound`) is not looked for inside texts: it would break what is stored."""
_BETWEEN: Final = r"[\s()（）–-]*"
_COUNTRY: Final = r"(?:(?:\+|00)?86[\s()（）–-]*)?"
_AREA: Final = re.compile(r"0(?:10|2\d|[3-9]\d{2})")
_WRITTEN: Final = re.compile(r"\+?\d[\d\s()（）–-]{4,}\d")
_LETTERS: Final = "bcdfghjkmnpqrstvwxz"

E = TypeVar("E", bound=msgspec.Struct)


def pseudonym(source: random.Random) -> str:
    """What stands for all of somebody's numbers: no digits, so that it is nobody's number, and not made from them."""
    return "removed-" + "".join(source.choices(_LETTERS, k=10))


def digest(number: str) -> str:
    """Of a normalised number: by this it is known again in the journal, for as long as that says it itself."""
    return hashlib.sha256(f"sanxiang removed {number}".encode()).hexdigest()


class Person:
    """Who is to be forgotten: all names and normalised numbers; `stand_in` is written for a number."""

    def __init__(self, names: Iterable[str], numbers: Iterable[str], stand_in: str) -> None:
        self.numbers = frozenset(number for number in numbers if len(number) >= 5)
        self.stand_in = stand_in
        self._names = _names_pattern(names)
        self._numbers = _numbers_pattern(self.numbers)

    def without(self, text: str) -> str:
        """The text without this person."""
        if self._numbers is not None:
            text = self._numbers.sub(self.stand_in, text)
        return text if self._names is None else self._names.sub(GONE, text)


def forget_numbers(event: E, erased: Mapping[str, str], area_code: str) -> E:
    """An event of the journal without numbers that were removed; `erased`: digest → what stands for it."""

    def stand_in(found: re.Match[str]) -> str:
        return erased.get(digest(normalise(found.group(), area_code).normalised), found.group())

    changed: dict[str, object] = {}
    for name in event.__struct_fields__:
        value = getattr(event, name)
        if isinstance(value, str) and name not in _NOT_SAID and (new := _WRITTEN.sub(stand_in, value)) != value:
            changed[name] = new
        elif isinstance(value, msgspec.Struct) and (told := forget_numbers(value, erased, area_code)) is not value:
            changed[name] = told
    if "ani" in changed and hasattr(event, "caller_name"):
        changed["caller_name"] = ""
    return msgspec.structs.replace(event, **changed) if changed else event


_NOT_SAID: Final = frozenset({"key", "event_id", "call_id", "ticket", "channel_id", "agent_channel_id", "bridge_id"})
"""Ids of an event: never a telephone number, though they may look like one."""


def _names_pattern(names: Iterable[str]) -> re.Pattern[str] | None:
    wanted: set[str] = set()
    for name in (name.strip() for name in names):
        if len(name) < 2 or _CODE.fullmatch(name):
            continue
        wanted.add(name)
        if 2 <= len(name) <= 4 and not name.isascii():
            wanted |= {f"{name[0]}{title}" for title in _ADDRESSED}
    if not wanted:
        return None
    return re.compile("|".join(re.escape(name) for name in sorted(wanted, key=len, reverse=True)))


def _numbers_pattern(numbers: Iterable[str]) -> re.Pattern[str] | None:
    spelt: set[str] = set()
    for number in numbers:
        digits = number.lstrip("+")
        spelt |= {digits, digits.removeprefix("0")}
        if (area := _AREA.match(digits)) and len(digits) >= 10:
            spelt.add(digits[area.end() :])
    if not spelt:
        return None
    written = "|".join(_BETWEEN.join(each) for each in sorted(spelt, key=len, reverse=True))
    return re.compile(rf"(?<!\d)[+(（]?{_COUNTRY}0?(?:{written})(?!\d)")
