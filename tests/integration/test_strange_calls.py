"""Calls that are written strangely, by carriers or by attackers: each is on record, and the next caller is served.

Bytes of all kinds where a caller may put some, codecs that nobody here speaks, the torture messages of RFC 4475, and a
call that no list of channels can name. TKT-1
"""

import asyncio
import random
import re
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from config.paths import DataDir
from crm.journal.events import CallArrived, CallEnded
from tests.integration.crowd import Crowd
from tests.integration.harness.api import until
from tests.integration.harness.invariants import assert_one_end_each
from tests.integration.harness.processes import console
from tests.integration.harness.raw_sip import OFFER, Invite, raw_call
from tests.integration.harness.running import RunningSystem
from tests.integration.story import Story
from tests.integration.torture import TORTURE

pytestmark = [pytest.mark.asterisk, pytest.mark.slow, pytest.mark.req("TKT-1")]

ON_RECORD_S = 15.0
TOGETHER = 8

CLASSES = (
    bytes(range(0x30, 0x3A)),
    bytes(range(0x61, 0x7B)),
    b"*#+-_.!~'()",
    bytes(range(0x80, 0xC0)),
    bytes(range(0xC0, 0x100)),
    "莫高窟".encode(),
    "客服".encode("gb18030"),
)
IN_A_USER = [
    b"%%%02X" % byte for byte in (0x00, 0x01, 0x0A, 0x20, 0x22, 0x24, 0x25, 0x2C, 0x3B, 0x40, 0x7F, 0x80, 0xFF)
]
SPECIAL = [b"s", b"i", b"t", b"h", b"o", b"e", b"T", b"a", b"*72", b"controller-away", b"$%7BEXTEN%7D", b"x" * 300]


@pytest.fixture
async def hotline(system: RunningSystem) -> AsyncIterator[RunningSystem]:
    await system.up()
    yield system


def piece(dice: random.Random, longest: int = 12) -> bytes:
    kind = dice.choice(CLASSES)
    return bytes(dice.choice(kind) for _ in range(dice.randint(1, longest)))


def strange(dice: random.Random) -> Invite:
    """One place or several of a call hold what nobody expects."""
    invite = Invite()
    if dice.random() < 0.6:
        user = dice.choice([dice.choice(SPECIAL), b"4008100002" + dice.choice(IN_A_USER), piece(dice), b"%FF%FE" * 3])
        invite = replace(invite, user=user)
    if dice.random() < 0.6:
        invite = replace(invite, call_id=invite.call_id + dice.choice([b"", b"@", b"-"]) + piece(dice))
    if dice.random() < 0.6:
        name = dice.choice([b'"%s" ' % piece(dice, 60), b'"%s" ' % b'\\\\\\"'.join([piece(dice)] * 2), b""])
        user = dice.choice([invite.number, invite.number + dice.choice(IN_A_USER), piece(dice)])
        invite = replace(invite, origin=name + b"<sip:%s@127.0.0.2>;tag=%d" % (user, dice.randrange(10**9)))
    return invite


async def made(system: RunningSystem, invite: Invite | bytes, answer_s: float = 6.0) -> int:
    """The call's final answer; 0 when none came: the message was no SIP to Asterisk."""
    async with raw_call(system.sip, invite) as call:
        await asyncio.wait([call.final], timeout=answer_s)
        return call.final.result() if call.final.done() else 0


async def assert_next_is_served(system: RunningSystem) -> None:
    async with Crowd(system) as crowd:
        caller = await crowd.caller()
        await caller.hang_up()


async def test_whatever_bytes_a_call_has_it_is_on_record_and_the_next_is_served(hotline: RunningSystem) -> None:
    """What is no SIP at all Asterisk leaves unanswered: that is no call. All else is one."""
    dice, story = random.Random(4475), Story(hotline.data)
    lawful = [Invite(call_id=b"\xff%d" % n) for n in range(3)] + [Invite(user=user) for user in SPECIAL]
    invites = [*lawful, *(strange(dice) for _ in range(64))]
    answers: list[int] = []
    for begin in range(0, len(invites), TOGETHER):
        answers += await asyncio.gather(*(made(hotline, invite, 3.0) for invite in invites[begin : begin + TOGETHER]))
    assert all(answers[: len(lawful)]), "a call was never answered"
    calls = sum(answer > 0 for answer in answers)
    assert calls > len(invites) * 2 // 3, "too little of this was SIP"
    await story.until_count(CallArrived, calls, ON_RECORD_S)
    await assert_next_is_served(hotline)
    await story.until_count(CallEnded, calls + 1, ON_RECORD_S)
    arrived = story.of(CallArrived)
    assert len(arrived) == calls + 1, "a call is on record twice"
    for event in arrived:
        assert f"{event.call_id}{event.channel_id}".isascii() and set(event.dnis + event.ani) <= set("+0123456789*#")
    assert_one_end_each(story.events)


OFFERS = {
    "G.729 alone": OFFER.replace(b"AVP 8", b"AVP 18").replace(b"8 PCMA", b"18 G729"),
    "a codec that nobody knows": OFFER.replace(b"AVP 8", b"AVP 99").replace(b"8 PCMA", b"99 XYZ"),
    "video alone": OFFER.replace(b"m=audio", b"m=video").replace(b"8 PCMA/8000", b"31 H261/90000"),
    "secured audio": OFFER.replace(b"RTP/AVP", b"RTP/SAVP"),
    "no media at all": OFFER.partition(b"m=")[0],
    "an offer that is none": b"hello",
}


async def test_calls_whose_offers_nobody_can_take_have_their_tickets(hotline: RunningSystem) -> None:
    story, api = Story(hotline.data), await hotline.api()
    invites = {what: Invite(offer=offer) for what, offer in OFFERS.items()}
    for what, invite in invites.items():
        assert await made(hotline, invite), f"{what}: never answered"
    arrived = await story.until_count(CallArrived, len(invites), ON_RECORD_S)
    assert {event.ani for event in arrived} == {invite.number.decode() for invite in invites.values()}
    assert {event.dnis for event in arrived} == {"4008100002"}
    for event in arrived:
        assert (await api.ticket_of(event.ani))["number"] == event.ticket
    await assert_next_is_served(hotline)


async def test_torture_messages_leave_the_next_caller_served_and_every_call_on_record(hotline: RunningSystem) -> None:
    story, calls, silent = Story(hotline.data), 0, 0
    for torture in TORTURE:
        answer = await made(hotline, torture.message(hotline.sip), 2.0)
        assert answer or not torture.is_call, f"{torture.name} was never answered"
        await assert_next_is_served(hotline)
        answered = torture.is_invite and answer > 0
        calls, silent = calls + 1 + answered, silent + (not answered)
    await story.until(lambda it: calls <= len(it.of(CallArrived)) == len(it.of(CallEnded)), ON_RECORD_S, "all ends")
    assert len(story.of(CallArrived)) <= calls + silent
    assert_one_end_each(story.events)


async def test_a_call_that_no_list_can_name_holds_nobody_up(hotline: RunningSystem) -> None:
    """A second defence: should such a channel live, a new controller hangs it up, and serves everybody else."""
    await let_unreadable_calls_in(hotline.data)
    story = Story(hotline.data)
    async with Crowd(hotline) as crowd:
        waiting = await crowd.caller(keys="1")
        async with raw_call(hotline.sip, Invite(call_id=b"\xff\xfe")) as call:
            await until(lambda: alive(hotline.data, 2), 5, "the unreadable call to live")
            await hotline.kill9()
            await hotline.restart()
            await asyncio.wait_for(call.over.wait(), 5)
        assert not waiting.call.ended.is_set(), "a call that is readable was harmed"
        await assert_next_is_served(hotline)
        await waiting.hang_up()
    await story.until_count(CallArrived, 3, ON_RECORD_S)


async def let_unreadable_calls_in(data: DataDir) -> None:
    """As if the dialplan did not look at Call-IDs."""
    plan = data.asterisk / "etc" / "extensions.conf"
    text = plan.read_text()
    assert "?unreadable,1)" in text
    plan.write_text(re.sub(r"GotoIf.*\?unreadable,1\)", "NoOp()", text))
    await console(data, "dialplan reload")


async def alive(data: DataDir, channels: int) -> bool | None:
    said = await console(data, "core show channels count")
    return True if said.startswith(f"{channels} active channel") else None
