"""Which numbers may be dialled through the trunk at all: one rule for every kind of outbound call. Rules. FUP-10.

Whoever dials asks here first: the telephony port takes a `Destination` and nothing else, and only `OutboundRule.judge`
makes one. A refusal is a value with a reason, to be said, shown and written down; nothing here raises. The card's
do-not-call flag is in the store: `ivr/caller/may_dial.py` asks for that too.
"""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

import phonenumbers
from phonenumbers import PhoneNumberType

from config.numbering import Number, NumberKind, normalise

Reason = Literal[
    "bad_number",
    "feature_code",
    "emergency",
    "short_number",
    "service_number",
    "own_line",
    "extension",
    "foreign",
    "premium",
    "on_duty",
    "do_not_call",
]
"""Why a number is not dialled. Each is an `Outcome` of a due call too (crm/followups/model.py)."""

REASON_WORDS: Final[dict[Reason, tuple[str, str]]] = {
    "bad_number": ("不是有效的国内固定电话或手机号码", "it is no valid fixed or mobile number of mainland China"),
    "feature_code": ("含有 * 或 #，可能是功能码", "it has * or # in it, as codes of the exchange do"),
    "emergency": ("是紧急求助号码，绝不代拨", "it is an emergency number: those are never dialled from here"),
    "short_number": ("是短号码，不属于某一位客户", "it is a short number, which belongs to nobody in particular"),
    "service_number": ("是 400、800、95 等服务号码", "it is a service number (400, 800, 95…)"),
    "own_line": ("是本单位自己的热线号码", "it is one of our own lines"),
    "extension": ("是坐席分机号", "it is an agent's extension"),
    "foreign": ("是境外号码", "it is abroad"),
    "premium": ("是收费信息台号码", "it is a premium-rate number"),
    "on_duty": ("是值班人员的号码", "it belongs to somebody on duty here"),
    "do_not_call": ("在拒绝外呼名单上", "it must not be called: it is on a do-not-call list"),
}
"""In Chinese and in English, each going on from “该号码” and “This number is not dialled because”."""

EMERGENCY: Final = frozenset("110 112 119 120 122 000 08 911 995 999 12110 12119 12120 12122 12395 95110 95119".split())
"""At home, by message, at sea and in forests; and what guests from abroad know."""

_WIDTH: Final = 15
"""The longest number that E.164 knows."""
_ORDINARY: Final = frozenset({PhoneNumberType.FIXED_LINE, PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE})


@dataclass(frozen=True, slots=True)
class Destination:
    """A number that may be dialled, in the one notation in which it is dialled. Made by `OutboundRule.judge` alone."""

    number: str


@dataclass(frozen=True, slots=True)
class NotDialled:
    """`number`, as it was given, is not dialled for this reason."""

    number: str
    reason: Reason


@dataclass(frozen=True, kw_only=True)
class OutboundRule:
    """What one site may dial: the plan of mainland China, narrowed by its own numbers, widened by what it allows."""

    area_code: str
    own: frozenset[str]
    """Its lines, normalised: a call there would come back to us and hold an agent."""
    extensions: frozenset[str]
    """Its agents' telephones, which are rung inside the house."""
    on_duty: frozenset[str]
    do_not_call: frozenset[str]
    allowed: frozenset[str]
    """Dialled although it is short, a service or abroad: whole numbers."""
    allowed_prefixes: tuple[str, ...]

    def judge(self, raw: str, *, by_caller: bool = False) -> Destination | NotDialled:
        """Decide about a number in any notation. `by_caller`: an unknown caller named it, on the telephone."""
        number = normalise(raw, self.area_code)
        reason = self._never(raw, number) or ("on_duty" if by_caller and number.normalised in self.on_duty else None)
        if reason is None and number.normalised not in self.allowed:
            reason = self._out_of_plan(number)
        return NotDialled(raw, reason) if reason else Destination(number.normalised)

    def _never(self, raw: str, number: Number) -> Reason | None:
        """What no setting of a site allows."""
        key = number.normalised
        if any(sign in unicodedata.normalize("NFKC", raw) for sign in "*#"):
            return "feature_code"
        if not key:
            return "bad_number"
        if key in EMERGENCY:
            return "emergency"
        if key in self.own:
            return "own_line"
        if key in self.extensions or unicodedata.normalize("NFKC", raw).strip() in self.extensions:
            return "extension"
        return "do_not_call" if key in self.do_not_call else None

    def _out_of_plan(self, number: Number) -> Reason | None:
        """Why this is no ordinary number of the plan, or of a country that the site allows."""
        key = number.normalised
        if key.startswith(self.allowed_prefixes) and number.kind is not NumberKind.INTERNATIONAL:
            return None
        match number.kind:
            case NumberKind.SHORT | NumberKind.INTERNAL:
                return "short_number"
            case NumberKind.SERVICE:
                return "service_number"
            case NumberKind.INTERNATIONAL if key.startswith("+86"):
                return "bad_number"
            case NumberKind.INTERNATIONAL:
                return _not_ordinary(key) if key.startswith(self.allowed_prefixes) else "foreign"
            case _:
                return _not_ordinary(f"+86{key.removeprefix('0')}")


def outbound_rule(
    *,
    area_code: str,
    lines: Iterable[str],
    extensions: Iterable[str],
    on_duty: Iterable[str] = (),
    do_not_call: Iterable[str] = (),
    allow: Iterable[str] = (),
) -> OutboundRule:
    """The rule of a site, from its numbers in whatever notation; an entry of `allow` that ends in `*` is a prefix."""

    def keys(numbers: Iterable[str]) -> frozenset[str]:
        return frozenset(normalise(each, area_code).normalised for each in numbers) - {""}

    written = tuple(allow)
    return OutboundRule(
        area_code=area_code,
        own=keys(lines),
        extensions=frozenset(extensions),
        on_duty=keys(on_duty),
        do_not_call=keys(do_not_call),
        allowed=keys(each for each in written if not each.endswith("*")),
        allowed_prefixes=tuple(
            prefix for each in written if each.endswith("*") and (prefix := _prefix(each.removesuffix("*")))
        ),
    )


def _prefix(written: str) -> str:
    """A beginning of numbers as `normalise` writes them: abroad with +, at home without +86."""
    plus = f"+{written[2:]}" if written.startswith("00") else written
    return plus.removeprefix("+86") if plus.startswith("+86") else plus


def _not_ordinary(international: str) -> Reason | None:
    """None for a valid fixed or mobile number of any country."""
    if len(international) > _WIDTH + 1:
        return "bad_number"
    try:
        parsed = phonenumbers.parse(international, None)
    except phonenumbers.NumberParseException:
        return "bad_number"
    kind = phonenumbers.number_type(parsed)
    if kind == PhoneNumberType.PREMIUM_RATE:
        return "premium"
    if kind in _ORDINARY:
        return None
    return "bad_number" if kind == PhoneNumberType.UNKNOWN else "service_number"
