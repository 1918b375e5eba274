"""Telephone numbers of a Chinese site: one number, a named fault, or withheld; and masks. Rules. CUS-3, CUS-4.

`phonenumbers` knows the world's numbers; it does not know 10086, 12345 or a local number without its area code, so the
plan of China is here, and how it is written in `config/notation.py`. Nothing raises on a bad number: a caller is never
refused because of one (design D11). No digit is made up: a number has those that were written, and the site's area.
"""

import re
from enum import StrEnum
from functools import lru_cache
from typing import Final

import msgspec
import phonenumbers

from config import notation


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
    extension: str = ""

    @property
    def place(self) -> str | None:
        """Where the number was allocated (归属地, zh), which is not where its owner is."""
        return _place(self.normalised, self.kind)


class NumberFaultCode(StrEnum):
    """Why a text is no number. `several`: more than one; `masked`: digits are hidden; `rounded`: by a spreadsheet;
    `ambiguous`: it may be each of those proposed; `unknown`: the plan has no such number."""

    NO_DIGITS = "no_digits"
    SEVERAL = "several"
    MASKED = "masked"
    ROUNDED = "rounded"
    AMBIGUOUS = "ambiguous"
    UNKNOWN = "unknown"


class NumberFault(msgspec.Struct, frozen=True, kw_only=True):
    """`proposals`: numbers that may be meant, of digits that were written; nothing chooses among them but a person."""

    raw: str
    code: NumberFaultCode
    proposals: tuple[str, ...] = ()


class Withheld(msgspec.Struct, frozen=True, kw_only=True):
    """The network says that the number may not be known, or says nothing."""

    raw: str


_MOBILE = re.compile(r"1[3-9]\d{9}|14[0-4]\d{10}", re.ASCII)
"""The longer ones belong to things: meters, locks, lifts."""
_SERVICE = re.compile(r"[48]00\d{7}|950\d{4,10}|106\d{8,17}|9510\d{4}", re.ASCII)
_SHORT = re.compile(r"1(?:10|19|20|22|1[2-9]|00|95)|1[012]\d{3}|1\d{5}|100\d{4}|9[56]\d{3,6}", re.ASCII)
_LANDLINE = re.compile(r"0(?:10|2\d)[1-9]\d{7}|0[3-9]\d{2}[1-9]\d{6,7}")
_WITHOUT_ZERO = re.compile(r"(?:10|2\d)[2-8]\d{7}|[3-9]\d{2}[2-8]\d{6,7}")
_LOCAL = re.compile(r"[2-8]\d{6,7}")
_INTERNAL = re.compile(r"\d{2,6}")
_OF_PLACE = re.compile(r"0(?:10|2\d|[3-9]\d{2})(?:1[012]\d{3}|9[56]\d{3})")
"""A short number as another place has it: 0571-12345."""
_CARRIER = re.compile(r"(?:179\d\d|12593|12520|12583\d|10193|11808)(?=(?:00|\+)?\d{10,14}$)")
"""Dialled before a number to choose who carries it (17951, 17911, 12593…): no part of the number."""
_AREA = re.compile(r"0(?:10|2\d|[3-9]\d{2})")

MAX_DIGITS: Final = 20


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


def _short(digits: str) -> tuple[str, NumberKind] | None:
    is_short = _SHORT.fullmatch(digits) or _OF_PLACE.fullmatch(digits)
    return (digits, NumberKind.SHORT) if is_short else None


def _domestic(digits: str, area_code: str) -> tuple[str, NumberKind] | None:
    """What somebody in the site's own area may dial: complete, short, local without area code, or an extension."""
    complete = _national(digits)
    if complete is not None:
        return complete
    if short := _short(digits):
        return short
    if _LOCAL.fullmatch(digits):
        local = f"{area_code}{digits}"
        return (local if _LANDLINE.fullmatch(local) else digits), NumberKind.LANDLINE
    if _INTERNAL.fullmatch(digits):
        return digits, NumberKind.INTERNAL
    return None


def _in_plan(dialled: str, area_code: str) -> tuple[str, NumberKind] | None:
    """The number that these digits are; None when the plan has none."""
    for prefix in ("+86", "0086"):
        if dialled.startswith(prefix):
            rest = dialled.removeprefix(prefix)
            return _national(rest) or _short(rest)
    if dialled.startswith(("+", "00")):
        abroad = f"+{dialled.removeprefix('+') if dialled.startswith('+') else dialled[2:]}"
        if _is_possible(abroad):
            return abroad, NumberKind.INTERNATIONAL
        return _domestic(dialled, area_code)
    if dialled.startswith("86") and len(dialled) >= 12 and (known := _national(dialled[2:])):
        return known
    known = _domestic(dialled, area_code)
    carried = _CARRIER.sub("", dialled) if known is None else dialled
    return known if carried == dialled else _in_plan(carried, area_code)


def _is_possible(abroad: str) -> bool:
    try:
        return phonenumbers.is_possible_number(phonenumbers.parse(abroad, None))
    except phonenumbers.NumberParseException:
        return False


def _is_valid(number: tuple[str, NumberKind] | None) -> bool:
    """Whether phonenumbers has this number in its plan: the area exists, and its numbers are so long."""
    try:
        return number is not None and phonenumbers.is_valid_number(phonenumbers.parse(number[0], "CN"))
    except phonenumbers.NumberParseException:
        return False


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


_WHOLE = (NumberKind.MOBILE, NumberKind.LANDLINE, NumberKind.SERVICE, NumberKind.INTERNATIONAL)
"""Kinds of numbers that an extension may stand behind, and that are one of several beside other digits."""
_NEIGHBOURS: Final = ("852", "853", "886")
"""Hong Kong, Macau and Taiwan, which are areas of China without their zero too."""


@lru_cache(maxsize=4096)
def read_number(raw: str, area_code: str) -> Number | NumberFault | Withheld:
    """Reads a number wherever it comes in: SIP header, form, sheet, letter, desk. Never raises, never guesses.

    `area_code` is the site's own ("0571"), for local numbers.
    """
    text = notation.bare(raw)
    if notation.is_withheld(text):
        return Withheld(raw=raw)
    if notation.is_rounded(text):
        return NumberFault(raw=raw, code=NumberFaultCode.ROUNDED)
    if notation.is_masked(text):
        return NumberFault(raw=raw, code=NumberFaultCode.MASKED)
    marked = notation.marked_extension(text)
    if marked and notation.runs(marked.text):
        number = _read(raw, marked.text, area_code)
        if marked.certain or (isinstance(number, Number) and number.kind in _WHOLE):
            return _behind(number, marked.extension)
    return _read(raw, text, area_code)


def _behind(number: Number | NumberFault, extension: str) -> Number | NumberFault:
    """With this extension; a number that has one already is not one number."""
    if isinstance(number, NumberFault) or not number.extension:
        return msgspec.structs.replace(number, extension=extension) if isinstance(number, Number) else number
    return NumberFault(raw=number.raw, code=NumberFaultCode.AMBIGUOUS, proposals=(number.normalised,))


def _read(raw: str, text: str, area_code: str) -> Number | NumberFault:
    """A text whose marked extension is gone."""
    found = notation.runs(text)
    if not found:
        return NumberFault(raw=raw, code=NumberFaultCode.NO_DIGITS)
    if len(found) == 1:
        return _read_run(raw, found[0], area_code)
    numbers = [each for run in found if isinstance(each := _read_run(raw, run, area_code), Number)]
    whole = [each.normalised for each in numbers if each.kind in _WHOLE] or [each.normalised for each in numbers]
    return NumberFault(raw=raw, code=NumberFaultCode.SEVERAL, proposals=tuple(dict.fromkeys(whole)))


def _read_run(raw: str, run: str, area_code: str) -> Number | NumberFault:
    """Digits that nothing but spaces, hyphens and brackets part."""
    written = notation.dialled(run)
    whole, cut = _in_plan(written, area_code), notation.hyphened(run)
    head = _in_plan(notation.dialled(cut.text), area_code) if cut else None
    abroad = written.startswith(("+", "00")) and (head is None or head[1] is NumberKind.INTERNATIONAL)
    if cut and head and head[1] in _WHOLE and (_is_valid(head) if whole or abroad else True) and not (whole and abroad):
        if whole is None or not _is_valid(whole):
            return Number(raw=raw, normalised=head[0], kind=head[1], extension=cut.extension)
        return NumberFault(raw=raw, code=NumberFaultCode.AMBIGUOUS, proposals=(whole[0], head[0]))
    if written.startswith(_NEIGHBOURS) and len(written) == 11 and whole and _is_valid((f"+{written}", whole[1])):
        return NumberFault(raw=raw, code=NumberFaultCode.AMBIGUOUS, proposals=(f"+{written}", whole[0]))
    if whole is not None:
        return Number(raw=raw, normalised=whole[0], kind=whole[1])
    for left, right in notation.halves(run):
        both = [_in_plan(notation.dialled(half), area_code) for half in (left, right)]
        if all(each and each[1] in _WHOLE for each in both):
            return NumberFault(
                raw=raw, code=NumberFaultCode.SEVERAL, proposals=tuple(each[0] for each in both if each is not None)
            )
    return NumberFault(raw=raw, code=NumberFaultCode.UNKNOWN)


FAULT_WORDS: Final = {
    NumberFaultCode.NO_DIGITS: "has no digits: write the number, or leave it empty",
    NumberFaultCode.SEVERAL: "is more than one number: write each by itself",
    NumberFaultCode.MASKED: "has hidden digits: write the whole number",
    NumberFaultCode.ROUNDED: "was rounded by a spreadsheet: format the column as text and enter the number again",
    NumberFaultCode.AMBIGUOUS: "may be more than one number: write it with its area or country code",
    NumberFaultCode.UNKNOWN: "is no telephone number: write one like 13812345678 or 0571-88886666",
}
"""What is wrong and what to do, going on from the text."""


def number_fault(raw: str, area_code: str) -> str | None:
    """What is wrong with a number that somebody has entered, and what may be meant; None for a sound one."""
    match read_number(raw, area_code):
        case NumberFault(code=code, proposals=proposals):
            meant = f" (such as {', '.join(proposals)})" if proposals else ""
            return f"{raw!r} {FAULT_WORDS[code]}{meant}"
        case Withheld():
            return f"{raw!r} {FAULT_WORDS[NumberFaultCode.NO_DIGITS]}"
        case Number():
            return None


@lru_cache(maxsize=4096)
def normalise(raw: str, area_code: str) -> Number:
    """As `read_number`, for who keeps whatever came: a caller, a search. `normalised`, read again, is itself.

    Digits that are no number stay as they are, kind `unknown`; of several numbers, hidden or rounded digits nothing is
    kept: joined they would be a number that nobody has.
    """
    match read_number(raw, area_code):
        case Number() as number:
            return number
        case Withheld():
            return Number(raw=raw, normalised="", kind=NumberKind.ANONYMOUS)
        case NumberFault(code=NumberFaultCode.UNKNOWN | NumberFaultCode.AMBIGUOUS):
            kept = notation.dialled(notation.bare(raw))
            if len(kept) <= MAX_DIGITS and _stays_unknown(read_number(kept, area_code)):
                return Number(raw=raw, normalised=kept, kind=NumberKind.UNKNOWN)
        case NumberFault():
            pass
    return Number(raw=raw, normalised="", kind=NumberKind.UNKNOWN)


def _stays_unknown(read: Number | NumberFault | Withheld) -> bool:
    return isinstance(read, NumberFault) and read.code in (NumberFaultCode.UNKNOWN, NumberFaultCode.AMBIGUOUS)


def called(raw: str, area_code: str) -> tuple[str, ...]:
    """What a network may mean by a number of ours that it calls: the number itself, normalised; or a short or service
    number behind the site's area code, which networks put before those too (0571-12345, +86 571 400…)."""
    number = normalise(raw, area_code).normalised
    written = notation.dialled(notation.bare(raw))
    behind = re.fullmatch(rf"(?:(?:\+|00)?860?|0){area_code.removeprefix('0')}([0-9]+)", written)
    rest = normalise(behind[1], area_code) if behind else None
    if rest and rest.kind in (NumberKind.SERVICE, NumberKind.SHORT):
        return number, rest.normalised
    return (number,) if number else ()


def extension(raw: str, area_code: str = "") -> str:
    """The extension behind a number (0571-88888888转8001 → 8001); "" for none."""
    return normalise(raw, area_code).extension


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
