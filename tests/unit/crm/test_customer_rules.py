"""Which cards may be one, what a card of a kind says, and what is left of a person's name and numbers. CUS-1, CUS-4."""

import random
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.numbering import normalise
from crm.customers.duplicates import ENOUGH, find_duplicates
from crm.customers.erasure import GONE, Person, digest, forget_numbers, pseudonym
from crm.customers.model import Customer, CustomerKind, CustomerNumber, card_faults
from crm.journal.events import CallArrived
from tests.fakes.call_story import arrived


def card(customer_id: int, name: str, number: str = "", **fields: str) -> Customer:
    numbers = (CustomerNumber(raw=number, normalised=number),) if number else ()
    return Customer(id=customer_id, name=name, numbers=numbers, **fields)  # type: ignore[arg-type]


@pytest.mark.req("CUS-1")
@pytest.mark.parametrize(
    ("one", "other", "score", "reasons"),
    [
        (card(1, "王芳", employer="设计院"), card(2, "王 芳", employer="设计院 "), 70, ("same_name", "same_employer")),
        (card(1, "王建国", employer="甲"), card(2, "王建围", employer="甲"), 55, ("near_name", "same_employer")),
        (
            card(1, "王芳", "88886666"),
            card(2, "王芳", "057188886666"),
            80,
            ("same_name", "same_number_otherwise_written"),
        ),
        (card(1, "王芳"), card(2, "王芳"), 40, ("same_name",)),
        (card(1, "王芳", "13812345678"), card(2, "李", notes="另有 138-1234-5678"), 50, ("number_in_notes",)),
        (
            card(1, "甲", shop_name="百味轩", unit="305"),
            card(2, "乙", shop_name="百味轩", unit="305"),
            70,
            ("same_shop", "same_unit"),
        ),
    ],
)
def test_each_reason_has_its_points(one: Customer, other: Customer, score: int, reasons: tuple[str, ...]) -> None:
    found = find_duplicates([one, other])
    assert [(each.score, each.reasons) for each in found] == ([(score, reasons)] if score >= ENOUGH else [])
    assert find_duplicates([other, one]) == found


@pytest.mark.req("CUS-1")
def test_only_pairs_with_enough_points_are_proposed_also_among_many() -> None:
    staff = [card(n, f"{chr(0x4E00 + n)}工", employer="省电力公司") for n in range(1, 3000)]
    twins = [card(5000, "王芳", employer="省电力公司"), card(5001, "王芳", employer="省电力公司")]
    found = find_duplicates([*staff, *twins])
    assert [(each.one, each.other) for each in found] == [(5000, 5001)]


@pytest.mark.req("CPL-10", "CUS-1")
def test_a_card_says_what_its_kind_says() -> None:
    merchant = Customer(name="甲公司", kind=CustomerKind.MERCHANT, unit="305", employer="乙")
    assert list(card_faults(merchant)) == ["employer", "shop_name"]
    assert list(card_faults(Customer(name=" ", unit="1", looked_after_by="8001"))) == [
        "name",
        "unit",
        "looked_after_by",
    ]
    assert card_faults(Customer(name="丙", kind=CustomerKind.ORGANISATION, contact_person="丁")) == {}


@pytest.mark.parametrize(
    ("raw", "found"),
    [("0571-88888888转8001", "8001"), ("88888888-123", "123"), ("010 12345678 ext. 9", "9"), ("0571-88888888", "")],
)
def test_an_extension_is_read_beside_its_number(raw: str, found: str) -> None:
    assert normalise(raw, "0571").extension == found


PERSON = Person(["王建国", "inbound", "王"], ["13812345678", "057188886666", "+85291234567"], "removed-x")


@pytest.mark.req("CUS-4")
@pytest.mark.parametrize(
    "written",
    [
        "13812345678",
        "+8613812345678",
        "0086 138 1234 5678",
        "138-1234-5678",
        "(0571) 8888-6666",
        "88886666",
        "+85291234567",
        "571 88886666",
    ],
)
def test_a_number_goes_in_every_notation(written: str) -> None:
    assert PERSON.without(f"请回电{written}，谢谢") == "请回电removed-x，谢谢"


@pytest.mark.req("CUS-4")
def test_names_go_with_their_titles_and_nothing_else_does() -> None:
    assert PERSON.without("王建国/王先生/王女士") == f"{GONE}/{GONE}/{GONE}"
    for other in ("王建设", "国王", "inbound", "138123456789", "20261122-0001", "7138123456780", "4008100002"):
        assert PERSON.without(other) == other


@pytest.mark.req("CUS-4")
@given(
    st.sampled_from(["13812345678", "+8613812345678", "138 1234 5678", "008613812345678"]), st.text(alphabet="，请 电a")
)
def test_an_event_forgets_an_erased_number_and_stays_an_event(written: str, around: str) -> None:
    erased = {digest("13812345678"): "removed-x"}
    event = arrived("c1", "20261122-0001", datetime(2026, 11, 22, tzinfo=UTC), ani=f"{around}{written}{around}")
    done = forget_numbers(event, erased, "0571")
    assert isinstance(done, CallArrived)
    assert done.ani == f"{around}removed-x{around}"
    assert (done.ticket, done.dnis, done.event_id) == (event.ticket, event.dnis, event.event_id)
    assert forget_numbers(event, {digest("13812345679"): "x"}, "0571") is event


def test_what_stands_for_a_number_is_nobodys_number() -> None:
    made = pseudonym(random.Random(1))
    assert normalise(made, "0571").normalised == ""
    assert made != pseudonym(random.Random(2))
