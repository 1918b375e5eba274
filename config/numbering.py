"""Telephone numbers of a Chinese site: any notation becomes one number, and how one is masked. Rules. CUS-3, CUS-4.

`phonenumbers` knows the places; it does not know 10086, 12345 or a local number without its area code, so the notation
is read here. Nothing in this module raises on a bad number: a caller is never refused because of one (design D11).
"""

import re
import unicodedata
from enum import StrEnum
from functools import lru_cache
from typing import Final

import msgspec
import phonenumbers


class NumberKind(StrEnum):
    """What a number is. `short`: 110, 10086, 12345, 95588. `service`: 400, 800, 950. `internal`: an extension."""

    MOBILE = "mobile"
    LANDLINE = "landline"
    SERVICE = "service"
    SHORT = "short"
    INTERNATIONAL = "international"
    INTERNAL = "internal"
    ANONYMOUS = "anonymous"
    UNKNOWN = "unknown"


class Number(msgspec.Struct, frozen=True, kw_only=True):
    """`raw` as it came; `normalised` as it is compared and dialled within China ("" for an anonymous caller)."""

    raw: str
    normalised: str
    kind: NumberKind

    @property
    def place(self) -> str | None:
        """Where the number was allocated (归属地, zh), which is not where its owner is."""
        return _place(self.normalised, self.kind)


_MOBILE = re.compile(r"1[3-9]\d{9}")
_SERVICE = re.compile(r"[48]00\d{7}|950\d{4,9}|106\d{8,17}|9510\d{4}")
_SHORT = re.compile(r"1(?:10|19|20|22|1[2-9]|00|95)|1[012]\d{3}|1\d{5}|100\d{4}|9[56]\d{3,6}")
_LANDLINE = re.compile(r"0(?:10|2\d)[1-9]\d{7}|0[3-9]\d{2}[1-9]\d{6,7}")
_WITHOUT_ZERO = re.compile(r"(?:10|2\d)[2-8]\d{7}|[3-9]\d{2}[2-8]\d{6,7}")
_LOCAL = re.compile(r"[2-8]\d{6,7}")
_INTERNAL = re.compile(r"\d{2,6}")
_EXTENSION = re.compile(r"(?:转|分机|ext\.?|x|,|;)\D{0,6}\d{1,6}\D*$|(?<=\d{7})[-－]\d{1,5}$", re.IGNORECASE)
_EXTENSION_DIGITS = re.compile(r"\d{1,6}")
_CARRIER = re.compile(r"(?:179\d\d|12593)(?=\d{10,12}$)")
"""Dialled before a number to choose who carries it (17951, 17911, 12593…): no part of the number."""
_URI = re.compile(r"^(?:tel|sips?):", re.IGNORECASE)
_URI_PARAMETER = re.compile(r";(?!ext)[a-z][a-z0-9-]*(?:=[^;@]*)?", re.IGNORECASE)
"""Of RFC 3966 and 3261: `;phone-context=+86`, `;user=phone`, which are no digits of the number."""
_AREA = re.compile(r"0(?:10|2\d|[3-9]\d{2})")

MAX_DIGITS: Final = 20


def _dialled(raw: str) -> str:
    """The digits of `raw`, with a leading + when it has one; extension, URI parts and decoration are gone."""
    text = _URI.sub("", unicodedata.normalize("NFKC", raw).strip())
    text = _EXTENSION.sub("", _URI_PARAMETER.sub("", text.partition("@")[0]))
    plus = text.lstrip(" (").startswith("+")
    text = text.replace("(0)", "") if plus else text
    digits = "".join(c for c in text if c in "0123456789*#")[:MAX_DIGITS]
    return f"+{digits}" if plus and digits else digits


def _national(digits: str) -> tuple[str, NumberKind] | None:
    """A number that is complete within China, with or without its trunk 0; None when it is not one."""
    if _MOBILE.fullmatch(digits.removeprefix("0")):
        return digits.removeprefix("0"), NumberKind.MOBILE
    if _SERVICE.fullmatch(digits):
        return digits, NumberKind.SERVICE
    if _LANDLINE.fullmatch(digits):
        return digits, NumberKind.LANDLINE
    if _WITHOUT_ZERO.fullmatch(digits):
        return f"0{digits}", NumberKind.LANDLINE
    return None


def _domestic(digits: str, area_code: str) -> tuple[str, NumberKind] | None:
    """What somebody in the site's own area may dial: complete, short, local without area code, or an extension."""
    complete = _national(digits) or _national(_CARRIER.sub("", digits))
    if complete is not None:
        return complete
    if _SHORT.fullmatch(digits):
        return digits, NumberKind.SHORT
    if _LOCAL.fullmatch(digits):
        local = f"{area_code}{digits}"
        return (local if _LANDLINE.fullmatch(local) else digits), NumberKind.LANDLINE
    if _INTERNAL.fullmatch(digits):
        return digits, NumberKind.INTERNAL
    return None


def _read(dialled: str, area_code: str) -> tuple[str, NumberKind]:
    for prefix in ("+86", "0086"):
        if dialled.startswith(prefix):
            rest = dialled.removeprefix(prefix)
            known = _national(rest) or _domestic(rest, "")
            return known or (f"+86{rest}", NumberKind.INTERNATIONAL)
    if dialled.startswith("+"):
        return dialled, NumberKind.INTERNATIONAL
    if dialled.startswith("00") and len(dialled) > 8:
        return f"+{dialled[2:]}", NumberKind.INTERNATIONAL
    if dialled.startswith("86") and len(dialled) >= 12:
        known = _national(dialled[2:])
        if known is not None:
            return known
    return _domestic(dialled, area_code) or (dialled, NumberKind.UNKNOWN)


@lru_cache(maxsize=4096)
def _place(normalised: str, kind: NumberKind) -> str | None:
    if kind not in (NumberKind.MOBILE, NumberKind.LANDLINE, NumberKind.INTERNATIONAL):
        return None
    # The world's places are a third of all that a start would load; a call is served without them.
    from phonenumbers import geocoder

    try:
        parsed = phonenumbers.parse(normalised, "CN")
    except phonenumbers.NumberParseException:
        return None
    return geocoder.description_for_number(parsed, "zh") or None


@lru_cache(maxsize=4096)
def normalise(raw: str, area_code: str) -> Number:
    """Reads a number in any notation: +86, 0086, area code, spaces, hyphens, full-width digits, extensions, SIP URIs.

    `area_code` is the site's own ("0571"), for local numbers. Never raises. `normalised`, read again, is itself.
    """
    dialled = _dialled(raw)
    if not any(c.isdigit() for c in dialled):
        return Number(raw=raw, normalised="", kind=NumberKind.ANONYMOUS)
    normalised, kind = _read(dialled, area_code)
    return Number(raw=raw, normalised=normalised, kind=kind)


def called(raw: str, area_code: str) -> tuple[str, ...]:
    """What a network may mean by a number of ours that it calls: the number itself, normalised; or a short or service
    number behind the site's area code, which networks put before those too (0571-12345, +86 571 400…)."""
    number = normalise(raw, area_code).normalised
    behind = re.fullmatch(rf"(?:(?:\+|00)?860?|0){area_code.removeprefix('0')}(\d+)", _dialled(raw))
    rest = normalise(behind[1], area_code) if behind else None
    if rest and rest.kind in (NumberKind.SERVICE, NumberKind.SHORT):
        return number, rest.normalised
    return (number,) if number else ()


def extension(raw: str) -> str:
    """The extension behind a number (0571-88888888转8001 → 8001); "" for none."""
    text = _URI.sub("", unicodedata.normalize("NFKC", raw).strip()).partition("@")[0]
    text = _URI_PARAMETER.sub("", text)
    found = _EXTENSION.search(text)
    digits = _EXTENSION_DIGITS.search(found.group()) if found else None
    return digits.group() if digits else ""


def mask(number: str) -> str:
    """A normalised number for eyes that have no business with it: 138****5678, 010-****5678.

    Short and service numbers belong to nobody in particular and stay as they are.
    """
    if _MOBILE.fullmatch(number):
        return f"{number[:3]}****{number[-4:]}"
    if _SERVICE.fullmatch(number) or _SHORT.fullmatch(number) or len(number) <= 6:
        return number
    if _LANDLINE.fullmatch(number):
        area = _AREA.match(number)
        return f"{area.group() if area else ''}-****{number[-4:]}"
    return f"{number[:-8]}****{number[-4:]}" if len(number) > 8 else f"****{number[-4:]}"
