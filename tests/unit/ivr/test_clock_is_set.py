"""A random life of the hotline while somebody plays with the machine's clock: nobody is moved by it. F21, TEL-5."""

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from app.process.clock import LOOKS_EVERY_S, Clock
from crm.journal.events import AgentAnswered, CallEnded, Event
from routing.agent import AgentEvent
from tests.fakes.call_centre import ANN, BEN, CallCentre, call_centre, in_virtual_time
from tests.fakes.channel import FakeChannel, Party
from tests.fakes.telephony import EPOCH, FakeTelephony

LIVES_S = 1800.0
HOUR_S, YEARS_S = 3600.0, 5 * 365 * 86_400.0
STEPS = ((HOUR_S, -HOUR_S), (-HOUR_S, HOUR_S), (YEARS_S, -YEARS_S), (-YEARS_S, YEARS_S), (-600.0,) * 6)


@dataclass
class SetTelephony(FakeTelephony):
    """Whose time is that of the process's clock, on a machine whose clock is set."""

    set_by_s: float = 0.0
    _clock: Clock | None = field(default=None)

    @property
    def clock(self) -> Clock:
        self._clock = self._clock or Clock(self.wall, asyncio.get_running_loop().time)
        return self._clock

    def wall(self) -> datetime:
        return EPOCH + timedelta(seconds=asyncio.get_running_loop().time() + self.set_by_s)

    def now(self) -> datetime:
        return self.clock.now()

    async def look(self) -> None:
        while True:
            await asyncio.sleep(LOOKS_EVERY_S)
            self.clock.look()

    async def is_set(self, steps_s: Sequence[float], chance: random.Random) -> None:
        for step_s in steps_s:
            await asyncio.sleep(chance.uniform(50, 250))
            self.set_by_s += step_s


async def callers(centre: CallCentre, chance: random.Random) -> None:
    """They come, choose the queue, and wait for as long as they like."""
    number = 0
    while True:
        await asyncio.sleep(chance.expovariate(1 / 25))
        number += 1
        channel = centre.telephony.call("4008100002", f"1380000{number:04}")
        asyncio.get_running_loop().call_later(1.0, channel.press, "1")
        asyncio.get_running_loop().call_later(chance.uniform(20, 400), leave, channel)


def leave(channel: FakeChannel) -> None:
    if not channel.gone:
        channel.leave()


async def agents(centre: CallCentre, chance: random.Random) -> None:
    while True:
        await asyncio.sleep(chance.uniform(20, 90))
        wish = chance.choice((AgentEvent.MAKE_AVAILABLE, AgentEvent.MAKE_AVAILABLE, AgentEvent.MAKE_NOT_READY))
        centre.acd.wish(chance.choice((ANN, BEN)), wish, "break" if wish is AgentEvent.MAKE_NOT_READY else None)


def life(directory: Path, seed: int, steps_s: Sequence[float]) -> list[Event]:
    """What is on record after half an hour."""
    told: list[Event] = []

    async def story() -> None:
        telephony = SetTelephony(prompt_s=0.5)
        async with call_centre(directory, telephony=telephony) as centre:
            telephony.agents = {ANN: Party(after_s=2.0, talks_s=70), BEN: Party(after_s=3.0, talks_s=110)}
            centre.available(ANN, BEN)
            works = (
                callers(centre, random.Random(seed)),
                agents(centre, random.Random(seed + 1)),
                telephony.look(),
                telephony.is_set(steps_s, random.Random(seed + 2)),
            )
            tasks = [asyncio.create_task(work) for work in works]
            await asyncio.sleep(LIVES_S)
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
            for task in tasks:
                if not task.cancelled():
                    task.result()
            told.extend(centre.told)

    in_virtual_time(story())
    return told


def plain(events: Sequence[Event]) -> list[dict[str, object]]:
    """Without ids that are drawn anew in each run."""
    return [
        {name: value for name, value in msgspec.to_builtins(event).items() if name not in ("event_id", "bridge_id")}
        for event in events
    ]


@pytest.mark.parametrize("steps_s", STEPS, ids=["+1 h", "-1 h", "+5 years", "-5 years", "-10 min six times"])
@pytest.mark.parametrize("seed", [1, 2])
def test_a_life_is_the_same_to_the_instant_whatever_is_done_to_the_clock(
    tmp_path: Path, seed: int, steps_s: Sequence[float]
) -> None:
    """Every wait, announcement, turn, ring and talk: the order of events and each instant of the record."""
    (tmp_path / "quiet").mkdir()
    (tmp_path / "set").mkdir()
    quiet, told = life(tmp_path / "quiet", seed, ()), life(tmp_path / "set", seed, steps_s)
    assert len([each for each in quiet if isinstance(each, AgentAnswered)]) >= 8
    assert len([each for each in quiet if isinstance(each, CallEnded)]) >= 20
    assert plain(told) == plain(quiet)
    assert [each.at for each in told] == sorted(each.at for each in told)
