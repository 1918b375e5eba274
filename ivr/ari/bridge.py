"""A mixing bridge on Asterisk: the port's Bridge as ARI commands."""

import asyncio
import logging
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

from config.ids import BridgeId, ChannelId
from ivr.ari.exchange import Exchange
from ivr.ari.wire.errors import AriError
from ivr.port.telephony import Channel
from ivr.port.values import ChannelGone

log = logging.getLogger(__name__)

# How long the news of a hang-up may lag behind the refusal it causes.
EVENT_LAG_S = 2.0


class AriBridge:
    """Made by `AriTelephony.create_bridge` or `adopt_bridge`; its id is ours and never used twice (asterisk#211)."""

    def __init__(self, exchange: Exchange, bridge_id: BridgeId) -> None:
        self._exchange = exchange
        self._bridges = exchange.client.bridges
        self._recordings = exchange.client.recordings
        self._recorded: dict[str, asyncio.Event] = {}
        self._inside: dict[ChannelId, Channel] = {}
        """Who was brought in, and not taken out."""
        self.id = bridge_id

    async def add(self, *channels: Channel) -> None:
        ids = [channel.id for channel in channels]
        for attempt in (1, 2):
            for channel in channels:
                if channel.gone:
                    raise ChannelGone(channel.id)
            try:
                await self._bridges.add_channel(bridge_id=self.id, channel=ids)
                self._inside.update((channel.id, channel) for channel in channels)
                return
            except AriError as error:
                # 400 and 404: not found; 409 and 422: not (any more) in our application.
                if error.status not in (400, 404, 409, 422) or attempt == 2:
                    raise
            await self._someone_leaves(channels)

    async def remove(self, channel: Channel) -> None:
        self._inside.pop(channel.id, None)
        for attempt in (1, 2):
            if channel.gone:
                raise ChannelGone(channel.id)
            try:
                await self._bridges.remove_channel(bridge_id=self.id, channel=[channel.id])
                return
            except AriError as error:
                # 422: not in this bridge. 400 and 404: not found; 409: not in our application any more.
                if error.status == 422:
                    return
                if error.status not in (400, 404, 409) or attempt == 2:
                    raise
            await self._someone_leaves((channel,))

    async def start_ringing(self) -> None:
        try:
            await self._bridges.play_with_id(
                bridge_id=self.id, playback_id=self._ringing_id, media=["tone:ring;tonezone=cn"]
            )
        except AriError as error:
            # 409: it rings already, by this very command before a reconnect.
            if error.status != 409:
                raise

    async def stop_ringing(self) -> None:
        try:
            await self._exchange.client.playbacks.stop(playback_id=self._ringing_id)
        except AriError as error:
            if error.status != 404:
                raise

    async def start_recording(self, path: Path) -> None:
        name = self._exchange.recording_name(path)
        self._recorded[name] = self._exchange.expect_bridge_recording(name)
        try:
            await self._bridges.record(bridge_id=self.id, name=name, format="wav", if_exists="fail")
        except AriError as error:
            # 409: the name is taken, by this very command when it was sent again after a reconnect.
            if error.status != 409:
                del self._recorded[name]
                raise

    async def pause_recording(self, path: Path) -> None:
        await self._recordings.pause(recording_name=self._in_a_path(path))

    async def resume_recording(self, path: Path) -> None:
        await self._recordings.unpause(recording_name=self._in_a_path(path))

    async def stop_recording(self, path: Path) -> None:
        name = self._exchange.recording_name(path)
        self._recorded.setdefault(name, self._exchange.expect_bridge_recording(name))
        try:
            await self._recordings.stop(recording_name=self._in_a_path(path))
        except AriError as error:
            if error.status != 404:
                raise
            self._exchange.bridge_recording_ended(name)
        await self._recording_complete(name)

    async def destroy(self) -> None:
        for channel in list(self._inside.values()):
            # Who stays is taken out first: a prompt for a party whose bridge is just going is lost without a word.
            if not channel.leaving:
                with suppress(ChannelGone):
                    await self.remove(channel)
        try:
            await self._bridges.destroy(bridge_id=self.id)
        except AriError as error:
            # 404: it is gone; 409: it is just going.
            if error.status not in (404, 409):
                raise
        for name in list(self._recorded):
            await self._recording_complete(name)

    async def _someone_leaves(self, channels: tuple[Channel, ...]) -> None:
        """Who was refused has mostly hung up already; the event that says so is on its way."""
        news = [asyncio.ensure_future(channel.wait_gone()) for channel in channels]
        try:
            await asyncio.wait(news, timeout=EVENT_LAG_S, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for waiting in news:
                waiting.cancel()

    def _in_a_path(self, path: Path) -> str:
        """Asterisk's name of a recording has a slash, which the path of a command must not show."""
        return quote(self._exchange.recording_name(path), safe="")

    @property
    def _ringing_id(self) -> str:
        return f"{self.id}.ringing"

    async def _recording_complete(self, name: str) -> None:
        recorded = self._recorded.pop(name)
        try:
            async with asyncio.timeout(EVENT_LAG_S):
                await recorded.wait()
        except TimeoutError:
            log.warning("the recording %s was not reported as complete", name, extra={"action": "recording_late"})
