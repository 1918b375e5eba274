"""Who may be dialled: every notation of every kind of number, and that nothing else makes a destination. FUP-10."""

import ast
import re
from collections.abc import Iterator
from typing import get_args

import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.destination import (
    EMERGENCY,
    LIMIT_WORDS,
    REASON_WORDS,
    Destination,
    LimitName,
    NotDialled,
    Reason,
    outbound_rule,
)
from config.loading.load import check_site
from config.values.kinds import DialKind, SiteKind
from crm.followups.model import FINAL, REFUSED, Outcome
from tests.fakes.sources import HOUSES, ROOT, calls, name_called, naming
from tests.unit.config.workshop import Workshop

pytestmark = pytest.mark.req("FUP-10")

RULE = outbound_rule(
    area_code="0571",
    lines=("4008100001", "+86-400-810-0002", "88880000"),
    extensions=("8001", "8901"),
    on_duty=("13900000001",),
    do_not_call=("138 0000 9999",),
    allow=("+852*", "12345", "0571-66668888", "4006000000", "0033140205050"),
)

MOBILE, HALL, BEIJING = "13812345678", "057188886666", "01065529988"
DIALLED = {
    MOBILE: MOBILE,
    "138 1234 5678": MOBILE,
    "138-1234-5678": MOBILE,
    "+86 138 1234 5678": MOBILE,
    "+8613812345678": MOBILE,
    "0086-13812345678": MOBILE,
    "8613812345678": MOBILE,
    "013812345678": MOBILE,
    "１３８１２３４５６７８": MOBILE,
    "＋８６ １３８１２３４５６７８": MOBILE,
    "1795113812345678": MOBILE,
    "17951 138 1234 5678": MOBILE,
    "12593013812345678": MOBILE,
    "tel:+86-138-1234-5678": MOBILE,
    "sip:13812345678@10.0.0.1": MOBILE,
    "19912345678": "19912345678",
    "16612345678": "16612345678",
    "17012345678": "17012345678",
    "0571-88886666": HALL,
    "(0571) 8888 6666": HALL,
    "88886666": HALL,
    "8888 6666": HALL,
    "+86 571 8888 6666": HALL,
    "17951057188886666": HALL,
    "0571-88886666转8001": HALL,
    "01065529988": BEIJING,
    "+861065529988": BEIJING,
    "021-62345678": "02162345678",
    "+852 9123 4567": "+85291234567",
    "0085291234567": "+85291234567",
    "12345": "12345",
    "66668888": "057166668888",
    "400-600-0000": "4006000000",
    "+33 1 40 20 50 50": "+33140205050",
}
REFUSED_NUMBERS: dict[Reason, tuple[str, ...]] = {
    "emergency": (
        "110",
        "119",
        "120",
        "122",
        "112",
        "999",
        "911",
        "+86110",
        "0086119",
        "１１０",
        "1 1 0",
        "12110",
        "95119",
        "0110",
        "010110",
        "0571-119",
        "1101",
        "12012",
        "+1911",
        "+44 999",
        "+852999",
    ),
    "feature_code": ("*72900123", "#21#", "**21*13812345678#", "＊７２", "13812345678#", "0571-88886666#8001", "*"),
    "short_number": ("95588", "12315", "10086", "114", "1008611", "8005", "+8612315", "0000"),
    "service_number": ("4001234567", "8001234567", "95013888888", "1064812345678", "10657123456789"),
    "own_line": ("4008100001", "400-810-0002", "+864008100002", "4008100001转1", "88880000", "0571-88880000"),
    "extension": ("8001", "８００１", "8901"),
    "foreign": (
        "+2348031234567",
        "002348031234567",
        "0023480312345678",
        "+12125551234",
        "+44 20 7946 0958",
        "+85312345678",
    ),
    "premium": ("16812345", "+85290012345678"),
    "on_duty": ("13900000001", "+86 139 0000 0001"),
    "do_not_call": ("13800009999", "+86-138-0000-9999", "1795113800009999"),
    "bad_number": (
        "%2321%23",
        "",
        "anonymous",
        "+",
        "无",
        "138123456",
        "138123456789",
        "14412345678",
        "05711234567",
        "0571888866667",
        "13812345678 13900000001",
        "852-21234567",
        "+8699912345678",
        "1" * 40,
        "+85212",
        "110/120/119/122",
    ),
}


@pytest.mark.parametrize(("written", "number"), DIALLED.items())
def test_what_may_be_dialled_is_dialled_in_one_notation(written: str, number: str) -> None:
    judged = RULE.judge(written, by_caller=True)
    assert isinstance(judged, Destination) and judged.number == number


@pytest.mark.parametrize(
    ("written", "reason"), [(number, reason) for reason, numbers in REFUSED_NUMBERS.items() for number in numbers]
)
def test_everything_else_is_refused_with_its_reason(written: str, reason: Reason) -> None:
    assert RULE.judge(written, by_caller=True) == NotDialled(written, reason)


def test_a_colleague_reaches_who_is_on_duty() -> None:
    assert RULE.judge("13900000001") == Destination("13900000001", "mobile")


def test_no_setting_allows_emergency_numbers_codes_our_own_lines_and_everything() -> None:
    allow = ("110", "8001", "4008100001", "+86*", "0086*", "120*", "13800009999")
    wide = outbound_rule(
        area_code="0571", lines=("4008100001",), extensions=("8001",), do_not_call=("13800009999",), allow=allow
    )
    assert {number: wide.judge(number) for number in ("110", "120", "8001", "4008100001", "13800009999", "10086")} == {
        "110": NotDialled("110", "emergency"),
        "120": NotDialled("120", "emergency"),
        "8001": NotDialled("8001", "extension"),
        "4008100001": NotDialled("4008100001", "own_line"),
        "13800009999": NotDialled("13800009999", "do_not_call"),
        "10086": NotDialled("10086", "short_number"),
    }


KINDS: dict[DialKind, tuple[str, ...]] = {
    "fixed": ("0571-88886666", "01065529988"),
    "mobile": (MOBILE,),
    "short": ("12345", "95588", "10086"),
    "toll_free": ("8001234567",),
    "shared_cost": ("4001234567",),
    "service": ("1064812345678",),
    "abroad": ("+85291234567", "+6591234567"),
    "premium": ("16812345",),
}


@pytest.mark.parametrize("kind", get_args(SiteKind))
def test_a_site_that_allows_one_kind_dials_that_kind_alone(kind: SiteKind) -> None:
    rule = outbound_rule(area_code="0571", lines=(), extensions=(), kinds=(kind,))
    for other, numbers in KINDS.items():
        for number in numbers:
            judged = rule.judge(number)
            assert isinstance(judged, Destination) is (other == kind), (number, judged)
            assert isinstance(judged, NotDialled) or judged.kind == kind


def test_a_country_is_allowed_by_name_with_its_fixed_and_mobile_numbers() -> None:
    rule = outbound_rule(area_code="0571", lines=(), extensions=(), countries=("HK", "CA"))
    assert rule.judge("0085291234567") == Destination("+85291234567", "abroad")
    assert rule.judge("+14165550123") == Destination("+14165550123", "abroad")
    assert rule.judge("+12125550123") == NotDialled("+12125550123", "foreign")
    assert rule.judge("+6591234567") == NotDialled("+6591234567", "foreign")
    assert rule.judge("+85290012345678") == NotDialled("+85290012345678", "premium")


OPEN_WIDE = outbound_rule(
    area_code="0571",
    lines=("4008100001", "0571-88880000"),
    extensions=("8001",),
    do_not_call=("13800009999",),
    kinds=get_args(SiteKind),
    countries=sorted(phonenumbers.SUPPORTED_REGIONS),
    allow=[f"{digit}*" for digit in range(1, 10)] + [f"0{digit}*" for digit in range(1, 10)] + ["110", "+1911", "*21#"],
)
DIGITS = st.text(alphabet="0123456789", max_size=15)
BEGINNINGS = st.sampled_from(["", "+", "00", "+86", "0", "010", "0571", "*", "#", "17951", "+1", "+44", "+852", "tel:"])
HOSTILE = st.sampled_from([*EMERGENCY, "8001", "4008100001", "88880000", "13800009999"])


@settings(max_examples=500)
@given(BEGINNINGS, DIGITS | HOSTILE, st.sampled_from(["", "#", ";ext=1", "@trunk", "转8001", " 0", "/110"]))
def test_whatever_a_site_allows_what_is_never_dialled_is_not(before: str, digits: str, after: str) -> None:
    """As the network would read what is dialled: not an emergency number in any notation, nor behind an area code."""
    judged = OPEN_WIDE.judge(f"{before}{digits}{after}")
    if isinstance(judged, NotDialled):
        return
    dialled = judged.number
    national = re.sub(r"^(?:\+86|0(?:10|2\d|[3-9]\d{2}))", "", dialled)
    assert re.fullmatch(r"\+?[0-9]{1,20}", dialled)
    assert not {dialled, national, dialled.lstrip("0")} & EMERGENCY
    assert not any(phonenumbers.is_emergency_number(each, "CN") for each in (dialled, national))
    assert dialled not in {"8001", "4008100001", "057188880000", "13800009999"}


@given(st.text(max_size=40) | st.text(alphabet="+0123456789*#-() 转x,;＊＃０１", max_size=30))
def test_no_text_raises_and_what_is_dialled_is_digits_and_judged_the_same_again(written: str) -> None:
    judged = RULE.judge(written)
    if isinstance(judged, Destination):
        assert judged.number.removeprefix("+").isdecimal() and judged.number.isascii()
        assert RULE.judge(judged.number) == judged


def test_every_reason_has_words_and_ends_a_due_call() -> None:
    assert set(REASON_WORDS) == set(get_args(Reason))
    assert set(LIMIT_WORDS) == set(get_args(LimitName))
    assert {Outcome(reason) for reason in get_args(Reason)} == REFUSED <= FINAL


MAKERS = {
    "Destination": ("config/destination.py", ["judge"]),
    "DialPermit": ("ivr/live/dial_ledger.py", ["given", "permit"]),
}


def made_in(made: str) -> Iterator[str]:
    """Modules in which such a thing is made, under whatever name it was imported."""
    for path, tree in naming(made, *HOUSES, "tests/fakes"):
        names = {made}
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom):
                names |= {name.asname for name in node.names if name.name == made and name.asname}
        if any(name_called(call) in names for call in calls(tree)):
            yield path


@pytest.mark.parametrize("made", MAKERS)
def test_only_the_rule_makes_a_destination_and_only_the_count_a_permit(made: str) -> None:
    module, functions = MAKERS[made]
    assert list(made_in(made)) == [module]
    tree = ast.parse((ROOT / module).read_text(encoding="utf-8"))
    makers = [
        function.name
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef)
        for node in ast.walk(function)
        if isinstance(node, ast.Call) and getattr(node.func, "id", None) == made
    ]
    assert sorted(makers) == functions


TAKES = {
    ("prepare_out", "Destination"): (
        *("ivr/port/telephony.py", "ivr/ari/telephony.py", "ivr/ari/outgoing.py", "tests/fakes/telephony.py"),
    ),
    ("dial", "DialPermit"): ("ivr/port/telephony.py", "ivr/ari/channel.py", "tests/fakes/channel.py"),
}


@pytest.mark.parametrize("taken", TAKES)
def test_the_port_takes_nothing_else(taken: tuple[str, str]) -> None:
    """mypy holds the callers to it; this, that no adapter widens it."""
    name, kind = taken
    for module in TAKES[taken]:
        tree = ast.parse((ROOT / module).read_text(encoding="utf-8"))
        (found,) = [node for node in ast.walk(tree) if isinstance(node, ast.AsyncFunctionDef) and node.name == name]
        annotation = found.args.args[1].annotation
        assert annotation is not None and ast.unparse(annotation) == kind, module


DUTY = """duty:
  - id: night
    title: 夜间值班
    title_en: Night duty
    intro: beep
    number_intro: beep
    press_one: beep
    missed: beep
    people:
      - {name: 甲, number: FIRST}
      - {name: 乙, number: SECOND}
"""


def test_a_site_is_told_which_numbers_it_could_not_dial(workshop: Workshop) -> None:
    first, second = "⟦'110' cannot be dialled: it is an emergency⟧'110'", "⟦it is abroad⟧'+85291234567'"
    workshop.append("site.yaml", DUTY.replace("FIRST", first).replace("SECOND", second))
    workshop.edit("site.yaml", "  allow: []", '  allow: ["12345", "+853*", ⟦\'8001\' cannot be allowed⟧"8001"]')
    workshop.assert_faults()


def test_a_site_may_widen_the_rule(workshop: Workshop) -> None:
    workshop.append("site.yaml", DUTY.replace("FIRST", "'13800000001'").replace("SECOND", "'+85291234567'"))
    workshop.edit("site.yaml", "  allow: []", '  allow: ["+852*", "88886666"]')
    faults, site = check_site(workshop.directory)
    assert faults == [] and site is not None
    assert site.outbound_rule.judge("0085291234567") == Destination("+85291234567", "abroad")


def test_a_prefix_is_not_everything(workshop: Workshop) -> None:
    workshop.edit("site.yaml", "  allow: []", '  allow: [⟦is not a telephone number, or⟧"*", ⟦is not⟧"00*"]')
    workshop.assert_faults()
