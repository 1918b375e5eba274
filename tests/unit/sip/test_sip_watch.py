"""Which calls Asterisk has refused by itself: read from copies of SIP messages, whatever their bytes are. TKT-1"""

from dataclasses import replace
from ipaddress import IPv4Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.sip.guesses import TOLD_AT, Guesses
from ivr.sip.hep import Copied, read_hep
from ivr.sip.invites import ARRIVES_WITHIN_S, MOST, SILENT_S, Invites
from ivr.sip.message import Answered, Denied, Invited, Tried, Within, read_message, read_secret

pytestmark = pytest.mark.req("TKT-1")

TRUNK, OURS = IPv4Address("127.0.0.2"), IPv4Address("127.0.0.1")


def chunk(kind: int, value: bytes) -> bytes:
    return b"\0\0" + kind.to_bytes(2) + (len(value) + 6).to_bytes(2) + value


def datagram(message: bytes, password: bytes = b"secret") -> bytes:
    chunks = chunk(1, b"\2") + chunk(3, TRUNK.packed) + chunk(4, OURS.packed) + chunk(14, password) + chunk(15, message)
    return b"HEP3" + (len(chunks) + 6).to_bytes(2) + chunks


def invite(**headers: bytes) -> bytes:
    given = {
        "From": b"<sip:13800138000@host>;tag=1",
        "To": b"<sip:4008100002@host>",
        "Call-ID": b"one",
        "CSeq": b"1 INVITE",
    }
    given |= {name.replace("_", "-"): value for name, value in headers.items()}
    lines = [name.encode() + b": " + value for name, value in given.items()]
    return b"INVITE sip:4008100002@host SIP/2.0\r\n" + b"\r\n".join(lines) + b"\r\n\r\nbody"


def test_a_copy_is_read_with_its_password_alone() -> None:
    assert read_hep(datagram(b"INVITE"), b"secret") == Copied(TRUNK, OURS, b"INVITE")
    assert read_hep(datagram(b"INVITE"), b"another") is None
    assert read_hep(datagram(b"INVITE")[:-3], b"secret") is None


@given(st.binary(max_size=300), st.integers(0, 80))
def test_no_bytes_make_the_reading_fail(noise: bytes, at: int) -> None:
    whole = datagram(invite())
    read_hep(noise, b"secret")
    read_hep(whole[:at] + noise + whole[at:], b"secret")
    for head in (b"", b"INVITE ", b"SIP/2.0 488 "):
        read_message(head + noise)
        read_message(invite(From=noise, Call_ID=noise))


@pytest.mark.parametrize(
    ("headers", "name", "ani"),
    [
        ({}, "", "13800138000"),
        ({"From": b'"Li; <sip:x@y>" <sip:139@h>;tag=2'}, "Li; <sip:x@y>", "139"),
        ({"From": b"Li Ming <sips:+86139@h>"}, "Li Ming", "+86139"),
        ({"From": b"sip:139@h;tag=3"}, "", "139"),
        ({"From": b'"\\"" <tel:+86-139>;tag=2'}, '\\"', "+86-139"),
        ({"From": b"<sip:%FF%31@h>"}, "", "\ufffd1"),
    ],
)
def test_an_invite_is_read_by_its_headers(headers: dict[str, bytes], name: str, ani: str) -> None:
    assert read_message(invite(**headers)) == Invited(b"one", "4008100002", ani, name, b"1 INVITE")


def test_compact_and_folded_headers_are_the_same() -> None:
    text = b"INVITE sip:1@h SIP/2.0\r\nI : two\r\nf:\r\n <sip:5@h>;tag=1\r\nt: <sip:1@h>\r\nCSEQ: 1\r\n  invite\r\n\r\n"
    assert read_message(text) == Invited(b"two", "1", "5", "", b"1 invite")


def test_an_invite_within_a_call_and_other_methods_are_told_apart() -> None:
    assert read_message(invite(To=b"<sip:4008100002@host;tag=no>;tag=7")) == Within(b"one")
    assert isinstance(read_message(invite(To=b"<sip:4008100002@host;tag=no>")), Invited)
    assert read_message(b"OPTIONS" + invite()[6:]) is None
    refused = invite().replace(b"INVITE sip:4008100002@host SIP/2.0", b"SIP/2.0 488 Not Acceptable Here")
    assert isinstance(read_message(refused), Answered)
    assert read_message(refused.replace(b"1 INVITE", b"1 BYE")) is None
    assert read_message(refused.replace(b"488", b"180")) is None


CALL = Invited(b"one", "4008100002", "139", "")


def refused(status: int) -> Answered:
    return Answered(CALL.call_id, status, CALL)


def test_a_refusal_that_no_arrival_follows_is_unserved_once() -> None:
    invites = Invites()
    for at in (0.0, 0.5):
        invites.heard(CALL, at)
        invites.heard(refused(488), at)
    assert invites.unserved(ARRIVES_WITHIN_S - 0.1) == []
    (one,) = invites.unserved(ARRIVES_WITHIN_S)
    assert (one.invited, one.status, one.invited_at) == (CALL, 488, 0.0)
    invites.heard(refused(488), ARRIVES_WITHIN_S + 1)
    assert invites.unserved(SILENT_S * 2) == []


@pytest.mark.parametrize("order", ["before", "after"])
def test_a_call_that_arrives_is_served_whatever_ends_it(order: str) -> None:
    invites = Invites()
    invites.heard(CALL, 0.0)
    if order == "before":
        invites.arrived(CALL.call_id)
    invites.heard(refused(503), 0.1)
    if order == "after":
        invites.arrived(CALL.call_id)
    assert invites.unserved(SILENT_S * 2) == []


def test_one_that_is_tried_again_and_taken_is_served() -> None:
    invites = Invites()
    invites.heard(CALL, 0.0)
    invites.heard(refused(422), 0.1)
    invites.heard(replace(CALL, cseq=b"2 INVITE"), 0.2)
    assert invites.unserved(ARRIVES_WITHIN_S + 1) == []
    invites.arrived(CALL.call_id)
    assert invites.unserved(SILENT_S * 2) == []


def test_silence_counts_after_the_callers_own_patience() -> None:
    invites = Invites()
    invites.heard(CALL, 0.0)
    assert invites.unserved(SILENT_S - 1) == []
    assert [one.status for one in invites.unserved(SILENT_S)] == [0]


def test_a_refusal_whose_invite_an_earlier_controller_heard_is_on_record() -> None:
    invites = Invites()
    invites.heard(refused(488), 0.0)
    assert [one.invited for one in invites.unserved(ARRIVES_WITHIN_S)] == [CALL]


def test_an_invite_of_ours_that_is_refused_inside_of_a_call_is_no_call() -> None:
    invites = Invites()
    invites.heard(Within(CALL.call_id), 0.0)
    invites.heard(refused(488), 0.1)
    assert invites.unserved(SILENT_S * 2) == []


def test_a_challenge_is_no_refusal() -> None:
    invites = Invites()
    invites.heard(CALL, 0.0)
    invites.heard(refused(401), 0.1)
    assert invites.unserved(ARRIVES_WITHIN_S + 1) == []


def test_a_call_is_known_by_as_much_of_its_id_as_asterisk_tells() -> None:
    invites, long = Invites(), Invited(b"x" * 400, "1", "2", "")
    invites.heard(long, 0.0)
    invites.arrived(b"x" * 255)
    assert invites.unserved(SILENT_S) == []


def test_secrets_that_are_refused_again_and_again_are_told_once_and_first_challenges_are_none() -> None:
    guesses, told = Guesses(), []
    for number in range(100):
        key = b"%d" % number
        told.append(guesses.heard(Denied(key), "10.0.0.9", number / 10))  # asked for it: no secret was given yet
        guesses.heard(Tried(key), "10.0.0.9", number / 10)
        told.append(guesses.heard(Denied(key), "10.0.0.9", number / 10))
    assert [count for count in told if count] == [TOLD_AT] and guesses.refused == 100
    for number in range(TOLD_AT - 1):
        guesses.heard(Tried(b"x"), "10.0.0.1", number * 5.0)
        assert guesses.heard(Denied(b"x"), "10.0.0.1", number * 5.0) == 0, "a telephone with an old secret"


def test_a_secret_is_seen_to_be_given_and_denied() -> None:
    head = b"REGISTER sip:h SIP/2.0\r\nCall-ID: r\r\nCSeq: 2 REGISTER\r\n"
    assert read_secret(head + b"\r\n") is None
    assert read_secret(head + b"Authorization: Digest username=x\r\n\r\n") == Tried(b"r 2 REGISTER")
    denied = b"SIP/2.0 401 Unauthorized\r\nCall-ID: r\r\nCSeq: 2 REGISTER\r\nWWW-Authenticate: Digest\r\n\r\n"
    assert read_secret(denied) == Denied(b"r 2 REGISTER")
    assert read_secret(denied.replace(b"401", b"503")) is None


def test_a_flood_is_forgotten_from_its_beginning() -> None:
    invites = Invites()
    for number in range(MOST + 10):
        invites.heard(Invited(b"%d" % number, "", "", ""), 0.0)
    assert len(invites) == MOST
