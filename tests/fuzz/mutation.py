"""Makes hostile inputs of sound ones: pieces cut out, repeated a thousand times, put elsewhere; and keeps at it.

Each round begins with the next seed, so that a fault is found again by the same command, and a longer run goes further.
"""

import time
from collections.abc import Callable, Sequence

from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

SHORT_S, LONG_S = 20.0, 600.0
LARGEST = 300_000
ROUND = 40


@st.composite
def mutated(draw: st.DrawFn, seeds: Sequence[bytes], pieces: Sequence[bytes]) -> bytes:
    """One of the seeds, changed in a few places; at most LARGEST bytes."""
    found = bytearray(draw(st.sampled_from(seeds)))
    for _ in range(draw(st.integers(0, 6))):
        at = draw(st.integers(0, len(found)))
        length = draw(st.sampled_from([0, 1, 2, 5, 20, 100, 1000]))
        times = draw(st.sampled_from([1, 1, 1, 2, 10, 300, 5000]))
        match draw(st.sampled_from(["insert", "insert", "repeat", "cut", "noise", "move"])):
            case "insert":
                found[at:at] = draw(st.sampled_from(pieces)) * times
            case "repeat":
                found[at:at] = bytes(found[at : at + length]) * times
            case "cut":
                del found[at : at + length]
            case "noise":
                found[at : at + length] = draw(st.binary(max_size=20))
            case "move":
                moved = bytes(found[at : at + length])
                del found[at : at + length]
                to = draw(st.integers(0, len(found)))
                found[to:to] = moved
        del found[LARGEST:]
    return bytes(found)


def keep_at_it(holds: Callable[[bytes], None], inputs: st.SearchStrategy[bytes], soak: bool, most_s: float) -> None:
    """Round after round until the time is up. Each input is answered within `most_s` of a processor's time."""

    def within_its_time(content: bytes) -> None:
        began = time.process_time()
        holds(content)
        assert time.process_time() - began < most_s

    end, rounds = time.monotonic() + (LONG_S if soak else SHORT_S), 0
    quick = settings(max_examples=ROUND, database=None, deadline=None, suppress_health_check=list(HealthCheck))
    while time.monotonic() < end:
        seed(rounds)(quick(given(inputs)(within_its_time)))()
        rounds += 1
