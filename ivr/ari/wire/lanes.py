"""Sockets that only carry commands, beside the one on which events come (design D2, docs/adr/0030).

Asterisk serves the requests of a socket one after the other, and many of them wait there for another thread: under load
one socket carries some 1 000 commands a second, however idle the machine is. What concerns one party goes the same way,
so that it keeps its order; between parties there is none to keep. With no such socket, all goes by the first.
"""

import logging
import re
from collections.abc import Mapping
from zlib import crc32

from ivr.ari.wire.connection import Connection
from ivr.ari.wire.model import ApplicationRegistered

log = logging.getLogger(__name__)

_OF_A_PLAYBACK = re.compile(r"\.play\d$")
"""Behind the id of the channel that it plays on (ivr/ari/channel.py)."""


class CommandLanes:
    """Those that are connected now."""

    def __init__(self) -> None:
        self._by_name: dict[str, Connection] = {}
        self._ready: tuple[Connection, ...] = ()

    def __len__(self) -> int:
        return len(self._ready)

    def of(self, path: str, query: Mapping[str, str]) -> Connection | None:
        """The one for this command."""
        if not self._ready:
            return None
        return self._ready[crc32(concerned(path, query).encode()) % len(self._ready)]

    async def serve(self, name: str, connection: Connection) -> None:
        """From its first message to its end. A newer one of the same name replaces the older."""
        while (older := self._by_name.get(name)) is not None:
            older.fence()
            await older.ended.wait()
        self._by_name[name] = connection
        try:
            async for event in connection.events():
                if isinstance(event, ApplicationRegistered):  # what is sent before can be lost
                    self._ready = (*self._ready, connection)
        finally:
            self.give_up(connection)
            del self._by_name[name]
            connection.ended.set()
            await connection.close()

    def give_up(self, connection: Connection) -> None:
        """Nothing goes by it any more; Asterisk dials another."""
        if connection in self._ready:
            self._ready = tuple(each for each in self._ready if each is not connection)
            log.info("a command socket has ended", extra={"action": "ari_lane_ended"})
        connection.fence()

    def give_up_all(self) -> None:
        """With the first socket they all end: who came back as another would not know what had been asked of it."""
        for connection in list(self._by_name.values()):
            self.give_up(connection)


def concerned(path: str, query: Mapping[str, str]) -> str:
    """The id of the channel or bridge that a command is about."""
    _, _, *rest = path.split("/")
    named = rest[0] if rest else query.get("channelId") or query.get("bridgeId") or ""
    return _OF_A_PLAYBACK.sub("", named)
