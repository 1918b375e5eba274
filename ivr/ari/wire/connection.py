"""One websocket of Asterisk: decodes what comes in, matches answers to requests. It knows of no other connection."""

import asyncio
import logging
import os
import socket
from collections.abc import AsyncIterator, Mapping
from itertools import count
from typing import get_args

import msgspec
from aiohttp import WSMsgType, web

from ivr.ari.wire.errors import ConnectionLost
from ivr.ari.wire.model import AnyEvent, Method, RESTQueryStringParameter, RESTRequest, RESTResponse
from ivr.ari.wire.tape import Tape
from ivr.port.values import TelephonyDown

log = logging.getLogger(__name__)

# After a pause of our own, timers fire before the answers that wait in the socket are read: look once more.
GRACE_S = 0.25

UNREAD_BYTES = 16 * 1024
"""More than that on its way to Asterisk: who sends waits until it is read."""

_TEXT = 0x81  # FIN, opcode 1

_encoder = msgspec.json.Encoder()
_EVENT: msgspec.json.Decoder[AnyEvent] = msgspec.json.Decoder(AnyEvent)
_KNOWN = frozenset(kind.__name__ for kind in get_args(AnyEvent))


class _Envelope(msgspec.Struct):
    type: str = "?"


def _own_socket(transport: asyncio.Transport | None) -> socket.socket | None:
    """The connection's socket by a descriptor of our own: the loop's wrapper makes a new object for each option set."""
    wrapper = transport.get_extra_info("socket") if transport is not None else None
    return None if wrapper is None else socket.socket(fileno=os.dup(wrapper.fileno()))


def _frame(payload: bytes) -> bytes:
    """A whole text message as a server sends it: unmasked (RFC 6455, 5.2)."""
    if len(payload) < 126:
        return bytes((_TEXT, len(payload))) + payload
    if len(payload) < 1 << 16:
        return bytes((_TEXT, 126)) + len(payload).to_bytes(2) + payload
    return bytes((_TEXT, 127)) + len(payload).to_bytes(8) + payload


def _too_late(waiter: "asyncio.Future[RESTResponse]", command: str) -> None:
    if not waiter.done():
        waiter.set_exception(TelephonyDown(f"Asterisk did not answer {command} in time"))


class Connection:
    """Requests and events on one websocket until it ends."""

    def __init__(
        self, websocket: web.WebSocketResponse, transport: asyncio.Transport | None, tape: Tape | None
    ) -> None:
        self._websocket = websocket
        self._loop = asyncio.get_running_loop()
        self._transport = transport
        self._socket = _own_socket(transport)
        self._tape = tape
        self._waiting: dict[str, asyncio.Future[RESTResponse]] = {}
        self._ids = count(1)
        self._fenced = False
        self._acknowledges = False
        self._skipped: set[str] = set()
        self._heard_at = 0.0
        self.registered = asyncio.Event()
        self.ended = asyncio.Event()

    async def events(self) -> AsyncIterator[AnyEvent]:
        """What Asterisk tells, in order, until the websocket ends or is fenced. Answers are not among it."""
        async for message in self._websocket:
            if self._fenced:
                return
            if not self._acknowledges:
                self._acknowledges = True
                self._loop.call_soon(self._acknowledge)
            self._heard_at = self._loop.time()
            if message.type is not WSMsgType.TEXT:
                continue
            if self._tape is not None:
                self._tape.note("in", message.data)
            event = self._decoded(message.data)
            if isinstance(event, RESTResponse):
                waiter = self._waiting.get(event.request_id)
                if waiter is not None and not waiter.done():
                    waiter.set_result(event)
            elif event is not None:
                yield event

    async def request(
        self,
        method: Method,
        path: str,
        query: Mapping[str, str],
        body: Mapping[str, object] | None,
        deadline: float,
    ) -> RESTResponse:
        """Send one request; its answer. `deadline` is loop time. Raises ConnectionLost, TelephonyDown."""
        if self._fenced:
            raise ConnectionLost(f"{method} {path}: this websocket has ended")
        request_id = str(next(self._ids))
        request = RESTRequest(
            transaction_id="",
            request_id=request_id,
            method=method,
            uri=path.removeprefix("/"),
            content_type=None if body is None else "application/json",
            query_strings=[RESTQueryStringParameter(name=name, value=value) for name, value in query.items()],
            message_body=None if body is None else msgspec.json.encode(body).decode(),
        )
        loop = self._loop
        waiter: asyncio.Future[RESTResponse] = loop.create_future()
        self._waiting[request_id] = waiter
        timer = loop.call_at(deadline, loop.call_later, GRACE_S, _too_late, waiter, f"{method} {path}")
        try:
            payload = _encoder.encode(request)
            if not self._write(payload):
                await self._write_slowly(payload.decode(), deadline)
            return await waiter
        finally:
            timer.cancel()
            del self._waiting[request_id]
            if not waiter.cancel() and not waiter.cancelled():
                waiter.exception()  # looked at, as nobody will who failed to send

    async def sign_of_life(self, timeout_s: float) -> None:
        """Returns when Asterisk has said anything at all: one that is busy answers late, but is not silent.

        Raises ConnectionLost, TelephonyDown.
        """
        began = self._loop.time()
        try:
            await self.request("GET", "/asterisk/ping", {}, None, began + timeout_s)
        except ConnectionLost:
            raise
        except TelephonyDown:
            if self._heard_at <= began:
                raise

    def fence(self) -> None:
        """From now on nothing is read from it or sent on it; who waits for an answer learns that it is lost."""
        self._fenced = True
        for waiter in self._waiting.values():
            if not waiter.done():
                waiter.set_exception(ConnectionLost("the websocket ended before the answer came"))
        if self._socket is not None:
            self._socket.close()
            self._socket = None
        if self._transport is not None:
            self._transport.abort()

    async def close(self) -> None:
        """Fence it and say goodbye, not waiting long for an answer."""
        if not self._fenced:
            self._fenced = True
            await self._websocket.close()
        self.fence()

    def _acknowledge(self) -> None:
        """Have TCP send its ACK now, once for all that came in this turn of the loop: Asterisk leaves Nagle's algorithm
        on, its next event would wait 40 ms for it."""
        self._acknowledges = False
        if self._socket is not None:
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)

    def _write(self, payload: bytes) -> bool:
        """False when Asterisk has not read what was sent before. What is written in one turn of the loop goes out at
        its end, together (uvloop)."""
        if self._tape is not None:
            self._tape.note("out", payload.decode())
        if self._transport is None:
            return False
        if self._transport.is_closing():
            raise ConnectionLost("the websocket is closed")
        if self._transport.get_write_buffer_size() > UNREAD_BYTES:
            return False
        self._transport.write(_frame(payload))
        return True

    async def _write_slowly(self, text: str, deadline: float) -> None:
        try:
            async with asyncio.timeout_at(deadline):
                await self._websocket.send_str(text)
        except TimeoutError as exc:
            raise TelephonyDown("Asterisk does not read what is sent to it") from exc
        except (ConnectionError, RuntimeError) as exc:
            # aiohttp raises RuntimeError for a websocket that is closed already.
            raise ConnectionLost("the websocket is closed") from exc

    def _decoded(self, text: str) -> AnyEvent | None:
        """None, and a line in the log, for what cannot be understood: the next message may be."""
        try:
            return _EVENT.decode(text)
        except msgspec.ValidationError as exc:
            kind = msgspec.json.decode(text, type=_Envelope).type
            if kind in _KNOWN:
                log.error("an event %s has an unknown shape: %s", kind, exc, extra={"action": "ari_event_shape"})
            elif kind not in self._skipped:
                self._skipped.add(kind)
                log.warning("events of type %s are skipped", kind, extra={"action": "ari_event_unknown"})
        except msgspec.DecodeError as exc:
            log.error("a message of Asterisk is not JSON: %s", exc, extra={"action": "ari_not_json"})
        return None
