"""The commands' way to the running system goes on when its controller is started again: another token, another port."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from app.phone.errors import ApiRefused, SystemNotRunning
from app.phone.system import SystemClient
from config.paths import DataDir


class Controller:
    """One life of a controller: knows one token, and says so in the system file when it is ready."""

    def __init__(self, data: DataDir, token: str) -> None:
        self._data, self.token = data, token
        app = web.Application()
        app.router.add_get("/api/calls", self._calls)
        app.router.add_get("/api/live/desk", self._desk)
        self.server = TestServer(app, host="127.0.0.1")

    async def start(self, *, told: bool = True) -> None:
        await self.server.start_server()
        if told:
            self.tell()

    def tell(self) -> None:
        facts = {
            "http": str(self.server.make_url("/").origin()),
            "sip": "127.0.0.1:5060",
            "site": "/",
            "token": self.token,
        }
        self._data.system_file.write_text(json.dumps(facts))

    def _check(self, request: web.Request) -> None:
        if request.headers.get("Authorization") != f"Bearer {self.token}":
            raise web.HTTPUnauthorized(text="{}", content_type="application/json")

    async def _calls(self, request: web.Request) -> web.Response:
        self._check(request)
        return web.json_response({"items": [], "token": self.token})

    async def _desk(self, request: web.Request) -> web.WebSocketResponse:
        self._check(request)
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_json({"type": "hello", "seq": 1, "token": self.token})
        await socket.receive()
        return socket


@pytest.fixture
async def first(tmp_path: Path) -> AsyncIterator[Controller]:
    controller = Controller(DataDir(tmp_path), "one")
    await controller.start()
    yield controller
    await controller.server.close()


@pytest.fixture
async def second(tmp_path: Path) -> AsyncIterator[Controller]:
    controller = Controller(DataDir(tmp_path), "two")
    yield controller
    await controller.server.close()


async def test_the_new_token_is_read_when_the_old_one_is_refused(
    tmp_path: Path, first: Controller, second: Controller
) -> None:
    async with SystemClient(DataDir(tmp_path)) as client:
        assert (await client.ask("GET", "/api/calls"))["token"] == "one"
        first.token = "changed"  # the same address, another life
        first.tell()
        assert (await client.ask("GET", "/api/calls"))["token"] == "changed"
        await first.server.close()
        await second.start()
        with pytest.raises(SystemNotRunning):
            await client.ask("GET", "/api/calls")
        assert (await client.ask("GET", "/api/calls"))["token"] == "two"


async def test_while_the_new_token_is_not_told_yet_the_system_is_away_and_nobody_is_refused(
    tmp_path: Path, first: Controller
) -> None:
    """A refusal would end `sanxiang agent`; what is away is tried again."""
    async with SystemClient(DataDir(tmp_path)) as client:
        first.token = "not told yet"
        with pytest.raises(SystemNotRunning):
            await client.ask("GET", "/api/calls")
        with pytest.raises(SystemNotRunning):
            await anext(client.desk("8001"))
        DataDir(tmp_path).system_file.unlink()
        with pytest.raises(SystemNotRunning):
            await client.ask("GET", "/api/calls")
        first.tell()
        with pytest.raises(SystemNotRunning):
            await anext(client.desk("8001"))
        async with asyncio.timeout(5):
            assert (await anext(client.desk("8001")))["token"] == "not told yet"
        with pytest.raises(ApiRefused):
            await client.ask("GET", "/api/nothing")
