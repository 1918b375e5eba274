"""One leg on Asterisk: the port's Channel and DialledChannel as ARI commands.

How refusals are taken is in `ivr.ari.commanded_leg`.
"""

import asyncio
import logging
import math
from collections.abc import Sequence
from datetime import datetime
from itertools import cycle
from pathlib import Path
from typing import Literal, TypeVar

from config.destination import DialPermit
from config.values.fields import Language
from ivr.ari.commanded_leg import EVENT_LAG_S, AriLeg, look_at
from ivr.ari.exchange import Exchange
from ivr.ari.leg import Leg
from ivr.ari.playback import AriPlayback
from ivr.ari.wire.errors import AriError
from ivr.ari.wire.model import LiveRecording
from ivr.port.telephony import Playback
from ivr.port.values import (
    ChannelGone,
    DialFailed,
    DialOutcome,
    Digit,
    PlaybackFailed,
    PromptsFinished,
    RecordingResult,
    TelephonyDown,
    TransferWish,
)

log = logging.getLogger(__name__)

T = TypeVar("T")

# A channel variable; it exists from the making of a channel on, since ARI answers 404 for a missing one too.
DIALLED_MARK = "SANXIANG_DIALLED"
NOT_DIALLED, DIALLED = "0", "1"
MUSIC_CLASS = "site"
GOODBYE_CONTEXT = "goodbye"
"""In the dialplan; the extension is the sound."""
# Playback ids of a channel repeat, so that whoever adopts it knows what may be playing on it.
PLAYBACK_IDS = 4
WATCHDOG_MARGIN_S = 10.0
# Asterisk cuts the silence off that ended a recording; what is shorter than this holds no word.
SHORTEST_MESSAGE_S = 0.5
WAV_HEADER_BYTES = 44
WAV_BYTES_PER_S = 16_000

TRANSFER_STATES = {"accepted": "channel_progress", "done": "channel_answered", "failed": "channel_unavailable"}
"""ARI's words for how a transfer goes."""
AT_ONCE_S = 1.0
"""A leg that is gone so soon, without an answer of its party, was never sent: Asterisk had no port for its audio."""


class AriChannel(AriLeg):
    """Commands to one leg; `leg` is what its events have told."""

    def __init__(self, exchange: Exchange, leg: Leg) -> None:
        super().__init__(exchange, leg)
        self._taken_over = False
        self._plays = cycle(range(PLAYBACK_IDS))
        self._answer_within_s: float | None = None
        self._language: Language = "zh"

    async def ring(self) -> None:
        await self._command(lambda: self._channels.ring(channel_id=self.id))

    async def take_over(self) -> None:
        self._stay()
        if not self._taken_over:
            await self._command(self._clear_timer)
            self._taken_over = True

    async def answer(self) -> datetime:
        if self.leg.up_at is None:
            # Both at once: the socket carries them out in order, and the caller waits for one round trip only.
            answering = asyncio.ensure_future(self._command(lambda: self._channels.answer(channel_id=self.id)))
            try:
                await self.take_over()
                await answering
            except BaseException:
                answering.cancel()
                answering.add_done_callback(look_at)
                raise
        else:
            await self.take_over()
        while self.leg.up_at is None:
            if self.gone:
                raise ChannelGone(self.id)
            await self.leg.changed()
        return self.leg.up_at

    def use_language(self, language: Language) -> None:
        self._language = language

    async def start_playback(self, prompts: Sequence[str]) -> AriPlayback:
        sounds = [self._exchange.sound_of(prompt, self._language) for prompt in prompts]
        media = [sound.uri for sound in sounds]
        number = next(self._plays)
        watchdog_s = self._exchange.watchdog_s(sounds)
        playback = AriPlayback(self._exchange.client.playbacks, self.leg, self._playback_id(number), watchdog_s)
        try:
            await self._command(lambda: self._channels.play(channel_id=self.id, media=media, playback_id=playback.id))
        except asyncio.CancelledError:  # it may have begun: nobody else could stop it
            playback.forget()
            self._exchange.in_background(self._stop_playback(number), "stopping a cancelled prompt")
            raise
        except BaseException:
            playback.forget()
            raise
        return playback

    async def say(self, prompts: Sequence[str]) -> None:
        playback = await self.start_playback(prompts)
        try:
            await playback.finished()
        except PlaybackFailed as exc:
            self._alarm(exc)
        except asyncio.CancelledError:
            self._exchange.in_background(playback.stop(), "stopping a cancelled prompt")
            raise

    async def say_goodbye(self, prompts: Sequence[str]) -> None:
        *first, last = prompts
        if first:
            await self.say(first)
        sound = self._exchange.sound_of(last, self._language)
        self._exchange.says_goodbye(sound)
        await self._command(
            lambda: self._channels.continue_in_dialplan(
                channel_id=self.id, context=GOODBYE_CONTEXT, extension=sound.path, priority=1
            )
        )
        try:
            async with asyncio.timeout(EVENT_LAG_S):
                await self.leg.wait_gone()
        except TimeoutError:
            self.leg.left(self._exchange.clock())

    async def next_input(self, playback: Playback | None, timeout_s: float | None) -> Digit | PromptsFinished | None:
        assert playback is None or isinstance(playback, AriPlayback)  # start_playback makes no other
        by = None if timeout_s is None else asyncio.get_running_loop().time() + timeout_s
        try:
            return await self._next_input(playback, by)
        except PlaybackFailed as exc:
            self._alarm(exc)
            return PromptsFinished()

    async def _next_input(self, playback: AriPlayback | None, by: float | None) -> Digit | PromptsFinished | None:
        in_time = True
        while in_time:
            if self.gone:
                raise ChannelGone(self.id)
            if self.leg.digits:
                return self.leg.digits.popleft()
            if playback is None:
                in_time = await self.leg.changed(by)
            elif playback.ended:
                await playback.outcome()
                return PromptsFinished()
            else:
                in_time = await playback.changed(by)
        return None

    def _alarm(self, failed: PlaybackFailed) -> None:
        """The caller goes on without that prompt; somebody must repair it."""
        log.error("%s", failed, extra={"action": "prompt_failed", "channel_id": self.id})

    def expect_digits(self, expected: bool) -> None:
        self.leg.keeps_digits = expected
        self.leg.digits.clear()

    async def next_transfer(self) -> TransferWish:
        while not self.leg.transfers:
            await self.leg.changed()
        return self.leg.transfers.popleft()

    async def transfer_progress(self, progress: Literal["accepted", "done", "failed"]) -> None:
        states = TRANSFER_STATES[progress]
        try:
            await self._command(lambda: self._channels.transfer_progress(channel_id=self.id, states=states))
        except AriError as error:  # the telephone wants no news, or has had its last
            log.info("a telephone was not told of its transfer: %s", error, extra={"action": "transfer_untold"})

    async def start_music(self) -> None:
        await self._command(lambda: self._channels.start_moh(channel_id=self.id, moh_class=MUSIC_CLASS))

    async def stop_music(self) -> None:
        await self._command(lambda: self._channels.stop_moh(channel_id=self.id))

    async def hush(self) -> None:
        await asyncio.gather(*(self._stop_playback(number) for number in range(PLAYBACK_IDS)), self.stop_music())

    async def record_message(self, path: Path, *, max_s: float, silence_s: float) -> RecordingResult:
        name = self._exchange.recording_name(path)
        self.leg.expect_recording(name)
        try:
            await self._command(
                lambda: self._channels.record(
                    channel_id=self.id,
                    name=name,
                    format="wav",
                    max_duration_seconds=max(1, round(max_s)),
                    max_silence_seconds=max(1, round(silence_s)),
                    terminate_on="#",
                )
            )
            end = await self._recorded(name, max_s + WATCHDOG_MARGIN_S)
        finally:
            self.leg.forget_recording(name)
        if end.state == "failed":
            log.error("message %s was not recorded: %s", name, end.cause, extra={"action": "recording_failed"})
            return RecordingResult(path=path, duration_s=0.0)
        return RecordingResult(path=path, duration_s=_said_s(path))

    async def dial(self, permit: DialPermit, ring_timeout_s: float) -> None:
        """The mark goes before the command on the same socket: whoever adopts the channel knows that it was sent."""
        if permit.channel_id != self.id:
            raise ValueError(f"a permit for {permit.channel_id} dials nothing on {self.id}")
        self._answer_within_s = ring_timeout_s + WATCHDOG_MARGIN_S
        if self.leg.up_at is not None or (self.leg.adopted and await self._was_dialled()):
            return
        await self._command(lambda: self._mark_dialled())
        await self._command(
            lambda: self._exchange.client.dial_once(channel_id=self.id, timeout_s=math.ceil(ring_timeout_s))
        )

    async def _mark_dialled(self) -> None:
        await self._channels.set_channel_var(channel_id=self.id, variable=DIALLED_MARK, value=DIALLED)

    async def _was_dialled(self) -> bool:
        mark = await self._command(lambda: self._channels.get_channel_var(channel_id=self.id, variable=DIALLED_MARK))
        return mark.value == DIALLED

    async def answered(self) -> datetime:
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            async with asyncio.timeout(self._answer_within_s):
                await self.leg.decided()
        except TimeoutError:
            await self.hangup("no_answer")
            raise DialFailed(self.id, DialOutcome.NO_ANSWER, 0) from None
        if self.leg.answered_at is not None:
            return self.leg.answered_at
        at_once = loop.time() - began < AT_ONCE_S
        outcome = DialOutcome.CANCELLED if self._hung_up else self.leg.why_unanswered(at_once=at_once)
        raise DialFailed(self.id, outcome, self.leg.cause)

    async def _recorded(self, name: str, timeout_s: float) -> LiveRecording:
        """The end of a recording. Hanging up is how most messages end, so that alone is no ChannelGone."""
        try:
            async with asyncio.timeout(timeout_s) as limit:
                while (end := self.leg.recording(name)) is None:
                    if self.gone:
                        limit.reschedule(asyncio.get_running_loop().time() + EVENT_LAG_S)
                    await self.leg.changed()
        except TimeoutError:
            if self.gone:
                raise ChannelGone(self.id) from None
            raise TelephonyDown(f"the recording {name} of channel {self.id} never ended") from None
        return end

    def _playback_id(self, number: int) -> str:
        return f"{self.id}.play{number}"

    async def _stop_playback(self, number: int) -> None:
        try:
            await self._exchange.client.playbacks.stop(playback_id=self._playback_id(number))
        except AriError as error:
            if error.status != 404:
                raise

    async def _clear_timer(self) -> None:
        await self._channels.set_channel_var(channel_id=self.id, variable="TIMEOUT(absolute)", value="0")


def _said_s(path: Path) -> float:
    """Length of a message (8 kHz 16-bit mono WAV), 0.0 when nothing was said."""
    seconds = (path.stat().st_size - WAV_HEADER_BYTES) / WAV_BYTES_PER_S
    return seconds if seconds >= SHORTEST_MESSAGE_S else 0.0
