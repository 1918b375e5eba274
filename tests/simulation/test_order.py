"""The ACD against its naive oracle: every match of long random lives is equal (issue 3, point 1; performance P6)."""

from collections.abc import Callable

import pytest

from tests.simulation.duel import Duel

SITES = 40
STEPS = 1_000_000
"""In all, in a soak run; `make test` makes a tenth."""


@pytest.mark.slow
@pytest.mark.parametrize("first", range(0, SITES, 10))
def test_every_match_is_the_one_that_plain_scanning_finds(first: int, times: Callable[[int], int]) -> None:
    """No agent belongs to two calls, nobody waits beside an idle agent who can take the call, the order is right."""
    for seed in range(first, first + 10):
        duel = Duel(seed)
        for _ in range(times(STEPS // SITES)):
            duel.step()
        assert duel.matched > 0.05 * duel.steps, "hardly anything happened"
