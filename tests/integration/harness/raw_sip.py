"""A caller who writes SIP by hand: any bytes in any place, one UDP socket for each call, on loopback only."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import cast

CALLERS = "127.0.0.2"
LINE = b"4008100002"
_serial = count(1)

OFFER = (
    b"v=0\r\no=- 1 1 IN IP4 127.0.0.2\r\ns=-\r\nc=IN IP4 127.0.0.2\r\nt=0 0\r\n"
    b"m=audio 62998 RTP/AVP 8\r\na=rtpmap:8 PCMA/8000\r\n"
)


@dataclass(frozen=True, kw_only=True)
class Invite:
    """The parts of an INVITE, as bytes. `headers` are whole lines; `text` replaces everything, line ends included."""

    number: bytes = field(default_factory=lambda: b"137%08d" % next(_serial))
    user: bytes = LINE
    target: bytes = b""
    """The whole Request-URI; else made from `user`."""
    origin: bytes = b""
    """The value of From; else made from `number`."""
    to: bytes = b""
    call_id: bytes = field(default_factory=lambda: b"raw-%d-%d" % (id(object()), next(_serial)))
    headers: tuple[bytes, ...] = ()
    offer: bytes = OFFER
    content_type: bytes = b"application/sdp"
    cseq: bytes = b"1 INVITE"
    via: bytes = b""
    length: bytes = b""

    def written(self, ours: tuple[str, int], theirs: tuple[str, int]) -> bytes:
        here, there = b"%s:%d" % (ours[0].encode(), ours[1]), b"%s:%d" % (theirs[0].encode(), theirs[1])
        target = self.target or b"sip:%s@%s" % (self.user, there)
        lines = [
            b"INVITE %s SIP/2.0" % target,
            b"Via: " + (self.via or b"SIP/2.0/UDP %s;rport;branch=z9hG4bK%d" % (here, next(_serial))),
            b"Max-Forwards: 70",
            b"From: " + (self.origin or b"<sip:%s@%s>;tag=a%d" % (self.number, here, next(_serial))),
            b"To: " + (self.to or b"<%s>" % target),
            b"Call-ID: " + self.call_id,
            b"CSeq: " + self.cseq,
            b"Contact: <sip:%s>" % here,
            *self.headers,
            b"Content-Type: " + self.content_type,
            b"Content-Length: " + (self.length or b"%d" % len(self.offer)),
        ]
        return b"\r\n".join(lines) + b"\r\n\r\n" + self.offer


class RawCall(asyncio.DatagramProtocol):
    """One socket: what is sent on it, what comes back. Acknowledges every final answer, hangs up what was answered."""

    def __init__(self, theirs: tuple[str, int]) -> None:
        self.theirs = theirs
        self.final: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self.statuses: list[int] = []
        self.over = asyncio.Event()
        """Hung up, by either side, or refused."""
        self._target = b""
        self._answer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)
        self.ours: tuple[str, int] = transport.get_extra_info("sockname")

    def send(self, message: bytes) -> None:
        self._target = message.split(b" ", 2)[1]
        self._transport.sendto(message, self.theirs)

    def hang_up(self) -> None:
        contact = re.search(rb"(?im)^contact:.*?<([^>]+)>", self._answer)
        self._transport.sendto(self._request(b"BYE", contact[1] if contact else self._target, b"2"), self.theirs)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if not data.startswith(b"SIP/2.0 "):
            if data.startswith(b"BYE "):
                self._transport.sendto(b"SIP/2.0 200 OK\r\n" + b"\r\n".join(_copied(data)) + b"\r\n\r\n", addr)
                self.over.set()
            return
        status = int(data[8:11])
        self.statuses.append(status)
        if status < 200:
            return
        if re.search(rb"(?im)^cseq:.*BYE", data):
            self.over.set()
            return
        self._answer = data
        self._transport.sendto(self._request(b"ACK", self._target, b"1"), self.theirs)
        if status >= 300:
            self.over.set()
        if not self.final.done():
            self.final.set_result(status)

    def _request(self, method: bytes, target: bytes, number: bytes) -> bytes:
        lines = [line for line in _copied(self._answer) if not line.lower().startswith(b"cseq")]
        head = b"%s %s SIP/2.0\r\nMax-Forwards: 70\r\n" % (method, target)
        return head + b"\r\n".join(lines) + b"\r\nCSeq: %s %s\r\nContent-Length: 0\r\n\r\n" % (number, method)


def _copied(message: bytes) -> list[bytes]:
    """Via, From, To, Call-ID and CSeq, as they came."""
    head = message.partition(b"\r\n\r\n")[0].split(b"\r\n")
    return [line for line in head if re.match(rb"(?i)(via|v|from|f|to|t|call-id|i|cseq)\s*:", line)]


@asynccontextmanager
async def raw_call(theirs: tuple[str, int], invite: Invite | bytes) -> AsyncIterator[RawCall]:
    """The message is on its way; leaving hangs up what was answered, and closes the socket."""
    loop = asyncio.get_running_loop()
    transport, call = await loop.create_datagram_endpoint(lambda: RawCall(theirs), local_addr=(CALLERS, 0))
    try:
        call.send(invite if isinstance(invite, bytes) else invite.written(call.ours, theirs))
        yield call
        if call.final.done() and call.final.result() < 300 and not call.over.is_set():
            call.hang_up()
            async with asyncio.timeout(5):
                await call.over.wait()
    finally:
        transport.close()
