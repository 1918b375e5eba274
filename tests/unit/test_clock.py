"""The one clock: whatever is done to the machine's, its instants go on, and stamps of others are understood. F21."""

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.process import clock as module
from app.process.clock import SLEW, Clock

BEGAN = datetime(2026, 11, 30, 9, tzinfo=UTC)
HOUR_S, YEARS_S = 3600.0, 5 * 365 * 86_400.0


class Machine:
    """Its clock is set while its seconds go on."""

    def __init__(self) -> None:
        self.on_s, self.set_by_s = 1000.0, 0.0

    def wall(self) -> datetime:
        return BEGAN + timedelta(seconds=self.on_s + self.set_by_s)

    def steady(self) -> float:
        return self.on_s

    def clock(self) -> Clock:
        return Clock(self.wall, self.steady)


LIFE = st.lists(
    st.tuples(
        st.floats(0, 20),
        st.one_of(st.just(0.0), st.sampled_from([HOUR_S, -HOUR_S, YEARS_S, -YEARS_S, 1.5, -1.5, 30.0, -30.0])),
        st.booleans(),
    ),
    max_size=60,
)


@given(LIFE)
def test_spans_are_those_of_the_machines_seconds_whatever_is_done_to_its_clock(
    life: list[tuple[float, float, bool]],
) -> None:
    """To a half percent, by which a small difference is made up for; and no instant is before an earlier one."""
    machine = Machine()
    clock, told = machine.clock(), machine.wall()
    for seconds, set_by_s, looks in life:
        before, from_s = clock.now(), machine.on_s
        assert before >= told
        machine.on_s += seconds
        machine.set_by_s += set_by_s
        span_s = (clock.now() - before).total_seconds()
        assert abs(span_s - (machine.on_s - from_s)) <= SLEW * seconds + 2e-6
        if looks:
            clock.look()
        assert clock.now() >= before
        told = clock.now()


@pytest.mark.parametrize("set_by_s", [30.0, -30.0, 1.0, -1.0])
def test_a_small_difference_is_made_up_for_slowly(set_by_s: float) -> None:
    machine = Machine()
    clock = machine.clock()
    machine.set_by_s = set_by_s
    for _ in range(round(abs(set_by_s) / SLEW) + 10):
        machine.on_s += 1
        clock.look()
    assert abs(clock.apart_s) < SLEW and clock.status()["up"]


@given(
    st.lists(st.tuples(st.integers(2, 300), st.sampled_from([HOUR_S, -HOUR_S, YEARS_S, -YEARS_S, 7.0])), max_size=8),
    st.integers(0, 2000),
)
def test_what_was_stamped_by_the_machines_clock_is_known_by_ours_also_from_before_it_was_set(
    steps: list[tuple[int, float]], age_s: int
) -> None:
    """Asterisk's events, the beginning of a call that has lived through steps, a file's time."""
    machine = Machine()
    clock, stamps = machine.clock(), [(machine.clock().now(), machine.wall())]
    for seconds, set_by_s in steps:
        for _ in range(seconds):
            machine.on_s += 1
            clock.look()
            stamps.append((clock.now(), machine.wall()))
        machine.set_by_s += set_by_s
        clock.look()
        stamps.append((clock.now(), machine.wall()))
    true, stamp = stamps[-1 - age_s % len(stamps)]
    understood = clock.ours(stamp)
    again = [abs(ours - understood) for ours, other in stamps if other == stamp]
    assert abs(understood - true) < timedelta(seconds=1.5) or min(again) < timedelta(seconds=1.5), "a time told twice"
    assert understood <= clock.now() + timedelta(seconds=1)


def test_who_was_not_set_with_the_machine_is_understood_too() -> None:
    """A stamp taken in the second before the step was noticed."""
    machine = Machine()
    clock = machine.clock()
    for set_by_s in (HOUR_S, -HOUR_S, YEARS_S, -YEARS_S):
        machine.on_s += 5
        clock.look()
        stamp, true = machine.wall(), clock.now()
        machine.set_by_s += set_by_s
        machine.on_s += 0.5
        clock.look()
        assert abs(clock.ours(stamp) - true) < timedelta(seconds=0.1)


@pytest.fixture
def rebooted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    boot = tmp_path / "boot_id"
    monkeypatch.setattr(module, "BOOT", boot)

    def reboot() -> None:
        boot.write_text(f"{random.getrandbits(64):x}\n", encoding="ascii")

    reboot()
    return reboot


@pytest.mark.parametrize("set_by_s", [HOUR_S, -HOUR_S, YEARS_S, -YEARS_S])
def test_a_controller_that_takes_over_goes_on_by_the_same_time(
    rebooted: Callable[[], None], tmp_path: Path, set_by_s: float
) -> None:
    """Its calls' instants are those of the one that died."""
    machine, file = Machine(), tmp_path / "clock.json"
    clock = machine.clock()
    machine.on_s += 30
    clock.keep(file)
    died_at = clock.now()
    machine.on_s += 10
    machine.set_by_s = set_by_s
    heir = machine.clock()
    heir.go_on_from(file)
    assert heir.now() == died_at + timedelta(seconds=10)
    assert not heir.status()["up"] and heir.apart_s == pytest.approx(set_by_s)


@pytest.mark.parametrize(("set_by_s", "jumps"), [(HOUR_S, True), (-HOUR_S, False), (-YEARS_S, False)])
def test_after_a_start_of_the_machine_its_clock_counts_unless_it_is_behind(
    rebooted: Callable[[], None], tmp_path: Path, set_by_s: float, jumps: bool
) -> None:
    """A machine without a battery begins in 1970: what happens now is later than what has happened."""
    machine, file = Machine(), tmp_path / "clock.json"
    machine.clock().keep(file)
    ended_at = machine.wall()
    rebooted()
    machine.set_by_s, machine.on_s = set_by_s, machine.on_s + 60
    heir = machine.clock()
    heir.go_on_from(file)
    assert heir.now() == (machine.wall() if jumps else ended_at)


def test_a_torn_or_missing_file_is_no_hindrance(tmp_path: Path) -> None:
    machine = Machine()
    clock = machine.clock()
    clock.go_on_from(tmp_path / "clock.json")
    (tmp_path / "clock.json").write_text('{"boot": "x", "stea')
    clock.go_on_from(tmp_path / "clock.json")
    assert clock.now() == machine.wall()
