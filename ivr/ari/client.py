"""ARI commands: every resource of `wire.model` on the socket, with refusals as AriError. It counts what it sends."""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from time import monotonic
from typing import Protocol

import msgspec

from ivr.ari.wire.errors import AriError
from ivr.ari.wire.model import (
    Applications,
    Asterisk,
    Bridges,
    Channels,
    Endpoints,
    Method,
    Playbacks,
    Recordings,
    RESTResponse,
)
from ivr.ari.wire.socket import AriSocket


class CommandWatch(Protocol):
    """Who wants to know how long commands take. Times are monotonic seconds; a number names one command."""

    def sent(self, now: float, number: int) -> None:
        """It goes out."""

    def carried_out(self, now: float, number: int, behind_s: float) -> None:
        """It was answered, refused or given up. `behind_s`: so long its answer had lain before it was read."""


class _Refusal(msgspec.Struct):
    """Body of an error answer; some have `error`, most have `message`."""

    message: str | None = None
    error: str | None = None


class AriClient:
    """`client.channels.answer(channel_id=…)` and so on. Every command raises AriError or TelephonyDown.

    `age_s`: how long ago an instant of Asterisk's was, for the `watch`.
    """

    def __init__(
        self,
        socket: AriSocket,
        watch: CommandWatch | None = None,
        age_s: Callable[[datetime], float] = lambda at: 0.0,
    ) -> None:
        self._socket = socket
        self._watch, self._age_s = watch, age_s
        self.commands_sent = 0
        request = partial(self._carry_out, again=True)
        self._once = Channels(partial(self._carry_out, again=False))
        self.applications = Applications(request)
        self.asterisk = Asterisk(request)
        self.bridges = Bridges(request)
        self.channels = Channels(request)
        self.endpoints = Endpoints(request)
        self.playbacks = Playbacks(request)
        self.recordings = Recordings(request)

    async def dial_once(self, *, channel_id: str, timeout_s: int) -> None:
        """As `channels.dial`, but never sent again when the connection ends before the answer: ConnectionLost then.

        Asterisk ends a channel that is dialled a second time before it rings.
        """
        await self._once.dial(channel_id=channel_id, timeout_s=timeout_s)

    async def _carry_out(
        self, method: Method, path: str, query: Mapping[str, str], body: Mapping[str, object] | None, *, again: bool
    ) -> bytes:
        self.commands_sent += 1
        if self._watch is None:
            return _accepted(method, path, await self._socket.request(method, path, query, body, again=again))
        number, answered_at, sent_at = self.commands_sent, None, monotonic()
        self._watch.sent(sent_at, number)
        try:
            response = await self._socket.request(method, path, query, body, again=again)
            answered_at = response.timestamp
        finally:
            now = monotonic()
            behind_s = max(0.0, min(self._age_s(answered_at), now - sent_at)) if answered_at else 0.0
            self._watch.carried_out(now, number, behind_s)
        return _accepted(method, path, response)


def _accepted(method: Method, path: str, response: RESTResponse) -> bytes:
    text = (response.message_body or "").encode()
    if 200 <= response.status_code < 300:
        return text
    raise AriError(f"{method} {path}", response.status_code, _reason(text) or response.reason_phrase)


def _reason(body: bytes) -> str | None:
    try:
        refusal = msgspec.json.decode(body, type=_Refusal)
    except msgspec.DecodeError:
        return None
    return refusal.message or refusal.error
