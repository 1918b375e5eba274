"""Which cards may be of one customer, and why one thinks so: points by reason, for a person to judge. Rules. CUS-1.

Names alone never make a pair: two people may both be called 王芳. A name that is nearly the same counts only beside
something else that is.
"""

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import combinations
from typing import Final

from crm.customers.model import Customer

POINTS: Final[Mapping[str, int]] = {
    "same_name": 40,
    "near_name": 25,
    "same_employer": 30,
    "same_shop": 40,
    "same_unit": 30,
    "same_address": 30,
    "same_number_otherwise_written": 40,
    "number_in_notes": 50,
}
ENOUGH: Final = 60
NEAR: Final = 0.6
"""How alike two names are that are nearly the same: 王建国 and 王建围 are 0.67."""
_TAIL: Final = 8
"""Digits at the end of a number that are the same with and without area code or country code."""
_LARGEST_BLOCK: Final = 60
"""Cards that share one thing, like a large employer, are compared by their names' first characters instead."""


@dataclass(frozen=True, order=True)
class Likeness:
    """Two cards by id, the smaller one first; `score` up to 100, `reasons` are keys of POINTS."""

    score: int
    one: int
    other: int
    reasons: tuple[str, ...]


def likeness(one: Customer, other: Customer) -> Likeness:
    """How much says that these are one customer."""
    reasons = tuple(reason for reason in POINTS if _holds(reason, one, other))
    score = min(100, sum(POINTS[reason] for reason in reasons))
    first, second = sorted((one.id, other.id))
    return Likeness(score, first, second, reasons)


def find_duplicates(cards: Iterable[Customer], most: int = 200) -> list[Likeness]:
    """The likeliest pairs first, no more than `most`. Only cards that share something are compared at all."""
    found: dict[tuple[int, int], Likeness] = {}
    for one, other in _pairs(list(cards)):
        pair = (min(one.id, other.id), max(one.id, other.id))
        if pair not in found:
            found[pair] = likeness(one, other)
    likely = [each for each in found.values() if each.score >= ENOUGH]
    return sorted(likely, key=lambda each: (-each.score, each.one, each.other))[:most]


def _holds(reason: str, one: Customer, other: Customer) -> bool:
    match reason:
        case "same_name":
            return _same(one.name, other.name)
        case "near_name":
            return not _same(one.name, other.name) and _near(one.name, other.name)
        case "same_employer":
            return _same(one.employer, other.employer)
        case "same_shop":
            return _same(one.shop_name, other.shop_name)
        case "same_unit":
            return _same(one.unit, other.unit) and _plain(one.floor) == _plain(other.floor)
        case "same_address":
            return _same(one.address, other.address)
        case "same_number_otherwise_written":
            return bool(_tails(one) & _tails(other))
        case _:
            return _named_in(one, other.notes) or _named_in(other, one.notes)


def _pairs(cards: Sequence[Customer]) -> Iterator[tuple[Customer, Customer]]:
    blocks: dict[tuple[str, str], list[Customer]] = defaultdict(list)
    for card in cards:
        for key in _keys(card):
            blocks[key].append(card)
    for block in blocks.values():
        if len(block) <= _LARGEST_BLOCK:
            yield from combinations(block, 2)
            continue
        by_first: dict[str, list[Customer]] = defaultdict(list)
        for card in block:
            by_first[_plain(card.name)[:1]].append(card)
        for part in by_first.values():
            yield from combinations(part[:_LARGEST_BLOCK], 2)


def _keys(card: Customer) -> Iterator[tuple[str, str]]:
    for field in ("name", "employer", "shop_name", "unit", "address"):
        if value := _plain(getattr(card, field)):
            yield field, value
    for tail in _tails(card):
        yield "number", tail
    for tail in _tails_in(card.notes):
        yield "number", tail


def _plain(text: str) -> str:
    """Without what two people write differently: spaces, width, case, punctuation."""
    return "".join(c for c in unicodedata.normalize("NFKC", text).casefold() if c.isalnum())


def _same(one: str, other: str) -> bool:
    return bool(_plain(one)) and _plain(one) == _plain(other)


def _near(one: str, other: str) -> bool:
    return SequenceMatcher(None, _plain(one), _plain(other)).ratio() >= NEAR


def _tails(card: Customer) -> set[str]:
    return {number.normalised[-_TAIL:] for number in card.numbers if len(number.normalised) >= _TAIL}


def _tails_in(text: str) -> set[str]:
    words = "".join(c if c.isdigit() else " " for c in text.replace("-", "")).split()
    return {word[-_TAIL:] for word in words if len(word) >= _TAIL}


def _named_in(card: Customer, notes: str) -> bool:
    return bool(_tails(card) & _tails_in(notes))
