"""The websocket server, with a client in Asterisk's part: order, authentication, answers, fencing, silence."""

import asyncio
import json
import logging
import socket
from collections.abc import AsyncIterator
from contextlib import ExitStack, suppress
from pathlib import Path

import aiohttp
import pytest

from ivr.ari.client import AriClient
from ivr.ari.wire import socket as ari_socket
from ivr.ari.wire.errors import AriError, ConnectionLost
from ivr.ari.wire.model import AnyEvent
from ivr.ari.wire.socket import AriSocket, SocketAddress
from ivr.ari.wire.tape import Tape
from ivr.port.values import TelephonyDown
from tests.fakes.asterisk_client import AsteriskClient
from tests.fakes.telephony import EPOCH

SOON_S = 5.0


class Ear:
    """A listener that writes down what it hears."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.connections = asyncio.Semaphore(0)
        self._news = asyncio.Event()

    def received(self, event: AnyEvent) -> None:
        self._hear(type(event).__name__)

    async def connected_anew(self) -> None:
        self._hear("connected")
        self.connections.release()

    def disconnected(self) -> None:
        self._hear("disconnected")

    async def last(self, what: str) -> None:
        """Return when that is the last thing heard."""
        while self.heard[-1:] != [what]:
            await self._news.wait()

    def _hear(self, what: str) -> None:
        self.heard.append(what)
        self._news.set()
        self._news.clear()


@pytest.fixture
async def port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def ear() -> Ear:
    return Ear()


@pytest.fixture
def unresponsive() -> asyncio.Event:
    return asyncio.Event()


@pytest.fixture
async def server(port: int, ear: Ear, unresponsive: asyncio.Event, tmp_path: Path) -> AsyncIterator[AriSocket]:
    tape = Tape(tmp_path / "tape.jsonl", lambda: EPOCH)
    address = SocketAddress(host="127.0.0.1", port=port)
    serving = AriSocket(address, lambda: ("asterisk", "secret"), on_unresponsive=unresponsive.set, tape=tape)
    task = asyncio.create_task(serving.serve(ear))
    yield serving
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    tape.close()


@pytest.fixture
async def asterisk(server: AriSocket, port: int) -> AsyncIterator[AsteriskClient]:
    async with aiohttp.ClientSession() as session:
        client = AsteriskClient(session, f"ws://127.0.0.1:{port}/ari")
        await client.wait_for_server()
        yield client


async def test_wrong_credentials_and_missing_subprotocol_are_refused(asterisk: AsteriskClient, port: int) -> None:
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await asterisk.dial(password="guessed")
    assert refused.value.status == 401
    async with aiohttp.ClientSession() as session:
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await session.ws_connect(
                f"ws://127.0.0.1:{port}/ari", headers={"Authorization": aiohttp.encode_basic_auth("asterisk", "secret")}
            )
        assert refused.value.status == 400


async def test_replayed_events_come_first_then_the_filter_then_the_connection(
    asterisk: AsteriskClient, server: AriSocket, ear: Ear
) -> None:
    await asterisk.dial("ApplicationUnregistered", "ApplicationUnregistered", register=False)
    with pytest.raises(TelephonyDown):
        await server.request("GET", "/channels", {}, None, timeout_s=0.1)
    assert asterisk.requests == []
    await asterisk.tell("ApplicationRegistered")
    async with asyncio.timeout(SOON_S):
        await ear.connections.acquire()
    assert ear.heard[-4:] == [
        "ApplicationUnregistered",
        "ApplicationUnregistered",
        "ApplicationRegistered",
        "connected",
    ]
    assert [request["uri"] for request in asterisk.requests] == ["applications/sanxiang/eventFilter"]
    allowed = json.loads(asterisk.requests[0]["message_body"])["allowed"]
    assert {"type": "RESTResponse"} in allowed
    assert server.ready.is_set()


async def test_answers_find_their_requests_whatever_the_order(asterisk: AsteriskClient, server: AriSocket) -> None:
    await asterisk.dial()
    client = AriClient(server)
    one = asyncio.create_task(client.channels.get_channel_var(channel_id="a", variable="V"))
    other = asyncio.create_task(client.channels.get_channel_var(channel_id="b", variable="V"))
    async with asyncio.timeout(SOON_S):
        for _ in range(3):
            await asterisk.asked.acquire()
        for request in reversed(asterisk.requests[1:]):
            await asterisk.answer(request, 200, {"value": request["uri"].split("/")[1]})
        assert ((await one).value, (await other).value) == ("a", "b")
    assert client.commands_sent == 2


async def test_a_refusal_names_the_command_and_asterisks_reason(asterisk: AsteriskClient, server: AriSocket) -> None:
    await asterisk.dial()
    task = asyncio.create_task(AriClient(server).channels.answer(channel_id="a"))
    async with asyncio.timeout(SOON_S):
        for _ in range(2):
            await asterisk.asked.acquire()
        await asterisk.answer(asterisk.requests[-1], 404, {"message": "Channel not found"})
        with pytest.raises(AriError, match="POST /channels/a/answer: 404 Channel not found") as refused:
            await task
    assert refused.value.status == 404


async def test_no_answer_in_time_is_telephony_down(asterisk: AsteriskClient, server: AriSocket) -> None:
    await asterisk.dial()
    with pytest.raises(TelephonyDown, match="did not answer GET /channels"):
        await server.request("GET", "/channels", {}, None, timeout_s=0.05)


async def test_what_was_not_answered_is_sent_again_on_the_next_connection(
    asterisk: AsteriskClient, server: AriSocket
) -> None:
    await asterisk.dial()
    task = asyncio.create_task(AriClient(server).channels.ring(channel_id="a"))
    dial = asyncio.create_task(AriClient(server).dial_once(channel_id="b", timeout_s=5))
    async with asyncio.timeout(SOON_S):
        for _ in range(3):
            await asterisk.asked.acquire()
        await asterisk.ws.close()
        asterisk.requests.clear()
        await asterisk.dial()
        for _ in range(2):
            await asterisk.asked.acquire()
        assert [request["uri"] for request in asterisk.requests[1:]] == ["channels/a/ring"]
        await asterisk.answer(asterisk.requests[-1], 204)
        await task
        with pytest.raises(ConnectionLost):
            await dial


async def test_a_newer_connection_replaces_the_older_which_is_heard_no_more(
    asterisk: AsteriskClient, server: AriSocket, ear: Ear
) -> None:
    await asterisk.dial()
    async with asyncio.timeout(SOON_S):
        await ear.connections.acquire()
        older, older_reading = asterisk.ws, asterisk.reading
        await asterisk.dial()
        await ear.connections.acquire()
    mark = len(ear.heard)
    with suppress(ConnectionError, aiohttp.ClientError):
        await older.send_str(json.dumps({"type": "ApplicationUnregistered"}))
    await asterisk.tell("ApplicationUnregistered")
    request = asyncio.create_task(server.request("GET", "/channels", {}, None, timeout_s=0.05))
    with pytest.raises(TelephonyDown):
        await request
    assert ear.heard[mark:] == ["ApplicationUnregistered"]
    assert ear.heard[:mark].count("disconnected") == ear.heard[:mark].count("connected")
    older_reading.cancel()


async def test_unknown_events_are_said_once_and_broken_ones_do_no_harm(
    asterisk: AsteriskClient, ear: Ear, caplog: pytest.LogCaptureFixture
) -> None:
    await asterisk.dial()
    async with asyncio.timeout(SOON_S):
        await ear.connections.acquire()
        with caplog.at_level(logging.WARNING):
            await asterisk.tell("ChannelTeleported")
            await asterisk.tell("ChannelTeleported")
            await asterisk.tell("StasisEnd", channel="not a channel")
            await asterisk.ws.send_str("{")
            await asterisk.tell("ApplicationRegistered")
            await ear.last("ApplicationRegistered")
    actions = [getattr(record, "action", "") for record in caplog.records]
    assert actions == ["ari_event_unknown", "ari_event_shape", "ari_not_json"]


async def test_an_asterisk_that_answers_nothing_is_given_up(
    asterisk: AsteriskClient, ear: Ear, unresponsive: asyncio.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ari_socket, "PING_INTERVAL_S", 0.02)
    monkeypatch.setattr(ari_socket, "PING_TIMEOUT_S", 0.02)
    await asterisk.dial()
    async with asyncio.timeout(SOON_S):
        await ear.connections.acquire()
        asterisk.silent = True
        await unresponsive.wait()
        await ear.last("disconnected")


async def test_every_message_is_on_the_tape(asterisk: AsteriskClient, ear: Ear, tmp_path: Path) -> None:
    await asterisk.dial()
    async with asyncio.timeout(SOON_S):
        await ear.connections.acquire()
    lines = [json.loads(line) for line in (tmp_path / "tape.jsonl").read_text().splitlines()]
    assert [(line["dir"], line["message"]["type"]) for line in lines[:3]] == [
        ("in", "ApplicationRegistered"),
        ("out", "RESTRequest"),
        ("in", "RESTResponse"),
    ]


@pytest.mark.parametrize("turns", range(6))
async def test_nobody_who_was_accepted_is_left_on_an_open_connection(port: int, ear: Ear, turns: int) -> None:
    """Whoever dials in the instant in which the server closes is closed too, or never accepted."""
    serving = AriSocket(SocketAddress(host="127.0.0.1", port=port), lambda: ("asterisk", "secret"))
    task = asyncio.create_task(serving.serve(ear))
    async with aiohttp.ClientSession() as session:
        await AsteriskClient(session, f"ws://127.0.0.1:{port}/ari").wait_for_server()
    with ExitStack() as stack:
        callers = [stack.enter_context(socket.create_connection(("127.0.0.1", port), 2.0)) for _ in range(4)]
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        for caller in callers:
            with suppress(ConnectionResetError):
                assert caller.recv(1) == b""
