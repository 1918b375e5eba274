"""The public's rate: a bucket an address and one for all; and whose address counts behind a proxy."""

from datetime import UTC, datetime, timedelta

from app.web.http.rate import RateLimit
from config.service.channels import Rate

NOW = datetime(2026, 11, 22, tzinfo=UTC)


def test_so_many_at_once_then_so_many_an_hour() -> None:
    limit = RateLimit(Rate(burst=2, per_hour=60), Rate(burst=100, per_hour=100))
    assert [bool(limit.take("a", NOW)) for _ in range(3)] == [False, False, True]
    assert limit.take("a", NOW) == timedelta(minutes=1)
    assert not limit.take("b", NOW), "another address has its own"
    assert not limit.take("a", NOW + timedelta(minutes=1))
    assert limit.take("a", NOW + timedelta(minutes=1))
    assert not limit.take("a", NOW + timedelta(days=1))


def test_all_together_have_a_limit_and_a_refusal_costs_nothing() -> None:
    limit = RateLimit(Rate(burst=9, per_hour=60), Rate(burst=2, per_hour=1))
    assert [bool(limit.take(each, NOW)) for each in "abc"] == [False, False, True]
    assert not limit.take("c", NOW + timedelta(hours=1))


def test_those_who_write_much_leave_half_to_those_who_have_not_written() -> None:
    """Ten addresses of one sender, each as often as it may: an honest visitor is let in all the same."""
    limit = RateLimit(Rate(burst=9, per_hour=9), Rate(burst=60, per_hour=60))
    taken = [limit.take(f"attacker {number % 10}", NOW) for number in range(200)]
    assert sum(not wait for wait in taken) == 30
    assert all(not limit.take(f"visitor {number}", NOW) for number in range(30))
    assert limit.take("one more", NOW)


def test_a_clock_that_is_set_back_fills_nothing() -> None:
    limit = RateLimit(Rate(burst=1, per_hour=1), Rate(burst=9, per_hour=9))
    assert not limit.take("a", NOW)
    assert limit.take("a", NOW - timedelta(hours=2))
