"""Plays a trace to the real call path: Asterisk's part comes from the recording, the time from a clock that jumps.

The seam is the websocket: `ivr.ari` decodes what Asterisk said, and its commands are answered as they were answered.
Events come at their recorded times. A command is known by method and path, and answered as late as it was.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

import msgspec
from aiohttp import WSMessage, WSMsgType, web

from config.paths import DataDir
from config.schema import Site
from crm.journal.events import AnyEvent
from ivr.ari.wire.connection import Connection
from ivr.ari.wire.socket import AriSocket, Listener, SocketAddress
from tests.golden.stage import Clock, Stage
from tests.golden.stories import Story
from tests.golden.table import Table
from tests.golden.trace import Message, Trace, is_ping

AFTERWARDS_S = 1.0
"""What still happens by itself so long after the last recorded message belongs to the story."""
PONG = {"status_code": 200, "reason_phrase": "OK", "message_body": '{"asterisk_id":"","ping":"pong","timestamp":""}'}
DONE = {"status_code": 204, "reason_phrase": "No Content"}


@dataclass(frozen=True)
class Played:
    """What came of a replay: the table, and the journal as it is on the disk."""

    table: str
    journal: list[AnyEvent]


def loop_clock(began: datetime) -> Clock:
    """The recording's wall clock, driven by the running loop."""
    loop = asyncio.get_running_loop()
    zero = loop.time()
    return lambda: began + timedelta(seconds=loop.time() - zero)


class RecordedAsterisk:
    """Asterisk's end of the websocket, with as much of aiohttp's interface as `Connection` uses."""

    def __init__(self, trace: Trace, table: Table) -> None:
        self._trace, self._table = trace, table
        self._loop = asyncio.get_running_loop()
        self._inbox: asyncio.Queue[str] = asyncio.Queue()

    def begin(self) -> None:
        """From now on events come in, each at its time."""
        began = self._loop.time()
        for heard in self._trace.heard:
            self._loop.call_at(began + heard.at_s, self._tell, heard.message)

    async def __aiter__(self) -> AsyncIterator[WSMessage]:
        while True:
            yield WSMessage(WSMsgType.TEXT, await self._inbox.get(), None)

    async def send_str(self, text: str) -> None:
        """One command of ours."""
        command: Message = msgspec.json.decode(text)
        if is_ping(command):
            self._answer(command, PONG)
            return
        answer = self._trace.answer(command)
        self._table.commanded(command, known=answer is not None)
        if answer is None:
            self._answer(command, DONE)
        else:
            self._loop.call_later(answer.after_s, self._answer, command, answer.message)

    async def close(self) -> None:
        """Nobody says goodbye to a recording."""

    def _tell(self, event: Message) -> None:
        self._table.heard(event)
        self._inbox.put_nowait(msgspec.json.encode(event).decode())

    def _answer(self, command: Message, answer: dict[str, Any]) -> None:
        of_this = {"type": "RESTResponse", "transaction_id": "", "application": "sanxiang", "uri": command["uri"]}
        response = {**of_this, **answer, "request_id": command["request_id"]}
        self._inbox.put_nowait(msgspec.json.encode(response).decode())


class RecordedSocket(AriSocket):
    """Asterisk has dialled already: one connection, no port."""

    def __init__(self, asterisk: RecordedAsterisk) -> None:
        super().__init__(SocketAddress(host="", port=0), lambda: ("", ""))
        self._asterisk = asterisk

    async def serve(self, listener: Listener) -> None:
        self._listener = listener
        self._asterisk.begin()
        await self._run(Connection(cast(web.WebSocketResponse, self._asterisk), None, None))


async def play(story: Story, site: Site, data: DataDir) -> Played:
    """Replays a story to its end. Needs a loop with virtual time."""
    trace = Trace(story.events)
    clock = loop_clock(trace.began)
    table = Table(trace.arrival(), clock)
    socket = RecordedSocket(RecordedAsterisk(trace, table))
    with Stage.set_up(site, data, socket, clock, tell=table.recorded) as stage:
        stage.make_available(*story.available)
        serving = asyncio.create_task(stage.telephony.serve(stage.reception.arrive, stage.reception.reconnect))
        await asyncio.wait({serving}, timeout=trace.length_s + AFTERWARDS_S)
        if serving.done():
            serving.result()
        journal = stage.written()
        left = {"calls served": stage.reception.calls, "legs": stage.telephony.status()["channels"]}
        ending = table.ending(journal, stage.acd, left)
        serving.cancel()
        await asyncio.wait({serving})
    return Played(table.text(story.title, story.available) + ending, journal)
