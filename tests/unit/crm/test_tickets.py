"""The ticket's state table, its numbers and its form (TKT-1, TKT-3, TKT-7)."""

import itertools
from datetime import date

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from crm.errors import IllegalTransition
from crm.tickets.model import (
    TRANSITIONS,
    Severity,
    TicketForm,
    TicketKind,
    TicketState,
    TicketStep,
    apply,
    parse_ticket_number,
    ticket_number,
)

EXPECTED = {
    ("open", "wait"): "pending",
    ("open", "close"): "closed",
    ("pending", "resume"): "open",
    ("pending", "close"): "closed",
    ("closed", "reopen"): "open",
}


@pytest.mark.parametrize(("state", "step"), list(itertools.product(TicketState, TicketStep)))
def test_every_state_and_step(state: TicketState, step: TicketStep) -> None:
    expected = EXPECTED.get((state.value, step.value))
    if expected is None:
        with pytest.raises(IllegalTransition, match=f"{step.value} is not possible in state {state.value}"):
            apply(state, step)
    else:
        assert apply(state, step).value == expected
    assert len(TRANSITIONS) == len(EXPECTED)


def test_a_ticket_number_has_four_digits_and_more_when_needed() -> None:
    assert ticket_number(date(2026, 11, 22), 1) == "20261122-0001"
    assert ticket_number(date(2026, 11, 22), 10_000) == "20261122-10000"
    with pytest.raises(ValueError, match="counted from 1"):
        ticket_number(date(2026, 11, 22), 0)


@given(st.dates(min_value=date(2000, 1, 1)), st.integers(1, 999_999))
def test_a_ticket_number_can_be_read_back(day: date, count: int) -> None:
    assert parse_ticket_number(ticket_number(day, count)) == (day, count)


@pytest.mark.parametrize("text", ["", "20261122", "20261122-1", "2026-11-22-0001", "20261322-0001", "x20261122-0001"])
def test_other_texts_are_no_ticket_numbers(text: str) -> None:
    with pytest.raises(ValueError, match=r"ticket number|month"):
        parse_ticket_number(text)


def test_a_form_changes_only_what_it_sets() -> None:
    form = TicketForm(kind=TicketKind.COMPLAINT, matter="  噪音 ", disposition=None)
    assert form.changes() == {"kind": "complaint", "matter": "噪音", "disposition": None}
    assert TicketForm().changes() == {}
    assert form.severity is UNSET


def test_a_form_is_decoded_from_json() -> None:
    form = msgspec.json.decode('{"severity": "major", "contact_name": "王女士"}', type=TicketForm)
    assert form.changes() == {"severity": Severity.MAJOR, "contact_name": "王女士"}


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ('{"kind": "joke"}', "joke"),
        ('{"severity": null}', "severity"),
        ('{"state": "closed"}', "state"),
        ('{"contact_name": "%s"}' % ("长" * 65), "contact_name: 65 characters"),
        ('{"note": "a\\u0000b"}', "note: contains control"),
    ],
)
def test_a_form_with_a_fault_names_the_field(body: str, complaint: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=complaint):
        msgspec.json.decode(body, type=TicketForm)


def test_a_note_may_have_several_lines() -> None:
    assert TicketForm(note="一\n二").changes() == {"note": "一\n二"}
