"""Which cards may be of one customer, and why one thinks so: points by reason, for a person to judge. Rules. CUS-1.

Names alone never make a pair: two people may both be called 王芳. A name that is nearly the same counts only beside
something else that is.
"""

import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
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


@dataclass(frozen=True)
class _Signs:
    """A card without what two people write differently; made once for each card, compared many times."""

    id: int
    name: str
    employer: str
    shop: str
    unit: str
    address: str
    tails: frozenset[str]
    noted: frozenset[str]
    """Ends of numbers in the notes."""


def find_duplicates(cards: Iterable[Customer], most: int = 200) -> list[Likeness]:
    """The likeliest pairs first, no more than `most`. Only cards that share something are compared at all."""
    found: dict[tuple[int, int], Likeness] = {}
    for one, other in _pairs([_signs(card) for card in cards]):
        pair = (min(one.id, other.id), max(one.id, other.id))
        if pair not in found and _may_be_enough(one, other):
            found[pair] = _compared(one, other)
    likely = [each for each in found.values() if each.score >= ENOUGH]
    return sorted(likely, key=lambda each: (-each.score, each.one, each.other))[:most]


def _compared(one: _Signs, other: _Signs) -> Likeness:
    reasons = tuple(reason for reason in POINTS if _HOLDS[reason](one, other))
    first, second = sorted((one.id, other.id))
    return Likeness(min(100, sum(POINTS[reason] for reason in reasons)), first, second, reasons)


def _may_be_enough(one: _Signs, other: _Signs) -> bool:
    """Without looking how alike two names are, which is the costly part."""
    best = POINTS["same_name" if one.name == other.name else "near_name"]
    return best + sum(POINTS[reason] for reason in _BESIDE_NAMES if _HOLDS[reason](one, other)) >= ENOUGH


def _near(one: str, other: str) -> bool:
    return one != other and SequenceMatcher(None, one, other).ratio() >= NEAR


_HOLDS: Final[Mapping[str, Callable[[_Signs, _Signs], bool]]] = {
    "same_name": lambda one, other: bool(one.name) and one.name == other.name,
    "near_name": lambda one, other: _near(one.name, other.name),
    "same_employer": lambda one, other: bool(one.employer) and one.employer == other.employer,
    "same_shop": lambda one, other: bool(one.shop) and one.shop == other.shop,
    "same_unit": lambda one, other: bool(one.unit) and one.unit == other.unit,
    "same_address": lambda one, other: bool(one.address) and one.address == other.address,
    "same_number_otherwise_written": lambda one, other: not one.tails.isdisjoint(other.tails),
    "number_in_notes": lambda one, other: not (one.tails.isdisjoint(other.noted) and other.tails.isdisjoint(one.noted)),
}
_BESIDE_NAMES: Final = tuple(reason for reason in _HOLDS if not reason.endswith("_name"))


def _signs(card: Customer) -> _Signs:
    unit = _plain(card.unit)
    return _Signs(
        id=card.id,
        name=_plain(card.name),
        employer=_plain(card.employer),
        shop=_plain(card.shop_name),
        unit=f"{_plain(card.floor)} {unit}" if unit else "",
        address=_plain(card.address),
        tails=frozenset(n.normalised[-_TAIL:] for n in card.numbers if len(n.normalised) >= _TAIL),
        noted=_tails_in(card.notes),
    )


def _pairs(cards: Sequence[_Signs]) -> Iterator[tuple[_Signs, _Signs]]:
    blocks: dict[tuple[str, str], list[_Signs]] = defaultdict(list)
    for card in cards:
        for key in _keys(card):
            blocks[key].append(card)
    for block in blocks.values():
        if len(block) <= _LARGEST_BLOCK:
            yield from combinations(block, 2)
            continue
        by_first: dict[str, list[_Signs]] = defaultdict(list)
        for card in block:
            by_first[card.name[:1]].append(card)
        for part in by_first.values():
            yield from combinations(part[:_LARGEST_BLOCK], 2)


def _keys(card: _Signs) -> Iterator[tuple[str, str]]:
    for field in ("name", "employer", "shop", "unit", "address"):
        if value := getattr(card, field):
            yield field, value
    for tail in card.tails | card.noted:
        yield "number", tail


def _plain(text: str) -> str:
    """Without spaces, width, case, punctuation."""
    return "".join(c for c in unicodedata.normalize("NFKC", text).casefold() if c.isalnum())


def _tails_in(text: str) -> frozenset[str]:
    words = "".join(c if c.isdigit() else " " for c in text.replace("-", "")).split()
    return frozenset(word[-_TAIL:] for word in words if len(word) >= _TAIL)
