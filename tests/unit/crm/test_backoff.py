"""The one formula by which everything waits that failed."""

import math

from hypothesis import given
from hypothesis import strategies as st

from crm.backoff import wait_s


def test_the_wait_doubles_up_to_the_longest() -> None:
    assert [wait_s(failures, 5.0, 60.0) for failures in range(1, 7)] == [5, 10, 20, 40, 60, 60]


@given(st.integers(1, 10**9), st.floats(0.001, 1e6), st.one_of(st.floats(1e-3, 1e9), st.just(math.inf)))
def test_it_never_shrinks_never_overflows_and_never_passes_the_longest(
    failures: int, first_s: float, longest_s: float
) -> None:
    waits = wait_s(failures, first_s, longest_s)
    assert 0 < waits <= longest_s
    assert waits <= wait_s(failures + 1, first_s, longest_s) < math.inf
