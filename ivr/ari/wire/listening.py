"""Listens for Asterisk's connections, and stops without leaving one of them open (adapter)."""

import asyncio
import socket
from typing import Final

from aiohttp import web

_TURNS: Final = 3
"""Of the loop, from accepting a connection until its transport is its server's: a task begins, and makes it."""


class Listening:
    """One TCP address. Binds it at once: OSError if it is taken."""

    def __init__(self, host: str, port: int) -> None:
        self._socket = socket.create_server((host, port))
        self._site: web.SockSite | None = None

    async def start(self, runner: web.AppRunner) -> None:
        """From now on connections are accepted, for this runner."""
        self._site = web.SockSite(runner, self._socket)
        await self._site.start()

    async def stop(self) -> None:
        """Nobody is accepted any more, and the runner knows all who were.

        asyncio forgets, open, whom it has accepted when its server is closed before the connection's task has begun: so
        it stops looking first.
        """
        asyncio.get_running_loop().remove_reader(self._socket.fileno())
        for _ in range(_TURNS):
            await asyncio.sleep(0)
        if self._site is not None:
            await self._site.stop()
        self._socket.close()
