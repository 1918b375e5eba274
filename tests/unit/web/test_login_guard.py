"""Guessing passwords from one address becomes slow; nobody else notices."""

from datetime import UTC, datetime, timedelta

from app.web.http.login_guard import FORGET_AFTER, FREE_ATTEMPTS, LONGEST_WAIT_S, MAX_ADDRESSES, LoginGuard

START = datetime(2026, 11, 22, 1, 30, tzinfo=UTC)
ZERO = timedelta(0)


def test_ten_thousand_guesses_take_more_than_a_month():
    guard, now = LoginGuard(), START
    for _ in range(10_000):
        while wait := guard.admit("127.0.0.9", now):
            now += wait
    assert now - START > timedelta(days=30)


def test_the_wait_doubles_up_to_its_limit():
    guard, now, waits = LoginGuard(), START, []
    for _ in range(FREE_ATTEMPTS + 12):
        wait = guard.admit("127.0.0.9", now)
        if wait:
            waits.append(wait.total_seconds())
            now += wait
            assert guard.admit("127.0.0.9", now) == ZERO
    assert waits[:5] == [1, 2, 4, 8, 16]
    assert max(waits) == LONGEST_WAIT_S


def test_a_hundred_right_logins_in_a_row_are_free():
    guard = LoginGuard()
    for _ in range(100):
        assert guard.admit("127.0.0.9", START) == ZERO
        guard.succeeded("127.0.0.9")


def test_attempts_at_the_same_moment_count_before_any_has_failed():
    guard = LoginGuard()
    assert [guard.admit("127.0.0.9", START) > ZERO for _ in range(FREE_ATTEMPTS + 1)] == [False] * FREE_ATTEMPTS + [
        True
    ]


def test_another_address_and_a_later_hour_start_afresh():
    guard = LoginGuard()
    for _ in range(FREE_ATTEMPTS):
        guard.admit("127.0.0.9", START)
    assert guard.admit("127.0.0.9", START) > ZERO
    assert guard.admit("127.0.0.8", START) == ZERO
    assert guard.admit("127.0.0.9", START + FORGET_AFTER + timedelta(seconds=1)) == ZERO


def test_a_flood_of_addresses_takes_bounded_memory_and_forgets_the_longest_unseen():
    guard = LoginGuard()
    for _ in range(FREE_ATTEMPTS):
        guard.admit("the first", START)
    for number in range(MAX_ADDRESSES):
        guard.admit(f"address {number}", START)
    assert len(guard._attempts) == MAX_ADDRESSES
    assert guard.admit("the first", START) == ZERO


def test_a_clock_that_is_set_back_makes_nobody_wait():
    guard = LoginGuard()
    assert guard.admit("127.0.0.9", START) == ZERO
    assert guard.admit("127.0.0.9", START - timedelta(hours=1)) == ZERO
