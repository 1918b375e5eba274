"""The websocket client in Asterisk's part, for tests of our server without an Asterisk."""

import asyncio
import json
from typing import Any

import aiohttp


class AsteriskClient:
    """Dials like Asterisk. `silent`: it answers nothing, as a hung one; `answers`: bodies by the path asked for, or
    `answers_all` without."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self._session = session
        self._url = url
        self.silent = self.answers_all = False
        self.requests: list[dict[str, Any]] = []
        self.asked = asyncio.Semaphore(0)
        self.answers: dict[str, object] = {}

    async def wait_for_server(self) -> None:
        """Return once the port can be dialled; no connection is left."""
        while True:
            try:
                await self.dial(register=False)
                break
            except aiohttp.ClientConnectorError:
                await asyncio.sleep(0.01)
        await self.ws.close()
        self.reading.cancel()

    async def dial(self, *before: str, password: str = "secret", register: bool = True) -> None:
        authorization = aiohttp.encode_basic_auth("asterisk", password)
        self.ws = await self._session.ws_connect(
            self._url, protocols=("ari",), headers={"Authorization": authorization}
        )
        assert self.ws.protocol == "ari"
        for name in before:
            await self.tell(name)
        if register:
            await self.tell("ApplicationRegistered")
        self.reading = asyncio.create_task(self._answer())

    async def tell(self, kind: str, **fields: object) -> None:
        await self.ws.send_str(json.dumps({"type": kind, "application": "sanxiang", **fields}))

    async def answer(self, request: dict[str, Any], status: int = 200, body: object = None) -> None:
        await self.tell(
            "RESTResponse",
            transaction_id="",
            request_id=request["request_id"],
            status_code=status,
            reason_phrase="x",
            uri=request["uri"],
            message_body=None if body is None else json.dumps(body),
        )

    async def _answer(self) -> None:
        async for message in self.ws:
            request = json.loads(message.data)
            if self.silent:
                continue
            if request["uri"].startswith(("applications", "asterisk/ping")):
                await self.answer(request, 200, {})
            elif request["uri"] in self.answers:
                await self.answer(request, 200, self.answers[request["uri"]])
            elif self.answers_all:
                await self.answer(request, 204)
            if request["uri"] != "asterisk/ping":
                self.requests.append(request)
                self.asked.release()
