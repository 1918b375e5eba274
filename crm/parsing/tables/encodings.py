"""Which encoding a text is in, judged by all of its bytes (rules). CUS-1.

Bytes that two encodings allow are common: half of what is written in Big5 is valid GB 18030, some names in GBK are
valid UTF-8. Every candidate decodes the whole text; the one whose characters people write most wins, and where two come
close it is told that nobody can be certain.
"""

import codecs
import re
from typing import Final, NamedTuple

from crm.errors import BadFile
from crm.parsing.tables.model import ENCODINGS

_MARKS: Final = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_CODECS: Final = {"utf-8-sig": "utf-8"}
_WORDS: Final = re.compile(
    "姓名|名称|名稱|电话|電話|手机|手機|单位|單位|公司|地址|备注|備註|联系|聯絡|聯繫|客户|客戶|类型|類型|女士|先生"
)
_NO_TEXT: Final = "this is no text: save the table as CSV (UTF-8) or .xlsx"
_NEAR: Final = 0.25
"""Closer than this in weight, two readings are both possible."""
_CONTROLS: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ue000-\uf8ff\ufffe\uffff]")


class Decoded(NamedTuple):
    """`certain`: no other encoding gives a text that people would write."""

    text: str
    encoding: str
    certain: bool


def decoded(data: bytes, wanted: str = "") -> Decoded:
    """The text, by its mark, by the encoding that a person has chosen, or by weighing. Raises BadFile."""
    for mark, encoding in _MARKS:
        if not wanted and data.startswith(mark):
            return Decoded(_strictly(data[len(mark) :], encoding), encoding, certain=True)
    if wanted:
        return Decoded(_strictly(data, wanted).removeprefix("\ufeff"), wanted, certain=True)
    zeros = data.count(0)
    candidates = ["utf-16-le", "utf-16-be"] if zeros * 10 > len(data) else ["utf-8", "gb18030", "big5"]
    found = [(_weight(text), name, text) for name in candidates if (text := _or_none(data, name)) is not None]
    if not found and zeros:
        raise BadFile(_NO_TEXT)
    if not found:
        _strictly(data, _longest(data, candidates))
    found.sort(key=lambda each: -each[0])
    weight, name, text = found[0]
    if "\x00" in text or (zeros and weight < 0.5):
        raise BadFile(_NO_TEXT)
    certain = text.isascii() or len(found) == 1 or weight - found[1][0] > _NEAR
    return Decoded(text, name, certain)


def _or_none(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        return None


def _strictly(data: bytes, encoding: str) -> str:
    try:
        return data.decode(_CODECS.get(encoding, encoding))
    except UnicodeDecodeError as exc:
        row = data.count(b"\n", 0, exc.start) + 1
        raise BadFile(
            f"neither {', '.join(ENCODINGS)}: row {row} has bytes that are no {encoding.upper()} "
            f"(byte {exc.start + 1}); save the table as CSV (UTF-8) or .xlsx"
        ) from exc


def _longest(data: bytes, candidates: list[str]) -> str:
    """The candidate that gets furthest: its first bad byte is the likeliest place of the damage."""

    def reach(encoding: str) -> int:
        try:
            data.decode(encoding)
        except UnicodeDecodeError as exc:
            return exc.start
        return len(data)

    return max(candidates, key=reach)


def _weight(text: str) -> float:
    """How much it looks like what people write: 1 for common characters alone, less for rare ones; ASCII is neutral."""
    marked = [at for at, sign in enumerate(text) if ord(sign) > 127]
    if not marked:
        return 1.0
    total = sum(_weight_of(text, at) for at in marked[:20_000])
    return total / min(len(marked), 20_000) + (0.3 if _WORDS.search(text) else 0.0)


def _weight_of(text: str, at: int) -> float:
    sign = text[at]
    if _CONTROLS.match(sign):
        return -1.0
    beside = text[at - 1 : at] + text[at + 1 : at + 2]
    in_a_word = any(each.isascii() and each.isalpha() and each.islower() for each in beside)
    if sign < "\u0250":  # é in "José", not the second half of a Chinese character
        return 0.9 if in_a_word else 0.3
    if sign < "\u0800":
        return 0.3
    common = _is_common(sign)
    return (0.4 if in_a_word else 1.0) if common else 0.5 if sign in _PUNCTUATION else 0.2


_PUNCTUATION: Final = frozenset("，。、；：？！（）《》“”‘’【】—…·￥％＋－０１２３４５６７８９　〇№①②③④⑤℃〔〕「」『』")


def _is_common(sign: str) -> bool:
    """One of the 3755 of GB 2312 or the 5401 of Big5 that are written most."""
    for encoding, first, last in (("gb2312", 0xB0, 0xD7), ("big5", 0xA4, 0xC6)):
        try:
            lead = sign.encode(encoding)[0]
        except UnicodeEncodeError:
            continue
        if first <= lead <= last:
            return True
    return sign in _PUNCTUATION
