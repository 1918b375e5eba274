"""People on the telephone, acted step by step: they dial or answer, hear prompts, press keys, speak, hang up."""

import asyncio
import io
import wave
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np

from app.phone.call import PhoneCall
from app.phone.media import Tone
from app.phone.sip import TestPhone
from app.phone.sound.audio import SAMPLE_RATE, Samples, tone_over_rest_db
from app.phone.sound.heard import Heard, Template, recognise, templates
from app.phone.sound.wav import read_prompts
from app.phone.system import SystemClient
from tests.integration.harness.api import until
from tests.integration.harness.running import RunningSystem

OUTSIDE = "127.0.0.2"
SILENT = Tone(0)
TAIL = SAMPLE_RATE // 10


class Person:
    """One end of one call. Listening is done in a thread: searching a minute of sound for all prompts takes seconds on
    a busy machine, and a telephone that reads nothing for so long loses what arrives meanwhile.
    """

    def __init__(self, system: RunningSystem, phone: TestPhone, line: PhoneCall) -> None:
        self._site = system.site
        self._mandarin = _by_name(system.site.prompts)
        self._phone = phone
        self.line = line
        self._heard_s = 0.0

    @property
    def sound(self) -> Samples:
        """Everything heard so far."""
        return self.line.media.heard.samples()

    @cached_property
    def _english(self) -> dict[str, Template]:
        return _by_name(self._site.english_prompts)

    def _template(self, prompt: str, english: bool) -> Template:
        return (self._english if english else self._mandarin)[prompt]

    async def heard(self, *, english: bool = False) -> list[Heard]:
        """The prompts of one language heard so far, in order."""
        known = self._english if english else self._mandarin
        return await asyncio.to_thread(recognise, self._since(0.0), known.values())

    def _since(self, from_s: float) -> Samples:
        """What was heard from then on. Nothing is sent after a prompt: its last packet may be the last of all, and the
        first of all may be lost, so that the sound is a little shorter than what was played."""
        return np.concatenate([self.sound[int(from_s * SAMPLE_RATE) :], np.zeros(TAIL, dtype=np.int16)])

    async def hears(self, prompt: str, timeout_s: float = 15.0, *, english: bool = False) -> Heard:
        """Returns when the prompt has been heard to its end, after the one waited for before."""

        async def found() -> Heard | None:
            over = self.line.ended.is_set()  # asked first: the call may end while its sound is searched
            recent = self._since(self._heard_s)
            for heard in await asyncio.to_thread(recognise, recent, [self._template(prompt, english)]):
                if heard.complete:
                    self._heard_s += heard.start_s + heard.heard_s / 2  # the next one may follow without a gap
                    return heard
            if over:
                told = [each.prompt for each in await self.heard(english=english)]
                raise AssertionError(f"the call ended before {prompt}; heard {told}")
            return None

        return await until(found, timeout_s, f"{prompt} in the caller's ear")

    async def begins_to_hear(self, prompt: str, timeout_s: float = 15.0, *, english: bool = False) -> None:
        """Returns when the beginning of the prompt has been heard."""

        async def found() -> bool | None:
            recent = self._since(self._heard_s)
            return True if await asyncio.to_thread(recognise, recent, [self._template(prompt, english)]) else None

        await until(found, timeout_s, f"the beginning of {prompt}")

    async def presses(self, key: str) -> datetime:
        """When the key was let go."""
        (at,) = await self.line.press(key)
        return at

    def speaks(self, hz: float) -> None:
        """A tone stands for a voice: one can tell later who was heard."""
        self.line.media.source = Tone(hz)

    def is_silent(self) -> None:
        self.line.media.source = SILENT

    async def hangs_up(self) -> None:
        await self._phone.hang_up(self.line)

    async def is_left(self, timeout_s: float = 15.0) -> None:
        """Returns when the other side has hung up."""
        await self.line.wait_ended(timeout_s)
        assert self.line.ended_by == "remote"


def _by_name(prompts: Path) -> dict[str, Template]:
    return {prompt.prompt: prompt for prompt in templates(read_prompts(prompts))}


@asynccontextmanager
async def caller(system: RunningSystem, number: str, *, dials: str) -> AsyncIterator[Person]:
    """Somebody outside who calls and has been answered."""
    async with TestPhone(OUTSIDE) as phone:
        line = await phone.dial(dials, system.sip, caller=number)
        await line.wait_answered(15)
        yield Person(system, phone, line)


class Customer:
    """A telephone outside that can be called: the trunk leads to it. Use as `async with Customer(system, port)`."""

    def __init__(self, system: RunningSystem, port: int) -> None:
        self._system = system
        self.phone = TestPhone(OUTSIDE, port=port)

    async def __aenter__(self) -> Self:
        await self.phone.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.phone.stop()

    async def answers(self, timeout_s: float = 30.0) -> Person:
        """Takes the next call."""
        line = await self.phone.next_call(timeout_s)
        self.phone.answer(line)
        return Person(self._system, self.phone, line)


@asynccontextmanager
async def desk(system: RunningSystem, agent: str) -> AsyncIterator["Desk"]:
    """The agent's page, as messages."""
    async with SystemClient(system.data) as client:
        page = Desk()
        reading = asyncio.create_task(page.read(client, agent))
        try:
            await asyncio.wait_for(page.open.wait(), 10)
            yield page
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)


class Desk:
    """What an agent's page was told, oldest first."""

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []
        self.open = asyncio.Event()

    async def read(self, client: SystemClient, agent: str) -> None:
        async for message in client.desk(agent):
            self.messages.append(dict(message))
            self.open.set()

    async def pop_of(self, caller: str, timeout_s: float = 10.0) -> dict[str, Any]:
        """The screen pop that announces this caller."""

        async def popped() -> dict[str, Any] | None:
            pops = [message["pop"] for message in self.messages if message["type"] == "screen_pop"]
            return next((pop for pop in pops if pop["ani"] == caller), None)

        return await until(popped, timeout_s, f"a screen pop for {caller}")


def sound_of(wav: bytes) -> Samples:
    """The samples of a WAV that the API sent."""
    with wave.open(io.BytesIO(wav)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (SAMPLE_RATE, 1, 2)
        return np.frombuffer(file.readframes(file.getnframes()), dtype="<i2").astype(np.int16)


def has_tone(sound: Samples, hz: float, least_db: float = 10.0) -> bool:
    """Whether some half second of it holds this tone, alone or beside another."""
    piece = SAMPLE_RATE // 2
    pieces = [sound[start : start + piece] for start in range(0, sound.size - piece + 1, piece)]
    return any(np.any(part) and tone_over_rest_db(part, hz) >= least_db for part in pieces)
