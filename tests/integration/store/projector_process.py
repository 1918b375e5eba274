"""A process that brings a journal into a store and says each batch that is in it. To be killed."""

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

from crm.db.projecting.projector import Projector
from crm.db.store import Store
from crm.journal.events import AnyEvent
from crm.journal.journal import Journal


def say(events: Sequence[AnyEvent]) -> None:
    sys.stdout.write(f"{len(events)}\n")
    sys.stdout.flush()


async def project(directory: Path, url: str) -> None:
    store = await Store.open(url, area_code="0571")
    await Projector(Journal.open(directory), store, say).run()


if __name__ == "__main__":
    asyncio.run(project(Path(sys.argv[1]), sys.argv[2]))
