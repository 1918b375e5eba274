"""A process that dials due calls, where dialling is a line in a file. Killed in the middle it leaves work behind.

Run with -m: URL OWNER FILE [N]: with N it dies by itself between `dialling` and the dialling of its Nth call.
"""

import asyncio
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

from crm.db.store import Store
from crm.errors import ClaimLost
from crm.followups.model import DueCall, DueCallState, Outcome, channel_id

LEASE_S = 1.0


class Worker:
    def __init__(self, store: Store, owner: str, dialled: Path, dies_at: int | None) -> None:
        self._store = store
        self._owner = owner
        self._dialled = dialled
        self._dies_at = dies_at
        self._begun = 0

    async def run(self) -> None:
        """Until nothing is left to do."""
        table = self._store.due_calls
        while True:
            claims = await table.claim(self._owner, now=datetime.now(UTC), lease_s=LEASE_S, limit=5)
            for claim in claims:
                try:
                    await self._dial(claim)
                except ClaimLost:
                    continue
            if not claims:
                if await self._is_over():
                    return
                await asyncio.sleep(0.05)

    async def _dial(self, claim: DueCall) -> None:
        channel = channel_id(claim.id, claim.attempts)
        if not (claim.resume and channel in self._dialled.read_text().split()):
            await self._store.due_calls.dialling(claim, channel)
            self._begun += 1
            if self._begun == self._dies_at:
                os._exit(9)
            self._send(channel)
        await self._store.due_calls.finish(claim, Outcome.TALKED, datetime.now(UTC))

    def _send(self, channel: str) -> None:
        file = os.open(self._dialled, os.O_WRONLY | os.O_APPEND)
        os.write(file, f"{channel}\n".encode())
        os.close(file)

    async def _is_over(self) -> bool:
        for state in (DueCallState.SCHEDULED, DueCallState.CLAIMED, DueCallState.DIALLING):
            if (await self._store.due_calls.list(state=state, limit=1)).items:
                return False
        return True


async def main(url: str, owner: str, dialled: Path, dies_at: int | None) -> None:
    store = await Store.open(url)
    await Worker(store, owner, dialled, dies_at).run()
    await store.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], Path(sys.argv[3]), int(sys.argv[4]) if len(sys.argv) > 4 else None))
