"""Who guesses at telephones' secrets is shut out for a while; who has a right one is not. OPS-7"""

import asyncio
import logging
import random
from collections.abc import Sequence

import pytest

from ivr.port.values import TelephonyDown, TelephonyError
from ivr.sip.guesses import MOST, MOST_SHUT, PROVEN_S, SHUT_S, TOLD_AT, WITHIN_S, Guesses, subscriber
from ivr.sip.message import Accepted, Denied, Tried, read_secret
from ivr.sip.shut_out import ShutOut

pytestmark = pytest.mark.req("OPS-7")

GUESSER, DESK, TRUNK = "203.0.113.9", "192.0.2.8", "192.0.2.1"


def guess(guesses: Guesses, address: str, now: float, *, nonce: bytes | None = None) -> None:
    """One secret that is wrong, asked for as it is done: without one first, then with the nonce of the answer."""
    key, given = b"%f %s" % (now, address.encode()), b"n-%f-%s" % (now, address.encode())
    if nonce is None:
        guesses.heard(Denied(key + b"1", (given,)), address, now)
    guesses.heard(Tried(key + b"2", (nonce or given,)), address, now)
    guesses.heard(Denied(key + b"2", (b"next" + given,)), address, now)


def registers(guesses: Guesses, address: str, now: float) -> None:
    """A telephone with its right secret."""
    key = b"r %f" % now
    guesses.heard(Denied(key + b"1", (b"own" + key,)), address, now)
    guesses.heard(Tried(key + b"2", (b"own" + key,)), address, now)
    guesses.heard(Accepted(key + b"2"), address, now)


def test_who_guesses_is_shut_out_for_a_while_and_again_while_it_goes_on() -> None:
    guesses = Guesses()
    for number in range(TOLD_AT):
        assert not guesses.shut(number / 10)
        guess(guesses, GUESSER, number / 10)
    assert guesses.shut(2.0) == {GUESSER} == guesses.shut(SHUT_S)
    assert guesses.shut(SHUT_S + 2.0) == frozenset(), "nothing more was heard"
    for number in range(TOLD_AT):
        guess(guesses, GUESSER, SHUT_S + 10.0 + number)
    assert guesses.shut(SHUT_S + 31.0) == {GUESSER}


def test_ten_thousand_guesses_in_an_hour_are_hardly_ever_read() -> None:
    guesses, read = Guesses(), 0
    for number in range(10_000):
        now = number * 0.36
        if GUESSER not in guesses.shut(now):
            read += 1
            guess(guesses, GUESSER, now)
        else:  # Asterisk's 403, unread
            guesses.heard(Tried(b"%d" % number, (b"old",)), GUESSER, now)
            guesses.heard(Denied(b"%d" % number), GUESSER, now)
    assert read <= 13 * TOLD_AT


def test_a_telephone_with_an_old_secret_is_not_shut_out() -> None:
    guesses = Guesses()
    for number in range(1000):
        guess(guesses, DESK, number * WITHIN_S / (TOLD_AT - 2))
        assert not guesses.shut(number * WITHIN_S / (TOLD_AT - 2))


def test_where_a_right_secret_came_from_nobody_is_shut_out_though_guesses_are_told() -> None:
    """A telephone of ours and a guesser behind one address of a NAT."""
    guesses, told = Guesses(), 0
    registers(guesses, DESK, 0.0)
    for number in range(100):
        guess(guesses, DESK, number / 10)
        told = max(told, guesses.refused)
    assert not guesses.shut(10.0) and told == 100
    for number in range(TOLD_AT):
        guess(guesses, DESK, PROVEN_S + number / 10)
    assert guesses.shut(PROVEN_S + 3.0) == {DESK}, "it has been gone for long"


def test_a_registration_proves_nothing_that_was_not_asked_of_its_own_address() -> None:
    guesses = Guesses()
    guesses.heard(Tried(b"k", (b"made up",)), DESK, 0.0)
    guesses.heard(Accepted(b"k"), DESK, 0.0)
    for number in range(TOLD_AT):
        guess(guesses, DESK, number / 10)
    assert guesses.shut(3.0) == {DESK}


def test_nobody_has_another_shut_out_by_writing_the_others_address() -> None:
    """A datagram bears any address; the nonce that was given there comes back from nobody else."""
    guesses = Guesses()
    for number in range(1000):
        guess(guesses, DESK, number / 100, nonce=b"made up")
        guess(guesses, GUESSER, 100.0 + number)  # its own nonce, then written on another's datagram
        guess(guesses, DESK, number / 100, nonce=b"n-%f-%s" % (100.0 + number, GUESSER.encode()))
    assert DESK not in guesses.shut(10.0)


def test_the_trunk_is_never_shut_out() -> None:
    guesses = Guesses(lambda who: who == TRUNK)
    for number in range(100):
        guess(guesses, TRUNK, number / 10)
    assert not guesses.shut(10.0) and guesses.refused == 100


def test_a_subscriber_with_many_addresses_is_one() -> None:
    guesses = Guesses()
    for number in range(TOLD_AT):
        guess(guesses, f"2001:db8:0:1::{number + 1:x}", number / 10)
    assert guesses.shut(3.0) == {"2001:db8:0:1::/64"} == {subscriber("2001:db8:0:1:ffff::1")}


def test_whatever_comes_memory_is_bounded_and_the_list_that_asterisk_reads_is_short() -> None:
    dice, guesses = random.Random(3), Guesses()
    for number in range(3 * MOST):
        guesses.heard(Denied(b"%d" % number, (b"n%d" % number,)), f"10.{number % 200}.0.1", number / 1000)
        guesses.heard(Tried(b"%d" % number, (b"n%d" % dice.randrange(number + 1),)), f"10.{number % 200}.0.1", 0.0)
    for address in range(MOST_SHUT + 50):
        for number in range(TOLD_AT):
            guess(guesses, f"10.0.{address // 250}.{address % 250}", 100.0 + address / 100 + number / 1000)
    assert len(guesses.shut(110.0)) == MOST_SHUT
    assert max(map(len, (guesses._tried, guesses._nonces, guesses._of, guesses._proven))) <= MOST


HEAD = b"REGISTER sip:h SIP/2.0\r\nCall-ID: r\r\nCSeq: 2 REGISTER\r\n"


@pytest.mark.parametrize(
    "header",
    [
        b'Authorization: Digest username="x", realm="s", nonce="171/ab", cnonce="zz", response="0"',
        b'authorization : digest nonce = "171/ab"',
        b"Authorization: Digest nonce=171/ab, x=y",
        b'Authorization: Digest nonce="other"\r\nAuthorization: Digest NONCE="171/ab"',
    ],
)
def test_the_nonce_is_found_however_it_is_written(header: bytes) -> None:
    tried = read_secret(HEAD + header + b"\r\n\r\nnonce=body")
    assert isinstance(tried, Tried) and b"171/ab" in tried.nonces and b"zz" not in tried.nonces
    assert b"body" not in tried.nonces


def test_answers_are_read_for_what_they_give() -> None:
    answer = b'SIP/2.0 401 Unauthorized\r\nCall-ID: r\r\nCSeq: 2 REGISTER\r\nWWW-Authenticate: Digest nonce="n"\r\n\r\n'
    assert read_secret(answer) == Denied(b"r 2 REGISTER", (b"n",))
    assert read_secret(answer.replace(b"401", b"200")) == Accepted(b"r 2 REGISTER")
    assert read_secret(answer.replace(b"401", b"200").replace(b"2 REGISTER", b"2 INVITE")) is None


class Asterisk:
    """Its list, its life, and how it answers."""

    def __init__(self) -> None:
        self.lists: list[tuple[str, ...]] = []
        self.life = "one"
        self.fails: Exception | None = None

    async def refuse(self, addresses: Sequence[str]) -> None:
        if self.fails:
            raise self.fails
        self.lists.append(tuple(addresses))


def test_asterisk_has_the_list_after_each_change_and_each_start_and_supervisors_can_read_of_it(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    asterisk, guesses = Asterisk(), Guesses()
    shut_out = ShutOut(guesses, asterisk.refuse, lambda: asterisk.life)

    async def story() -> None:
        for _ in range(3):
            await shut_out.keep(0.0)
        assert asterisk.lists == [()], "what an earlier controller left goes, once"
        for number in range(TOLD_AT):
            guess(guesses, GUESSER, number / 10)
        asterisk.fails = TelephonyDown("away")
        await shut_out.keep(3.0)
        assert shut_out.status() == {"refused_secrets": TOLD_AT, "shut_out": 0}
        asterisk.fails = None
        for second in (4.0, 5.0):
            await shut_out.keep(second)
        assert shut_out.status()["shut_out"] == 1
        asterisk.life = "two"
        for second in (6.0, 7.0, 3.0 + SHUT_S, 4.0 + SHUT_S):
            await shut_out.keep(second)
        assert asterisk.lists == [(), (GUESSER,), (GUESSER,), ()]

    asyncio.run(story())
    told = [(each.name, each.__dict__["action"], each.__dict__["address"]) for each in caplog.records]
    assert told == [("security", "sip_shut_out", GUESSER), ("security", "sip_let_in", GUESSER)]


def test_an_asterisk_that_has_no_such_list_is_said_once_and_nothing_else_suffers(
    caplog: pytest.LogCaptureFixture,
) -> None:
    asterisk, guesses = Asterisk(), Guesses()
    asterisk.fails = TelephonyError("403")
    shut_out = ShutOut(guesses, asterisk.refuse, lambda: asterisk.life)

    async def story() -> None:
        for second in range(5):
            await shut_out.keep(float(second))

    asyncio.run(story())
    assert [each.__dict__["action"] for each in caplog.records] == ["sip_not_shut_out"]
