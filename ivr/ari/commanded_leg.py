"""Commands to one leg, and who waits for it to go (adapter): what every command of `ivr.ari.channel` stands on.

Refusals are translated here, once: 404 = the party has gone; 409/422 = not in our application yet or any more (D3).
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, Literal, TypeVar

from config.ids import ChannelId
from ivr.ari.exchange import Exchange
from ivr.ari.leg import Leg
from ivr.ari.wire.errors import AriError
from ivr.port.values import ChannelGone

log = logging.getLogger(__name__)

T = TypeVar("T")

EVENT_LAG_S = 2.0
"""How long an event may lag behind the answer that tells the same."""


class AriLeg:
    """A leg that takes commands; `leg` is what its events have told."""

    def __init__(self, exchange: Exchange, leg: Leg) -> None:
        self._exchange = exchange
        self._channels = exchange.client.channels
        self.leg = leg
        self._hung_up = False

    @property
    def id(self) -> ChannelId:
        return self.leg.id

    @property
    def gone(self) -> bool:
        return self.leg.gone

    @property
    def leaving(self) -> bool:
        return self._hung_up or self.gone

    @property
    def gone_at(self) -> datetime | None:
        return self.leg.gone_at

    @property
    def dropped(self) -> bool:
        return self.leg.dropped

    @property
    def ringing_at(self) -> datetime | None:
        return self.leg.ringing_at

    async def hangup(self, reason: Literal["normal", "busy", "no_answer", "congestion"] = "normal") -> None:
        self._hung_up = True
        if self.gone:
            return
        try:
            await self._channels.hangup(channel_id=self.id, reason=reason)
        except AriError as error:
            if error.status != 404:
                raise

    def wait_gone(self) -> "asyncio.Future[None]":
        return self.leg.wait_gone()

    async def until(self, awaitable: Awaitable[T], timeout_s: float | None = None) -> T:
        work = asyncio.ensure_future(awaitable)
        gone = self.leg.wait_gone()
        try:
            either: set[asyncio.Future[Any]] = {work, gone}
            await asyncio.wait(either, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
            if work.done():
                return work.result()
            if gone.done():
                raise ChannelGone(self.id)
            raise TimeoutError(f"channel {self.id}: {timeout_s} s are over")
        finally:
            gone.cancel()
            if not work.done():
                work.cancel()
                await asyncio.wait({work})
                look_at(work)

    async def _command(self, send: Callable[[], Awaitable[T]]) -> T:
        """Send; with a party that is not in our application (yet, or any more), see, then try again."""
        self._stay()
        try:
            return await send()
        except AriError as error:
            await self._settle(error)
        try:
            return await send()
        except AriError as error:
            await self._settle(error)
            raise

    def _stay(self) -> None:
        if self.gone:
            raise ChannelGone(self.id)

    async def _settle(self, error: AriError) -> None:
        """After a refusal. Raises ChannelGone when the party has gone; returns if the command is worth another try."""
        if error.status not in (404, 409, 422):
            raise error
        enters = error.status != 404 and self.leg.entered_at is None
        try:
            async with asyncio.timeout(EVENT_LAG_S):
                await (self.leg.admitted() if enters else self.leg.wait_gone())
        except TimeoutError:
            if error.status == 404:
                self.leg.left(self._exchange.clock())
        if self.gone:
            raise ChannelGone(self.id) from error


def look_at(cancelled: "asyncio.Future[T]") -> None:
    """What was cancelled may have failed on the way out: that is told, as nobody else will ask."""
    if not cancelled.cancelled() and (error := cancelled.exception()) is not None:
        log.warning("what was given up had failed: %r", error, extra={"action": "ari_cancelled_failed"})
