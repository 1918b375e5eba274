"""Accounts and sessions as rules."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from crm.users.model import Account, checked_name, is_last_administrator, password_state, session_is_valid

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
ADMINISTRATOR = Account(
    name="8901",
    display_name="系统管理员",
    display_name_en="Administrator",
    role="administrator",
    state="active",
    of_site=True,
    listed=True,
    password="own",
    password_until=None,
    last_login_at=None,
    sessions=0,
)


def but(account: Account, **changes: object) -> Account:
    return msgspec.structs.replace(account, **changes)


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


@pytest.mark.parametrize(
    ("has_one", "must_change", "until", "state"),
    [
        (False, False, None, "none"),
        (True, False, None, "own"),
        (True, True, NOW + timedelta(seconds=1), "one_time"),
        (True, True, NOW, "expired"),
        (True, True, None, "expired"),
    ],
)
def test_a_one_time_password_is_good_until_its_time(
    has_one: bool, must_change: bool, until: datetime | None, state: str
) -> None:
    assert password_state(has_one=has_one, must_change=must_change, until=until, now=NOW) == state


@pytest.mark.parametrize(
    "changes",
    [{"state": "locked"}, {"state": "retired"}, {"listed": False}, {"password": "none"}, {"password": "expired"}],
)
def test_who_cannot_get_in_is_no_administrator_to_count_on(changes: dict[str, object]) -> None:
    other = but(ADMINISTRATOR, name="8902")
    assert not is_last_administrator([ADMINISTRATOR, other], "8901")
    assert is_last_administrator([ADMINISTRATOR, but(other, **changes)], "8901")
    assert not is_last_administrator([ADMINISTRATOR, but(other, **changes)], "8902")
    assert not but(other, **changes).may_log_in


def test_a_supervisor_is_no_administrator() -> None:
    assert is_last_administrator([ADMINISTRATOR, but(ADMINISTRATOR, name="8801", role="supervisor")], "8901")


@pytest.mark.parametrize("name", ["", "8", "Li.Na", "token:administrator", "?", "a" * 33, "li na", ".li", "李娜"])
def test_a_name_to_log_in_with_is_plain(name: str) -> None:
    with pytest.raises(ValueError, match="a-z"):
        checked_name(name)
    assert checked_name("li.na") == "li.na" and checked_name("8902") == "8902"
