"""The websocket server that Asterisk dials (design D2): events come in on it, REST commands go out on it, and on the
sockets beside it (`ivr.ari.wire.lanes`).

It knows connections, not calls: authentication, one connection at a time, request and answer, the event filter, and
whether Asterisk is still alive. What the events mean is the business of its `Listener`.
"""

import asyncio
import hmac
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

import aiohttp
from aiohttp import web

from ivr.ari.wire.connection import Connection
from ivr.ari.wire.errors import ConnectionLost
from ivr.ari.wire.lanes import CommandLanes
from ivr.ari.wire.listening import Listening
from ivr.ari.wire.model import AnyEvent, ApplicationRegistered, ApplicationReplaced, Method, RESTResponse
from ivr.ari.wire.tape import Tape
from ivr.port.values import TelephonyDown, TelephonyError

log = logging.getLogger(__name__)

# All that is ever sent to us: 7 instead of 49 events a call. Without RESTResponse no answer returns.
EVENTS_WANTED = (
    "ApplicationRegistered",
    "ApplicationReplaced",
    "ChannelDestroyed",
    "ChannelDtmfReceived",
    "ChannelStateChange",
    "ChannelTransfer",
    "PlaybackFinished",
    "RESTResponse",
    "RecordingFailed",
    "RecordingFinished",
    "StasisEnd",
    "StasisStart",
)
REGISTRATION_TIMEOUT_S = 5.0
FILTER_TIMEOUT_S = 5.0
# Asterisk dials before it is fully booted, and then answers every command so.
STILL_BOOTING = 503
BOOTING_POLL_S = 0.1
PING_INTERVAL_S = 1.0
PING_TIMEOUT_S = 1.0
# Two in a row, so that a pause of our own (a stopped process, a slow disk) is not taken for Asterisk's.
PINGS_MISSED = 2
CLOSE_TIMEOUT_S = 0.5
SETUP_AGAIN_S = 1.0
"""So long after a setup that failed comes the next one."""
LARGEST_MESSAGE = 64 * 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class SocketAddress:
    """Where Asterisk dials (the same as in its websocket_client.conf), for which Stasis application."""

    host: str
    port: int
    path: str = "/ari"
    app: str = "sanxiang"


class Listener(Protocol):
    """Who is told what happens on the socket. `received` and `disconnected` must be quick: they run in the reader."""

    def received(self, event: AnyEvent) -> None:
        """One event, in the order of arrival; replayed ones come before `connected_anew`."""

    async def connected_anew(self) -> None:
        """Asterisk is registered and the event filter is set. Cancelled when the connection ends first."""

    def disconnected(self) -> None:
        """This connection has ended; another may follow."""


class AriSocket:
    """Serves Asterisk's outbound websocket. One connection counts: a newer one replaces the older, which is fenced."""

    def __init__(
        self,
        address: SocketAddress,
        credentials: Callable[[], tuple[str, str]],
        *,
        on_unresponsive: Callable[[], None] | None = None,
        tape: Tape | None = None,
    ) -> None:
        """`credentials`: user and password that Asterisk presents; asked for at each handshake, as each of its starts
        has new ones. `on_unresponsive` is called once per connection on which Asterisk stops answering (≤ 5 s).
        """
        self.address = address
        self._credentials = credentials
        self._on_unresponsive = on_unresponsive
        self._tape = tape
        self._listener: Listener | None = None
        self._current: Connection | None = None
        self._lanes = CommandLanes()
        self.ready = asyncio.Event()
        self.connections = 0

    @property
    def command_sockets(self) -> int:
        """How many sockets beside the first carry commands."""
        return len(self._lanes)

    async def serve(self, listener: Listener) -> None:
        """Run until cancelled. Binds the port at once: call it when events can be handled. OSError if taken."""
        self._listener = listener
        listening = Listening(self.address.host, self.address.port)
        application = web.Application()
        application.router.add_get(self.address.path, self._accept)
        application.router.add_get(f"{self.address.path}/{{lane}}", self._accept)
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=CLOSE_TIMEOUT_S)
        try:
            await runner.setup()
            await listening.start(runner)
            await asyncio.get_running_loop().create_future()
        finally:
            # The door first: a handshake that nobody answers would hang in Asterisk without a timeout (D2).
            await listening.stop()
            self._lanes.give_up_all()
            if self._current is not None:
                await self._current.close()
            await runner.cleanup()

    def cut(self) -> None:
        """Give the present connection up; Asterisk dials again at once and tells what happened meanwhile."""
        if self._current is not None:
            self._current.fence()

    async def request(
        self,
        method: Method,
        path: str,
        query: Mapping[str, str],
        body: Mapping[str, object] | None,
        *,
        timeout_s: float = 5.0,
        again: bool = True,
    ) -> RESTResponse:
        """Send a command and wait for its answer, over a reconnect if need be. TelephonyDown after `timeout_s`.

        `again`: it may be sent a second time when the connection ends before the answer; else ConnectionLost.
        """
        deadline = asyncio.get_running_loop().time() + timeout_s
        while True:
            if not self.ready.is_set():
                await self._until_ready(deadline, f"{method} {path}")
            connection = self._lanes.of(path, query) or self._current
            assert connection is not None  # ready is set while there is one
            try:
                return await connection.request(method, path, query, body, deadline)
            except ConnectionLost:
                if self._current is connection:
                    self.ready.clear()  # it has ended, though its reader does not know it yet
                else:
                    self._lanes.give_up(connection)
                if not again:
                    raise
                log.info(
                    "the websocket ended during %s %s: it is sent again on the next one",
                    method,
                    path,
                    extra={"action": "ari_resend"},
                )
            except TelephonyDown:
                if connection is not self._current:
                    self._lanes.give_up(connection)
                raise

    async def _until_ready(self, deadline: float, command: str) -> None:
        try:
            async with asyncio.timeout_at(deadline):
                await self.ready.wait()
        except TimeoutError as exc:
            raise TelephonyDown(f"no connection from Asterisk: {command} was not sent") from exc

    async def sign_of_life(self, timeout_s: float = PING_TIMEOUT_S) -> None:
        """Returns when Asterisk has said anything since. Raises TelephonyDown."""
        if self._current is None:
            raise TelephonyDown("no connection from Asterisk")
        await self._current.sign_of_life(timeout_s)

    async def _accept(self, request: web.Request) -> web.StreamResponse:
        offered = request.headers.get("Authorization", "")
        expected = aiohttp.encode_basic_auth(*self._credentials())
        if not hmac.compare_digest(offered.encode(), expected.encode()):
            log.error("a websocket client with wrong credentials was refused", extra={"action": "ari_refused"})
            return web.Response(status=401, headers={"WWW-Authenticate": 'Basic realm="ari"'})
        protocols = request.headers.get("Sec-WebSocket-Protocol", "")
        if "ari" not in [name.strip() for name in protocols.split(",")]:
            return web.Response(status=400, text="the subprotocol must be ari")
        websocket = web.WebSocketResponse(
            protocols=("ari",), compress=False, timeout=CLOSE_TIMEOUT_S, max_msg_size=LARGEST_MESSAGE
        )
        await websocket.prepare(request)
        connection = Connection(websocket, request.transport, self._tape)
        if lane := request.match_info.get("lane"):
            await self._lanes.serve(lane, connection)
        else:
            await self._run(connection)
        return websocket

    async def _run(self, connection: Connection) -> None:
        """One connection from its first message to its end."""
        listener = self._listener
        assert listener is not None  # the door is opened by serve
        while (older := self._current) is not None:
            log.warning("a newer websocket replaces the one before", extra={"action": "ari_replaced"})
            older.fence()
            await older.ended.wait()
        self._current = connection
        self.connections += 1
        log.info("Asterisk has connected", extra={"action": "ari_connected"})
        tasks = {
            asyncio.create_task(self._set_up(connection, listener), name="ari-setup"),
            asyncio.create_task(self._watch(connection), name="ari-ping"),
        }
        try:
            async for event in connection.events():
                if isinstance(event, ApplicationReplaced):
                    log.error("another controller took the application over", extra={"action": "ari_fenced"})
                    break
                if isinstance(event, ApplicationRegistered):
                    connection.registered.set()
                listener.received(event)
        finally:
            self.ready.clear()
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
            self._current = None
            self._lanes.give_up_all()
            listener.disconnected()
            connection.ended.set()
            await connection.close()
            log.info("the connection to Asterisk has ended", extra={"action": "ari_disconnected"})

    async def _set_up(self, connection: Connection, listener: Listener) -> None:
        """From registration on (what is sent before can be lost): the filter, then commands may flow."""
        try:
            async with asyncio.timeout(REGISTRATION_TIMEOUT_S):
                await connection.registered.wait()
            await self._filter_events(connection)
            self.ready.set()
            await listener.connected_anew()
        except (TelephonyError, TimeoutError) as exc:
            log.error(
                "a new connection is given up, Asterisk will try again: %s %s",
                type(exc).__name__,
                exc,
                extra={"action": "ari_setup_failed"},
            )
            await self._give_up(connection)
        except Exception:
            log.exception(
                "a new connection was not reconciled: it is tried again", extra={"action": "ari_setup_failed"}
            )
            await self._give_up(connection)

    async def _give_up(self, connection: Connection) -> None:
        """Not at once: Asterisk dials again within a tenth of a second, and what failed may well fail again."""
        self.ready.clear()
        await asyncio.sleep(SETUP_AGAIN_S)
        connection.fence()

    async def _filter_events(self, connection: Connection) -> None:
        """Before any traffic, after every connect: Asterisk forgets it when it restarts."""
        path = f"/applications/{self.address.app}/eventFilter"
        wanted = {"allowed": [{"type": name} for name in EVENTS_WANTED]}
        while True:
            deadline = asyncio.get_running_loop().time() + FILTER_TIMEOUT_S
            response = await connection.request("PUT", path, {}, wanted, deadline)
            if response.status_code != STILL_BOOTING:
                break
            await asyncio.sleep(BOOTING_POLL_S)
        if response.status_code >= 300:
            raise TelephonyDown(f"{response.status_code} {response.reason_phrase}: {response.message_body}")

    async def _watch(self, connection: Connection) -> None:
        """A hung Asterisk keeps its sockets open: only an answer proves that it lives."""
        await connection.registered.wait()
        missed = 0
        while missed < PINGS_MISSED:
            await asyncio.sleep(PING_INTERVAL_S if missed == 0 else 0)
            try:
                await connection.sign_of_life(PING_TIMEOUT_S)
                missed = 0
            except ConnectionLost:
                return
            except TelephonyDown:
                missed += 1
        log.error("Asterisk does not answer: the connection is given up", extra={"action": "ari_unresponsive"})
        if self._on_unresponsive is not None:
            self._on_unresponsive()
        connection.fence()
