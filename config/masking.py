"""Telephone numbers in words (rules): found in any notation, and masked unless the text says it may be shown. CUS-4.

What goes to people is masked unless it is `Whole`: who forgets to ask shows nothing.
"""

import re
from collections.abc import Iterator
from typing import Final

from config.numbering import NumberKind, mask, normalise


class Whole(str):
    """A text whose numbers its reader may see. Only the store as seen by a person makes one (crm/seen); what is put
    together of it is plain text again, and masked."""

    __slots__ = ()


LEAST: Final = 7
"""Digits of the shortest telephone number that belongs to somebody, and so of the shortest text that may have one."""

_NUMBER: Final = re.compile(
    r"(?P<ours>(?<!\d)\d{8}-\d{4,9}(?!\d)|(?<!\d)\d{4}-\d{2}-\d{2}(?![\d-])|(?<!\d)\d{1,2}:\d{2}(?!\d))"
    r"|(?P<telephone>(?<!\*)\+?\d(?:[ \u00a0\-－–—.·()（）]{0,3}\d){6,})"
)
"""`ours`: a ticket's number, a date, a time, which are nobody's. Between digits stands what people put there."""


def masked(text: str) -> str:
    """The text with every telephone number in it masked: 请拨 138****5678."""
    return _NUMBER.sub(_one, text) if len(text) >= LEAST else text


def has_number(text: str) -> bool:
    """Whether masking would change the text."""
    return len(text) >= LEAST and masked(text) != text


def hidden_in_place(text: str) -> str:
    """As `masked`, and as long as before: for texts whose places are counted."""
    return _NUMBER.sub(_same_length, text)


def restored(text: str, before: str) -> str:
    """A text as somebody has changed it who was shown it masked: the numbers that were hidden stay what they were."""
    for start, end, _ in numbers_in(before):
        whole = before[start:end]
        text = text.replace(masked(whole), whole)
    return text


def numbers_in(text: str) -> Iterator[tuple[int, int, str]]:
    """Where telephone numbers stand in a text, and each as it is compared."""
    if len(text) < LEAST:
        return
    for found in _NUMBER.finditer(text):
        if not found["ours"]:
            at = found.start()
            for part in _numbers_of(found.group()):
                if sum(map(str.isdigit, part)) >= LEAST:
                    yield at, at + len(part), normalise(part, "").normalised
                at += len(part) + 1


def _one(found: re.Match[str]) -> str:
    return found.group() if found["ours"] else _masked_run(found.group())


def _masked_run(run: str) -> str:
    parts = _numbers_of(run)
    return " ".join(part if len(parts) > 1 and len(part) < LEAST else _masked_number(part) for part in parts)


def _masked_number(number: str) -> str:
    """What is ours stays as it was written: a carrier's notation is what an operator looks for."""
    known = normalise(number, "").normalised
    if not known:  # more than one number: the first would stand in the open
        return f"{number[:3]}****{number[-4:]}"
    hidden = mask(known)
    return number if hidden == known else hidden


def _numbers_of(run: str) -> list[str]:
    """Digits in a row are one number, or, if they are none and have spaces between them, several."""
    parts = run.split(" ")
    if len(parts) > 1 and normalise(run, "").kind is NumberKind.UNKNOWN:
        if any(sum(map(str.isdigit, part)) >= LEAST for part in parts):
            return parts
    return [run]


def _same_length(found: re.Match[str]) -> str:
    whole = found.group()
    return whole if _one(found) == whole else whole[:3] + "*" * (len(whole) - 3)
