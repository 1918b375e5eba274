"""The two live feeds: an agent's desk over a WebSocket, the wallboard over server-sent events (adapter). CUS-2, RPT-1.

Each connection has its own writer and its own time limit, so a slow browser keeps nobody else waiting. Both feeds end
when the session does.
"""

import asyncio
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

import msgspec
from aiohttp import WSCloseCode, WSMsgType, web

from app.web.api.common.shown import agent_out
from app.web.feeds.wallboard import WallboardFeed
from app.web.feeds.wallboard_messages import SessionOver, WallboardAlive
from app.web.http.contract import DeskQuery, Nothing
from app.web.http.operations import Ask
from app.web.wire.desk import DeskHub, DeskPage
from app.web.wire.desk_messages import Alive, DeskAck, Hello
from app.web.wire.encoding import encode_text
from app.web.wire.problems import Problem, invalid
from crm.errors import StoreAway
from crm.rights import may_sit_at

log = logging.getLogger(__name__)

ALIVE_EVERY_S: Final = 5.0
WRITE_TIMEOUT_S: Final = 10.0
LOGIN_CHECK_EVERY_S: Final = 30.0
SESSION_OVER: Final = 4401
"""WebSocket close code: log in again, do not just reconnect."""

SOCKETS: Final = web.AppKey("sockets", set[web.WebSocketResponse])
STREAMS: Final = web.AppKey("streams", set[asyncio.Task[object]])
FEED: Final = web.AppKey("feed", WallboardFeed)


class LoginCheck:
    """Whether the login a long connection began with still holds: asked now and then, and at once when it may not."""

    def __init__(self, ask: Ask[DeskQuery, Nothing] | Ask[Nothing, Nothing]) -> None:
        self._ask = ask
        self._next = asyncio.get_running_loop().time() + LOGIN_CHECK_EVERY_S

    @contextmanager
    def watched(self, wake: Callable[[], None]) -> Iterator[None]:
        """While the connection is open: `wake` is called when it is to ask again."""

        def look() -> None:
            self._next = 0.0
            wake()

        with self._ask.door.long_connection(self._ask.who, look):
            yield

    async def still_holds(self) -> bool:
        now = asyncio.get_running_loop().time()
        if now < self._next:
            return True
        self._next = now + LOGIN_CHECK_EVERY_S
        try:
            return await self._ask.door.principal(self._ask.request) == self._ask.principal
        except StoreAway:
            return False


async def live_desk(ask: Ask[DeskQuery, Nothing]) -> web.StreamResponse:
    """The messages of one agent: hello, then what the page has not seen, then news as it comes."""
    agent = ask.query.agent or ask.who.agent
    if agent is None:
        raise invalid("agent", "say whose desk")
    if not may_sit_at(ask.who, agent):
        raise Problem("forbidden", f"The desk of {agent} is not yours.")
    if agent not in {known.id for known in ask.services.site.agents}:
        raise Problem("not_found", f"No agent {agent}.")
    hub, after = ask.services.hub, ask.query.after
    with hub.open(agent, after) as page:
        socket = web.WebSocketResponse(heartbeat=10.0, max_msg_size=4096, compress=False)
        await socket.prepare(ask.request)
        ask.request.app[SOCKETS].add(socket)
        reader = asyncio.create_task(_read_desk(socket, hub, agent))
        writer = asyncio.create_task(_write_desk(ask, socket, page, agent))
        try:
            await asyncio.wait((reader, writer), return_when=asyncio.FIRST_COMPLETED)
        finally:
            ask.request.app[SOCKETS].discard(socket)
            reader.cancel()
            writer.cancel()
            unread, over = await asyncio.gather(reader, writer, return_exceptions=True)
        if isinstance(unread, Exception):
            raise unread
        if over is True:  # nobody reads any more: the close waits for the page's, and what it has sent is not cut off
            await socket.close(code=SESSION_OVER, message=b"session over")
    return socket


async def _read_desk(socket: web.WebSocketResponse, hub: DeskHub, agent: str) -> None:
    async for message in socket:
        if message.type is not WSMsgType.TEXT:
            await socket.close(code=WSCloseCode.UNSUPPORTED_DATA, message=b"send text")
            return
        try:
            acked = msgspec.json.decode(message.data, type=DeskAck)
        except msgspec.DecodeError as exc:
            await socket.close(code=WSCloseCode.POLICY_VIOLATION, message=str(exc).encode()[:100])
            return
        hub.ack(agent, acked.seq)


async def _write_desk(ask: Ask[DeskQuery, Nothing], socket: web.WebSocketResponse, page: DeskPage, agent: str) -> bool:
    """Tells the page what is new; True: until its login ended, False: until it could not be told any more."""
    hub, login = ask.services.hub, LoginCheck(ask)
    try:
        await _send(socket, _hello(ask, agent))
        with login.watched(page.notify):
            while await login.still_holds():
                for message in page.take():
                    await _send(socket, message.text)
                if not await page.news(ALIVE_EVERY_S):
                    await _send(socket, encode_text(Alive(seq=hub.newest, at=ask.services.clock())))
        return True
    except TimeoutError:
        log.warning("A page of agent %s does not read; closed", agent, extra={"action": "desk_stuck", "agent": agent})
        _abort(ask.request)
    except ConnectionError:
        log.debug("A page of agent %s went away", agent, extra={"action": "desk_gone", "agent": agent})
    except Exception as exc:
        ask.services.faults.note(exc, "desk_failed", agent=agent)
        _abort(ask.request)
    return False


def _hello(ask: Ask[DeskQuery, Nothing], agent: str) -> str:
    now = {view.agent: view for view in ask.services.acd.agents()}.get(agent)
    hub = ask.services.hub
    return encode_text(
        Hello(
            seq=hub.newest,
            at=ask.services.clock(),
            agent=agent,
            gap=hub.has_gap(agent, ask.query.after),
            state=None if now is None else agent_out(now, ask.services.site),
        )
    )


async def _send(socket: web.WebSocketResponse, text: str) -> None:
    async with asyncio.timeout(WRITE_TIMEOUT_S):
        await socket.send_str(text)


async def live_wallboard(ask: Ask[Nothing, Nothing]) -> web.StreamResponse:
    """The picture now, and again after each change."""
    headers = {
        "Content-Type": "text/event-stream; charset=utf-8",
        "Cache-Control": "no-store",
        "X-Accel-Buffering": "no",
    }
    response = web.StreamResponse(headers=headers)
    await response.prepare(ask.request)
    task = asyncio.current_task()
    assert task is not None  # a handler always runs in one
    ask.request.app[STREAMS].add(task)
    try:
        await _write_wallboard(ask, response)
    except TimeoutError:
        log.warning("A wallboard does not read; closed", extra={"action": "wallboard_stuck"})
        _abort(ask.request)
    except ConnectionError:
        log.debug("A wallboard went away", extra={"action": "wallboard_gone"})
    except Exception as exc:
        ask.services.faults.note(exc, "wallboard_failed")
        _abort(ask.request)
    finally:
        ask.request.app[STREAMS].discard(task)
    return response


async def _write_wallboard(ask: Ask[Nothing, Nothing], response: web.StreamResponse) -> None:
    login = LoginCheck(ask)
    with ask.request.app[FEED].watch() as watcher, login.watched(watcher.notify):
        await _write(response, "retry: 1000\n\n")
        while await login.still_holds():
            news = await watcher.next(ALIVE_EVERY_S)
            if news is None:
                await _write(response, f"event: alive\ndata: {encode_text(WallboardAlive())}\n\n")
            else:
                await _write(response, f"id: {news[0]}\nevent: wallboard\ndata: {news[1]}\n\n")
    await _write(response, f"event: session_over\ndata: {encode_text(SessionOver())}\n\n")


async def _write(response: web.StreamResponse, text: str) -> None:
    async with asyncio.timeout(WRITE_TIMEOUT_S):
        await response.write(text.encode())


def _abort(request: web.Request) -> None:
    if request.transport is not None:
        request.transport.abort()


async def close_all(app: web.Application) -> None:
    """At shutdown: pages reconnect by themselves when the server is back."""
    for stream in app[STREAMS]:
        stream.cancel()
    await asyncio.gather(
        *(socket.close(code=WSCloseCode.GOING_AWAY, message=b"restart") for socket in app[SOCKETS]),
        *app[STREAMS],
        return_exceptions=True,
    )
