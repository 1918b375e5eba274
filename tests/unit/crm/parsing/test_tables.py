"""Whatever a table holds, no digit is invented and no row is lost without a fault that names it. CUS-1."""

import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crm.customers.imports import plan_import
from crm.errors import BadFile
from crm.parsing.tables.cells import tidied
from crm.parsing.tables.encodings import decoded
from crm.parsing.tables.model import ENCODINGS
from crm.parsing.tables.reading import read_table

NUMBERS = st.one_of(
    st.text("0123456789 -+()/、.,eE转×*", max_size=18),
    st.sampled_from(["1.38E+10", "13812345678", "0571-88886666转8001", '="13812345678"', "'13900000001", "2026-10-01"]),
    st.text(max_size=12),
)
NAMES = st.text(st.characters(codec="gb18030", exclude_categories=("Cc", "Co", "Cn", "Cs")), max_size=8)


@pytest.mark.req("CUS-1")
def test_no_digit_is_invented_and_no_row_is_lost(soak: bool) -> None:
    @settings(max_examples=6000 if soak else 120, deadline=None)
    @given(
        rows=st.lists(st.tuples(NAMES, NUMBERS), min_size=1, max_size=5),
        encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "gb18030"]),
        delimiter=st.sampled_from(",;\t"),
    )
    def holds(rows: list[tuple[str, str]], encoding: str, delimiter: str) -> None:
        out = io.StringIO()
        csv.writer(out, delimiter=delimiter).writerows([("姓名", "电话", "单位"), *((*row, "") for row in rows)])
        try:
            text = out.getvalue().encode(encoding)
            table = read_table(text)
        except (BadFile, UnicodeEncodeError):
            return  # told as a whole
        plan = plan_import(table, "0571", ())
        if plan.faults:
            return  # the heading is named as what cannot be read
        planned = {row.row: row for row in plan.rows}
        for number, (name, written) in enumerate(rows, start=2):
            said = [tidied(each)[0] for each in (name, written)]
            row = planned.get(number)
            assert row is not None or not any(said), (name, written)
            if row is None or row.card is None:
                assert row is None or row.faults
                continue
            digits = "".join(filter(str.isdigit, written))
            for kept in row.card.numbers:
                assert "".join(filter(str.isdigit, kept.raw)) in digits
            assert row.card.name == said[0]

    holds()


@pytest.mark.req("CUS-1")
@settings(max_examples=150, deadline=None)
@given(
    text=st.text(st.sampled_from("王芳李强赵敏姓名电话单位设计院博物馆杭州,13812345678\n"), min_size=12, max_size=60)
)
def test_a_text_in_any_encoding_is_the_same_text_or_told_to_be_uncertain(text: str) -> None:
    for encoding in ENCODINGS:
        try:
            data = text.encode(encoding)
        except UnicodeEncodeError:
            continue  # Big5 has no such character
        mark = {"utf-16-le": b"\xff\xfe", "utf-16-be": b"\xfe\xff"}.get(encoding, b"")
        try:
            found = decoded(mark + data)
        except BadFile:
            pytest.fail(f"{encoding}: {text!r}")
        assert found.text == text or not found.certain, (encoding, found)
        assert decoded(data, encoding).text == text.removeprefix("\ufeff")
