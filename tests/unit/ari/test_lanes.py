"""The sockets for commands, with clients in Asterisk's part: which way a command goes, and what follows its end."""

import asyncio
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress

import aiohttp
import pytest

from ivr.ari.client import AriClient
from ivr.ari.wire.lanes import concerned
from ivr.ari.wire.model import AnyEvent
from ivr.ari.wire.socket import AriSocket, SocketAddress
from ivr.port.values import TelephonyDown
from tests.fakes.asterisk_client import AsteriskClient
from tests.integration.harness.api import until

SOON_S = 5.0
LANES = 3


class Deaf:
    """A listener that is not interested."""

    def received(self, event: AnyEvent) -> None: ...

    async def connected_anew(self) -> None: ...

    def disconnected(self) -> None: ...


class Sockets:
    """Our server, and an Asterisk that has dialled all its sockets."""

    def __init__(self, server: AriSocket, first: AsteriskClient, lanes: list[AsteriskClient]) -> None:
        self.server, self.first, self.lanes = server, first, lanes
        self.client = AriClient(server)

    async def number_of_lanes(self, number: int) -> None:
        async def so_many() -> bool | None:
            await asyncio.sleep(0.01)
            return True if self.server.command_sockets == number else None

        await until(so_many, SOON_S, f"{number} sockets for commands")

    def answer_all(self) -> None:
        for each in (self.first, *self.lanes):
            each.answers_all = True

    def asked_of(self, client: AsteriskClient) -> list[str]:
        return [request["uri"] for request in client.requests if not request["uri"].startswith("applications")]

    def lane_of(self, channel: str) -> AsteriskClient:
        (lane,) = [each for each in self.lanes if any(f"/{channel}/" in f"/{uri}/" for uri in self.asked_of(each))]
        return lane


@pytest.fixture
async def sockets() -> AsyncIterator[Sockets]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    server = AriSocket(SocketAddress(host="127.0.0.1", port=port), lambda: ("asterisk", "secret"))
    task = asyncio.create_task(server.serve(Deaf()))
    async with aiohttp.ClientSession() as session:
        url = f"ws://127.0.0.1:{port}/ari"
        first = AsteriskClient(session, url)
        await first.wait_for_server()
        await first.dial()
        await server.ready.wait()
        lanes = [AsteriskClient(session, f"{url}/commands-{number}") for number in range(LANES)]
        for lane in lanes:
            await lane.dial()
        sockets = Sockets(server, first, lanes)
        await sockets.number_of_lanes(LANES)
        yield sockets
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def test_what_concerns_one_party_goes_one_way_in_order_and_the_first_is_left_to_events(sockets: Sockets) -> None:
    sockets.answer_all()
    parties = [f"1700000000.{number}" for number in range(40)]
    for party in parties:
        await sockets.client.channels.answer(channel_id=party)
        await sockets.client.playbacks.stop(playback_id=f"{party}.play0")
        await sockets.client.channels.ring(channel_id=party)
    for party in parties:
        asked = [
            uri for uri in sockets.asked_of(sockets.lane_of(party)) if party in uri.replace(".play0", "").split("/")
        ]
        assert asked == [f"channels/{party}/answer", f"playbacks/{party}.play0", f"channels/{party}/ring"]
    assert sockets.asked_of(sockets.first) == []
    assert all(len(sockets.asked_of(lane)) > len(parties) / 2 for lane in sockets.lanes), "all of them carry some"


async def test_what_was_on_a_socket_that_ended_goes_another_way(sockets: Sockets) -> None:
    task = asyncio.create_task(sockets.client.channels.answer(channel_id="a"))
    asked = [asyncio.create_task(lane.asked.acquire()) for lane in sockets.lanes]
    async with asyncio.timeout(SOON_S):
        await asyncio.wait(asked, return_when=asyncio.FIRST_COMPLETED)
        sockets.answer_all()
        await sockets.lane_of("a").ws.close()
        await task
    for waiting in asked:
        waiting.cancel()
    assert sockets.server.command_sockets == LANES - 1


async def test_one_that_does_not_answer_is_given_up_and_the_others_are_not(sockets: Sockets) -> None:
    with pytest.raises(TelephonyDown, match="did not answer"):
        await sockets.server.request("POST", "/channels/a/answer", {}, None, timeout_s=0.05)
    await sockets.number_of_lanes(LANES - 1)
    sockets.answer_all()
    async with asyncio.timeout(SOON_S):
        await sockets.client.channels.answer(channel_id="a")


async def test_with_the_first_they_all_end(sockets: Sockets) -> None:
    await sockets.first.ws.close()
    await sockets.number_of_lanes(0)


async def test_one_that_comes_back_carries_commands_again(sockets: Sockets) -> None:
    await sockets.lanes[0].ws.close()
    await sockets.number_of_lanes(LANES - 1)
    await sockets.lanes[0].dial()
    await sockets.number_of_lanes(LANES)


async def test_strangers_are_refused_here_too(sockets: Sockets) -> None:
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await sockets.lanes[0].dial(password="guessed")
    assert refused.value.status == 401


@pytest.mark.parametrize(
    ("path", "query", "party"),
    [
        ("/channels/1700000000.1/answer", {}, "1700000000.1"),
        ("/channels/1700000000.1/play/1700000000.1.play3", {"media": "sound:x"}, "1700000000.1"),
        ("/playbacks/1700000000.1.play3", {}, "1700000000.1"),
        ("/channels", {"endpoint": "PJSIP/agent-8001", "channelId": "call-1.2.agent1.8001"}, "call-1.2.agent1.8001"),
        ("/bridges", {"type": "mixing", "bridgeId": "call-1.2.bridge0"}, "call-1.2.bridge0"),
        ("/channels", {}, ""),
    ],
)
def test_whom_a_command_concerns(path: str, query: Mapping[str, str], party: str) -> None:
    assert concerned(path, query) == party
