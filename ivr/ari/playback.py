"""Prompts being played to a channel: their end, the watchdog, barge-in."""

import asyncio

from ivr.ari.leg import Leg
from ivr.ari.wire.errors import AriError
from ivr.ari.wire.model import Playbacks
from ivr.port.values import ChannelGone, PlaybackFailed

# A playback cut short by a hang-up may fail a moment before the hang-up itself is told.
HANGUP_GRACE_S = 0.5


class AriPlayback:
    """One playback of a list of prompts. Made by `AriChannel.start_playback`, before the command is sent."""

    def __init__(self, playbacks: Playbacks, leg: Leg, playback_id: str, watchdog_s: float) -> None:
        self._playbacks = playbacks
        self._leg = leg
        self._give_up_at = asyncio.get_running_loop().time() + watchdog_s
        self.id = playback_id
        leg.expect_playback(playback_id)

    @property
    def ended(self) -> bool:
        """Nothing of it will be heard any more."""
        return self._leg.gone or self._leg.playback(self.id) is not None

    def forget(self) -> None:
        """It was never begun."""
        self._leg.forget_playback(self.id)

    async def finished(self) -> None:
        while not self.ended:
            await self.changed()
        await self.outcome()

    async def changed(self, by: float | None = None) -> bool:
        """True when something has happened to the leg; False when nothing has `by` that loop time.

        Raises PlaybackFailed when the watchdog's time is over.
        """
        first = self._give_up_at if by is None else min(by, self._give_up_at)
        if await self._leg.changed(first):
            return True
        if first != self._give_up_at:
            return False
        await self.stop()
        raise PlaybackFailed(f"playback {self.id} was given up: no end in sight")

    async def outcome(self) -> None:
        """Of one that has ended: returns if it was heard, or stopped. Raises ChannelGone, PlaybackFailed."""
        end = self._leg.playback(self.id)
        if end is not None and end.state == "failed" and not await self._leaves():
            raise PlaybackFailed(f"playback {self.id} failed at {end.media_uri}")
        if self._leg.gone:
            raise ChannelGone(self._leg.id)

    async def stop(self) -> None:
        if self.ended:
            return
        try:
            await self._playbacks.stop(playback_id=self.id)
        except AriError as error:
            if error.status != 404:
                raise

    async def _leaves(self) -> bool:
        try:
            async with asyncio.timeout(HANGUP_GRACE_S):
                await self._leg.wait_gone()
        except TimeoutError:
            return False
        return True
