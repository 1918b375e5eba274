"""What happens at each connection, and to a dial that is given up, with a websocket client in Asterisk's part."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import pytest

from config.ids import ChannelId
from ivr.ari.telephony import AriTelephony
from ivr.ari.wire.socket import AriSocket, SocketAddress
from ivr.port.telephony import Arrival
from ivr.port.values import Snapshot
from tests.fakes.asterisk_client import AsteriskClient
from tests.unit.ari.test_generated_model import CHANNEL

SOON_S = 5.0
AT = "2026-11-22T01:54:44.472+0000"


class Office:
    """The flow's side: it reconciles when told to, and writes down who arrived."""

    def __init__(self) -> None:
        self.arrivals: list[Arrival] = []
        self.snapshots: list[Snapshot] = []
        self.reconciling = asyncio.Event()
        self.may_go_on = asyncio.Event()
        self.arrived = asyncio.Semaphore(0)

    def on_arrival(self, arrival: Arrival) -> None:
        self.arrivals.append(arrival)
        self.arrived.release()

    async def on_connect(self, snapshot: Snapshot) -> None:
        self.snapshots.append(snapshot)
        self.reconciling.set()
        await self.may_go_on.wait()


@pytest.fixture
async def office() -> Office:
    return Office()


@pytest.fixture
async def address() -> SocketAddress:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return SocketAddress(host="127.0.0.1", port=int(probe.getsockname()[1]))


@pytest.fixture
async def telephony(address: SocketAddress, office: Office) -> AsyncIterator[AriTelephony]:
    server = AriSocket(address, lambda: ("asterisk", "secret"))
    serving = AriTelephony(server, lambda: datetime.now(UTC), Path("/data"))
    task = asyncio.create_task(serving.serve(office.on_arrival, office.on_connect))
    yield serving
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


@pytest.fixture
async def asterisk(telephony: AriTelephony, address: SocketAddress) -> AsyncIterator[AsteriskClient]:
    async with aiohttp.ClientSession() as session:
        client = AsteriskClient(session, f"ws://127.0.0.1:{address.port}/ari")
        client.answers = {"channels": [], "bridges": []}
        await client.wait_for_server()
        yield client


@pytest.fixture(autouse=True)
async def in_time() -> AsyncIterator[None]:
    async with asyncio.timeout(SOON_S):
        yield


async def enters(asterisk: AsteriskClient, channel: dict[str, object], *args: str) -> None:
    await asterisk.tell("StasisStart", timestamp=AT, args=list(args), channel=channel)


async def test_arrivals_wait_for_the_reconciliation_and_hang_ups_do_not(
    asterisk: AsteriskClient, office: Office
) -> None:
    plan = {
        "context": "c",
        "exten": "x",
        "priority": 1,
        "app_name": "Stasis",
        "app_data": "sanxiang,inbound,4008100002",
    }
    inside = CHANNEL | {"dialplan": plan}
    asterisk.answers["channels"] = [inside]
    await asterisk.dial(register=False)
    await enters(asterisk, inside, "inbound", "4008100002")
    await enters(asterisk, CHANNEL | {"id": "new"}, "inbound", "4008100003")
    await asterisk.tell("ApplicationRegistered")
    await office.reconciling.wait()
    await enters(asterisk, CHANNEL | {"id": "late"}, "inbound", "4008100001")
    await asterisk.tell("StasisEnd", timestamp=AT, channel=CHANNEL | {"id": "new"})
    assert office.arrivals == []
    office.may_go_on.set()
    await office.arrived.acquire()
    await office.arrived.acquire()
    assert [(arrival.channel.id, arrival.dnis) for arrival in office.arrivals] == [
        ("new", "4008100003"),
        ("late", "4008100001"),
    ]
    await office.arrivals[0].channel.wait_gone()
    assert not office.arrivals[1].channel.gone
    assert [live.channel_id for live in office.snapshots[0].channels] == [inside["id"]]


async def test_a_channel_that_the_next_connection_does_not_name_has_gone(
    asterisk: AsteriskClient, office: Office
) -> None:
    office.may_go_on.set()
    await asterisk.dial()
    await office.reconciling.wait()
    await enters(asterisk, CHANNEL, "inbound", "4008100002")
    await office.arrived.acquire()
    await asterisk.ws.close()
    assert not office.arrivals[0].channel.gone
    await asterisk.dial()
    await office.arrivals[0].channel.wait_gone()


async def test_a_dial_that_is_given_up_is_hung_up_behind_it(
    asterisk: AsteriskClient, telephony: AriTelephony, office: Office
) -> None:
    office.may_go_on.set()
    await asterisk.dial()
    await office.reconciling.wait()
    asterisk.answers.clear()
    leg = ChannelId("call-1.agent1.8001")
    dialling = asyncio.create_task(
        telephony.dial_agent("8001", channel_id=leg, caller_id="13800138000", ring_timeout_s=15)
    )
    while asterisk.requests[-1]["method"] != "POST":
        await asterisk.asked.acquire()
    dialling.cancel()
    while asterisk.requests[-1]["method"] != "DELETE":
        await asterisk.asked.acquire()
    assert asterisk.requests[-1]["uri"] == f"channels/{leg}"
    await asterisk.answer(asterisk.requests[-1], 404, {"message": "Channel not found"})
    await asyncio.wait({dialling})
    assert dialling.cancelled()


async def test_a_dialled_party_that_nobody_waits_for_is_hung_up(asterisk: AsteriskClient, office: Office) -> None:
    office.may_go_on.set()
    await asterisk.dial()
    await office.reconciling.wait()
    await enters(asterisk, CHANNEL | {"id": "ghost"}, "dialled")
    while asterisk.requests[-1]["method"] != "DELETE":
        await asterisk.asked.acquire()
    assert asterisk.requests[-1]["uri"] == "channels/ghost"
    assert office.arrivals == []
