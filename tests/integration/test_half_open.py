"""More half-open requests than descriptors, and then Asterisk dies: the controller lives and serves calls. OPS-7"""

import asyncio
import os
import resource
import signal
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, contextmanager

import pytest

from tests.integration.crowd import Crowd
from tests.integration.harness.api import Item, until
from tests.integration.harness.processes import SANXIANG, asterisks_of
from tests.integration.harness.running import RunningSystem

pytestmark = [pytest.mark.asterisk, pytest.mark.slow, pytest.mark.req("OPS-7")]

LIMIT, HALF_OPEN = 1024, 1100
SOURCES = 11
"""Addresses that they come from: none is past its own cap."""


@pytest.fixture
async def system() -> AsyncIterator[RunningSystem]:
    """With few descriptors, which it cannot raise."""
    async with RunningSystem(entry=("prlimit", f"--nofile={LIMIT}:{LIMIT}", SANXIANG)) as running:
        yield running


@contextmanager
def half_open(port: int) -> Iterator[None]:
    """So many have connected and said half of a request."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with ExitStack() as stack:
        for number in range(HALF_OPEN):
            one = stack.enter_context(
                socket.create_connection(("127.0.0.1", port), 5, (f"127.0.0.{20 + number % SOURCES}", 0))
            )
            one.sendall(b"GET /status HTTP/1.1\r\nHost: x\r\n")
        yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


async def test_half_open_requests_stop_neither_calls_nor_the_next_asterisk(system: RunningSystem) -> None:
    await system.up()
    with half_open(system.http_port):
        async with Crowd(system) as crowd:
            await (await crowd.caller()).hang_up()
        (asterisk,) = asterisks_of(system.data)
        os.kill(asterisk.pid, signal.SIGKILL)
        api = await system.api()

        async def new_asterisk() -> Item | None:
            parts = await api.status()
            return parts if parts["ari"]["up"] and parts["asterisk"]["pid"] != asterisk.pid else None

        await until(new_asterisk, 20, "a new Asterisk to be connected")
        async with Crowd(system) as crowd:
            caller = await crowd.caller()
            await caller.hang_up()
        ticket = await api.ticket_of(caller.number)
        assert ticket["number"]
        assert (await api.status())["web"]["descriptors_left"] > 200
    assert system.program.runs
    await asyncio.wait_for(system.ready(), 10)
