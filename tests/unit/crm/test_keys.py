"""What a key may be, and when it opens nothing any more. ACC-4"""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from crm.keys.model import ApiKey, checked_lasts, checked_name, checked_scope

NOW = datetime(2026, 11, 30, 8, tzinfo=UTC)
KEY = ApiKey(
    name="reports",
    role="supervisor",
    scope=("list_tickets",),
    created_at=NOW,
    created_by="8901",
    expires_at=NOW + timedelta(days=365),
    used_at=None,
    refused_at=None,
    revoked_at=None,
    revoked_by=None,
)


@pytest.mark.req("ACC-4")
def test_a_key_opens_until_it_expires_or_is_revoked():
    assert KEY.closed(NOW) is None
    assert KEY.closed(KEY.expires_at - timedelta(microseconds=1)) is None
    assert KEY.closed(KEY.expires_at) == "expired"
    revoked = msgspec.structs.replace(KEY, revoked_at=NOW, revoked_by="8901")
    assert revoked.closed(NOW) == "revoked" == revoked.closed(KEY.expires_at)


@pytest.mark.parametrize("name", ["", "Reports", "报表", "-x", "a b", "x" * 41, "a\n"])
def test_names_are_words_for_programs(name):
    with pytest.raises(ValueError, match="small letters"):
        checked_name(name)


def test_a_scope_is_some_of_what_is_left_to_keys():
    grantable = frozenset({"list_tickets", "get_ticket"})
    assert checked_scope(["list_tickets", "get_ticket", "list_tickets"], grantable) == ("get_ticket", "list_tickets")
    with pytest.raises(ValueError, match="at least one"):
        checked_scope([], grantable)
    with pytest.raises(ValueError, match="create_api_key"):
        checked_scope(["list_tickets", "create_api_key"], grantable)


@pytest.mark.parametrize("days", [0, -1, 731])
def test_no_key_lasts_for_ever(days):
    with pytest.raises(ValueError, match="days"):
        checked_lasts(timedelta(days=days))
    assert checked_lasts(timedelta(days=730)) == timedelta(days=730)
