"""What happens by the clock does happen, whatever kind of callable it is."""

import asyncio
from functools import partial

import pytest

from app.scheduler import Job, make_scheduler


class Work:
    def __init__(self) -> None:
        self.done = asyncio.Event()

    async def do(self) -> None:
        self.done.set()


async def do(work: Work) -> None:
    await work.do()


@pytest.mark.parametrize("kind", ["method", "partial", "lambda"])
async def test_a_job_is_carried_out(kind: str) -> None:
    work = Work()
    jobs: dict[str, Job] = {"method": work.do, "partial": partial(do, work), "lambda": lambda: do(work)}
    scheduler = make_scheduler({kind: (jobs[kind], 0.01)})
    scheduler.start()
    try:
        await asyncio.wait_for(work.done.wait(), 5)
    finally:
        scheduler.shutdown(wait=False)
