"""Takes connections for the web server, and never more than it can afford (adapter). OPS-7

Whoever has connected and asks nothing gives way: at the cap of an address, at the cap of all, and after a time. File
descriptors are kept back for Asterisk, the journal and the store: below that reserve nobody is taken in, and the
kernel keeps those who come until there is room again.
"""

import asyncio
import errno
import ipaddress
import logging
import socket
import ssl
from collections import Counter, OrderedDict
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

from aiohttp import StreamReader, web

from app.process.descriptors import DescriptorGauge, descriptors_left
from app.web.wire.problems import Problem

log = logging.getLogger(__name__)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

BACKLOG: Final = 512
LOOK_AGAIN_S: Final = 0.1
HANDSHAKE_S: Final = 10.0
NOT_HERE: Final = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)


@dataclass(frozen=True, kw_only=True)
class Limits:
    """`header_s`: from the connection, or the last answer, to the end of a request's headers; `body_s`: to the end of
    its body, for each started megabyte. `reserve`: descriptors that no connection may take."""

    header_s: float = 20.0
    body_s: float = 30.0
    per_address: int = 256
    total: int = 4000
    reserve: int = 256


class Visit(web.RequestHandler):
    """One connection."""

    def __init__(self, front: "Front", server: web.Server, address: str) -> None:
        super().__init__(
            server,
            loop=asyncio.get_running_loop(),
            access_log=None,  # type: ignore[arg-type]  # None is what aiohttp itself gives for "no log"
            keepalive_timeout=front.limits.header_s,
            lingering_time=front.limits.header_s,
        )
        self.front, self.address = front, address

    def connection_lost(self, exc: BaseException | None) -> None:
        """Whatever ended it."""
        super().connection_lost(exc)
        self.front.left(self)

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """What is no HTTP is answered shortly and not logged: strangers send such things all day."""
        if status != 400 and not isinstance(exc, UnicodeError):  # before the middlewares: bytes that are no text
            return super().handle_error(request, status, exc, message)
        response = Problem("invalid", "This is not a request by HTTP.").response()
        response.headers["Server"] = ""
        response.force_close()
        return response


class Front:
    """The door of one web server. `proxies`: addresses of our own that stand for many visitors."""

    def __init__(self, limits: Limits, proxies: Iterable[str] = ()) -> None:
        self.limits = limits
        self._proxies = [ipaddress.ip_network(each, strict=False) for each in proxies]
        self._of: Counter[str] = Counter()
        self._visits: set[Visit] = set()
        self._idle: OrderedDict[Visit, None] = OrderedDict()
        """Those that ask nothing now, the longest first."""
        self._paused = False
        self._gave_way = 0
        self._gauge = DescriptorGauge()

    def status(self) -> dict[str, object]:
        """Not up while nobody is taken in."""
        return {
            "up": not self._paused,
            "connections": len(self._visits),
            "gave_way": self._gave_way,
            "descriptors_left": descriptors_left(),
        }

    async def serve(self, server: web.Server, sockets: Iterable[socket.socket], tls: ssl.SSLContext | None) -> None:
        """Takes connections until cancelled; closes the sockets then."""
        doors = list(sockets)
        try:
            async with asyncio.TaskGroup() as group:
                for each in doors:
                    group.create_task(self._accept(server, each, tls))
        finally:
            _close(doors)

    async def _accept(self, server: web.Server, door: socket.socket, tls: ssl.SSLContext | None) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await self._afford()
            try:
                visitor, peer = await loop.sock_accept(door)
            except OSError as exc:  # no descriptor, or the visitor has gone again
                log.warning("A connection was not taken: %s", exc, extra={"action": "web_not_accepted"})
                await asyncio.sleep(LOOK_AGAIN_S)
                continue
            self._gauge.took_one()
            address = str(peer[0])
            if not self._make_room(address):
                visitor.close()
                continue
            task = asyncio.create_task(self._welcome(server, visitor, address, tls))
            task.add_done_callback(_look_at)

    async def _welcome(
        self, server: web.Server, visitor: socket.socket, address: str, tls: ssl.SSLContext | None
    ) -> None:
        loop = asyncio.get_running_loop()
        visit = Visit(self, server, address)
        self._of[address] += 1
        self._visits.add(visit)
        self._idle[visit] = None
        try:
            timeout_s = HANDSHAKE_S if tls else None
            await loop.connect_accepted_socket(lambda: visit, visitor, ssl=tls, ssl_handshake_timeout=timeout_s)
        except (OSError, ssl.SSLError, TimeoutError):
            visitor.close()
            self.left(visit)

    async def _afford(self) -> None:
        """Returns once there are descriptors to spare, and connections to spare."""
        while self._gauge.left() <= self.limits.reserve or len(self._visits) > self.limits.total:
            if not self._paused:
                self._paused = True
                log.error("No more connections are taken for the moment.", extra={"action": "web_paused"})
            if self._idle:
                self._give_way(next(iter(self._idle)))
            await asyncio.sleep(LOOK_AGAIN_S)
            self._gauge.look()
        if self._paused:
            self._paused = False
            log.warning("Connections are taken again.", extra={"action": "web_resumed"})

    def _make_room(self, address: str) -> bool:
        """False: this one cannot be taken in, as all the others of its address, or of all, are being served."""
        if self._of[address] >= self.limits.per_address and not self._is_proxy(address):
            own = next((visit for visit in self._idle if visit.address == address), None)
            if own is None:
                return False
            self._give_way(own)
        if len(self._visits) >= self.limits.total:
            if not self._idle:
                return False
            self._give_way(next(iter(self._idle)))
        return True

    def _give_way(self, visit: Visit) -> None:
        self._gave_way += 1
        visit.force_close()
        self.left(visit)

    def _is_proxy(self, address: str) -> bool:
        return any(ipaddress.ip_address(address.partition("%")[0]) in network for network in self._proxies)

    def left(self, visit: Visit) -> None:
        """Forget a connection; no effect the second time."""
        self._idle.pop(visit, None)
        if visit in self._visits:
            self._visits.discard(visit)
            self._of[visit.address] -= 1
            if not self._of[visit.address]:
                del self._of[visit.address]

    def asks(self, visit: object) -> None:
        """A request of this connection is being served …"""
        if isinstance(visit, Visit):
            self._idle.pop(visit, None)

    def is_answered(self, visit: object) -> None:
        """… and was: from here on it may give way to others."""
        if visit in self._visits and isinstance(visit, Visit):
            self._idle[visit] = None


FRONT: Final = web.AppKey("front", Front)


class BodyTooSlow(TimeoutError):
    """The body did not come in time."""


@web.middleware
async def in_time(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Gives a request's body its time. Raises Problem (408)."""
    front = request.app.get(FRONT)
    if front is None:
        return await handler(request)
    front.asks(request.protocol)
    timer = None
    if request.can_read_body:
        megabytes = 1 + (request.content_length or 0) // 1_000_000
        timer = asyncio.get_running_loop().call_later(front.limits.body_s * megabytes, _give_up, request.content)
    try:
        return await handler(request)
    except BodyTooSlow:
        raise Problem("too_slow", "The request did not come in time; send it again.") from None
    finally:
        if timer is not None:
            timer.cancel()
        front.is_answered(request.protocol)


def _give_up(body: StreamReader) -> None:
    if not body.is_eof():
        body.set_exception(BodyTooSlow())


def bound_sockets(host: str, port: int) -> list[socket.socket]:
    """Listening on each address of `host` that this machine has. Raises OSError when one is taken, or none is there."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    sockets: list[socket.socket] = []
    missing: OSError | None = None
    for family, address in dict.fromkeys((family, address) for family, _, _, _, address in found):
        try:
            sockets.append(_bound(family, address))
        except OSError as exc:
            told = OSError(exc.errno, f"{host}:{port}: {exc.strerror}")
            if exc.errno not in NOT_HERE:
                _close(sockets)
                raise told from exc
            missing = told
    if missing and not sockets:
        raise missing
    return sockets


def _bound(family: int, address: Any) -> socket.socket:
    door = socket.socket(family, socket.SOCK_STREAM)
    try:
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            door.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        door.setblocking(False)
        door.bind(address)
        door.listen(BACKLOG)
    except OSError:
        door.close()
        raise
    return door


def _close(sockets: Iterable[socket.socket]) -> None:
    for each in sockets:
        each.close()


def _look_at(task: "asyncio.Task[None]") -> None:
    if not task.cancelled() and (failure := task.exception()):
        log.error("A connection was lost at the door.", exc_info=failure, extra={"action": "web_door_failed"})
