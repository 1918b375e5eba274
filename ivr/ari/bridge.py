"""A mixing bridge on Asterisk: the port's Bridge as ARI commands."""

import asyncio
import logging
from pathlib import Path

from config.ids import BridgeId
from ivr.ari.errors import AriError
from ivr.ari.exchange import Exchange
from ivr.telephony import Channel, ChannelGone

log = logging.getLogger(__name__)

# How long the news of a hang-up may lag behind the refusal it causes.
EVENT_LAG_S = 2.0


class AriBridge:
    """Made by `AriTelephony.create_bridge` or `adopt_bridge`; its id is ours and never used twice (asterisk#211)."""

    def __init__(self, exchange: Exchange, bridge_id: BridgeId) -> None:
        self._exchange = exchange
        self._bridges = exchange.client.bridges
        self._recorded: asyncio.Event | None = None
        self.id = bridge_id

    async def add(self, *channels: Channel) -> None:
        ids = [channel.id for channel in channels]
        for attempt in (1, 2):
            for channel in channels:
                if channel.gone:
                    raise ChannelGone(channel.id)
            try:
                await self._bridges.add_channel(bridge_id=self.id, channel=ids)
                return
            except AriError as error:
                # 400 and 404: not found; 409 and 422: not (any more) in our application.
                if error.status not in (400, 404, 409, 422) or attempt == 2:
                    raise
            await self._someone_leaves(channels)

    async def start_recording(self, path: Path) -> None:
        name = self._exchange.recording_name(path)
        self._recorded = self._exchange.expect_bridge_recording(name)
        try:
            await self._bridges.record(bridge_id=self.id, name=name, format="wav", if_exists="fail")
        except AriError as error:
            # 409: the name is taken, by this very command when it was sent again after a reconnect.
            if error.status != 409:
                raise

    async def destroy(self) -> None:
        try:
            await self._bridges.destroy(bridge_id=self.id)
        except AriError as error:
            # 404: it is gone; 409: it is just going.
            if error.status not in (404, 409):
                raise
        await self._recording_complete()

    async def _someone_leaves(self, channels: tuple[Channel, ...]) -> None:
        """Who was refused has mostly hung up already; the event that says so is on its way."""
        news = [asyncio.ensure_future(channel.wait_gone()) for channel in channels]
        try:
            await asyncio.wait(news, timeout=EVENT_LAG_S, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for waiting in news:
                waiting.cancel()

    async def _recording_complete(self) -> None:
        recorded, self._recorded = self._recorded, None
        if recorded is None:
            return
        try:
            async with asyncio.timeout(EVENT_LAG_S):
                await recorded.wait()
        except TimeoutError:
            log.warning(
                "the recording of bridge %s was not reported as complete", self.id, extra={"action": "recording_late"}
            )
