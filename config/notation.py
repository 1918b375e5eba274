"""How people, networks and tables write telephone numbers: what stands around the digits is taken apart. Rules. CUS-3.

Which digits are a number is not known here: that is `config/numbering.py`. Signs are taken apart before any is dropped,
so that digits of two numbers are never joined. Nothing raises.
"""

import re
import unicodedata
from typing import Final, NamedTuple
from urllib.parse import unquote

MOST: Final = 256
"""Characters that are looked at: what is longer is no number."""

_ANGLES: Final = re.compile(r"<\s*((?:tel|sips?):[^<>]*)>", re.IGNORECASE)
_SCHEME: Final = re.compile(r"^(tel|sips?):", re.IGNORECASE)
_EXT_PARAMETER: Final = re.compile(r";ext=([0-9]{1,6})(?![0-9])", re.IGNORECASE)
_LOCAL_TO: Final = re.compile(r";phone-context=(\+86[0-9]{2,3})(?![0-9])", re.IGNORECASE)
_SHEET: Final = re.compile(r"^(?:=\s*\"(.*)\"|'(.*))$", re.DOTALL)
"""How a spreadsheet is told that digits are text."""
_ROUNDED: Final = re.compile(r"[+-]?[0-9]+(?:\.[0-9]*)?E\+?[0-9]+", re.IGNORECASE)
_FRACTION: Final = re.compile(r"(?<=[0-9]{7})\.0+$")
_HIDDEN: Final = re.compile(r"[0-9][ -]?[*xX×•●]{2,}|[*xX×•●]{2,}[ -]?[0-9]")
_RUN: Final = re.compile(r"[+(\[]{0,2}[0-9*#](?:[ .()\[\]\-\u2010-\u2015\u2212·_]{0,3}[0-9*#])*")
"""Digits with nothing between them but what groups the digits of one number."""
_MARKED: Final = re.compile(
    r"(?P<word>转接?|轉|分机号?|分機|内线|extension|ext|extn)[^0-9]{0,6}(?P<behind>[0-9]{1,6})[^0-9]*$"
    r"|[x#,;] ?(?P<after>[0-9]{1,6})$",
    re.IGNORECASE,
)
_HYPHENED: Final = re.compile(r" ?[-\u2010-\u2015\u2212] ?([0-9]{1,6})$")
_GAP: Final = re.compile(r"[^0-9+*#]+")
_NOT_WORD: Final = re.compile(r"[\W_]+")
WITHHELD: Final = frozenset(
    "anonymous anonym restricted private withheld unavailable unknown blocked hidden callerid nocallerid nonumber id"
    " 匿名 未知 未知号码 隐藏 隐藏号码 号码隐藏 保密 号码保密 私密 私人号码 无来电显示 不显示 不显示号码"
    " 無來電顯示 未知號碼".split()
)
"""What networks and telephones write where a number is withheld."""


class Marked(NamedTuple):
    """A text without its extension. `certain`: a word says that it is one (转, 分机, ext.)."""

    text: str
    extension: str
    certain: bool


def bare(raw: str) -> str:
    """The text without invisible signs, URI parts and a spreadsheet's wrapping; width and form of signs are one."""
    text = "".join(c for c in unicodedata.normalize("NFKC", raw[: 8 * MOST]) if unicodedata.category(c) != "Cf").strip()
    in_angles = _ANGLES.search(text)
    text = in_angles[1].strip() if in_angles else text
    scheme = _SCHEME.match(text)
    text = _of_uri(text[scheme.end() :], scheme[1].lower() != "tel") if scheme else text.partition("@")[0]
    wrapped = _SHEET.match(text)
    text = (wrapped[1] or wrapped[2] or "").strip() if wrapped else text
    return _FRACTION.sub("", text) if len(text) <= MOST else ""


def _of_uri(text: str, sip: bool) -> str:
    """RFC 3966 and 3261: who is meant, without the host; `;ext=` is an extension, other parameters are no digits."""
    user, at, _ = text.partition("@")
    if sip and not at and "." in user:
        return ""
    number, _, parameters = user.partition(";")
    parameters = f";{parameters}"
    number = unquote(number.partition(":")[0] if sip else number).strip()
    local, behind = _LOCAL_TO.search(parameters), _EXT_PARAMETER.search(parameters)
    if local and re.fullmatch(r"[2-8][0-9]{6,7}", number):
        number = f"{local[1]}{number}"
    return f"{number}转{behind[1]}" if behind else number


def is_withheld(text: str) -> bool:
    """Whether a network says so that the number may not be known, or says nothing at all."""
    return not text or _NOT_WORD.sub("", text).casefold() in WITHHELD


def is_rounded(text: str) -> bool:
    """Scientific notation: a spreadsheet has dropped digits."""
    return _ROUNDED.fullmatch(text) is not None


def is_masked(text: str) -> bool:
    """Some digits are hidden behind signs."""
    return _HIDDEN.search(text) is not None


def marked_extension(text: str) -> Marked | None:
    """What stands behind a mark at the end (转, 分机, ext., x, #, a comma); None for no mark."""
    found = _MARKED.search(text)
    if found is None:
        return None
    return Marked(text[: found.start()], found["behind"] or found["after"], found["word"] is not None)


def hyphened(run: str) -> Marked | None:
    """What stands behind the last hyphen, which may be an extension or the end of the number."""
    found = _HYPHENED.search(run)
    return Marked(run[: found.start()], found[1], False) if found else None


def runs(text: str) -> list[str]:
    """Each group of digits that may be one number; words and commas stand between them."""
    return [run for run in _RUN.findall(text) if any(c in "0123456789" for c in run)]


def halves(run: str) -> list[tuple[str, str]]:
    """Each way to cut a run in two where people have left a gap."""
    return [
        (run[: gap.start()], run[gap.end() :]) for gap in _GAP.finditer(run) if gap.start() and gap.end() < len(run)
    ]


def dialled(text: str) -> str:
    """Only what can be dialled, with a leading + when there is one; without the (0) that is not dialled from abroad."""
    plus = text.lstrip(" ([").startswith("+")
    abroad = plus or text.lstrip(" ([").startswith(("00", "86"))
    text = text.replace("(0)", "") if abroad else text
    digits = "".join(c for c in text if c in "0123456789*#")
    return f"+{digits}" if plus and digits else digits
