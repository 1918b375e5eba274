"""Which numbers may be dialled through the trunk at all: one rule for every kind of outbound call. Rules. FUP-10.

Whoever dials asks here first: the telephony port makes a channel for a `Destination` and for nothing else, and only
`OutboundRule.judge` makes one; it sends the INVITE for a `DialPermit`, which only the count of all calls gives
(`ivr/live/dial_ledger.py`). A refusal is a value with a reason, to be said, shown and written down; nothing here
raises. The card's do-not-call flag is in the store: `ivr/caller/may_dial.py` asks for that too.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

import phonenumbers
from phonenumbers import PhoneNumberType

from config.ids import ChannelId
from config.numbering import Number, NumberKind, normalise
from config.values.kinds import DialKind, SiteKind

LimitName = Literal[
    "number_hour",
    "number_day",
    "number_asked_hour",
    "number_asked_day",
    "agent_hour",
    "agent_day",
    "trunk_hour",
    "trunk_day",
    "spend_day",
]
"""What is counted, and over which span."""

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
    "not_allowed",
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
    "not_allowed": ("不属于本单位允许外呼的号码种类", "this site dials no numbers of its kind"),
}
"""In Chinese and in English, each going on from “该号码” and “This number is not dialled because”."""

LIMIT_WORDS: Final[dict[LimitName, tuple[str, str]]] = {
    "number_hour": ("一小时内对该号码主动外呼", "unasked calls to this number within an hour"),
    "number_day": ("今天对该号码主动外呼", "unasked calls to this number today"),
    "number_asked_hour": ("一小时内呼叫该号码", "calls to this number within an hour"),
    "number_asked_day": ("今天呼叫该号码", "calls to this number today"),
    "agent_hour": ("一小时内由该坐席发起的外呼", "outbound calls for this agent within an hour"),
    "agent_day": ("今天由该坐席发起的外呼", "outbound calls for this agent today"),
    "trunk_hour": ("一小时内全部外呼", "outbound calls in all within an hour"),
    "trunk_day": ("今天全部外呼", "outbound calls in all today"),
    "spend_day": ("今天的外呼费用（元，估算）", "estimated cost of today's outbound calls (yuan)"),
}
"""What is limited, in Chinese and in English."""

EMERGENCY: Final = frozenset("110 112 119 120 122 000 08 911 995 999 12110 12119 12120 12122 12395 95110 95119".split())
"""At home, by message, at sea and in forests; and what guests from abroad know."""

_WIDTH: Final = 15
"""The longest number that E.164 knows."""
HOME: Final = "CN"
_AREA: Final = re.compile(r"^0(?:10|2\d|[3-9]\d{2})")
_BY_TYPE: Final[dict[int, DialKind]] = {
    PhoneNumberType.FIXED_LINE: "fixed",
    PhoneNumberType.MOBILE: "mobile",
    PhoneNumberType.FIXED_LINE_OR_MOBILE: "mobile",
    PhoneNumberType.TOLL_FREE: "toll_free",
    PhoneNumberType.SHARED_COST: "shared_cost",
    PhoneNumberType.PREMIUM_RATE: "premium",
    PhoneNumberType.VOIP: "service",
    PhoneNumberType.PERSONAL_NUMBER: "service",
    PhoneNumberType.PAGER: "service",
    PhoneNumberType.UAN: "service",
    PhoneNumberType.VOICEMAIL: "service",
}
"""By what phonenumbers says; a type that is not here is no number that could be dialled."""


_LONGEST_EMERGENCY: Final = 6
"""What is longer and begins like one is a number of its own."""


@dataclass(frozen=True, slots=True)
class Destination:
    """A number that may be dialled, in the one notation in which it is dialled. Made by `OutboundRule.judge` alone."""

    number: str
    kind: DialKind


@dataclass(frozen=True, slots=True)
class DialPermit:
    """One INVITE to `number`, on this channel and no other. Made by the `DialLedger` alone, which counts."""

    number: str
    channel_id: ChannelId


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitMet:
    """There were enough calls: `most` of them (or yuan). Another one may be made at `again_at`."""

    limit: LimitName
    most: float
    again_at: datetime


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
    kinds: frozenset[SiteKind]
    countries: frozenset[str]
    """Whose fixed and mobile numbers are dialled: ISO 3166, two letters."""
    allowed: frozenset[str]
    """Dialled although it is short, a service or abroad: whole numbers."""
    allowed_prefixes: tuple[str, ...]

    def judge(self, raw: str, *, by_caller: bool = False) -> Destination | NotDialled:
        """Decide about a number in any notation. `by_caller`: an unknown caller named it, on the telephone."""
        number = normalise(raw, self.area_code)
        reason = self._never(raw, number) or ("on_duty" if by_caller and number.normalised in self.on_duty else None)
        kind, country = _kind_of(number)
        if reason is None and (number.normalised not in self.allowed or (kind is None and country)):
            reason = self._out_of_plan(number, kind, country)
        return NotDialled(raw, reason) if reason else Destination(number.normalised, kind or "service")

    def _never(self, raw: str, number: Number) -> Reason | None:
        """What no setting of a site allows."""
        key = number.normalised
        if any(sign in unicodedata.normalize("NFKC", raw) for sign in "*#"):
            return "feature_code"
        if not key:
            return "bad_number"
        if _is_emergency(key):
            return "emergency"
        if key in self.own:
            return "own_line"
        if key in self.extensions or unicodedata.normalize("NFKC", raw).strip() in self.extensions:
            return "extension"
        return "do_not_call" if key in self.do_not_call else None

    def _out_of_plan(self, number: Number, kind: DialKind | None, country: str | None) -> Reason | None:
        """Why this is no number of a kind, a beginning or a country that the site allows."""
        by_prefix = number.normalised.startswith(self.allowed_prefixes)
        if country:
            if not (by_prefix or country in self.countries):
                return "foreign"
            return None if kind == "abroad" else _unusual(kind)
        if by_prefix or kind in self.kinds:
            return None
        return _unusual(kind)


def outbound_rule(
    *,
    area_code: str,
    lines: Iterable[str],
    extensions: Iterable[str],
    on_duty: Iterable[str] = (),
    do_not_call: Iterable[str] = (),
    kinds: Iterable[SiteKind] = ("fixed", "mobile"),
    countries: Iterable[str] = (),
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
        kinds=frozenset(kinds),
        countries=frozenset(countries),
        allowed=keys(each for each in written if not each.endswith("*")),
        allowed_prefixes=tuple(
            prefix for each in written if each.endswith("*") and (prefix := _prefix(each.removesuffix("*")))
        ),
    )


def _prefix(written: str) -> str:
    """A beginning of numbers as `normalise` writes them: abroad with +, at home without +86."""
    plus = f"+{written[2:]}" if written.startswith("00") else written
    return plus.removeprefix("+86") if plus.startswith("+86") else plus


def _is_emergency(key: str) -> bool:
    """An emergency number as it stands, behind an area code or a country code, or with a digit or two too many: what
    networks take for one."""
    bare = {key, key.lstrip("0"), _AREA.sub("", key)}
    if any(each in EMERGENCY or _reaches_emergency(each, HOME) for each in bare):
        return True
    abroad = _parsed(key) if key.startswith("+") else None
    if abroad is None:
        return key.startswith("+") and any(key.endswith(each) for each in EMERGENCY) and len(key) <= _LONGEST_EMERGENCY
    national = phonenumbers.national_significant_number(abroad)
    countries = phonenumbers.region_codes_for_country_code(abroad.country_code or 0)
    return any(_reaches_emergency(national, country) for country in countries)


def _reaches_emergency(digits: str, country: str) -> bool:
    return len(digits) <= _LONGEST_EMERGENCY and phonenumbers.connects_to_emergency_number(digits, country)


def _kind_of(number: Number) -> tuple[DialKind | None, str | None]:
    """What kind of number it is by the plan, None for no valid one; and the country of one abroad."""
    key = number.normalised
    match number.kind:
        case NumberKind.SHORT | NumberKind.INTERNAL:
            return "short", None
        case NumberKind.SERVICE:
            return _BY_TYPE.get(_type(f"+86{key}"), "service"), None
        case NumberKind.INTERNATIONAL | NumberKind.UNKNOWN if key.startswith("+") and not key.startswith("+86"):
            parsed = _parsed(key)
            kind = _BY_TYPE.get(_type(key))
            country = parsed and (
                phonenumbers.region_code_for_number(parsed)
                or phonenumbers.region_code_for_country_code(parsed.country_code or 0)
            )
            return ("abroad" if kind in ("fixed", "mobile") else kind), country or "ZZ"
        case _ if key.startswith("+"):
            return None, None
        case _:
            return _BY_TYPE.get(_type(f"+86{key.removeprefix('0')}")), None


def _unusual(kind: DialKind | None) -> Reason:
    """Why a number of this kind is not dialled, when nothing allows it."""
    match kind:
        case "fixed" | "mobile":
            return "not_allowed"
        case "short":
            return "short_number"
        case "premium":
            return "premium"
        case None:
            return "bad_number"
        case _:
            return "service_number"


def _type(international: str) -> int:
    parsed = _parsed(international)
    return PhoneNumberType.UNKNOWN if parsed is None else phonenumbers.number_type(parsed)


def _parsed(international: str) -> phonenumbers.PhoneNumber | None:
    """None for what is no number of any country."""
    if len(international) > _WIDTH + 1:
        return None
    try:
        return phonenumbers.parse(international, None)
    except phonenumbers.NumberParseException:
        return None
