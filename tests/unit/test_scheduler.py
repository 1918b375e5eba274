"""What happens by the clock does happen, whatever kind of callable it is, and whatever is done to the clock."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta, tzinfo
from functools import partial

import pytest

from app.process.clock import Clock
from app.process.scheduler import Job, Scheduler
from tests.fakes.virtual_time import VirtualTimeLoop

BEGAN = datetime(2026, 11, 30, 9, tzinfo=UTC)
HOUR_S, YEARS_S = 3600.0, 5 * 365 * 86_400.0


class Machine:
    """A wall clock that is set while the loop's own clock goes on; APScheduler asks it too."""

    def __init__(self) -> None:
        self.set_by_s = 0.0

    def wall(self) -> datetime:
        return BEGAN + timedelta(seconds=asyncio.get_running_loop().time() + self.set_by_s)

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time()


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    clock = Machine()

    class StandIn(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]  # a plain datetime will do
            return clock.wall().astimezone(tz)

    monkeypatch.setattr("apscheduler.schedulers.base.datetime", StandIn)
    return clock


class Work:
    """Notes when it was done, by the clock that nobody sets."""

    def __init__(self) -> None:
        self.done = asyncio.Event()
        self.times: list[float] = []

    async def do(self) -> None:
        self.done.set()
        self.times.append(asyncio.get_running_loop().time())


async def do(work: Work) -> None:
    await work.do()


def in_no_time(main: Callable[[], Coroutine[None, None, None]]) -> None:
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        runner.run(main())


@pytest.mark.parametrize("kind", ["method", "partial", "lambda"])
async def test_a_job_is_carried_out(kind: str) -> None:
    work = Work()
    jobs: dict[str, Job] = {"method": work.do, "partial": partial(do, work), "lambda": lambda: do(work)}
    loop = asyncio.get_running_loop()
    scheduler = Scheduler({kind: (jobs[kind], 0.01)}, Clock(steady=loop.time))
    scheduler.start()
    try:
        await asyncio.wait_for(work.done.wait(), 5)
    finally:
        scheduler.shutdown()


def test_what_was_not_started_can_be_shut_down(machine: Machine) -> None:
    async def main() -> None:
        Scheduler({"work": (Work().do, 1.0)}, Clock(machine.wall, machine.monotonic)).shutdown()

    in_no_time(main)


@pytest.mark.parametrize(
    "steps_s",
    [[-600.0], [HOUR_S], [-HOUR_S], [YEARS_S, -YEARS_S], [-YEARS_S, YEARS_S], [-600.0] * 20],
    ids=["-10 min", "+1 h", "-1 h", "+5 years and back", "-5 years and back", "-10 min, again and again"],
)
def test_jobs_go_on_at_their_intervals_whatever_is_done_to_the_clock(machine: Machine, steps_s: list[float]) -> None:
    """Also the seldom ones: their interval does not begin anew at each step."""

    async def main() -> None:
        often, seldom = Work(), Work()
        clock = Clock(machine.wall, machine.monotonic)
        scheduler = Scheduler({"often": (often.do, 1.0), "seldom": (seldom.do, 60.0)}, clock)
        scheduler.start()
        for step_s in steps_s:
            await asyncio.sleep(7.5)
            machine.set_by_s += step_s
        await asyncio.sleep(130)
        lasted_s = machine.monotonic()
        scheduler.shutdown()
        gaps = [later - earlier for earlier, later in zip([0.0, *often.times], often.times, strict=False)]
        assert max(gaps) < 2.1, "a job of each second is late by one look at the clock at most"
        assert lasted_s - often.times[-1] < 1.1
        assert len(often.times) <= lasted_s + 2 * len(steps_s), "nothing is made up for"
        assert lasted_s // 60 <= len(seldom.times) <= lasted_s // 60 + len(steps_s)
        assert max(later - earlier for earlier, later in zip([0.0, *seldom.times], seldom.times, strict=False)) < 62
        assert clock.count == len(steps_s)

    in_no_time(main)


def test_a_step_is_told_and_shown(machine: Machine, caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        clock, told = Clock(machine.wall, machine.monotonic), list[float]()
        scheduler = Scheduler({}, clock, told.append)
        scheduler.start()
        await asyncio.sleep(3)
        at_rest = {"up": True, "steps": 0, "last_step_s": None, "last_step_at": None, "machine_ahead_s": 0.0}
        assert clock.status() == at_rest
        machine.set_by_s -= 600
        await asyncio.sleep(3)
        stepped = {"up": False, "steps": 1, "last_step_s": -600.0, "machine_ahead_s": -600.0}
        assert clock.status() | {"last_step_at": None} == stepped | {"last_step_at": None}
        assert str(clock.status()["last_step_at"]).startswith("2026-11-30T09:00:0"), "by our time, which went on"
        machine.set_by_s += 600
        await asyncio.sleep(3)
        scheduler.shutdown()
        assert clock.status()["up"] and [round(each) for each in told] == [-600, 600]

    with caplog.at_level(logging.WARNING, "app.process.scheduler"):
        in_no_time(main)
    assert [getattr(record, "action", None) for record in caplog.records] == ["clock_stepped"] * 2
