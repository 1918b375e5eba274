"""One leg of the telephone system in memory: the port's Channel, and what its party does (press, speak, leave)."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeVar

from config.destination import DialPermit
from config.ids import ChannelId
from config.values.fields import Language
from ivr.port.telephony import Playback
from ivr.port.values import (
    ChannelGone,
    DialFailed,
    DialOutcome,
    Digit,
    LiveChannel,
    PlaybackFailed,
    PromptsFinished,
    RecordingResult,
    TransferWish,
)

if TYPE_CHECKING:
    from tests.fakes.telephony import FakeTelephony

T = TypeVar("T")
Role = Literal["inbound", "agent", "dialled"]


@dataclass(frozen=True, kw_only=True)
class Party:
    """What somebody who is dialled does: answers after `after_s` and talks for `talks_s`, or does not answer."""

    after_s: float = 0.1
    talks_s: float | None = None
    refuses: DialOutcome | None = None


class FakePlayback:
    """Prompts that last `prompt_s` each; a broken one among them fails the playback at its end."""

    def __init__(self, channel: "FakeChannel", prompts: Sequence[str]) -> None:
        self._channel = channel
        self._failed = prompts[-1] in channel.telephony.broken_prompts
        length = sum(map(channel.telephony.length_s, prompts))
        self._timer = asyncio.get_running_loop().call_later(length, self._end)
        self.ended = False

    async def finished(self) -> None:
        while not self.ended:
            await self._channel.changed()
            if self._channel.gone:
                raise ChannelGone(self._channel.id)
        if self._failed:
            raise PlaybackFailed("this prompt is broken")

    async def stop(self) -> None:
        self._timer.cancel()
        self._failed = False
        self._end()

    def _end(self) -> None:
        self.ended = True
        self._channel.notify()


class FakeChannel:
    """One leg; `press`, `speak`, `leave`, `pick_up` and `refuse` are what its party does."""

    def __init__(self, telephony: "FakeTelephony", channel_id: ChannelId, role: Role) -> None:
        self.telephony = telephony
        self.id = channel_id
        self.role: Role = role
        self.dnis = self.ani = self.name = ""
        self.entered = False
        self.dialled = False
        self.party = Party()
        self.music = False
        self.spies_on: ChannelId | None = None
        """Of a snoop: whose party it hears."""
        self.whispers = False
        self.heard: list[str] = []
        self.language: Language = "zh"
        self.created_at = telephony.now()
        self.ringing_at: datetime | None = None
        self.up_at: datetime | None = None
        self.gone_at: datetime | None = None
        self.dropped = False
        self._refused: DialOutcome | None = None
        self.progress: list[str] = []
        """What the party's telephone was told of the transfer it asked for."""
        self._digits: deque[Digit] = deque()
        self._keeps_digits = True
        self._transfers: deque[TransferWish] = deque()
        self._said_s = 0.0
        self._changed = asyncio.Event()

    @property
    def gone(self) -> bool:
        return self.gone_at is not None

    @property
    def leaving(self) -> bool:
        return self.gone

    def live(self) -> LiveChannel:
        return LiveChannel(
            channel_id=self.id,
            role=self.role,
            up=self.up_at is not None,
            prepared=self.role == "dialled" and self.entered and self.up_at is None,
            dnis=self.dnis,
            ani=self.ani,
            name=self.name,
            created_at=self.created_at,
        )

    # --- the party ---

    def press(self, digits: str) -> None:
        if not self._keeps_digits:
            return
        self._digits.extend(Digit(digit=digit, at=self.telephony.now()) for digit in digits)
        self.notify()

    def refer(self, to: str, with_channel: ChannelId | None = None) -> None:
        """The party's telephone asks for a transfer."""
        self._transfers.append(TransferWish(to=to, with_channel=with_channel))
        self.notify()

    def speak(self, seconds: float) -> None:
        """What a recording finds, from now on."""
        self._said_s = seconds

    def leave(self) -> None:
        if not self.gone:
            self.gone_at = self.telephony.now()
            self.telephony.channels.pop(self.id, None)
            for bridge in self.telephony.bridges.values():
                bridge.inside.discard(self.id)
            for snoop in [each for each in self.telephony.channels.values() if each.spies_on == self.id]:
                snoop.leave()
            self.notify()

    def pick_up(self) -> None:
        if not self.gone:
            self.up_at, self.entered = self.telephony.now(), True
            self.notify()

    def ring_party(self, ring_timeout_s: float) -> None:
        """The party's telephone rings; what happens there is in `party`."""
        self.dialled, self.ringing_at, party = True, self.telephony.now(), self.party
        later = asyncio.get_running_loop().call_later
        if party.refuses not in (None, DialOutcome.NO_ANSWER):
            later(party.after_s, self.refuse, party.refuses)
        elif party.refuses is None and party.after_s < ring_timeout_s:
            later(party.after_s, self.pick_up)
            if party.talks_s is not None:
                later(party.after_s + party.talks_s, self.leave)
        else:
            later(ring_timeout_s, self.refuse, DialOutcome.NO_ANSWER)

    def refuse(self, reason: DialOutcome) -> None:
        self._refused = reason
        self.leave()

    def notify(self) -> None:
        self._changed.set()
        self._changed.clear()

    async def changed(self) -> None:
        await self._changed.wait()

    # --- the port ---

    async def ring(self) -> None:
        self._command("ring")

    async def answer(self) -> datetime:
        self._command("answer")
        self.up_at = self.up_at or self.telephony.now()
        return self.up_at

    async def take_over(self) -> None:
        self._command("take over")

    def use_language(self, language: Language) -> None:
        self.language = language

    async def start_playback(self, prompts: Sequence[str]) -> FakePlayback:
        self._command(f"play {' '.join(prompts)}")
        self.heard += prompts
        return FakePlayback(self, prompts)

    async def say(self, prompts: Sequence[str]) -> None:
        playback = await self.start_playback(prompts)
        try:
            await playback.finished()
        except PlaybackFailed:
            return
        except asyncio.CancelledError:
            await playback.stop()
            raise

    async def say_goodbye(self, prompts: Sequence[str]) -> None:
        *first, last = prompts
        if first:
            await self.say(first)
        self._command(f"goodbye {last}")
        self.heard.append(last)
        self.leave()

    async def next_input(self, playback: Playback | None, timeout_s: float | None) -> Digit | PromptsFinished | None:
        assert playback is None or isinstance(playback, FakePlayback)
        try:
            async with asyncio.timeout(timeout_s):
                while not self._digits and not self.gone and not (playback is not None and playback.ended):
                    await self.changed()
        except TimeoutError:
            return None
        self._stay()
        return self._digits.popleft() if self._digits else PromptsFinished()

    def expect_digits(self, expected: bool) -> None:
        self._keeps_digits = expected
        self._digits.clear()

    async def next_transfer(self) -> TransferWish:
        while not self._transfers:
            await self.changed()
        return self._transfers.popleft()

    async def transfer_progress(self, progress: Literal["accepted", "done", "failed"]) -> None:
        self._command(f"transfer {progress}")
        self.progress.append(progress)

    async def start_music(self) -> None:
        self._command("music")
        self.music = True

    async def stop_music(self) -> None:
        self._command("no music")
        self.music = False

    async def hush(self) -> None:
        self._command("hush")
        self.music = False

    async def record_message(self, path: Path, *, max_s: float, silence_s: float) -> RecordingResult:
        self._command(f"record {path.name}")
        loop = asyncio.get_running_loop()
        began, said = loop.time(), min(self._said_s, max_s)
        try:
            async with asyncio.timeout(max_s if said == max_s else said + silence_s):
                while not self.gone and not (self._digits and self._digits[-1].digit == "#"):
                    await self.changed()
        except TimeoutError:
            pass
        self._digits.clear()
        seconds = min(said, loop.time() - began)
        write_silence(path, seconds)
        return RecordingResult(path=path, duration_s=seconds)

    async def hangup(self, reason: Literal["normal", "busy", "no_answer", "congestion"] = "normal") -> None:
        if not self.gone:
            self.telephony.command(f"{self.id}: hangup {reason}")
            self._refused = DialOutcome.CANCELLED
            self.leave()

    async def wait_gone(self) -> None:
        while not self.gone:
            await self.changed()

    async def until(self, awaitable: Awaitable[T], timeout_s: float | None = None) -> T:
        work, gone = asyncio.ensure_future(awaitable), asyncio.ensure_future(self.wait_gone())
        try:
            await asyncio.wait({work, gone}, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
            if work.done():
                return work.result()
            self._stay()
            raise TimeoutError
        finally:
            gone.cancel()
            if not work.done():
                work.cancel()
                await asyncio.wait({work})

    async def dial(self, permit: DialPermit, ring_timeout_s: float) -> None:
        if permit.channel_id != self.id:
            raise ValueError(f"a permit for {permit.channel_id} dials nothing on {self.id}")
        if not self.dialled:
            self._command("dial")
            self.ring_party(ring_timeout_s)

    async def answered(self) -> datetime:
        while not self.gone and self.up_at is None:
            await self.changed()
        if self.up_at is None:
            raise DialFailed(self.id, self._refused or DialOutcome.UNREACHABLE, 0)
        return self.up_at

    def _command(self, text: str) -> None:
        self._stay()
        self.telephony.command(f"{self.id}: {text}")

    def _stay(self) -> None:
        if self.gone:
            raise ChannelGone(self.id)


def write_silence(path: Path, seconds: float) -> None:
    """Something of the size that a recording would have."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(bytes(44 + round(seconds * 8000) * 2))
