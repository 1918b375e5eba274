"""Back-off and session times as rules."""

from datetime import UTC, datetime, timedelta

import pytest

from crm.users.model import lock_after, session_is_valid

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)


def test_five_wrong_passwords_are_free_then_the_wait_doubles_up_to_fifteen_minutes() -> None:
    waits = [lock_after(failures).total_seconds() for failures in range(0, 20)]
    assert waits[:6] == [0] * 6
    assert waits[6:10] == [1, 2, 4, 8]
    assert waits[-1] == 900
    assert lock_after(10_000).total_seconds() == 900


@pytest.mark.parametrize(
    ("age", "idle", "valid"),
    [
        (timedelta(0), timedelta(0), True),
        (timedelta(hours=1), timedelta(minutes=29, seconds=59), True),
        (timedelta(hours=1), timedelta(minutes=30), False),
        (timedelta(hours=11, minutes=59), timedelta(0), True),
        (timedelta(hours=12), timedelta(0), False),
    ],
)
def test_a_session_ends_by_idleness_or_age(age: timedelta, idle: timedelta, valid: bool) -> None:
    assert session_is_valid(created_at=NOW - age, seen_at=NOW - idle, now=NOW) is valid
