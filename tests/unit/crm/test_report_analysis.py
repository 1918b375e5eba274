"""What is asked most: terms without a dictionary, compared with the period before; no number leaves in full. RPT-2."""

from datetime import UTC, datetime

import pytest

from config.service.matters import Matters
from crm.reports.analysis import hot_topics, top_terms
from crm.reports.facts import Facts, TicketFact
from crm.reports.terms import terms

AT = datetime(2026, 11, 27, 2, tzinfo=UTC)
PARKING = ["请问停车场在哪", "停车场满了怎么办", "想问停车场收费吗", "周一闭馆吗"]


def facts(*matters: str, restricted: bool = False) -> Facts:
    tickets = tuple(
        TicketFact(
            number=f"20261127-{place:04d}",
            opened_at=AT,
            kind="consultation",
            category=None,
            department=None,
            severity="normal",
            state="open",
            channel="telephone",
            line="hotline",
            agent="8001",
            matter=matter,
            restricted=restricted,
        )
        for place, matter in enumerate(matters)
    )
    return Facts(
        since=AT, until=AT, tickets=tickets, clocks=(), fell_due=(), talks=(), attempts=(), scores=(), steps=()
    )


@pytest.mark.req("RPT-2")
def test_of_runs_that_come_up_together_the_longest_is_told() -> None:
    assert terms(PARKING) == {"停车场": 3}
    assert terms([*PARKING, "停车费", "停车", "停车位"]) == {"停车": 6, "停车场": 3}
    assert terms(["停车场停车场停车场"]) == {}, "a matter counts once"


@pytest.mark.req("RPT-2")
def test_terms_are_set_beside_those_of_the_period_before() -> None:
    before = facts(*["讲解员预约"] * 4, *PARKING)
    section = top_terms(facts(*PARKING, *PARKING), before)
    assert section.rows[0] == ("停车场", 6, 3, 3)
    assert ("讲解员预约", 0, 4, -4) in section.rows
    assert top_terms(facts(*PARKING, restricted=True), facts()).rows == ()


@pytest.mark.req("RPT-2", "CUS-4")
def test_an_example_shows_no_number_in_full() -> None:
    (row,) = hot_topics(facts("请回电13812345678，或0571-88886666，2026-11-27"), facts(), Matters()).rows
    assert row[-1] == "请回电138****5678，或0571-****6666，2026-11-27"[:30]
