"""What is looked for in tickets' texts, and where it is found: words, queries, snippets. Rules; no SQL. TKT-7.

A text becomes words that both stores only need to compare: every Chinese character with the one after it (投诉电话
is 投诉 诉电 电话 话), every run of other letters and digits as it is; width and case do not matter. So what is
looked for is found wherever it stands in a sentence, from one character on.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from itertools import groupby
from typing import Final

from config.ids import TicketNumber
from config.masking import numbers_in
from crm.errors import BadQuery
from crm.tickets.model import TicketRow, parse_ticket_number, ticket_number

MAX_WORDS: Final = 15_000
"""So many words of a ticket are found: PostgreSQL remembers places up to 16 383."""
MAX_TERMS: Final = 16
MAX_WORD: Final = 64
"""Characters of a word that count: what comes after them in one that is longer makes no difference."""
BETWEEN: Final = "="
"""Stands between two texts of a ticket, so that no phrase reaches from one into the other. No word looks like it."""

_HAN = re.compile("[\u3005\u3007\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U000323af]")
_TERM = re.compile(r'(?P<without>-?)(?:"(?P<phrase>[^"]*)"?|(?P<word>[^\s"]+))')
_QUOTES = str.maketrans("“”„‟「」『』", '"' * 8)
_STOPS = re.compile("[，。；、！？：,;!?]")
_SNIPPET_BEFORE: Final = 20
_SNIPPET_LENGTH: Final = 80


@dataclass(frozen=True)
class Word:
    """A word and where it stands: from the character `start` until just before `end` of the text."""

    word: str
    start: int
    end: int


@dataclass(frozen=True)
class Term:
    """Words in a row. `prefix`: of the last one only the beginning is given. `without`: must not be there."""

    words: tuple[str, ...]
    prefix: bool = False
    without: bool = False


@dataclass(frozen=True)
class Query:
    """`number`: all of it is the number of a ticket. `telephone`: all of it is that number, as it was typed."""

    terms: tuple[Term, ...]
    number: TicketNumber | None = None
    telephone: str | None = None

    @property
    def wanted(self) -> tuple[Term, ...]:
        return tuple(term for term in self.terms if not term.without)


@dataclass(frozen=True)
class Piece:
    """A part of a snippet; `hit`: it is what was looked for."""

    text: str
    hit: bool


@dataclass(frozen=True)
class Found:
    """A ticket, and the text in which it was found."""

    ticket: TicketRow
    snippet: tuple[Piece, ...]


def words(text: str) -> Iterator[Word]:
    """The words of a text, in order. A telephone number is one word, however it is written: who knows a part of one
    finds nothing (CUS-4)."""
    at = 0
    for start, end, number in numbers_in(text):
        yield from _words(text, at, start)
        yield Word(number[:MAX_WORD], start, end)
        at = end
    yield from _words(text, at, len(text))


def _words(text: str, begin: int, end: int) -> Iterator[Word]:
    """Of a part of a text without telephone numbers."""
    letters = [(letter, place) for place in range(begin, end) for letter in _folded(text[place])]
    for kind, run in groupby(letters, key=lambda each: _kind(each[0])):
        if kind == "han":
            yield from _pairs(list(run))
        elif kind == "word":
            found = list(run)
            yield Word("".join(letter for letter, _ in found)[:MAX_WORD], found[0][1], found[-1][1] + 1)


def indexed(texts: Iterable[str]) -> list[str]:
    """All words of a ticket's texts, as the index keeps them."""
    found: list[str] = []
    for text in texts:
        if text:
            found += [*([BETWEEN] if found else []), *(each.word for each in words(text))]
    return found[:MAX_WORDS]


def parse(text: str) -> Query:
    """What somebody typed: words that must all be there, "a phrase", -not. Raises BadQuery, which says what to type."""
    typed = unicodedata.normalize("NFKC", text.translate(_QUOTES)).strip()
    number, telephone = _number(typed), _telephone(typed)
    terms = tuple(
        term for match in _TERM.finditer(_STOPS.sub(" ", _joined(typed))) if (term := _term(match)) is not None
    )
    if not any(not term.without for term in terms):
        raise BadQuery("type at least one word to look for: characters, letters or digits", "请输入至少一个要查找的词")
    if len(terms) > MAX_TERMS:
        raise BadQuery(f"at most {MAX_TERMS} words at a time", f"最多 {MAX_TERMS} 个词")
    return Query(terms, number, telephone)


def snippet(texts: Sequence[str], query: Query) -> tuple[Piece, ...]:
    """The text with most of what was looked for, around the first of it; the beginning of the first text if nothing."""
    best, most = next((text for text in texts if text), ""), 0
    hits: list[tuple[int, int]] = []
    for text in texts:
        spelt = list(words(text))
        found = [spans for term in query.wanted if (spans := _spans(spelt, term))]
        if len(found) > most:
            best, most, hits = text, len(found), sorted(span for spans in found for span in spans)
    begin = max(0, hits[0][0] - _SNIPPET_BEFORE) if hits else 0
    return tuple(_cut(best, begin, min(len(best), begin + _SNIPPET_LENGTH), hits))


def key_of(number: str) -> int:
    """A ticket's place in the order of all: a number that grows with day and count. Raises ValueError."""
    day, count = parse_ticket_number(number)
    return first_key(day) + count


def number_of(key: int) -> TicketNumber:
    """The inverse of `key_of`."""
    day, count = divmod(key, 10**9)
    return ticket_number(date(day // 10_000, day // 100 % 100, day % 100), count)


def first_key(day: date) -> int:
    """Not above the key of any ticket of that local day."""
    return int(f"{day:%Y%m%d}") * 10**9


@lru_cache(maxsize=20_000)
def _folded(character: str) -> str:
    return unicodedata.normalize("NFKC", character).casefold()


@lru_cache(maxsize=20_000)
def _kind(letter: str) -> str:
    if _HAN.match(letter):
        return "han"
    return "word" if letter.isalnum() else "between"


def _pairs(run: list[tuple[str, int]]) -> Iterator[Word]:
    for (letter, place), (following, end) in zip(run, [*run[1:], ("", run[-1][1])], strict=True):
        yield Word(letter + following, place, end + 1)


def telephones_in(typed: str) -> tuple[str, ...]:
    """The whole telephone numbers that somebody looks for."""
    folded = unicodedata.normalize("NFKC", typed)
    return tuple(number for _, _, number in numbers_in(folded))


def _joined(typed: str) -> str:
    """With each telephone number as the index has it."""
    found, at = "", 0
    for start, end, number in numbers_in(typed):
        found, at = f"{found}{typed[at:start]}{number}", end
    return found + typed[at:]


def _number(typed: str) -> TicketNumber | None:
    try:
        parse_ticket_number(typed)
    except ValueError:
        return None
    return TicketNumber(typed)


def _telephone(typed: str) -> str | None:
    return typed if re.fullmatch(r"\+?\d[\d ()-]{5,22}\d", typed) and not _number(typed) else None


def _term(match: re.Match[str]) -> Term | None:
    found = list(words(match["phrase"] or match["word"] or ""))
    if not found:
        return None
    spelt = [each.word for each in found]
    last_is_han = bool(_HAN.match(spelt[-1]))
    in_a_run = len(found) > 1 and found[-2].end == found[-1].end
    if last_is_han and in_a_run:
        spelt.pop()  # the last character of a run: what follows it in the text is not known, and it is there already
    return Term(tuple(spelt), prefix=last_is_han and not in_a_run, without=bool(match["without"]))


def _spans(found: Sequence[Word], term: Term) -> list[tuple[int, int]]:
    """Where the term stands in a text of these words."""
    length = len(term.words)
    return [
        (found[place].start, _end(found[place + length - 1], term))
        for place in range(len(found) - length + 1)
        if _matches(found[place : place + length], term)
    ]


def _matches(row: Sequence[Word], term: Term) -> bool:
    exact = len(row) - term.prefix
    if any(row[place].word != term.words[place] for place in range(exact)):
        return False
    return not term.prefix or row[-1].word.startswith(term.words[-1])


def _end(last: Word, term: Term) -> int:
    return last.start + 1 if term.prefix else last.end


def _cut(text: str, begin: int, end: int, hits: Sequence[tuple[int, int]]) -> Iterator[Piece]:
    at = begin
    if begin:
        yield Piece("…", False)
    for start, stop in hits:
        start, stop = max(start, at), min(stop, end)
        if start >= stop:
            continue
        if start > at:
            yield Piece(text[at:start], False)
        yield Piece(text[start:stop], True)
        at = stop
    if at < end:
        yield Piece(text[at:end], False)
    if end < len(text):
        yield Piece("…", False)
