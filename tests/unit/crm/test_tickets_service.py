"""Tickets are opened without the store, and go on without the disk. TKT-1, design D5."""

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from config.ids import CallId, ChannelId, TicketNumber
from crm.errors import JournalFailed
from crm.intake.model import Letter, Opening
from crm.journal.events import CallRang, Event
from crm.journal.journal import Journal, Position
from crm.use_cases import tickets as tickets_module
from crm.use_cases.tickets import Tickets

LATE_EVENING = datetime(2026, 11, 22, 16, 30, tzinfo=UTC)  # half past midnight of the 23rd where the site is


class FullDisk(Journal):
    """A journal whose disk is full for as long as the test says."""

    full = False

    def append(self, event: Event) -> Position:
        if self.full:
            raise JournalFailed("no space left on device")
        return super().append(event)


OPENING = Opening(received_at=LATE_EVENING)
LETTER = Letter(received_at=LATE_EVENING, sender="a@b.example", subject="", text="", key="k")


def open_ticket(tickets: Tickets, name: str) -> str:
    return tickets.open(
        call_id=CallId(name),
        channel_id=ChannelId(name),
        direction="inbound",
        dnis="4008100002",
        ani="13800001111",
        caller_name="",
        line="hotline",
        at=LATE_EVENING,
    )


@pytest.mark.req("TKT-1")
def test_a_ticket_is_numbered_by_the_sites_day_and_journalled_before_it_is_told(tmp_path: Path) -> None:
    journal, told = FullDisk.open(tmp_path), list[tuple[str, int]]()
    tickets = Tickets(
        journal,
        ZoneInfo("Asia/Shanghai"),
        lambda event: told.append((type(event).__name__, len(list(journal.read())))),
    )
    assert [open_ticket(tickets, "a"), open_ticket(tickets, "b")] == ["20261123-0001", "20261123-0002"]
    assert told == [("CallArrived", 1), ("CallArrived", 2)]
    journal.close()


@pytest.mark.req("TKT-1")
def test_a_full_disk_costs_no_call_no_number_and_no_event(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    journal, told = FullDisk.open(tmp_path), list[Event]()
    tickets = Tickets(journal, ZoneInfo("Asia/Shanghai"), told.append)
    journal.full = True
    numbers = [open_ticket(tickets, "a"), open_ticket(tickets, "b")]
    assert numbers == ["20261123-0001", "20261123-0002"]
    assert [record.__dict__["action"] for record in caplog.records] == ["journal_failed"] * 2
    journal.full = False
    tickets.record(CallRang(call_id="a", at=LATE_EVENING))
    assert [event for _, event in journal.read()] == told
    assert len(told) == 3
    journal.close()


@pytest.mark.req("OPS-7")
def test_what_waits_for_the_disk_is_bounded_and_what_is_lost_is_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing new begins long before memory holds all that it may; calls that are up are recorded on to the end."""
    monkeypatch.setattr(tickets_module, "MOST_WAITING", 50)
    monkeypatch.setattr(tickets_module, "MOST_HELD", 200)
    journal, told = FullDisk.open(tmp_path), list[Event]()
    tickets = Tickets(journal, ZoneInfo("Asia/Shanghai"), told.append)
    open_ticket(tickets, "a")
    journal.full = True
    for number in range(1, 50):
        tickets.record(rang(number))
        assert not tickets.begins_nothing
    tickets.record(rang(50))
    assert tickets.begins_nothing
    for begin in (
        lambda: tickets.open_from("letter", OPENING, LATE_EVENING),
        lambda: tickets.answer_on(TicketNumber("20261123-0001"), LETTER, LATE_EVENING),
    ):
        with pytest.raises(JournalFailed):
            begin()
    for number in range(51, 301):
        tickets.record(rang(number))
    assert (tickets.unwritten, tickets.lost, len(told)) == (200, 100, 301), "the live pages hear of all"
    journal.full = False
    tickets.record(rang(301))
    assert (tickets.unwritten, tickets.lost, tickets.begins_nothing) == (0, 100, False)
    written = [event.event_id for _, event in journal.read()][1:]
    assert written == [f"{number}" for number in [*range(1, 201), 301]], "in order, and the oldest are kept"
    journal.close()


def rang(number: int) -> CallRang:
    return CallRang(call_id="a", at=LATE_EVENING, event_id=f"{number}")
