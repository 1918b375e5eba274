"""What all legs and bridges of one Asterisk share: its commands, its recording folder, work in the background."""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from config.values.fields import Language
from ivr.ari.client import AriClient
from ivr.ari.wire.errors import AriError
from ivr.port.values import TelephonyDown

log = logging.getLogger(__name__)

RECORDING_FOLDERS = ("recordings", "messages")
WATCHDOG_S = 120.0
WATCHDOG_MARGIN_S = 10.0
GOODBYE_MARGIN_S = 0.5


PROMPTS = "site"
"""Where Asterisk finds them. Mandarin; behind it `-en` for English."""


@dataclass(frozen=True)
class Sound:
    """A sound file as Asterisk is told of it. `seconds`: its length, if that is known."""

    path: str
    seconds: float | None

    @property
    def uri(self) -> str:
        """For a playback."""
        return f"sound:{self.path}"


class Exchange:
    """Shared by the objects of `ivr.ari`.

    `data` is the data directory: Asterisk's recording directory has links `recordings` and `messages` to its folders of
    the same names (`ivr.pbx.render`), so that a recording is written where it shall lie, also when we have crashed.
    `ours`: an instant of Asterisk's, which goes by the machine's clock, by ours (ADR 42).
    """

    def __init__(
        self,
        client: AriClient,
        clock: Callable[[], datetime],
        data: Path,
        prompt_seconds: Mapping[str, float] | None,
        ours: Callable[[datetime], datetime] = lambda at: at,
    ) -> None:
        self.client = client
        self.clock, self.ours = clock, ours
        self._data = data.resolve()
        self._prompt_seconds = prompt_seconds
        self._bridge_recordings: dict[str, asyncio.Event] = {}
        self._goodbyes: list[float] = []
        """Until when, by the loop's clock, calls that are over for us still hear their last words."""
        self._tasks: set[asyncio.Task[None]] = set()

    def recording_name(self, path: Path) -> str:
        """Asterisk's name for the WAV that shall lie at `path`. ValueError when Asterisk cannot write it there."""
        name = path.resolve().relative_to(self._data)
        if path.suffix != ".wav" or name.parts[0] not in RECORDING_FOLDERS:
            raise ValueError(f"not a .wav file in one of {', '.join(RECORDING_FOLDERS)}: {path}")
        return name.with_suffix("").as_posix()

    def expect_bridge_recording(self, name: str) -> asyncio.Event:
        """Set when the file is complete."""
        return self._bridge_recordings.setdefault(name, asyncio.Event())

    def bridge_recording_ended(self, name: str) -> None:
        if (written := self._bridge_recordings.pop(name, None)) is not None:
            written.set()

    def sound_of(self, prompt: str, language: Language) -> Sound:
        """The file of a prompt in a language; the Mandarin one where there is no other."""
        lengths = self._prompt_seconds
        if language != "zh" and lengths is not None and f"{language}/{prompt}" in lengths:
            return Sound(f"{PROMPTS}-{language}/{prompt}", lengths[f"{language}/{prompt}"])
        return Sound(f"{PROMPTS}/{prompt}", None if lengths is None else lengths[prompt])

    def watchdog_s(self, sounds: Sequence[Sound]) -> float:
        """When a playback that has not ended is given up: a bad media URI never finishes (design D3)."""
        return sum(WATCHDOG_S if sound.seconds is None else sound.seconds for sound in sounds) + WATCHDOG_MARGIN_S

    def says_goodbye(self, sound: Sound) -> None:
        """A call is being handed to the dialplan: nobody tells when its leg has gone, and its port is free again."""
        length_s = WATCHDOG_S if sound.seconds is None else sound.seconds
        self._goodbyes.append(asyncio.get_running_loop().time() + length_s + GOODBYE_MARGIN_S)

    @property
    def goodbyes(self) -> int:
        """How many legs are being told goodbye, as far as is known."""
        now = asyncio.get_running_loop().time()
        self._goodbyes = [until for until in self._goodbyes if until > now]
        return len(self._goodbyes)

    def in_background(self, work: Coroutine[Any, Any, None], what: str) -> None:
        """A command whose outcome nobody waits for; a failure is logged, a party that is gone is none."""
        task = asyncio.create_task(self._tidy(work, what), name=what)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """End what runs in the background."""
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    async def _tidy(self, work: Coroutine[Any, Any, None], what: str) -> None:
        try:
            await work
        except (AriError, TelephonyDown) as exc:
            log.warning("%s failed: %s", what, exc, extra={"action": "ari_background_failed"})
