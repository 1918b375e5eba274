"""Which typeface each sign of a text is printed in (rules): nothing that anybody wrote is lost on paper. TKT-7.

The Chinese typeface has no Latin letters, and none has every sign. What none has is spelt another way (℃ as °C), and at
the last by its number, [U+20BB7]: a reader sees that something stands there, and what.
"""

import re
import unicodedata
from collections.abc import Container
from itertools import groupby
from typing import Final

from reportlab.pdfbase.rl_codecs import RL_Codecs

HAN: Final = "sanxiang-han"
LATIN: Final = "Helvetica"
"""Symbol and ZapfDingbats stand in for it by themselves; every PDF reader has the three."""

_ALWAYS_LATIN: Final = re.compile(r"[\x20-\x7e\xa0-\xff–—‘’“”…•]+")
_LATIN_CODECS: Final = ("cp1252", "symbol", "zapfdingbats")
_UNSEEN: Final = re.compile("[\ufe00-\ufe0f]")
"""They choose a variant of the sign before them."""

RL_Codecs.register()


class Lettering:
    """`han`: the numbers of the signs that the Chinese typeface has."""

    def __init__(self, han: Container[int]) -> None:
        self._han = han
        self._known: dict[str, tuple[str, str]] = {}

    def runs(self, line: str) -> list[tuple[str, str]]:
        """(typeface, text), one after the other; the text as it is to be printed."""
        signs = [self._set(sign) for sign in unicodedata.normalize("NFC", line)]
        return [(face, "".join(text for _, text in run)) for face, run in groupby(signs, lambda each: each[0])]

    def _set(self, sign: str) -> tuple[str, str]:
        if sign not in self._known:
            texts = (sign, _seen(sign), _plain(sign), f"[U+{ord(sign):04X}]")
            self._known[sign] = next((face, text) for text in texts if (face := self._face(text)))
        return self._known[sign]

    def _face(self, text: str) -> str | None:
        """The one typeface that has all of a text."""
        if _ALWAYS_LATIN.fullmatch(text) or text == "":
            return LATIN
        if all(ord(sign) in self._han for sign in text):
            return HAN
        return LATIN if all(_is_latin(sign) for sign in text) else None


def _is_latin(sign: str) -> bool:
    for codec in _LATIN_CODECS:
        try:
            sign.encode(codec)
        except UnicodeEncodeError:
            continue
        return unicodedata.category(sign) != "Cc"
    return False


def _seen(sign: str) -> str:
    """A space for a control or another kind of space, nothing for what cannot be seen."""
    category = unicodedata.category(sign)
    if category == "Cf" or _UNSEEN.match(sign):
        return ""
    return " " if category in ("Cc", "Zs", "Zl", "Zp") else sign


def _plain(sign: str) -> str:
    """As Unicode spells it in plain signs: ℃ is °C, ⑳ is (20)."""
    plain = unicodedata.normalize("NFKC", sign)
    return f"({plain})" if unicodedata.decomposition(sign).startswith("<circle>") else plain
