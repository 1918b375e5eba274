"""Faults in bookings.yaml and outbox.yaml, at their places; a site without them offers no visits. BKG-1, BKG-2."""

import pytest

from config.loading.load import load_site
from tests.unit.config.workshop import Workshop

FAULTS = [
    ('"13:00-17:00"', '"11:00-17:00"', "overlapping hours on tue", 4, 5),
    ("capacity: 60", "capacity: -1", "at least 0", 9, 13),
    ("smallest: 1", "smallest: 50", "smallest 50 is more than largest 40", 11, 10),
    ('agent: "8005"', 'agent: "8055"', "unknown person of agents.yaml '8055'", 19, 70),
    ("id: he,", "id: lin,", "duplicate guide 'lin'", 2, 1),
    ("[zh, ja]", "[Japanese]", "'Japanese' is no language: write its code", 18, 60),
    ("queue: hotline", "queue: hotlin", "unknown queue 'hotlin'", 27, 8),
    ('at: "15:00"', "at: 15", "bad time 15: write it in quotes", 28, 32),
    ("days_before: 1,", "day_before: 1,", "unknown key 'day_before'; keys here are: at, days_before", 28, 12),
    ("id: interview", "id: repair", "duplicate kind of appointment 'repair'", 2, 1),
]


@pytest.mark.req("BKG-1")
@pytest.mark.parametrize(("old", "new", "message", "line", "column"), FAULTS)
def test_a_fault_of_bookings_is_found_at_its_place(
    workshop: Workshop, old: str, new: str, message: str, line: int, column: int
) -> None:
    workshop.edit("bookings.yaml", old, new)
    workshop.assert_faults(("bookings.yaml", line, column, message))


@pytest.mark.req("BKG-2")
@pytest.mark.filterwarnings("ignore:'imghdr' is deprecated")
@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("smsgate://key:secret@gateway", "apprise cannot use this 'smsgate://' URL"),
        ("sms.example", "no URL: write one of apprise's"),
    ],
)
def test_a_fault_of_the_outbox_does_not_tell_the_password(workshop: Workshop, url: str, message: str) -> None:
    workshop.edit("outbox.yaml", "routes: {}", f'routes: {{confirmation: ["{url}"]}}')
    workshop.assert_faults(("outbox.yaml", 5, 25, message))
    assert "secret" not in message


@pytest.mark.filterwarnings("ignore:'imghdr' is deprecated")
def test_a_site_may_do_without_and_an_apprise_url_is_taken(workshop: Workshop) -> None:
    workshop.edit("outbox.yaml", "routes: {}", 'routes: {confirmation: ["jsons://u:p@sms.example/{recipient}"]}')
    (workshop.directory / "bookings.yaml").unlink()
    site = load_site(workshop.directory)
    assert site.bookings.visits is None and site.bookings.guides == ()
    assert site.outbox.has("confirmation") and not site.outbox.has("report")
