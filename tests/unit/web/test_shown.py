"""What a viewer sees of a timeline: every number in it masked, unless the case is at hand (CUS-4)."""

from datetime import UTC, datetime

import pytest

from app.web.api.common.shown import Viewer
from crm.rights import Principal
from crm.tickets.model import Severity, TicketDetail, TicketState, TimelineEntry
from tests.fakes.small_site import small_site

NOW = datetime(2026, 11, 22, 1, 30, tzinfo=UTC)


def ticket(details: dict[str, str | int | float | bool | None], agent: str | None = "8002") -> TicketDetail:
    return TicketDetail(
        number="20261122-0001",
        opened_at=NOW,
        state=TicketState.OPEN,
        kind=None,
        severity=Severity.NORMAL,
        channel="telephone",
        line="hotline",
        dnis="4008100002",
        ani="13812345678",
        call=None,
        queue=None,
        agent=agent,
        outcome=None,
        customer_id=None,
        customer_name=None,
        contact_name="",
        matter="",
        disposition=None,
        version=1,
        wish="",
        form_of_address="",
        contact_number="010 8765 4321",
        note="",
        calls=(),
        timeline=(TimelineEntry(at=NOW, source="change", action="contact_number", by="8002", details=details),),
        recordings=(),
    )


def viewer(at_hand: frozenset[str] = frozenset()) -> Viewer:
    return Viewer(Principal(name="8001", agent="8001", role="agent"), small_site(), at_hand)


@pytest.mark.parametrize(
    ("detail", "shown"),
    [
        ("13812345678", "138****5678"),
        ("+86 138 1234 5678", "138****5678"),
        ("rang 13812345678 and 010-87654321", "rang 138****5678 and 010-****4321"),
        ("4008100002", "4008100002"),
        ("room 12345", "room 12345"),
        (7, 7),
        (None, None),
    ],
)
def test_numbers_in_details_are_masked(detail, shown):
    found = viewer().ticket_full(ticket({"new": detail}))
    assert found.timeline[0].details == {"new": shown}
    assert (found.ani, found.contact_number) == ("138****5678", "010-****4321")


def test_at_hand_everything_is_shown_as_it_is():
    found = viewer(frozenset({"20261122-0001"})).ticket_full(ticket({"new": "+86 138 1234 5678"}))
    assert found.timeline[0].details == {"new": "+86 138 1234 5678"}
    assert (found.ani, found.ani_masked, found.contact_number) == ("13812345678", False, "010 8765 4321")
    assert not found.editable


def test_times_in_details_are_written_like_all_others():
    found = viewer().ticket_full(ticket({"due_at": "2026-11-22T09:30:00.123456+08:00"}))
    assert found.timeline[0].details == {"due_at": "2026-11-22T01:30:00.123Z"}
