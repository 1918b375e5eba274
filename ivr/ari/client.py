"""ARI commands: every resource of `ivr.ari.model` on the socket, with refusals as AriError. It counts what it sends."""

from collections.abc import Mapping
from time import monotonic
from typing import Protocol

import msgspec

from ivr.ari.errors import AriError
from ivr.ari.model import (
    Applications,
    Asterisk,
    Bridges,
    Channels,
    DeviceStates,
    Endpoints,
    Events,
    Mailboxes,
    Method,
    Playbacks,
    Recordings,
    RESTResponse,
    Sounds,
)
from ivr.ari.socket import AriSocket


class CommandWatch(Protocol):
    """Who wants to know how long commands take. Times are monotonic seconds; a number names one command."""

    def sent(self, now: float, number: int) -> None:
        """It goes out."""

    def carried_out(self, now: float, number: int) -> None:
        """It was answered, refused or given up."""


class _Refusal(msgspec.Struct):
    """Body of an error answer; some have `error`, most have `message`."""

    message: str | None = None
    error: str | None = None


class AriClient:
    """`client.channels.answer(channel_id=…)` and so on. Every command raises AriError or TelephonyDown."""

    def __init__(self, socket: AriSocket, watch: CommandWatch | None = None) -> None:
        self._socket = socket
        self._watch = watch
        self._once = Channels(self._request_once)
        self.commands_sent = 0
        self.applications = Applications(self._request)
        self.asterisk = Asterisk(self._request)
        self.bridges = Bridges(self._request)
        self.channels = Channels(self._request)
        self.device_states = DeviceStates(self._request)
        self.endpoints = Endpoints(self._request)
        self.events = Events(self._request)
        self.mailboxes = Mailboxes(self._request)
        self.playbacks = Playbacks(self._request)
        self.recordings = Recordings(self._request)
        self.sounds = Sounds(self._request)

    async def dial_once(self, *, channel_id: str, timeout_s: int) -> None:
        """As `channels.dial`, but never sent again when the connection ends before the answer: ConnectionLost then.

        Asterisk ends a channel that is dialled a second time before it rings.
        """
        await self._once.dial(channel_id=channel_id, timeout_s=timeout_s)

    async def _request(
        self, method: Method, path: str, query: Mapping[str, str], body: Mapping[str, object] | None
    ) -> bytes:
        return await self._carry_out(method, path, query, body, again=True)

    async def _request_once(
        self, method: Method, path: str, query: Mapping[str, str], body: Mapping[str, object] | None
    ) -> bytes:
        return await self._carry_out(method, path, query, body, again=False)

    async def _carry_out(
        self, method: Method, path: str, query: Mapping[str, str], body: Mapping[str, object] | None, *, again: bool
    ) -> bytes:
        self.commands_sent += 1
        number = self.commands_sent
        if self._watch is not None:
            self._watch.sent(monotonic(), number)
        try:
            return _accepted(method, path, await self._socket.request(method, path, query, body, again=again))
        finally:
            if self._watch is not None:
                self._watch.carried_out(monotonic(), number)


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
