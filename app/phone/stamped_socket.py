"""A UDP socket that tells when each packet came, by the kernel's clock.

The time at which a process gets to read a packet is as late as the process is: on a busy machine by seconds. What a
telephone heard would then be put together wrongly, and a gap be measured that nobody heard.
"""

import asyncio
import logging
import socket
import struct
import time
from collections.abc import Callable

from app.phone.account import Address

logger = logging.getLogger(__name__)

SO_TIMESTAMPNS = 35
"""Linux's socket option, which Python has no name for; the control message has the same number."""
_STAMP = struct.Struct("@ll")  # seconds and nanoseconds of the wall clock
_ROOM = socket.CMSG_SPACE(_STAMP.size)
_DATAGRAM = 2048
_AT_ONCE = 64
"""Packets read before others on the loop get a turn."""


class StampedSocket:
    """Calls `received` with each datagram and its arrival on the loop's clock, until closed. Raises OSError when the
    address is taken."""

    def __init__(self, address: Address, received: Callable[[bytes, float], None]) -> None:
        self._received = received
        self._loop = asyncio.get_running_loop()
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            self._socket.setblocking(False)
            self._socket.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
            self._socket.bind(address)
        except OSError:
            self._socket.close()
            raise
        self._loop.add_reader(self._socket, self._read)

    def send(self, data: bytes, to: Address) -> None:
        """Sends, or loses, as the network does."""
        try:
            self._socket.sendto(data, to)
        except OSError as error:
            logger.debug("A packet was not sent: %s", error)

    def close(self) -> None:
        """Does nothing the second time."""
        if self._socket.fileno() >= 0:
            self._loop.remove_reader(self._socket)
            self._socket.close()

    def catch_up(self) -> None:
        """Receives now what has come so far and was not read yet."""
        while self._receive():
            pass

    def _read(self) -> None:
        for _ in range(_AT_ONCE):
            if not self._receive():
                return

    def _receive(self) -> bool:
        """One datagram. False when there is none."""
        if self._socket.fileno() < 0:  # whoever received the last one has closed
            return False
        try:
            data, ancillary, _, _ = self._socket.recvmsg(_DATAGRAM, _ROOM)
        except BlockingIOError:
            return False
        except OSError as error:
            logger.debug("The RTP socket reported %s", error)
            return False
        self._received(data, self._arrival(ancillary))
        return True

    def _arrival(self, ancillary: list[tuple[int, int, bytes]]) -> float:
        """The kernel's instant, moved from the wall clock to the loop's."""
        now = self._loop.time()
        for level, kind, value in ancillary:
            if (level, kind) == (socket.SOL_SOCKET, SO_TIMESTAMPNS):
                seconds, nanoseconds = _STAMP.unpack(value[: _STAMP.size])
                ago = time.time() - float(seconds) - float(nanoseconds) / 1e9
                return now - max(0.0, ago)
        return now
