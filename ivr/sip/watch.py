"""Hears Asterisk's copies of SIP messages on a UDP port of loopback (adapter), and tells which INVITEs were not served,
and who guesses at secrets.

What is lost on the way, or while no controller is there, is not told: the copies are no promise, the calls that ARI
tells of are on record without them.
"""

import asyncio
import ipaddress
import logging
import socket
from collections.abc import Callable, Iterable
from ipaddress import IPv4Address, IPv6Address

from ivr.sip.guesses import Guesses
from ivr.sip.hep import read_hep
from ivr.sip.invites import Invites, Unserved
from ivr.sip.message import Answered, Tried, read_message, read_secret

log = logging.getLogger(__name__)
security = logging.getLogger("security")

LOOKS_AFTER_S = 1.0
READ_BUFFER = 4 * 1024 * 1024


class SipWatch(asyncio.DatagramProtocol):
    """Use: `await serve(told)`, beside everything else; `arrived` for each call that ARI tells of.

    `trunk`: the addresses and networks that calls come from; `password`: what Asterisk's copies carry, asked for each
    time, as each of its starts has a new one. `ready`: False while it is not known which calls have arrived.
    """

    def __init__(
        self, address: tuple[str, int], password: Callable[[], str], trunk: Iterable[str], ready: Callable[[], bool]
    ) -> None:
        self._address, self._password, self._ready = address, password, ready
        self._trunk = [ipaddress.ip_network(each, strict=False) for each in trunk]
        self._invites, self.guesses = Invites(), Guesses(self._spares)
        self._loop = asyncio.get_running_loop()
        self._told: Callable[[Unserved], None] = lambda unserved: None
        self._timer: asyncio.TimerHandle | None = None

    def arrived(self, sip_call_id: str) -> None:
        """This call is being put on record."""
        if sip_call_id:
            self._invites.arrived(sip_call_id.encode())

    async def serve(self, told: Callable[[Unserved], None]) -> None:
        """Until cancelled. Without the port, calls that Asterisk refuses by itself have no ticket: that is logged."""
        try:
            transport, _ = await self._loop.create_datagram_endpoint(lambda: self, local_addr=self._address)
        except OSError as exc:
            log.error("Asterisk's own refusals are not seen: %s", exc, extra={"action": "sip_watch_failed"})
            await self._loop.create_future()
            return
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, READ_BUFFER)
        self._told = told
        try:
            await self._loop.create_future()
        finally:
            transport.close()
            if self._timer is not None:
                self._timer.cancel()

    def _look(self) -> None:
        """A moment after something was heard, and again while an INVITE waits for its call."""
        self._timer = None
        if self._ready():
            for unserved in self._invites.unserved(self._loop.time()):
                self._told(unserved)
        if len(self._invites):
            self._timer = self._loop.call_later(LOOKS_AFTER_S, self._look)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """One copy. Most are of no interest: that is looked at before anything is taken apart."""
        invite, secret = b"INVITE" in data, b"igest" in data or b" REGISTER" in data
        if not (invite or secret) or (copied := read_hep(data, self._password().encode())) is None:
            return
        if secret and (given := read_secret(copied.message)):
            address = str(copied.source if isinstance(given, Tried) else copied.destination)
            self._tell_guesses(address, self.guesses.heard(given, address, self._loop.time()))
        message = read_message(copied.message) if invite else None
        if message is None:
            return
        theirs, ours = copied.source, copied.destination
        if isinstance(message, Answered):
            theirs, ours = ours, theirs
        if self._is_trunk(theirs) and not self._is_trunk(ours):  # else nobody can say which way it went
            self._invites.heard(message, self._loop.time())
            if self._timer is None:
                self._timer = self._loop.call_later(LOOKS_AFTER_S, self._look)

    def _tell_guesses(self, address: str, refused: int) -> None:
        if refused:
            security.warning(
                "%d secrets of telephones were refused to %s within a minute: guesses, or a telephone with an old one.",
                refused,
                address,
                extra={"action": "sip_secrets_refused", "address": address},
            )

    def _is_trunk(self, address: IPv4Address | IPv6Address) -> bool:
        return any(address in network for network in self._trunk)

    def _spares(self, who: str) -> bool:
        """Calls come from there: a caller's provider asks for no secret, and nobody else is to shut it out."""
        return any(ipaddress.ip_network(who).overlaps(network) for network in self._trunk)
