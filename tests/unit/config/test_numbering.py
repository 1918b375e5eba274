"""Any notation is one number (CUS-3), nothing raises, and masking hides what it must (CUS-4)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.masking import masked
from config.numbering import Number, NumberFault, NumberKind, mask, normalise, number_fault, read_number
from tests.fakes.number_digits import invented

pytestmark = pytest.mark.req("CUS-3", "CUS-4")

AREA = "0571"


@pytest.mark.parametrize(
    ("raw", "normalised", "kind"),
    [
        ("13812345678", "13812345678", NumberKind.MOBILE),
        ("+86 138 1234 5678", "13812345678", NumberKind.MOBILE),
        ("0086-138-1234-5678", "13812345678", NumberKind.MOBILE),
        ("8613812345678", "13812345678", NumberKind.MOBILE),
        ("013812345678", "13812345678", NumberKind.MOBILE),
        ("１３８１２３４５６７８", "13812345678", NumberKind.MOBILE),
        ("sip:13812345678@10.0.0.1:5060", "13812345678", NumberKind.MOBILE),
        ("tel:+86-138-1234-5678", "13812345678", NumberKind.MOBILE),
        ("010-12345678", "01012345678", NumberKind.LANDLINE),
        ("+86 10 6234 5678", "01062345678", NumberKind.LANDLINE),
        ("+86 (0)571 8888 8888", "057188888888", NumberKind.LANDLINE),
        ("+86 0571 88888888", "057188888888", NumberKind.LANDLINE),
        ("(0571) 8888-8888", "057188888888", NumberKind.LANDLINE),
        ("57188888888", "057188888888", NumberKind.LANDLINE),
        ("88888888", "057188888888", NumberKind.LANDLINE),
        ("8888 8888", "057188888888", NumberKind.LANDLINE),
        ("0571-88888888-801", "057188888888", NumberKind.LANDLINE),
        ("0571-88888888转801", "057188888888", NumberKind.LANDLINE),
        ("010 62345678 ext. 12", "01062345678", NumberKind.LANDLINE),
        ("02162345678", "02162345678", NumberKind.LANDLINE),
        ("400-810-0001", "4008100001", NumberKind.SERVICE),
        ("+86 400 810 0001", "4008100001", NumberKind.SERVICE),
        ("8008100001", "8008100001", NumberKind.SERVICE),
        ("106912345678", "106912345678", NumberKind.SERVICE),
        ("110", "110", NumberKind.SHORT),
        ("10086", "10086", NumberKind.SHORT),
        ("12345", "12345", NumberKind.SHORT),
        ("12315", "12315", NumberKind.SHORT),
        ("95588", "95588", NumberKind.SHORT),
        ("1008611", "1008611", NumberKind.SHORT),
        ("+86 10086", "10086", NumberKind.SHORT),
        ("8001", "8001", NumberKind.INTERNAL),
        ("+852 2123 4567", "+85221234567", NumberKind.INTERNATIONAL),
        ("00852 2123 4567", "+85221234567", NumberKind.INTERNATIONAL),
        ("+1 (202) 555-0123", "+12025550123", NumberKind.INTERNATIONAL),
        ("", "", NumberKind.ANONYMOUS),
        ("anonymous", "", NumberKind.ANONYMOUS),
        ("Restricted", "", NumberKind.ANONYMOUS),
    ],
)
def test_a_number_in_any_notation_is_one_number(raw: str, normalised: str, kind: NumberKind) -> None:
    number = normalise(raw, AREA)
    assert (number.raw, number.normalised, number.kind) == (raw, normalised, kind)


@pytest.mark.parametrize("carrier", ["17951", "17911", "17909", "12593"])
@pytest.mark.parametrize(
    ("behind", "number"),
    [("13812345678", "13812345678"), ("057188886666", "057188886666"), ("01065529988", "01065529988")],
)
def test_a_carrier_prefix_is_no_part_of_the_number(carrier: str, behind: str, number: str) -> None:
    assert normalise(carrier + behind, AREA).normalised == number


def test_the_place_is_where_the_number_was_allocated() -> None:
    assert normalise("057188888888", AREA).place == "浙江省杭州市"
    assert normalise("10086", AREA).place is None


@given(st.text(max_size=60))
def test_no_text_raises_and_reading_again_changes_nothing(raw: str) -> None:
    once = normalise(raw, AREA)
    assert normalise(once.normalised, AREA).normalised == once.normalised
    assert set(once.normalised) <= set("+0123456789*#")
    assert len(once.normalised) <= 21
    mask(once.normalised)


@given(st.text(alphabet="+0123456789*#-() 转x,;", max_size=30))
def test_no_number_like_text_raises_and_reading_again_changes_nothing(raw: str) -> None:
    once = normalise(raw, AREA)
    assert normalise(once.normalised, AREA).normalised == once.normalised


pieces = st.sampled_from(
    [
        "13812345678",
        "0571",
        "88886666",
        "8001",
        "86",
        "+",
        "00",
        "转",
        "ext.",
        "/",
        "-",
        " ",
        "(0)",
        "、",
        "*",
        "E+",
        "；",
        "tel:",
    ]
)


@given(st.lists(pieces | st.text(alphabet="+0123456789-() 转x,;#/", max_size=6), max_size=8).map("".join))
def test_no_digit_of_a_number_is_made_up_and_what_is_written_of_it_is_it_again(raw: str) -> None:
    assert not invented(raw, AREA)
    read = read_number(raw, AREA)
    if isinstance(read, Number):
        written = read.normalised + (f"转{read.extension}" if read.extension else "")
        again = read_number(written, AREA)
        assert isinstance(again, Number)
        assert (again.normalised, again.kind, again.extension) == (read.normalised, read.kind, read.extension)
    assert isinstance(read, NumberFault) <= bool(number_fault(raw, AREA))


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("13812345678/13900000001", "more than one number: write each by itself (such as 13812345678, 13900000001)"),
        ("138****5678", "hidden digits"),
        ("1.38E+10", "rounded by a spreadsheet"),
        ("852-21234567", "(such as +85221234567, 085221234567)"),
        ("无", "has no digits"),
        ("138123456", "is no telephone number"),
    ],
)
def test_what_is_wrong_with_a_number_is_named_and_what_may_be_meant_is_proposed(written: str, said: str) -> None:
    assert said in (number_fault(written, AREA) or "")
    assert number_fault("0571-88886666转8001", AREA) is None


mobiles = st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True)
# There is no area 0950: without its zero such a number is a call centre's (950…).
landlines = st.from_regex(r"0(10|2[0-9]|(?!950)[3-9][0-9]{2})[2-8][0-9]{7}", fullmatch=True)


def _spaced(number: str, cuts: list[int], between: str) -> str:
    for cut in sorted(set(cuts), reverse=True):
        number = number[:cut] + between + number[cut:]
    return number


@given(mobiles, st.sampled_from(["", "+86", "0086", "86", "+86 ", "0"]), st.lists(st.integers(1, 10), max_size=4))
def test_every_notation_of_a_mobile_is_the_same_number(number: str, prefix: str, cuts: list[int]) -> None:
    assert normalise(prefix + _spaced(number, cuts, " "), AREA).normalised == number


@given(landlines, st.sampled_from(["", "+86", "0086", "+86-"]), st.booleans())
def test_every_notation_of_a_landline_is_the_same_number(number: str, prefix: str, keep_zero: bool) -> None:
    written = number if keep_zero or not prefix else number[1:]
    assert normalise(prefix + written, AREA).normalised == number


@pytest.mark.parametrize(
    ("number", "masked"),
    [
        ("13812345678", "138****5678"),
        ("01012345678", "010-****5678"),
        ("057188888888", "0571-****8888"),
        ("4008100001", "4008100001"),
        ("10086", "10086"),
        ("1008611", "1008611"),
        ("8001", "8001"),
        ("+85221234567", "+852****4567"),
        ("", ""),
    ],
)
def test_masking(number: str, masked: str) -> None:
    assert mask(number) == masked


@given(mobiles, mobiles, st.sampled_from(["-", " - ", "–", "·", " "]))
def test_of_two_numbers_in_a_row_neither_is_told(one: str, other: str, between: str) -> None:
    shown = masked(f"{one}{between}{other}")
    assert one not in shown and other not in shown


@given(mobiles)
def test_a_masked_mobile_does_not_tell_its_middle(number: str) -> None:
    masked = mask(number)
    assert masked[3:7] == "****"
    assert len(masked) == len(number)
