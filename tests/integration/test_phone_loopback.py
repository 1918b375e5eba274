"""The test telephone against itself: two of them on loopback, with real SIP and RTP between them."""

import asyncio
import socket
from collections.abc import AsyncIterator
from itertools import pairwise

import numpy as np
import pytest
from aiortp import RtpPacket
from aiosipua import SipMessage, SipRequest, SipResponse

from app.phone.account import Account
from app.phone.call import PhoneCall
from app.phone.errors import CallRejected, PhoneTimeout, RegistrationRefused
from app.phone.media import Clip, Tone
from app.phone.sip import TestPhone
from app.phone.sound.audio import FRAME, longest_gap_s, tone_over_rest_db
from app.phone.sound.g711 import PCMA
from app.phone.sound.heard import score
from app.phone.wire import SipWire
from tests.fakes.sound import speech

CALLER, AGENT = "127.0.0.2", "127.0.0.1"
SOON = 5.0
WORDS = 200
"""Packets: four seconds of sound, less than the kernel keeps for a process that does not read."""


@pytest.fixture
async def caller() -> AsyncIterator[TestPhone]:
    async with TestPhone(CALLER) as phone:
        yield phone


@pytest.fixture
async def agent() -> AsyncIterator[TestPhone]:
    async with TestPhone(AGENT) as phone:
        yield phone


async def ringing(caller: TestPhone, agent: TestPhone) -> tuple[PhoneCall, PhoneCall]:
    out = await caller.dial("8001", agent.address, caller="13812345678")
    return out, await agent.next_call(SOON)


async def talking(caller: TestPhone, agent: TestPhone) -> tuple[PhoneCall, PhoneCall]:
    out, into = await ringing(caller, agent)
    agent.answer(into)
    await out.wait_answered(SOON)
    return out, into


async def until_heard(call: PhoneCall, packets: int) -> None:
    await call.media.heard.until(lambda heard: len(heard.arrivals) >= packets, SOON)


async def test_a_call_has_its_instants_in_order(caller: TestPhone, agent: TestPhone) -> None:
    out, into = await talking(caller, agent)
    await caller.hang_up(out)
    await into.wait_ended(SOON)
    assert into.caller_number == "13812345678"
    assert out.ringing_at and out.answered_at and out.ended_at
    assert out.invited_at <= out.ringing_at <= out.answered_at <= out.ended_at
    assert (out.ended_by, into.ended_by) == ("local", "remote")
    assert out.bye_answered.is_set()


async def test_both_hear_each_others_tone(caller: TestPhone, agent: TestPhone) -> None:
    out, into = await talking(caller, agent)
    out.media.source, into.media.source = Tone(440), Tone(1000)
    await asyncio.gather(until_heard(out, 60), until_heard(into, 60))
    await agent.hang_up(into)
    await out.wait_ended(SOON)
    assert out.ended_by == "remote"
    assert tone_over_rest_db(into.media.heard.samples()[-4000:], 440) > 20
    assert tone_over_rest_db(out.media.heard.samples()[-4000:], 1000) > 20


async def test_sound_arrives_whole_and_paced(caller: TestPhone, agent: TestPhone) -> None:
    out, into = await talking(caller, agent)
    prompt = speech(1.2, 1)
    into.media.source = Clip(prompt)
    await until_heard(out, 75)
    await caller.hang_up(out)
    assert score(out.media.heard.samples(), prompt) > 0.98
    assert longest_gap_s(out.media.heard.arrivals) < 0.1


async def test_the_last_words_before_a_bye_are_heard_by_a_telephone_that_is_held_up(
    caller: TestPhone, agent: TestPhone
) -> None:
    """Words and BYE are there when this process gets to read: the words were first."""
    out, into = await talking(caller, agent)
    before = len(out.media.heard.arrivals)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mouth:
        for number in range(WORDS):
            words = RtpPacket(
                payload_type=PCMA, sequence_number=number, timestamp=FRAME * number, ssrc=7, payload=b"\xd5" * FRAME
            )
            mouth.sendto(words.serialize(), (out.media.host, out.media.port))
        await agent.hang_up(into)
    await out.wait_ended(SOON)
    assert len(out.media.heard.arrivals) - before >= WORDS


async def test_digits_arrive_once_each_with_known_ends(caller: TestPhone, agent: TestPhone) -> None:
    out, into = await talking(caller, agent)
    out.media.source = Tone(440)
    ends = await out.press("11*#0")
    await into.media.heard.until(lambda heard: len(heard.digits) == 5, SOON)
    assert into.media.heard.digits == list("11*#0")
    gaps = [(later - earlier).total_seconds() for earlier, later in pairwise(ends)]
    assert all(0.15 < gap < 0.4 for gap in gaps)


async def test_what_is_no_key_is_refused(caller: TestPhone, agent: TestPhone) -> None:
    out, _ = await talking(caller, agent)
    with pytest.raises(ValueError, match="no such key"):
        await out.press("x")


async def test_pressing_ends_with_the_call(caller: TestPhone, agent: TestPhone) -> None:
    out, into = await talking(caller, agent)
    pressing = asyncio.create_task(out.press("1234567890"))
    await into.media.heard.until(lambda heard: bool(heard.digits), SOON)
    await agent.hang_up(into)
    assert 1 <= len(await pressing) < 10


async def test_a_refusal_tells_its_code(caller: TestPhone, agent: TestPhone) -> None:
    out, into = await ringing(caller, agent)
    agent.reject(into, 486)
    with pytest.raises(CallRejected) as refused:
        await out.wait_answered(SOON)
    assert (refused.value.code, out.code, into.ended_by) == (486, 486, "local")


async def test_hanging_up_while_it_rings_cancels(caller: TestPhone, agent: TestPhone) -> None:
    out, into = await ringing(caller, agent)
    await caller.hang_up(out)
    await into.wait_ended(SOON)
    assert (out.ended_by, out.code) == ("local", 487)
    assert (into.ended_by, into.code) == ("remote", 487)
    agent.answer(into)
    assert into.answered_at is None


async def test_a_200_that_crosses_the_cancel_is_acknowledged_and_ended(caller: TestPhone, agent: TestPhone) -> None:
    out, into = await ringing(caller, agent)
    agent.answer(into)  # its 200 is on the way; the caller has not read it yet
    await caller.hang_up(out)
    await into.wait_ended(SOON)
    assert into.ended_by == "remote"
    assert out.ended_by == "local"


async def test_the_telephone_hangs_up_what_is_left_when_it_stops(agent: TestPhone) -> None:
    async with TestPhone(CALLER) as caller:
        _, into = await talking(caller, agent)
    await into.wait_ended(SOON)
    assert into.ended_by == "remote"


async def test_silence_at_the_other_end_is_a_timeout(caller: TestPhone) -> None:
    out = await caller.dial("8001", ("127.0.0.1", 9), caller="1")
    with pytest.raises(PhoneTimeout):
        await out.wait_heard_of(0.2)


async def test_no_call_is_a_timeout(agent: TestPhone) -> None:
    with pytest.raises(PhoneTimeout):
        await agent.next_call(0.05)


async def test_a_registration_refused_says_why(caller: TestPhone, agent: TestPhone) -> None:
    with pytest.raises(RegistrationRefused, match="405"):
        await caller.register(Account("agent-8001", "secret", agent.address))


class Peer(asyncio.DatagramProtocol):
    """The other end of a wire, which keeps what arrives and answers nothing by itself."""

    def __init__(self) -> None:
        self.messages: asyncio.Queue[SipRequest | SipResponse] = asyncio.Queue()
        self.transport: asyncio.DatagramTransport | None = None

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.messages.put_nowait(SipMessage.parse(data))

    async def next(self) -> SipRequest | SipResponse:
        async with asyncio.timeout(SOON):
            return await self.messages.get()


@pytest.fixture
async def peer() -> AsyncIterator[Peer]:
    loop = asyncio.get_running_loop()
    transport, protocol = await loop.create_datagram_endpoint(Peer, local_addr=("127.0.0.1", 0))
    protocol.transport = transport
    yield protocol
    transport.close()


def options(port: int, branch: str) -> bytes:
    return (
        f"OPTIONS sip:8001@{AGENT} SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:{port};rport;branch={branch}\r\n"
        f"From: <sip:a@{AGENT}>;tag=1\r\nTo: <sip:8001@{AGENT}>\r\nCall-ID: x\r\nCSeq: 1 OPTIONS\r\n"
        "Max-Forwards: 70\r\nContent-Length: 0\r\n\r\n"
    ).encode()


async def test_options_are_answered_and_a_repeated_request_gets_the_same_answer(agent: TestPhone, peer: Peer) -> None:
    assert peer.transport
    question = options(peer.transport.get_extra_info("sockname")[1], "z9hG4bKa")
    peer.transport.sendto(question, agent.address)
    first = await peer.next()
    peer.transport.sendto(question, agent.address)
    again = await peer.next()
    assert isinstance(first, SipResponse) and first.status_code == 200
    assert bytes(first) == bytes(again)


async def test_an_unanswered_invite_is_repeated(caller: TestPhone, peer: Peer) -> None:
    assert peer.transport
    await caller.dial("8001", peer.transport.get_extra_info("sockname"), caller="1")
    first, second = await peer.next(), await peer.next()
    assert isinstance(first, SipRequest)
    assert bytes(first) == bytes(second)


async def test_a_refusal_is_acknowledged_each_time_it_is_repeated(caller: TestPhone, peer: Peer) -> None:
    assert peer.transport
    out = await caller.dial("8001", peer.transport.get_extra_info("sockname"), caller="1")
    invite = await peer.next()
    kept = ("via", "from", "call-id", "cseq")
    lines = [f"{name}: {invite.headers.get_first(name)}" for name in kept]
    busy = "\r\n".join(["SIP/2.0 486 Busy Here", *lines, f"To: {invite.headers.get_first('to')};tag=b", "", ""])
    for _ in range(2):
        peer.transport.sendto(busy.encode(), caller.address)
        ack = await peer.next()
        assert isinstance(ack, SipRequest)
        assert (ack.method, ack.via[0].branch) == ("ACK", invite.via[0].branch)
    assert out.code == 486


async def test_an_answer_to_a_call_given_up_long_ago_is_acknowledged_and_ended(caller: TestPhone, peer: Peer) -> None:
    """The other side was starting: it reads our INVITE when nobody waits any more."""
    assert peer.transport
    out = await caller.dial("8001", peer.transport.get_extra_info("sockname"), caller="1")
    invite = await peer.next()
    await caller.hang_up(out)
    assert (out.code, out.ended_by) == (408, "local")
    kept = ("via", "from", "call-id", "cseq")
    lines = [f"{name}: {invite.headers.get_first(name)}" for name in kept]
    contact = f"Contact: <sip:8001@{AGENT}:{peer.transport.get_extra_info('sockname')[1]}>"
    accepted = "\r\n".join(["SIP/2.0 200 OK", *lines, f"To: {invite.headers.get_first('to')};tag=b", contact, "", ""])
    peer.transport.sendto(accepted.encode(), caller.address)
    methods: list[str] = []
    while "BYE" not in methods:
        message = await peer.next()
        assert isinstance(message, SipRequest)
        methods.append(message.method)
    assert [method for method in methods if method != "INVITE"] == ["ACK", "BYE"]


async def test_a_datagram_that_is_no_sip_is_dropped(agent: TestPhone, peer: Peer) -> None:
    assert peer.transport
    for garbage in (b"\r\n\r\n", b"\xff\xfe\x00", b"INVITE", b"SIP/2.0 abc\r\n\r\n"):
        peer.transport.sendto(garbage, agent.address)
    peer.transport.sendto(options(peer.transport.get_extra_info("sockname")[1], "z9hG4bKb"), agent.address)
    reply = await peer.next()
    assert isinstance(reply, SipResponse)
    assert reply.status_code == 200


async def test_a_wire_takes_a_free_port() -> None:
    wire = SipWire("127.0.0.1")
    await wire.start()
    assert wire.local_addr[1] > 0
    await wire.stop()


async def test_twenty_calls_at_once_are_all_heard(agent: TestPhone) -> None:
    async def one(n: int) -> float:
        async with TestPhone(CALLER) as phone:
            out = await phone.dial("8001", agent.address, caller=str(n))
            await out.wait_answered(SOON)
            await until_heard(out, 30)
            return tone_over_rest_db(out.media.heard.samples()[-4000:], 1000)

    async def pick_up() -> None:
        for _ in range(20):
            into = await agent.next_call(SOON)
            into.media.source = Tone(1000)
            agent.answer(into)

    levels, _ = await asyncio.gather(asyncio.gather(*(one(n) for n in range(20))), pick_up())
    assert np.min(levels) > 20
