"""What happens by the clock. APScheduler only ticks, from memory; what must last lies in tables of our own (D6).

APScheduler goes by the machine's clock. When that is set, each job is planned anew, so that all go on at their
intervals: set back, they would wait for the old time; set ahead, they would have every tick in between to make up for.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from functools import partial

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.base import BaseTrigger

from app.process.clock import LOOKS_EVERY_S, Clock

Job = Callable[[], Awaitable[object]]

log = logging.getLogger(__name__)


class Every(BaseTrigger):  # type: ignore[misc]  # APScheduler 3 has no types
    """Fires so long after now, not after it fired last: a clock set ahead by years is one tick, not millions."""

    def __init__(self, every_s: float) -> None:
        self.every = timedelta(seconds=every_s)

    def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> datetime:
        return now + self.every


class Scheduler:
    """Runs each job every so many seconds; a late job is run once, not twice. `start` and `shutdown` once each.

    `stepped` hears by how many seconds the machine's clock was set.
    """

    def __init__(
        self, jobs: dict[str, tuple[Job, float]], clock: Clock, stepped: Callable[[float], None] = lambda step_s: None
    ) -> None:
        logging.getLogger("apscheduler").setLevel(logging.WARNING)
        self._clock, self._stepped = clock, stepped
        self._look: asyncio.TimerHandle | None = None
        self._ticking = AsyncIOScheduler()
        for name, (job, every_s) in jobs.items():
            self._ticking.add_job(
                partial(_run, job), Every(every_s), id=name, max_instances=1, coalesce=True, misfire_grace_time=None
            )

    def start(self) -> None:
        self._ticking.start()
        self._look_again()

    def shutdown(self) -> None:
        """Begins no more jobs; does nothing when it was not started."""
        if self._look is not None:
            self._look.cancel()
            self._look = None
            self._ticking.shutdown(wait=False)

    def _look_again(self) -> None:
        """Once a second by the loop's own clock, which nobody sets."""
        self._look = asyncio.get_running_loop().call_later(LOOKS_EVERY_S, self._look_again)
        if (step_s := self._clock.look()) is not None:
            log.warning("The clock was set by %+.1f s; we go on by ours.", step_s, extra={"action": "clock_stepped"})
            self._plan_anew(timedelta(seconds=step_s))
            self._stepped(step_s)

    def _plan_anew(self, step: timedelta) -> None:
        """Each job is due in as many seconds as before the step; at the latest after its interval, for some have been
        run, and planned by the new time, since."""
        now = self._clock.wall()
        for job in self._ticking.get_jobs():
            job.modify(next_run_time=min(job.next_run_time + step, now + job.trigger.every))


async def _run(job: Job) -> None:
    """APScheduler awaits only what it can see to be a coroutine function: of a lambda it would drop the coroutine."""
    await job()
