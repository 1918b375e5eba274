"""Who is let in, as the system's limit comes and goes. Time is given; nothing waits."""

import math
from collections import deque
from itertools import count, islice

import pytest

from ivr.port.admission import (
    BURST_S,
    CALM_S,
    FEW,
    LEAST,
    LEAST_BURST,
    SLOW_WINDOWS,
    STUMBLE,
    WINDOW_S,
    Admission,
    Refusal,
)

FAST_S, SLOW_S = 0.01, 1.0
LIMIT_S = 0.15


def command(admission: Admission, now: float, took_s: float, number: int = 1) -> None:
    """One that is answered now."""
    admission.sent(now - took_s, number)
    admission.carried_out(now, number)


class Machine:
    """A system that carries commands out one after the other, ten a call, `capacity` calls' worth a second."""

    def __init__(self, capacity: float) -> None:
        self.capacity = capacity
        self.admission = Admission(latency_s=LIMIT_S, in_setup=1000)
        self.now = self.free_at = 1000.0
        self.let_in: list[float] = []
        self.refused: list[float] = []
        self.waits: list[float] = []
        """How long each caller waited for what was sent first for them."""
        self._numbers = count()
        self._under_way: deque[tuple[float, int]] = deque()

    def offer(self, rate: float, seconds: float) -> None:
        """Evenly, so many calls a second: ten commands for each that is let in, one for each that is refused."""
        end = self.now + seconds
        while self.now < end:
            self.now += 1 / rate
            self._carry_out()
            refusal = self.admission.ask(self.now, 10)
            (self.let_in if refusal is None else self.refused).append(self.now)
            self._send(10 if refusal is None else 1)

    def _send(self, commands: int) -> None:
        for number in islice(self._numbers, commands):
            self.free_at = max(self.free_at, self.now) + 0.1 / self.capacity
            self.admission.sent(self.now, number)
            self._under_way.append((self.free_at, number))
        self.waits.append(self.free_at - self.now)

    def _carry_out(self) -> None:
        while self._under_way and self._under_way[0][0] <= self.now:
            at, number = self._under_way.popleft()
            self.admission.carried_out(at, number)


def test_below_the_limit_everybody_is_let_in() -> None:
    machine = Machine(capacity=100)
    machine.offer(rate=90, seconds=30)
    assert not machine.refused
    assert machine.admission.rate == math.inf
    assert machine.admission.status(machine.now)["up"]


def test_at_twice_the_limit_about_as_many_are_let_in_as_can_be_served() -> None:
    machine = Machine(capacity=100)
    machine.offer(rate=90, seconds=5)
    began, served = machine.now, len(machine.let_in)
    machine.offer(rate=200, seconds=20)
    a_second = (len(machine.let_in) - served) / (machine.now - began)
    assert 80 <= a_second <= 100
    assert max(machine.waits) < 0.7, "somebody waited long for an answer or a refusal"
    assert machine.refused and not machine.admission.status(machine.now)["up"]


def test_when_it_is_over_everybody_is_let_in_again() -> None:
    machine = Machine(capacity=100)
    machine.offer(rate=200, seconds=10)
    machine.offer(rate=30, seconds=20)
    assert machine.admission.rate == math.inf
    refused = len(machine.refused)
    machine.offer(rate=90, seconds=10)
    assert len(machine.refused) == refused
    assert machine.refused[-1] < machine.now - CALM_S


def test_too_many_calls_on_their_way_refuse_the_next_one() -> None:
    admission = Admission(latency_s=LIMIT_S, in_setup=3)
    assert admission.ask(100.0, 2) is None
    assert admission.ask(100.0, 3) is Refusal.FULL
    assert admission.refused == 1


def test_those_who_waited_for_a_reconnect_are_let_in_unless_there_is_no_room() -> None:
    admission = Admission(latency_s=LIMIT_S, in_setup=3)
    assert admission.ask(100.0, 50, waited=True) is None
    assert admission.ask(100.0, 50) is Refusal.FULL
    admission.rate = LEAST
    assert admission.ask(100.0, 50, waited=True) is Refusal.FULL


def test_commands_that_are_not_answered_tell_before_their_answers_come() -> None:
    admission, now = Admission(latency_s=LIMIT_S, in_setup=1000), 100.0
    command(admission, now, FAST_S)
    admission.sent(now, 2)
    now += LIMIT_S - 0.01
    assert not any(admission.ask(now, 0) for _ in range(20))
    now += STUMBLE * LIMIT_S
    assert [admission.ask(now, 0) for _ in range(20)].count(None) == LEAST_BURST
    admission.carried_out(now, 2)
    assert not any(admission.ask(now, 0) for _ in range(20)), "it has been answered"


def test_while_the_machine_stumbles_as_many_are_let_in_as_it_did_before() -> None:
    machine = Machine(capacity=200)
    machine.offer(rate=100, seconds=5)
    admission, now = machine.admission, machine.now
    admission.sent(now, -1)
    now += LIMIT_S
    bears_s = (STUMBLE - 1) * LIMIT_S
    asked = [admission.ask(now + number / 1000, 0) for number in range(1, int(bears_s * 1000))]  # a thousand a second
    assert 100 * BURST_S <= asked.count(None) <= 115 * (BURST_S + bears_s) < len(asked)
    assert admission.rate == math.inf, "that is no limit yet"


def test_under_a_limit_a_command_may_not_wait_that_long() -> None:
    admission, now = Admission(latency_s=LIMIT_S, in_setup=1000), 100.0
    admission.rate = 40.0
    admission.sent(now, 1)
    assert [admission.ask(now + LIMIT_S + 0.01, 0) for _ in range(20)].count(None) == LEAST_BURST


def slow_for(windows: int, commands: int) -> Admission:
    """After so many windows of so many slow commands each, while forty calls a second were let in."""
    admission, now = Admission(latency_s=LIMIT_S, in_setup=1000), 100.0
    command(admission, now, FAST_S)
    for _ in range(windows):
        for _ in range(10):
            admission.ask(now, 0)
        for number in range(commands):
            command(admission, now + WINDOW_S / 2, SLOW_S, number)
        now += WINDOW_S
        admission.ask(now, 0)
    return admission


@pytest.mark.parametrize(
    ("windows", "commands", "limited"),
    [(SLOW_WINDOWS, FEW - 1, False), (SLOW_WINDOWS - 1, FEW, False), (SLOW_WINDOWS, FEW, True)],
)
def test_a_few_slow_commands_say_nothing_and_one_stumble_neither(windows: int, commands: int, limited: bool) -> None:
    assert (slow_for(windows, commands).rate < math.inf) is limited


def test_a_burst_after_silence_is_no_reason_to_let_more_in_than_the_rate() -> None:
    admission = Admission(latency_s=LIMIT_S, in_setup=1000)
    admission.ask(99.9, 1000)
    admission.rate = 40.0
    let_in = sum(admission.ask(100.0, 0) is None for _ in range(100))
    assert let_in == 40 * BURST_S


def test_a_few_calls_are_let_in_however_slow_the_machine_is() -> None:
    machine = Machine(capacity=LEAST / 2)
    machine.offer(rate=LEAST * 0.9, seconds=30)
    assert not machine.refused


def read_late(behind_s: float, windows: int) -> Admission:
    """Asterisk is quick; so long everything lay before it was read, while forty calls a second came."""
    admission, now = Admission(latency_s=LIMIT_S, in_setup=1000), 100.0
    for _ in range(windows):
        for number in range(10):
            admission.ask(now, 0)
            admission.sent(now - behind_s - FAST_S, number)
            admission.carried_out(now, number, behind_s)
        now += WINDOW_S
    admission.ask(now, 0)
    return admission


def test_what_lay_before_we_read_it_is_not_asterisks_time() -> None:
    admission = read_late(1.5 * LIMIT_S, 3 * SLOW_WINDOWS)
    assert admission.rate == math.inf
    assert admission.latest_s == pytest.approx(FAST_S)


def test_a_command_whose_answer_has_not_been_read_yet_is_only_as_old_as_what_has() -> None:
    admission, behind_s = Admission(latency_s=LIMIT_S, in_setup=1000), 1.5 * LIMIT_S
    for number in range(12 * SLOW_WINDOWS):
        now = 100.0 + number * WINDOW_S / 4
        admission.sent(now, number)
        admission.carried_out(now, number - 4, behind_s)  # sent a window ago
        admission.ask(now, 0)
    assert admission.rate == math.inf


def test_a_stumble_of_our_own_refuses_nobody_but_who_stays_behind_is_at_a_limit() -> None:
    assert read_late(1.0, SLOW_WINDOWS - 1).rate == math.inf
    assert read_late(1.0, SLOW_WINDOWS + 1).rate < 40


def test_the_ports_of_agents_are_not_given_to_callers() -> None:
    """However quick everything is, and however few are in a menu: who waits in a queue has a port too."""
    admission, now = Admission(latency_s=LIMIT_S, in_setup=1000, legs=10), 100.0
    assert admission.ask(now, 0, legs=10) is None
    assert admission.ask(now, 0, legs=11) is Refusal.NO_PORT
    assert admission.ask(now, 0, legs=11, waited=True) is Refusal.NO_PORT, "it could hear nothing"
    assert admission.refused == 2 and admission.is_refusing(now)
    assert admission.status(now)["legs_at_most"] == 10
    assert admission.ask(now, 0, legs=9) is None
