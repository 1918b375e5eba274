"""The door of the web server: deadlines, caps, a reserve of descriptors. Over real sockets of loopback. OPS-7"""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
from aiohttp import web

from app.process.descriptors import descriptors_left
from app.web.front.listener import FRONT, Front, Limits, bound_sockets, in_time
from app.web.http.barrier import problems
from tests.integration.harness.api import until as wait_until

pytestmark = pytest.mark.req("OPS-7")

HALF = b"GET / HTTP/1.1\r\nHost: h\r\n"
WHOLE = HALF + b"\r\n"
WITHIN_S = 5.0


@dataclass
class Door:
    """A little server behind the front."""

    front: Front
    port: int
    visitors: list[asyncio.StreamWriter] = field(default_factory=list)

    async def connect(
        self, say: bytes = b"", source: str = "127.0.0.1"
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, local_addr=(source, 0))
        writer.write(say)
        self.visitors.append(writer)
        return reader, writer

    async def status_of(self, say: bytes = WHOLE, source: str = "127.0.0.1") -> bytes:
        reader, writer = await self.connect(say, source)
        try:
            async with asyncio.timeout(WITHIN_S):
                return (await reader.readline())[9:12]
        except ConnectionError:
            return b""
        finally:
            writer.close()


@asynccontextmanager
async def door(limits: Limits, proxies: tuple[str, ...] = ()) -> AsyncIterator[Door]:
    async def answer(request: web.Request) -> web.Response:
        return web.Response(text=str(len(await request.read())))

    async def stays(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        async for _ in socket:
            pass
        return socket

    app = web.Application(middlewares=[problems, in_time])
    app.router.add_get("/", answer)
    app.router.add_post("/", answer)
    app.router.add_get("/socket", stays)
    app[FRONT] = front = Front(limits, proxies)
    runner = web.AppRunner(app, shutdown_timeout=0.2)
    await runner.setup()
    sockets = bound_sockets("127.0.0.1", 0)
    assert runner.server is not None
    serving = asyncio.create_task(front.serve(runner.server, sockets, None))
    try:
        opened = Door(front, sockets[0].getsockname()[1])
        yield opened
    finally:
        for writer in opened.visitors:
            writer.close()
        serving.cancel()
        await asyncio.wait([serving])
        await runner.cleanup()


async def until(true: Callable[[], bool]) -> None:
    async def ask() -> bool | None:
        return True if true() else None

    await wait_until(ask, WITHIN_S, "the door to be so")


async def ended(reader: asyncio.StreamReader) -> bytes:
    """All that came until the connection ended."""
    async with asyncio.timeout(WITHIN_S):
        try:
            return await reader.read()
        except ConnectionError:
            return b""


async def test_a_request_whose_headers_do_not_end_is_given_up_also_when_bytes_trickle() -> None:
    async with door(Limits(header_s=0.5)) as house:
        silent, _ = await house.connect()
        half, writer = await house.connect(HALF)

        async def trickle() -> None:
            while not writer.is_closing():
                writer.write(b"x: y\r\n")
                await asyncio.sleep(0.05)

        task = asyncio.create_task(trickle())
        assert await ended(silent) == await ended(half) == b""
        task.cancel()
        await until(lambda: house.front.status()["connections"] == 0)


async def test_a_body_that_does_not_come_is_answered_and_given_up() -> None:
    async with door(Limits(body_s=0.3, header_s=0.5)) as house:
        reader, _ = await house.connect(b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nabc")
        assert (await ended(reader)).startswith(b"HTTP/1.1 408 ")


async def test_who_asks_nothing_gives_way_and_who_is_served_stays() -> None:
    async with door(Limits(per_address=4, total=100)) as house:
        upgrade = b"GET /socket HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        served, _ = await house.connect(
            upgrade + b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        )
        assert b"101" in await served.readline()
        for _ in range(50):
            await house.connect(HALF)
        assert await house.status_of() == b"200"
        await until(lambda: house.front.status()["connections"] <= 4)
        assert not served.at_eof(), "a page that is open was closed for a stranger's sake"
        assert await house.status_of(source="127.0.0.3") == b"200", "another address has its own"


async def test_all_together_have_a_cap_and_the_longest_idle_gives_way() -> None:
    async with door(Limits(per_address=10, total=20)) as house:
        for number in range(60):
            await house.connect(HALF, f"127.0.0.{2 + number // 5}")
        assert await house.status_of(source="127.0.0.99") == b"200"
        await until(lambda: house.front.status()["connections"] <= 20)


async def test_a_proxy_of_ours_stands_for_many() -> None:
    async with door(Limits(per_address=4), ("127.0.0.3",)) as house:
        for _ in range(10):
            await house.connect(HALF, "127.0.0.3")
        await until(lambda: house.front.status()["connections"] == 10)


async def test_below_the_reserve_nobody_is_taken_in_until_there_is_room_again() -> None:
    async with door(Limits(reserve=descriptors_left() - 40, header_s=60)) as house:
        spent = [os.open("/dev/null", os.O_RDONLY) for _ in range(50)]
        try:
            reader, _ = await house.connect(WHOLE)
            await until(lambda: not house.front.status()["up"])
            asking = asyncio.create_task(reader.readline())
        finally:
            for descriptor in spent:
                os.close(descriptor)
        async with asyncio.timeout(WITHIN_S):
            assert b"200" in await asking, "the kernel kept who came meanwhile"
        assert house.front.status()["up"]


async def test_what_is_no_http_is_answered_shortly() -> None:
    async with door(Limits()) as house:
        reader, _ = await house.connect(b"\x16\x03\x01 hello\r\n\r\n")
        answer = await ended(reader)
        assert answer[8:13] == b" 400 " and b"aiohttp" not in answer.lower()
        assert b"urn:sanxiang:invalid" in answer
