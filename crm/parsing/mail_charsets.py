"""In which charset a mail's words are, also where nothing or something wrong says so (rules). TKT-1."""

import codecs
import unicodedata
from typing import Final

_GUESSED: Final = ("utf-8", "gb18030", "big5")
_WIDER: Final = {"gb2312": "gb18030", "gbk": "gb18030", "x-gbk": "gb18030", "cp936": "gb18030", "big5": "big5hkscs"}
_MOST_WEIGHED: Final = 2000


def decode_text(content: bytes, charset: str | None) -> str:
    """The text in its own charset, or in the likeliest one; a character cut off at its end is left out."""
    if charset is not None and (told := _decoded(content, charset)) is not None:
        return told
    readings = [text for name in _GUESSED if (text := _decoded(content, name)) is not None]
    if not readings:
        return content.decode("utf-8", "replace")
    return max(readings, key=lambda text: _weight(text) if text or not content else 0.0)  # of equals the first


def _decoded(content: bytes, charset: str) -> str | None:
    wider = _WIDER.get(charset.lower(), charset)
    try:
        b" ".decode(wider, "replace")  # what decodes no text, such as zlib, is refused here
        return codecs.getincrementaldecoder(wider)().decode(content)
    except (UnicodeError, LookupError, ValueError, TypeError, OSError):  # OSError: a codec that must not be loaded
        return None


def _weight(text: str) -> float:
    """How much it looks like what people write: characters written often in Chinese, or letters of one script."""
    marked = [sign for sign in text[:_MOST_WEIGHED] if sign > "\x7f"]
    if not marked:
        return 1.0
    scripts = {unicodedata.name(sign, "?").partition(" ")[0] for sign in marked if sign.isalpha()}
    one_script = len(scripts) == 1 and not any(unicodedata.combining(sign) for sign in marked)
    return sum(_weight_of(sign, one_script) for sign in marked) / len(marked)


def _weight_of(sign: str, one_script: bool) -> float:
    if sign < "\u2000":
        return 1.0 if one_script and sign.isalpha() else 0.3
    if sign < "\u3400" or "\uff00" <= sign < "\ufff0":
        return 0.8
    common = any(_lead(sign, name) in leads for name, leads in _COMMON.items())
    return 1.0 if common else 0.2


_COMMON: Final = {"gb2312": range(0xB0, 0xD8), "big5": range(0xA4, 0xC7)}
"""The lead bytes of those characters that each standard holds for the commonest."""


def _lead(sign: str, charset: str) -> int:
    try:
        return sign.encode(charset)[0]
    except UnicodeEncodeError:
        return 0
