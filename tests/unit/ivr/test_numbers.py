"""Nothing from outside reaches a dial string, a header or a log unchecked (design D11)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.port.numbers import clean_name, clean_number, dialable, is_dialable, masked


@pytest.mark.parametrize("number", ["10086", "+8613800138000", "*70#", "1" * 20])
def test_numbers_that_can_be_dialled(number: str) -> None:
    assert dialable(number) == number


@pytest.mark.parametrize(
    "number", ["", "+", "1" * 21, "138 0013", "1\n", "１３８", "1@x", "1&PJSIP/2", "${EXTEN}", "++1"]
)
def test_numbers_that_cannot(number: str) -> None:
    assert not is_dialable(number)
    with pytest.raises(ValueError, match="not a number"):
        dialable(number)


@given(st.text())
def test_a_cleaned_number_is_empty_or_dialable(raw: str) -> None:
    assert clean_number(raw) == "" or is_dialable(clean_number(raw))


@given(st.text())
def test_a_cleaned_name_is_harmless_and_stays_as_it_is(raw: str) -> None:
    name = clean_name(raw)
    assert len(name) <= 64
    assert not set(name) & set("\"'`<>\\\r\n\t\x00")
    assert "${" not in name
    assert clean_name(name) == name


def test_names_keep_what_people_are_called() -> None:
    assert clean_name(" 王 女士 (Wang)\r\n") == "王 女士 (Wang)"
    assert clean_name("$${{X}") == "X}"


def test_a_number_in_a_log_is_not_readable() -> None:
    assert masked("13800138000") == "138****8000"
    assert masked("10086") == "*****"
