"""Knowledge cards: versions, approval, when they hold, and how one is found (rules). CPL-10."""

import re
from collections.abc import Iterable
from datetime import date, datetime
from typing import Final

import msgspec

LONGEST: Final = {"title": 120, "text": 8000, "keyword": 40}
MOST_KEYWORDS: Final = 20
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


class CardText(msgspec.Struct, frozen=True, kw_only=True):
    """What a card says, as one version. `text`: plain; `# ` begins a heading, `- ` a point of a list.

    `kinds`, `categories`: the tickets on which it is shown without a search; none: on no ticket. Days are local, both
    inclusive; None: without limit.
    """

    title: str
    text: str
    keywords: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    valid_from: date | None = None
    valid_until: date | None = None


class CardVersion(CardText, frozen=True, kw_only=True):
    """`approved_by` None: a draft, which nobody finds."""

    version: int
    at: datetime
    by: str
    approved_by: str | None
    approved_at: datetime | None


class Card(msgspec.Struct, frozen=True, kw_only=True):
    """`versions`: oldest first. `opened`: how often somebody has opened it."""

    id: int
    opened: int
    versions: tuple[CardVersion, ...]

    def current(self, today: date) -> CardVersion | None:
        """The version that holds: the newest approved one, if it is valid today."""
        newest = next((each for each in reversed(self.versions) if each.approved_by is not None), None)
        return newest if newest is not None and is_valid(newest, today) else None


def is_valid(text: CardText, today: date) -> bool:
    return (text.valid_from is None or text.valid_from <= today) and (
        text.valid_until is None or today <= text.valid_until
    )


def checked(text: CardText) -> CardText:
    """The text as it is kept: trimmed. Raises ValueError naming the field and what is wrong."""
    title, body = text.title.strip(), text.text.strip()
    keywords = tuple(word for each in text.keywords if (word := each.strip()))
    for name, value, longest in (("title", title, LONGEST["title"]), ("text", body, LONGEST["text"])):
        if not value:
            raise ValueError(f"{name}: a card needs one")
        if len(value) > longest:
            raise ValueError(f"{name}: {len(value)} characters, at most {longest} are kept")
        if _CONTROLS.search(value):
            raise ValueError(f"{name}: contains control characters")
    if len(keywords) > MOST_KEYWORDS or any(len(word) > LONGEST["keyword"] for word in keywords):
        raise ValueError(f"keywords: at most {MOST_KEYWORDS}, each of at most {LONGEST['keyword']} characters")
    if text.valid_from and text.valid_until and text.valid_until < text.valid_from:
        raise ValueError("valid_until: lies before valid_from")
    return msgspec.structs.replace(text, title=title, text=body, keywords=keywords)


Held = tuple[Card, CardVersion]
"""A card with its version that holds today."""


def found(cards: Iterable[Card], today: date, *, words: str = "", kind: str = "", category: str = "") -> list[Held]:
    """The cards that hold today and have every word (any part of title, text or keywords, in any case); without words
    those that belong to tickets of this kind or category; with neither all of them.

    First those of the category, then of the kind, then those with a word in the title, then the most opened.
    """
    wanted = words.casefold().split()
    hits: list[Held] = []
    for card in cards:
        now = card.current(today)
        if now is None:
            continue
        belongs = (bool(kind) and kind in now.kinds) or (bool(category) and category in now.categories)
        haystack = "\n".join((now.title, now.text, *now.keywords)).casefold()
        if all(word in haystack for word in wanted) if wanted else belongs or not (kind or category):
            hits.append((card, now))

    def rank(hit: Held) -> tuple[bool, bool, bool, int, int]:
        card, now = hit
        in_title = any(word in now.title.casefold() for word in wanted)
        return category not in now.categories, kind not in now.kinds, not in_title, -card.opened, card.id

    return sorted(hits, key=rank)
