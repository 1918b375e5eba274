"""What reaches the carrier at all: hostile targets on every path to the trunk, on real Asterisk. FUP-10.

The carrier is a socket that writes down every INVITE it gets and answers busy, or sends on elsewhere. For each path an
ordinary number shows first that an INVITE of that path would have been seen.
"""

import asyncio
import random
import re
import socket
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import UTC, datetime
from typing import cast

import pytest
import pytest_asyncio
from aiosipua import IncomingCall

from app.phone.account import Account
from app.phone.sip import TestPhone
from tests.integration.crowd import AGENTS, Crowd
from tests.integration.harness.api import Refusal, until
from tests.integration.harness.people import OUTSIDE
from tests.integration.harness.running import RunningSystem, free_port

pytestmark = [pytest.mark.asterisk, pytest.mark.asyncio(loop_scope="module"), pytest.mark.req("FUP-10")]

ANN, BEN = "8001", "8002"
LISTED, ELSEWHERE = "13800009999", "13811110000"
SEED = 20261130
EMERGENCY = ("110", "119", "120", "122", "112", "999", "12110", "95119")
WRITTEN = ("{}", "0{}", "+86{}", "0086{}", "010{}", "0571-{}", "+{}", "17951{}")


def hostile() -> list[str]:
    """Numbers that are never to be dialled, in notations that a network might read as such; the same at every run."""
    chance = random.Random(SEED)
    emergencies = [chance.choice(WRITTEN).format(number) for number in EMERGENCY]
    codes = [f"*{chance.randint(20, 99)}*{chance.randint(10**7, 10**8)}#", "#21#", "**21*13812345678#", "*72900123"]
    abroad = [f"+{country}{chance.randint(10**8, 10**9)}" for country in (234, 44, 1, 881, 979)] + ["00234803123456"]
    ours = ["4008100002", "400-810-0001", "8001", "8901", LISTED, "+86 138 0000 9999"]
    paid = ["16812345", "95013800000000", "1008611", "4001234567"]
    forged = ["110@trunk", "sip:110@127.0.0.1", "Local/110@from-trunk", "13800000001&PJSIP/110@trunk", "${EXTEN}"]
    return [*emergencies, *codes, *abroad, *ours, *paid, *forged]


class Carrier(asyncio.DatagramProtocol):
    """Busy for everybody; who is `ELSEWHERE` is to be found at a number that nobody may dial."""

    def __init__(self) -> None:
        self.invited: list[str] = []
        self.heard = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)  # by type it is none in Python 3.11

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        text = data.decode()
        if text.startswith("INVITE "):
            number = re.match(r"INVITE sip:([^@;>\s]+)", text)
            self.invited.append(number.group(1) if number else text.splitlines()[0])
            self.heard.set()
            host, port = self._transport.get_extra_info("sockname")[:2]
            moved = f"302 Moved\r\nContact: <sip:110@{host}:{port}>"
            self._answer(text, moved if self.invited[-1] == ELSEWHERE else "486 Busy Here", addr)
        elif text.startswith(("OPTIONS ", "BYE ", "CANCEL ")):
            self._answer(text, "200 OK", addr)

    def _answer(self, request: str, status: str, addr: tuple[str, int]) -> None:
        kept = [line for line in request.split("\r\n") if re.match(r"(?i)(via|from|to|call-id|cseq):", line)]
        told = [f"{line};tag=carrier" if re.match(r"(?i)to:", line) and "tag=" not in line else line for line in kept]
        self._transport.sendto("\r\n".join([f"SIP/2.0 {status}", *told, "Content-Length: 0", "", ""]).encode(), addr)

    async def gets(self, number: str, timeout_s: float = 15.0) -> None:
        """Returns once an INVITE to that number has come."""

        async def come() -> bool | None:
            return True if number in self.invited else None

        await until(come, timeout_s, f"an INVITE to {number}; there were {self.invited}")


PORT = free_port(socket.SOCK_DGRAM, OUTSIDE)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def hotline() -> AsyncIterator[RunningSystem]:
    async with RunningSystem() as system:
        system.site.agents(2)
        system.site.outbound(OUTSIDE, PORT, do_not_call=[LISTED], attempts=1)
        system.site.queue("*", wrap_up_s=0.5, announce_agent=False)
        system.site.section("recording", notice=False)
        system.site.section("telephones", transfer_key=True)
        await system.up()
        yield system


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def carrier(hotline: RunningSystem) -> AsyncIterator[Carrier]:
    """It has seen nothing at the end but what the tests that use it have named as ordinary."""
    loop = asyncio.get_running_loop()
    transport, carrier = await loop.create_datagram_endpoint(Carrier, local_addr=(OUTSIDE, PORT))
    yield carrier
    transport.close()
    assert set(carrier.invited) <= set(ORDINARY.values())


ORDINARY = {
    "reminder": "13811110001",
    "stored": "13811110003",
    "blind": "13811110004",
    "attended": "13811110005",
    "refer": "13811110006",
    "elsewhere": ELSEWHERE,
}


def soon() -> str:
    return datetime.now(UTC).isoformat()


async def test_nobody_enters_a_call_to_such_a_number(hotline: RunningSystem, carrier: Carrier) -> None:
    api = await hotline.api()
    due = {"kind": "reminder", "due_at": soon(), "queue": "hotline"}
    for number in hostile():
        for kind in ("reminder", "callback", "queue_callback"):
            with pytest.raises(Refusal) as refused:
                await api.post("/api/due-calls", due | {"kind": kind, "number": number})
            assert refused.value.status in (400, 422), number
    await api.post("/api/due-calls", due | {"due_at": soon(), "number": ORDINARY["reminder"]})
    await carrier.gets(ORDINARY["reminder"])


async def test_what_is_in_the_store_all_the_same_is_set_aside_when_it_is_due(
    hotline: RunningSystem, carrier: Carrier
) -> None:
    """As an import, an earlier version or a wrong hand may have left it."""
    api = await hotline.api()
    numbers = [ORDINARY["stored"], *hostile()]  # the ordinary one is a reminder: a callback waits for an agent
    with closing(sqlite3.connect(hotline.data.database_file, timeout=10)) as store:
        for index, number in enumerate(numbers):
            store.execute(
                "INSERT INTO due_call (key, kind, state, number, number_key, due_at, queue, note, attempts, fence,"
                " created_at, fault) SELECT ?, ?, 'scheduled', ?, ?, created_at, 'hotline', '', 0, 0, created_at, ''"
                " FROM due_call LIMIT 1",
                (f"forged:{index}", "reminder" if index % 2 == 0 else "callback", number, number),
            )
        store.commit()

    async def all_over() -> bool | None:
        failed = {each["number"] for each in await api.every("/api/due-calls") if each["state"] == "failed"}
        return failed >= set(hostile()) or None

    await until(all_over, 60, "every forged call to be set aside")
    await carrier.gets(ORDINARY["stored"], 30)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def crowd(hotline: RunningSystem) -> AsyncIterator[Crowd]:
    async with Crowd(hotline) as people:
        await people.agent(ANN)
        yield people


@pytest_asyncio.fixture(loop_scope="module")
async def call_id(hotline: RunningSystem, crowd: Crowd) -> AsyncIterator[str]:
    """8001 talks with a caller."""
    api = await hotline.api()
    await api.agent_becomes(ANN, "available")
    caller = await crowd.caller(keys="1")
    call_id = str((await api.agent_becomes(ANN, "talking"))["call"])

    async def connected() -> bool | None:
        try:
            return True if (await api.get(f"/api/calls/{call_id}/talk"))["agent"] == ANN else None
        except Refusal:
            return None

    await until(connected, 10, "the talk")
    yield call_id
    await caller.hang_up()
    await api.agent_becomes(ANN, "available")


@pytest.mark.parametrize("mode", ["blind", "attended"])
async def test_no_agent_transfers_to_such_a_number(
    hotline: RunningSystem, carrier: Carrier, call_id: str, mode: str
) -> None:
    api = await hotline.api()
    for number in hostile():
        with pytest.raises(Refusal) as refused:
            await api.post(f"/api/calls/{call_id}/transfer", {"to": {"number": number}, "mode": mode})
        assert refused.value.status in (400, 422), (number, str(refused.value))
    await api.post(f"/api/calls/{call_id}/transfer", {"to": {"number": ORDINARY[mode]}, "mode": mode})
    await carrier.gets(ORDINARY[mode])


async def test_no_telephone_transfers_to_such_a_number(
    hotline: RunningSystem, carrier: Carrier, crowd: Crowd, call_id: str
) -> None:
    phone, call = crowd.agents[ANN].phone, crowd.agents[ANN].calls[-1]
    lines = {"4008100002", "8001"}  # a line of ours and a colleague are reached inside the house
    for number in hostile():
        if not re.fullmatch(r"[0-9+*#-]+", number) or number.replace("-", "") in lines | {"4008100001"}:
            continue
        phone.refer(call, number.replace("#", "%23"))
        async with asyncio.timeout(5):
            while (status := await call.transfer.get()) < 200:
                pass
        assert status >= 300, f"{number}: the telephone was told {status}"
    phone.refer(call, ORDINARY["refer"])
    await carrier.gets(ORDINARY["refer"])


async def test_who_is_said_to_be_elsewhere_is_not_followed_there(hotline: RunningSystem, carrier: Carrier) -> None:
    """A 302 of the carrier, or of whoever answers for it, names a number that nobody asked about."""
    api = await hotline.api()
    due = {"kind": "reminder", "due_at": soon(), "queue": "hotline", "number": ELSEWHERE}
    made = await api.post("/api/due-calls", due)
    await carrier.gets(ELSEWHERE)

    async def over() -> bool | None:
        rows = [each for each in await api.every("/api/due-calls") if each["id"] == made["id"]]
        return True if rows[0]["state"] == "failed" else None

    await until(over, 20, "the end of that call")


async def test_an_agents_telephone_that_sends_calls_on_sends_none_outside(
    hotline: RunningSystem, carrier: Carrier
) -> None:
    """Its 302 names a number outside: the call is not made there, and the caller keeps the place."""
    api = await hotline.api()
    account = await api.get(f"/api/agents/{BEN}/telephone")
    async with TestPhone(AGENTS) as phone:
        await phone.register(Account(account["username"], account["secret"], hotline.sip))
        await api.set_state(ANN, "logged_out")
        await api.set_state(BEN, "available")
        async with Crowd(hotline) as people:
            caller = await people.caller(keys="1")
            call = await phone.next_call(10)
            assert isinstance(call.leg, IncomingCall)
            call.leg.reject(302, f"Moved Temporarily\r\nContact: <sip:13811110099@{OUTSIDE}:{PORT}>")
            await api.agent_becomes(BEN, "not_ready")
            await caller.hang_up()
        await api.set_state(BEN, "logged_out")
    assert "13811110099" not in carrier.invited
