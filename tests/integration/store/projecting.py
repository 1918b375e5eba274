"""A projector that runs while a test needs it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

from crm.db.projecting.projector import Projector
from crm.db.store import Store
from crm.journal.events import AnyEvent
from crm.journal.journal import Journal


@asynccontextmanager
async def projecting(
    journal: Journal, store: Store, on_applied: Callable[[Sequence[AnyEvent]], None] | None = None
) -> AsyncIterator[Projector]:
    projector = Projector(journal, store, on_applied)
    task = asyncio.create_task(projector.run())
    try:
        yield projector
    finally:
        task.cancel()
        await asyncio.wait([task])


async def project_all(journal: Journal, store: Store) -> None:
    """Everything that is in the journal is in the store when this returns."""
    async with projecting(journal, store) as projector, asyncio.timeout(30):
        await projector.caught_up()
