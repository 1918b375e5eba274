"""SIP over UDP for a test telephone: what RFC 3261 §17 asks of an unreliable transport and aiosipua 0.7.1 leaves out.

Requests are repeated until answered, repeated requests are answered again without being acted on twice, and a
refused INVITE is acknowledged. It knows transactions only; dialogs and calls are aiosipua's and `sip`'s.
"""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from aiosipua import SipMessage, SipRequest, SipResponse, SipTransport

from app.phone.account import Address

logger = logging.getLogger(__name__)

ResponseTap = Callable[[SipResponse], None]

T1_S = 0.5
T2_S = 4.0
GIVE_UP_S = 64 * T1_S
REMEMBERED = 512  # answers kept for repeated requests; a telephone has a handful of transactions at a time


def utc_now() -> datetime:
    """The clock of test telephones: instants are taken where messages arrive, not where they are handled."""
    return datetime.now(UTC)


class SipWire(SipTransport, asyncio.DatagramProtocol):
    """One UDP socket with the transaction timers. `tap` sees every response once, before aiosipua does."""

    def __init__(self, host: str, port: int = 0) -> None:
        super().__init__(local_addr=(host, port))
        self.tap: ResponseTap | None = None
        self._udp: asyncio.DatagramTransport | None = None
        self._repeats: dict[tuple[str, str], asyncio.TimerHandle] = {}
        self._sent: OrderedDict[tuple[str, str], tuple[bytes, Address]] = OrderedDict()
        self._requests: dict[str, SipRequest] = {}

    async def start(self) -> None:
        """Binds; `local_addr` then holds the real port. Raises OSError if the address is not to be had."""
        loop = asyncio.get_running_loop()
        self._udp, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=self.local_addr)
        self.local_addr = self._udp.get_extra_info("sockname")[:2]

    async def stop(self) -> None:
        for handle in self._repeats.values():
            handle.cancel()
        self._repeats.clear()
        if self._udp is not None:
            self._udp.close()
            self._udp = None

    # --- out ---

    def send(self, message: SipRequest | SipResponse, addr: Address) -> None:
        """Sends at once, and again by the timers of RFC 3261 as long as the message asks for an answer."""
        data, branch = bytes(message), _branch(message)
        self._put(data, addr)
        if isinstance(message, SipRequest):
            if message.method != "ACK":
                self._repeat((branch, message.method), data, addr, T1_S, 0.0)
            if message.method == "INVITE":
                self._requests[branch] = message
            return
        method = _method(message)
        self._remember((branch, method), data, addr)
        if method == "INVITE" and message.status_code >= 300:
            self._repeat((branch, "ACK"), data, addr, T1_S, 0.0)

    def _put(self, data: bytes, addr: Address) -> None:
        if self._udp is not None and not self._udp.is_closing():
            self._udp.sendto(data, addr)

    def _repeat(self, key: tuple[str, str], data: bytes, addr: Address, after: float, spent: float) -> None:
        if spent >= GIVE_UP_S:
            logger.warning("No answer to %s for %.0f s", key[1], spent, extra={"action": "sip_timeout"})
            self._repeats.pop(key, None)
            return

        def again() -> None:
            self._put(data, addr)
            doubled = after * 2 if key[1] == "INVITE" else min(after * 2, T2_S)
            self._repeat(key, data, addr, doubled, spent + after)

        self._repeats[key] = asyncio.get_running_loop().call_later(after, again)

    def _answered(self, key: tuple[str, str]) -> bool:
        handle = self._repeats.pop(key, None)
        if handle is not None:
            handle.cancel()
        return handle is not None

    def _remember(self, key: tuple[str, str], data: bytes, addr: Address) -> None:
        self._sent[key] = (data, addr)
        self._sent.move_to_end(key)
        while len(self._sent) > REMEMBERED:
            self._sent.popitem(last=False)

    # --- in ---

    def datagram_received(self, data: bytes, addr: tuple[str | Any, int]) -> None:
        try:
            message = SipMessage.parse(data)
        except (ValueError, IndexError) as exc:
            logger.warning("A datagram that is no SIP was dropped: %s", exc, extra={"action": "sip_garbage"})
            return
        source = (str(addr[0]), int(addr[1]))
        if isinstance(message, SipRequest):
            self._request(message, data, source)
        else:
            self._response(message, data, source)

    def error_received(self, exc: Exception) -> None:
        logger.warning("The SIP socket reported %s", exc, extra={"action": "sip_socket_error"})

    def _request(self, request: SipRequest, data: bytes, source: Address) -> None:
        key = (_branch(request), request.method)
        if request.method == "ACK":
            self._answered(key)
        elif key in self._sent:
            self._put(*self._sent[key])
            return
        self._dispatch(data, source)

    def _response(self, response: SipResponse, data: bytes, source: Address) -> None:
        branch, method, final = _branch(response), _method(response), response.status_code >= 200
        if final or method == "INVITE":
            self._answered((branch, method))
        if method == "INVITE" and final:
            invite = self._requests.pop(branch, None)
            if response.status_code >= 300:
                if invite is None:  # repeated, because our ACK was lost
                    if (branch, "ACK") in self._sent:
                        self._put(*self._sent[(branch, "ACK")])
                    return
                self._acknowledge(invite, response, source)
        if self.tap is not None:
            self.tap(response)
        self._dispatch(data, source)

    def _acknowledge(self, invite: SipRequest, response: SipResponse, addr: Address) -> None:
        """The ACK to a refusal belongs to the INVITE's own transaction: same Via, same number (RFC 3261 §17.1.1.3)."""
        ack = SipRequest(method="ACK", uri=invite.uri)
        ack.headers.append("Via", invite.headers.get_first("via") or "")
        for name, source in (("From", invite), ("To", response), ("Call-ID", invite)):
            ack.headers.set_single(name, source.headers.get_first(name) or "")
        number = invite.cseq.seq if invite.cseq else 1
        ack.headers.set_single("CSeq", f"{number} ACK")
        ack.headers.set_single("Max-Forwards", "70")
        self._remember((_branch(invite), "ACK"), bytes(ack), addr)
        self._put(bytes(ack), addr)


def _branch(message: SipMessage) -> str:
    vias = message.via
    return (vias[0].branch or "") if vias else ""


def _method(response: SipResponse) -> str:
    return response.cseq.method.upper() if response.cseq else ""
