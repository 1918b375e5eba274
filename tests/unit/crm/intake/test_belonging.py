"""A letter joins a ticket by what we have sent, and never one that is hidden or closed. TKT-1, LNE-6"""

import re
from itertools import product
from typing import get_args

import pytest

from crm.db.outbox.table import _random
from crm.intake.belonging import Evidence, joins, sent_ids
from crm.tickets.model import TicketState


@pytest.mark.req("TKT-1", "LNE-6")
@pytest.mark.parametrize("state", TicketState)
def test_of_all_ways_two_join_and_none_of_them_a_restricted_or_closed_ticket(state: TicketState) -> None:
    joined = {
        (evidence, known)
        for evidence, known, restricted in product(get_args(Evidence), (True, False), (True, False))
        if joins(evidence, known=known, restricted=restricted, state=state) and not restricted
    }
    hidden = {joins(evidence, known=True, restricted=True, state=state) for evidence in get_args(Evidence)}
    assert hidden == {False}
    closed = state is TicketState.CLOSED
    assert joined == (set() if closed else {("answer", True), ("answer", False), ("token", True)})


def test_tokens_are_random_and_what_mail_programs_leave_alone() -> None:
    made = {_random() for _ in range(1000)}
    assert len(made) == 1000 and all(re.fullmatch(r"[a-z2-7]{26}", each) for each in made)


def test_of_message_ids_those_of_our_making_are_asked_for() -> None:
    ours = _random()
    assert sent_ids((f"<{ours}@hall.example>", f"<{ours}x@hall.example>", "<1@x>", f"{ours}@x", "")) == [ours]
