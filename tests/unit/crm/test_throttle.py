"""Guessing passwords becomes slow, and nobody but the guesser notices. ACC-1."""

from datetime import UTC, datetime, timedelta

import pytest

from crm.users.throttle import ACCOUNT, ADDRESS, MOST_KEPT, PAIR, Attempt, Throttle

START = datetime(2026, 11, 22, 1, 30, tzinfo=UTC)
ZERO = timedelta(0)
OWN_MACHINE = Attempt("8001", "192.0.2.1", device="own")


def guess(throttle: Throttle, attempt: Attempt, now: datetime, times: int) -> datetime:
    """So many wrong passwords, each as soon as it is let; returns when the last one was."""
    for _ in range(times):
        while wait := throttle.admit(attempt, now):
            now += wait
    return now


@pytest.mark.req("ACC-1")
def test_ten_thousand_guesses_from_one_address_take_three_months_and_the_owner_comes_in_all_the_while() -> None:
    throttle, now, refused = Throttle(), START, 0
    for number in range(10_000):
        now = guess(throttle, Attempt("8001", "203.0.113.9"), now, 1)
        if number % 100 == 0:  # the owner, on the own machine, and at another one in the house
            for owner in (OWN_MACHINE, Attempt("8001", "192.0.2.7")):
                if throttle.admit(owner, now):
                    refused += 1
                else:
                    throttle.succeeded(owner)
    assert now - START > timedelta(days=90)
    assert refused == 0


@pytest.mark.req("ACC-1")
def test_ten_thousand_guesses_from_a_thousand_addresses_take_three_months_and_the_owner_comes_in() -> None:
    """Where an account is guessed at from everywhere, who comes from an unknown machine waits too: not the owner."""
    throttle, now = Throttle(), START
    for number in range(10_000):
        now = guess(throttle, Attempt("8001", f"203.0.{number % 1000 // 250}.{number % 250}"), now, 1)
        assert throttle.admit(OWN_MACHINE, now) == ZERO
        throttle.succeeded(OWN_MACHINE)
    assert now - START > timedelta(days=90)


def test_ten_thousand_names_from_one_address_take_a_month() -> None:
    throttle, now = Throttle(), START
    for number in range(10_000):
        now = guess(throttle, Attempt(f"name-{number}", "203.0.113.9"), now, 1)
    assert now - START > timedelta(days=30)


def test_a_thief_of_the_own_machine_is_slowed_as_well() -> None:
    assert guess(Throttle(), OWN_MACHINE, START, 1_000) - START > timedelta(days=8)


def test_names_that_do_not_exist_are_slowed_as_others_are() -> None:
    known, unknown = Throttle(), Throttle()
    waits = [
        (known.admit(Attempt("8001", "a"), START), unknown.admit(Attempt("nobody", "a"), START)) for _ in range(50)
    ]
    assert [one for one, _ in waits] == [other for _, other in waits] and waits[-1][0] > ZERO


@pytest.mark.parametrize("limit", [PAIR, ADDRESS, ACCOUNT])
def test_the_wait_doubles_up_to_its_limit(limit: object) -> None:
    assert isinstance(limit, type(PAIR))
    waits = [limit.wait_after(number).total_seconds() for number in range(limit.free + 30)]
    assert waits[: limit.free] == [0] * limit.free
    assert waits[limit.free : limit.free + 3] == [limit.first_s, limit.first_s * 2, limit.first_s * 4]
    assert waits[-1] == limit.longest_s


def test_a_hundred_right_logins_in_a_row_are_free() -> None:
    throttle = Throttle()
    for attempt in (Attempt("8001", "a"), OWN_MACHINE):
        for _ in range(100):
            assert throttle.admit(attempt, START) == ZERO
            throttle.succeeded(attempt)


def test_who_mistypes_and_then_gets_it_right_starts_afresh_but_frees_nobody_else() -> None:
    throttle = Throttle()
    for _ in range(ADDRESS.free - PAIR.free):
        throttle.admit(Attempt("8002", "a"), guess(throttle, Attempt("8002", "a"), START, 1))
    mine = Attempt("8001", "b")
    for _ in range(3):
        for _ in range(PAIR.free - 1):
            assert throttle.admit(mine, START) == ZERO
        throttle.succeeded(mine)
    assert throttle.admit(Attempt("8002", "a"), START) > ZERO


def test_attempts_at_the_same_moment_count_before_any_has_failed() -> None:
    throttle = Throttle()
    answers = [throttle.admit(Attempt("8001", "a"), START) > ZERO for _ in range(PAIR.free + 1)]
    assert answers == [False] * PAIR.free + [True]


def test_it_is_forgotten_in_the_end_and_a_clock_set_back_makes_nobody_wait_longer() -> None:
    throttle, attempt = Throttle(), Attempt("8001", "a")
    last = guess(throttle, attempt, START, PAIR.free + 10)
    wait = throttle.admit(attempt, last)
    assert wait > ZERO and throttle.admit(attempt, last - timedelta(days=300)) <= wait
    assert throttle.admit(attempt, last + PAIR.forget + timedelta(seconds=1)) == ZERO


def test_a_flood_takes_bounded_memory_and_washes_no_guessed_account_away() -> None:
    throttle = Throttle()
    last = guess(throttle, Attempt("8901", "203.0.113.9"), START, PAIR.free + 6)
    for number in range(MOST_KEPT):
        throttle.admit(Attempt(f"name {number}", f"address {number}"), last)
    assert len(throttle._kept) == MOST_KEPT
    assert throttle.admit(Attempt("8901", "203.0.113.9"), last) > ZERO
