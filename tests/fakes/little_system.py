"""The smallest controller and API that test telephones can be tried against: one line, one menu, one agent.

On a real Asterisk, but not the product: the telephones are what is under test here. Key 1 rings the agent.
"""

import asyncio
import json
import uuid
from datetime import UTC, datetime

from aiohttp import WSMsgType, encode_basic_auth, web

from app.phone.system import stamp

CALLER, AGENT = "caller-leg", "agent-leg"
PROMPTS = ("greeting-default", "line-hotline", "menu-hotline")


class LittleSystem:
    """ARI's websocket server on one port, the API on another. `await start()`, and `await stop()` whatever happens."""

    def __init__(self, secret: str, sip: str) -> None:
        self.secret, self.sip = secret, sip
        self.token = uuid.uuid4().hex
        self.http_port = 0
        self.states: list[str] = []
        self.accepted: list[str] = []
        self.call: dict[str, object] = {}
        self.available = asyncio.Event()
        self.accepted_any = asyncio.Event()
        self._caller = ""
        self._ari: web.WebSocketResponse | None = None
        self._desks: set[web.WebSocketResponse] = set()
        self._runners: list[web.AppRunner] = []
        self._authorization = ""

    async def listen_ari(self, host: str, port: int, user: str, password: str) -> None:
        self._authorization = encode_basic_auth(user, password)
        await self._listen([web.get("/ari", self._asterisk)], host, port)

    async def listen_api(self) -> None:
        routes = [
            web.get("/api/calls", self._calls),
            web.get("/api/agents/{id}/telephone", self._telephone),
            web.post("/api/agents/{id}/state", self._state),
            web.post("/api/due-calls/{id}/accept", self._accept),
            web.get("/api/live/desk", self._desk),
        ]
        self.http_port = await self._listen(routes, "127.0.0.1", 0)

    async def _listen(self, routes: list[web.RouteDef], host: str, port: int) -> int:
        app = web.Application()
        app.add_routes(routes)
        runner = web.AppRunner(app, shutdown_timeout=0.2)
        await runner.setup()
        site = web.TCPSite(runner, host, port)
        await site.start()
        self._runners.append(runner)
        return int(runner.addresses[0][1])

    async def stop(self) -> None:
        for runner in self._runners:
            await runner.cleanup()

    # --- Asterisk ---

    async def _asterisk(self, request: web.Request) -> web.WebSocketResponse:
        if request.headers.get("Authorization") != self._authorization:
            raise web.HTTPForbidden
        self._ari = web.WebSocketResponse(protocols=("ari",))
        await self._ari.prepare(request)
        async for message in self._ari:
            if message.type is WSMsgType.TEXT:
                await self._event(json.loads(message.data))
        return self._ari

    async def _rest(self, method: str, uri: str, **query: str) -> None:
        assert self._ari is not None
        pairs = [{"name": name, "value": value} for name, value in query.items()]
        request = {"type": "RESTRequest", "transaction_id": "", "request_id": uuid.uuid4().hex}
        await self._ari.send_str(json.dumps({**request, "method": method, "uri": uri, "query_strings": pairs}))

    async def _event(self, event: dict[str, object]) -> None:
        channel = event.get("channel")
        leg = str(channel["id"]) if isinstance(channel, dict) else ""
        match event["type"]:
            case "StasisStart" if leg == AGENT:
                await self._agent_answered()
            case "StasisStart":
                await self._arrived(leg, str(channel["caller"]["number"]) if isinstance(channel, dict) else "")
            case "ChannelDtmfReceived" if event["digit"] == "1":
                await self._key_pressed()
            case "ChannelDestroyed" | "StasisEnd" if leg in (self._caller, AGENT):
                await self._ended("caller" if leg == self._caller else "agent")

    async def _arrived(self, leg: str, number: str) -> None:
        self._caller = leg
        self.call = {"call": "c-1", "ticket": "20261122-0001", "ani": number, "invited_at": stamp(datetime.now(UTC))}
        await self._rest("POST", f"channels/{leg}/variable", variable="TIMEOUT(absolute)", value="0")
        await self._rest("POST", f"channels/{leg}/answer")
        media = ",".join(f"sound:site/{prompt}" for prompt in PROMPTS)
        await self._rest("POST", f"channels/{leg}/play/prompts", media=media)

    async def _key_pressed(self) -> None:
        await self._rest("DELETE", "playbacks/prompts")
        await self.pop(call="c-1", due_call=None)
        await self._rest(
            "POST", f"channels/{AGENT}", endpoint="PJSIP/agent-8001", app="sanxiang", callerId=str(self.call["ani"])
        )

    async def _agent_answered(self) -> None:
        self.call |= {"agent": "8001", "talk_at": stamp(datetime.now(UTC))}
        await self._rest("POST", "bridges/talk", type="mixing")
        await self._rest("POST", "bridges/talk/addChannel", channel=f"{self._caller},{AGENT}")

    async def _ended(self, by: str) -> None:
        self.call.setdefault("ended_by", by)
        for leg in (self._caller, AGENT):
            await self._rest("DELETE", f"channels/{leg}")
        await self._rest("DELETE", "bridges/talk")

    # --- the API ---

    def _authorise(self, request: web.Request) -> None:
        if request.headers.get("Authorization") != f"Bearer {self.token}":
            raise web.HTTPUnauthorized

    async def _calls(self, request: web.Request) -> web.Response:
        self._authorise(request)
        return web.json_response({"items": [self.call] if self.call else [], "next": None})

    async def _telephone(self, request: web.Request) -> web.Response:
        self._authorise(request)
        if request.match_info["id"] != "8001":
            return web.json_response({"type": "urn:sanxiang:not_found", "title": "no such agent"}, status=404)
        return web.json_response({"username": "agent-8001", "secret": self.secret, "sip": self.sip})

    async def _state(self, request: web.Request) -> web.Response:
        self._authorise(request)
        self.states.append(str((await request.json())["state"]))
        if self.states[-1] == "available":
            self.available.set()
        return web.json_response({"state": self.states[-1]})

    async def _accept(self, request: web.Request) -> web.Response:
        self._authorise(request)
        self.accepted.append(request.match_info["id"])
        self.accepted_any.set()
        return web.json_response({"id": self.accepted[-1]})

    async def _desk(self, request: web.Request) -> web.WebSocketResponse:
        self._authorise(request)
        desk = web.WebSocketResponse()
        await desk.prepare(request)
        await desk.send_json({"type": "hello", "seq": 1, "agent": request.query["agent"]})
        self._desks.add(desk)
        async for _ in desk:
            pass
        self._desks.discard(desk)
        return desk

    async def pop(self, *, call: str, due_call: str | None) -> None:
        """Puts a screen pop on every desk."""
        for desk in self._desks:
            await desk.send_json({"type": "screen_pop", "seq": 2, "call": call, "pop": {"due_call": due_call}})
