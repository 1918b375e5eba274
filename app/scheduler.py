"""What happens by the clock. APScheduler only ticks, from memory; what must last lies in tables of our own (D6)."""

import logging
from collections.abc import Awaitable, Callable
from functools import partial

from apscheduler.schedulers.asyncio import AsyncIOScheduler

Job = Callable[[], Awaitable[object]]


def make_scheduler(jobs: dict[str, tuple[Job, float]]) -> AsyncIOScheduler:
    """A scheduler, not yet started, that runs each job every so many seconds; a late job is run once, not twice."""
    logging.getLogger("apscheduler").setLevel(logging.WARNING)
    scheduler = AsyncIOScheduler()
    for name, (job, every_s) in jobs.items():
        scheduler.add_job(
            partial(_run, job),
            "interval",
            seconds=every_s,
            id=name,
            max_instances=1,
            coalesce=True,
            misfire_grace_time=None,
        )
    return scheduler


async def _run(job: Job) -> None:
    """APScheduler awaits only what it can see to be a coroutine function: of a lambda it would drop the coroutine."""
    await job()
