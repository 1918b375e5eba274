"""The desk's WebSocket: pops at once, confirmed, resumed after a loss; slow pages, lost sessions, shutdown."""

import asyncio
import base64
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import aiohttp
import msgspec
import pytest
from aiohttp import WSCloseCode, WSMsgType

from app.web.feeds import live
from app.web.wire.desk_messages import DeskMessage, TicketChanged
from app.web.wire.encoding import plain
from crm.seen.opening import opened
from routing.agent import AgentState
from tests.fakes.desk_messages import call_is, pop
from tests.integration.web.conftest import LOCAL_TOKEN, House, eventually

POP = pop()


class Page:
    """A desk's page as a test plays it."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket

    async def message(self, kind: str | None = None, within_s: float = 1.0) -> dict[str, Any]:
        """The next message, or the next of this type; those before it are dropped. Raises TimeoutError."""
        async with asyncio.timeout(within_s):
            while True:
                found: dict[str, Any] = await self.socket.receive_json()
                assert plain(opened(msgspec.convert(found, DeskMessage))) == found, "not as the description says"
                if kind in (None, found["type"]):
                    return found

    async def ack(self, message: dict[str, Any]) -> None:
        await self.socket.send_json({"type": "ack", "seq": message["seq"]})

    async def closed(self, within_s: float = 5.0) -> int | None:
        """The code with which the server closes."""
        async with asyncio.timeout(within_s):
            while (message := await self.socket.receive()).type is WSMsgType.TEXT:
                pass
        assert message.type in (WSMsgType.CLOSE, WSMsgType.CLOSED), message
        return self.socket.close_code


@asynccontextmanager
async def desk(client: aiohttp.ClientSession, query: str = "") -> AsyncIterator[Page]:
    async with client.ws_connect(f"/api/live/desk{query}") as socket:
        yield Page(socket)


async def test_a_pop_is_on_the_page_within_a_second_and_its_confirmation_arrives(house: House) -> None:
    async with house.logged_in("8001") as browser, desk(browser) as page:
        hello = await page.message()
        assert (hello["type"], hello["agent"], hello["gap"]) == ("hello", "8001", False)
        assert hello["state"]["state"] == "logged_out"
        house.hub.publish("8001", POP)
        shown = await page.message(within_s=1.0)
        told = msgspec.convert(shown, DeskMessage)
        assert told == msgspec.structs.replace(POP, seq=told.seq, at=told.at)
        await page.ack(shown)
        await eventually(lambda: house.hub.acked("8001") == told.seq)


async def test_a_page_that_lost_its_line_gets_what_it_missed_and_nothing_twice(house: House) -> None:
    async with house.logged_in("8001") as browser:
        async with desk(browser) as page:
            house.hub.publish("8001", POP)
            seen = (await page.message("screen_pop"))["seq"]
        house.hub.publish("8001", call_is("talking"))
        house.hub.publish("8001", TicketChanged(ticket="20261122-0001", version=2))
        async with desk(browser, f"?after={seen}") as page:
            assert not (await page.message("hello"))["gap"]
            assert [(await page.message())["type"] for _ in range(2)] == ["call", "ticket"]


async def test_a_fresh_page_finds_the_running_call(house: House) -> None:
    house.hub.publish("8001", POP)
    house.hub.publish("8001", call_is("talking"))
    async with house.logged_in("8001") as browser, desk(browser) as page:
        assert [(await page.message())["type"] for _ in range(3)] == ["hello", "screen_pop", "call"]


async def test_the_state_in_hello_is_the_one_of_now(house: House) -> None:
    house.acd.put(replace(house.acd.agent("8001"), state=AgentState.WRAP_UP, until=house.clock(), wish="not_ready"))
    async with house.program() as program, desk(program, "?agent=8001") as page:
        state = (await page.message("hello"))["state"]
    assert (state["state"], state["wish"]) == ("wrap_up", "not_ready")


async def test_an_idle_line_says_that_it_is_alive(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "ALIVE_EVERY_S", 0.05)
    async with house.logged_in("8001") as browser, desk(browser) as page:
        assert (await page.message("alive"))["seq"] == house.hub.newest


@pytest.mark.parametrize(("sent", "code"), [("{}", 1008), ('{"type":"ack","seq":"x"}', 1008), ("nonsense", 1008)])
async def test_a_page_that_talks_nonsense_is_closed(house: House, sent: str, code: int) -> None:
    async with house.logged_in("8001") as browser, desk(browser) as page:
        await page.socket.send_str(sent)
        assert await page.closed() == code
    await eventually(lambda: house.hub.pages("8001") == 0)


async def test_bytes_and_floods_are_not_taken(house: House) -> None:
    async with house.logged_in("8001") as browser:
        async with desk(browser) as page:
            await page.socket.send_bytes(b"\0")
            assert await page.closed() == WSCloseCode.UNSUPPORTED_DATA
        async with desk(browser) as page:
            await page.socket.send_str("x" * 10_000)
            assert await page.closed() == WSCloseCode.MESSAGE_TOO_BIG


async def test_the_line_ends_with_the_session(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "ALIVE_EVERY_S", 0.05)
    monkeypatch.setattr(live, "LOGIN_CHECK_EVERY_S", 0.05)
    async with house.logged_in("8001") as browser, desk(browser) as page:
        await page.message("alive")
        async with browser.post("/api/logout") as answer:
            assert answer.status == 204
        assert await page.closed() == live.SESSION_OVER


async def test_an_agent_cannot_open_more_pages_than_a_person_needs(house: House) -> None:
    async with house.program() as program:
        pages = [await program.ws_connect("/api/live/desk?agent=8001") for _ in range(20)]
        async with program.get("/api/live/desk?agent=8001", headers={"Upgrade": "websocket"}) as answer:
            assert answer.status == 429
        for page in pages:
            await page.close()


async def test_a_page_that_does_not_read_keeps_nobody_waiting_and_is_dropped(
    house: House, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(live, "WRITE_TIMEOUT_S", 4.0)
    with stuck_client(house, f"/api/live/desk?agent=8001 {websocket_headers()}"):
        async with house.program() as program, desk(program, "?agent=8001") as page:
            await eventually(lambda: house.hub.pages("8001") == 2)
            for number in range(40):
                house.hub.publish("8001", pop(f"c-{number}", "t", greeting="x" * 500_000))
                assert (await page.message("screen_pop", within_s=3.0))["call"] == f"c-{number}"
            await eventually(lambda: house.hub.pages("8001") == 1, within_s=10.0)
            house.hub.publish("8001", POP)
            assert (await page.message("screen_pop"))["call"] == "c-1"
    assert "desk_stuck" in {vars(record).get("action") for record in caplog.records}


async def test_at_shutdown_pages_are_told_to_come_back(house: House) -> None:
    async with house.program() as program, desk(program, "?agent=8001") as page:
        await page.message("hello")
        async with asyncio.timeout(5):
            closing = asyncio.create_task(house.server.close())
            assert await page.closed() == WSCloseCode.GOING_AWAY
            await closing


def websocket_headers() -> str:
    """The end of the request line and the headers of a handshake."""
    key = base64.b64encode(b"0123456789abcdef").decode()
    return "\r\n".join(
        (
            "HTTP/1.1",
            "Connection: Upgrade",
            "Upgrade: websocket",
            "Sec-WebSocket-Version: 13",
            f"Sec-WebSocket-Key: {key}",
        )
    )


def stuck_client(house: House, request: str) -> socket.socket:
    """A browser on a dead line: it has asked, and never reads."""
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.connect(("127.0.0.1", house.server.port or 0))
    client.sendall(f"GET {request}\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {LOCAL_TOKEN}\r\n\r\n".encode())
    return client
