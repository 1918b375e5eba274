"""A packet's arrival is when it came, not when a busy process got to read it."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator

import pytest

from app.phone.account import Address
from app.phone.stamped_socket import StampedSocket

HELD_UP_S = 0.1
HOST = "127.0.0.1"


class Ear:
    """A socket, and the arrivals it told."""

    def __init__(self) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.bind((HOST, 0))
            self.address: Address = probe.getsockname()
        self.arrivals: asyncio.Queue[float] = asyncio.Queue()
        self.socket = StampedSocket(self.address, lambda data, at: self.arrivals.put_nowait(at))

    async def late_by(self, sender: socket.socket) -> float:
        """How much later than it was sent a packet came, by its stamp, while this process is held up."""
        sent = asyncio.get_running_loop().time()
        sender.sendto(b"", self.address)
        time.sleep(HELD_UP_S)  # noqa: ASYNC251
        async with asyncio.timeout(5):
            return await self.arrivals.get() - sent


@pytest.fixture
async def ear() -> AsyncIterator[Ear]:
    opened = Ear()
    yield opened
    opened.socket.close()
    opened.socket.close()


async def test_a_packet_that_is_read_late_came_when_it_came(ear: Ear) -> None:
    """The kernel begins to stamp a moment after the first socket has asked for it: the first packets may be without."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        late = [await ear.late_by(sender) for _ in range(10)]
    assert min(late) >= -0.001
    assert sorted(late)[4] < HELD_UP_S / 2, late


async def test_an_address_that_is_taken_is_refused(ear: Ear) -> None:
    with pytest.raises(OSError, match="in use"):
        StampedSocket(ear.address, lambda data, at: None)
