"""Words of texts, queries as people type them, snippets. TKT-7."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.errors import BadQuery
from crm.tickets.search import BETWEEN, Query, Term, indexed, key_of, number_of, parse, snippet, words

pytestmark = pytest.mark.req("TKT-7")


def spelt(text: str) -> list[str]:
    return [each.word for each in words(text)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("投诉电话", ["投诉", "诉电", "电话", "话"]),
        ("投诉，电话", ["投诉", "诉", "电话", "话"]),
        ("好", ["好"]),
        ("Ｔ３航站楼", ["t3", "航站", "站楼", "楼"]),
        ("iPhone 15 坏了", ["iphone", "15", "坏了", "了"]),
        ("ＡＢＣ１２３", ["abc123"]),
        ("㎏", ["kg"]),
        ("𠮷野家", ["𠮷野", "野家", "家"]),
        ("退票！！", ["退票", "票"]),
        (" \n\t", []),
    ],
)
def test_a_text_becomes_pairs_of_characters_and_whole_words(text: str, found: list[str]) -> None:
    assert spelt(text) == found


def test_a_word_says_where_it_stands_in_the_text_as_it_was() -> None:
    text = "请㎏，Ｔ３"
    assert [(each.word, text[each.start : each.end]) for each in words(text)] == [
        ("请", "请"),
        ("kg", "㎏"),
        ("t3", "Ｔ３"),
    ]


def test_phrases_do_not_reach_from_one_text_into_the_next() -> None:
    assert indexed(["投诉", "", "电话"]) == ["投诉", "诉", BETWEEN, "电话", "话"]


@pytest.mark.parametrize(
    ("typed", "terms"),
    [
        ("投诉", [Term(("投诉",))]),
        ("投", [Term(("投",), prefix=True)]),
        ("投诉电话", [Term(("投诉", "诉电", "电话"))]),
        ("退款 票价", [Term(("退款",)), Term(("票价",))]),
        ("退款，票价", [Term(("退款",)), Term(("票价",))]),
        ("讲解 -英语", [Term(("讲解",)), Term(("英语",), without=True)]),
        ("“故障 电梯”", [Term(("故障", "障", "电梯"))]),
        ('"A380 coach"', [Term(("a380", "coach"))]),
        ('讲解 "没有 关上', [Term(("讲解",)), Term(("没有", "有", "关上"))]),
        ("T3航站楼", [Term(("t3", "航站", "站楼"))]),
        ("ＶＩＰ厅", [Term(("vip", "厅"), prefix=True)]),
        ("e-mail", [Term(("e", "mail"))]),
    ],
)
def test_what_is_typed_is_understood(typed: str, terms: list[Term]) -> None:
    assert list(parse(typed).terms) == terms


def test_numbers_are_recognised() -> None:
    assert parse("20261122-0001").number == "20261122-0001"
    assert parse(" 138 1234 5678 ").telephone == "138 1234 5678"
    assert (parse("0571-88889999").telephone, parse("2026").telephone) == ("0571-88889999", None)


@pytest.mark.parametrize(
    "typed", ["", "  ", "-投诉", "！？", '""', "-", " ".join("一二三四五六七八九十百千万亿兆京垓")]
)
def test_what_names_nothing_to_look_for_is_refused_with_words(typed: str) -> None:
    with pytest.raises(BadQuery, match=r"^[ -~]*words? ") as caught:
        parse(typed)
    assert "词" in caught.value.zh


def marked(texts: list[str], typed: str) -> str:
    return "".join(f"[{each.text}]" if each.hit else each.text for each in snippet(texts, parse(typed)))


@pytest.mark.parametrize(
    ("texts", "typed", "shown"),
    [
        (["来电投诉讲解态度", ""], "投诉", "来电[投诉]讲解态度"),
        (["来电投诉讲解态度"], "投", "来电[投]诉讲解态度"),
        (["门票", "要求退票，退票费太高"], "退票", "要求[退票]，[退票]费太高"),
        (["讲解", "讲解员迟到"], "讲解 迟到", "[讲解]员[迟到]"),
        (["坐Ｔ３的ｂｕｓ"], "t3 BUS", "坐[Ｔ３]的[ｂｕｓ]"),
        (["没有这个词"], "20261122-0001", "没有这个词"),
        (["重复重复重"], "重复", "[重复][重复]重"),
        (["一" * 100 + "投诉" + "二" * 100], "投诉", "…" + "一" * 20 + "[投诉]" + "二" * 58 + "…"),
        ([], "投诉", ""),
    ],
)
def test_a_snippet_shows_the_hit_in_its_text(texts: list[str], typed: str, shown: str) -> None:
    assert marked(texts, typed) == shown


@given(st.text("投诉电话，ab1 ", min_size=1, max_size=30), st.data())
def test_every_part_of_a_run_is_found_in_its_text(text: str, data: st.DataObject) -> None:
    runs = text.translate(dict.fromkeys(map(ord, "，ab1"), " ")).split()
    if not runs:
        return
    run = data.draw(st.sampled_from(runs))
    begin = data.draw(st.integers(0, len(run) - 1))
    part = run[begin : data.draw(st.integers(begin + 1, len(run)))]
    assert any(piece.hit and piece.text == part for piece in snippet([text], parse(part))), (text, part)


def test_keys_are_in_the_order_of_tickets_and_lead_back() -> None:
    numbers = ["20251231-9999", "20251231-10000", "20260101-0001"]
    keys = [key_of(number) for number in numbers]
    assert keys == sorted(keys)
    assert [number_of(key) for key in keys] == numbers


def test_a_query_without_terms_wants_nothing() -> None:
    assert Query((Term(("一",), without=True),)).wanted == ()
