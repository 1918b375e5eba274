"""A scanner: registers with one guessed secret after the other, by hand and at a rate, on loopback only."""

import asyncio
import re
import secrets
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from typing import cast

BATCH_S = 0.02
_serial = count(1)


class Scanner(asyncio.DatagramProtocol):
    """`statuses`: how many answers were which. It takes up each nonce that it is given, as a real one does."""

    def __init__(self, theirs: tuple[str, int], account: str) -> None:
        self.theirs, self.account = theirs, account
        self.statuses: Counter[int] = Counter()
        self._nonce = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)
        host, port = transport.get_extra_info("sockname")
        self._here = b"%s:%d" % (host.encode(), port)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.statuses[int(data[8:11])] += 1
        if found := re.search(rb'nonce="([^"]+)"', data):
            self._nonce = found[1]

    async def guess(self, times: int, a_second: int) -> None:
        """Returns when so many were sent; answers may come later."""
        for sent in range(0, times, batch := round(a_second * BATCH_S)):
            for _ in range(min(batch, times - sent)):
                self._transport.sendto(self._register(), self.theirs)
            await asyncio.sleep(BATCH_S)

    def _register(self) -> bytes:
        there, number, user = b"%s:%d" % (self.theirs[0].encode(), self.theirs[1]), next(_serial), self.account.encode()
        lines = [
            b"REGISTER sip:%s SIP/2.0" % there,
            b"Via: SIP/2.0/UDP %s;rport;branch=z9hG4bK-s%d" % (self._here, number),
            b"Max-Forwards: 70",
            b"From: <sip:%s@%s>;tag=s%d" % (user, there, number),
            b"To: <sip:%s@%s>" % (user, there),
            b"Call-ID: scan-%d" % number,
            b"CSeq: 1 REGISTER",
            b"Contact: <sip:%s@%s>" % (user, self._here),
            b"User-Agent: friendly-scanner",
        ]
        if self._nonce:
            lines.append(
                b'Authorization: Digest username="%s", realm="sanxiang", nonce="%s", uri="sip:%s", response="%s", '
                b"algorithm=MD5" % (user, self._nonce, there, secrets.token_hex(16).encode())
            )
        return b"\r\n".join([*lines, b"Content-Length: 0", b"", b""])


@asynccontextmanager
async def scanner(theirs: tuple[str, int], address: str, account: str) -> AsyncIterator[Scanner]:
    """At `address`, guessing at one account."""
    loop = asyncio.get_running_loop()
    transport, found = await loop.create_datagram_endpoint(lambda: Scanner(theirs, account), local_addr=(address, 0))
    try:
        yield found
    finally:
        transport.close()
