"""Knowledge cards: which version holds, and how a card is found. CPL-10."""

from datetime import UTC, date, datetime

import msgspec
import pytest

from config.loading.load import load_site
from crm.knowledge.model import Card, CardText, CardVersion, checked, found
from tests.unit.config.workshop import DEMO

pytestmark = pytest.mark.req("CPL-10")
TODAY = date(2026, 11, 28)
AT = datetime(2026, 11, 1, tzinfo=UTC)


def version(text: CardText, number: int = 1, approved: bool = True) -> CardVersion:
    by = "8801" if approved else None
    fields = msgspec.structs.asdict(text)
    return CardVersion(**fields, version=number, at=AT, by="8001", approved_by=by, approved_at=AT if by else None)


def shipped() -> list[Card]:
    cards = load_site(DEMO).knowledge.cards
    texts = [msgspec.convert(card.model_dump(exclude={"id"}), CardText) for card in cards]
    return [Card(id=number, opened=0, versions=(version(text),)) for number, text in enumerate(texts, 1)]


def titles(cards: list[Card], **asked: str) -> list[str]:
    return [now.title for _, now in found(cards, TODAY, **asked)]


@pytest.mark.parametrize("words", ["七天", "退货", "7 天", "质量问题 退款"])
def test_two_characters_are_enough_to_find_the_rule_of_seven_days(words: str) -> None:
    assert titles(shipped(), words=words)[0] == "商品退换货规则"


def test_every_word_has_to_be_there() -> None:
    assert titles(shipped(), words="退货 讲解") == []
    assert "商品维修与“两次修不好”规则" in titles(shipped(), words="两次")


def test_a_ticket_has_the_cards_of_its_kind_those_of_its_category_first() -> None:
    assert titles(shipped(), kind="after_sales") == ["商品退换货规则", "商品维修与“两次修不好”规则"]
    assert titles(shipped(), kind="complaint", category="visiting")[0] == "参观与讲解须知"
    assert titles(shipped(), kind="suggestion") == []
    assert len(titles(shipped())) == 4


def test_a_draft_does_not_hold_and_neither_does_what_is_over() -> None:
    old, new = CardText(title="旧", text="旧规则"), CardText(title="新", text="新规则")
    draft = Card(id=1, opened=0, versions=(version(old), version(new, 2, approved=False)))
    assert [now.title for _, now in found([draft], TODAY)] == ["旧"]
    over = msgspec.structs.replace(new, valid_until=date(2026, 11, 27))
    last = Card(id=1, opened=0, versions=(version(old), version(over, 2)))
    assert found([last], TODAY) == [] and found([last], date(2026, 11, 27)) != []
    never = Card(id=1, opened=0, versions=(version(old, approved=False),))
    assert found([never], TODAY) == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (CardText(title=" ", text="x"), "title"),
        (CardText(title="x", text="x" * 8001), "text: 8001 characters"),
        (CardText(title="x", text="nul \x00"), "control"),
        (CardText(title="x", text="x", keywords=("k",) * 21), "keywords"),
        (CardText(title="x", text="x", valid_from=TODAY, valid_until=AT.date()), "valid_until"),
    ],
)
def test_what_cannot_be_kept_is_refused(text: CardText, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        checked(text)
