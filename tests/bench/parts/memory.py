"""P8: the controller's memory with 1 000 calls up: as many talk as there are agents, the others wait with music."""

import asyncio

from tests.bench.figure import Figure
from tests.bench.lab import Lab
from tests.bench.sides import Side

ID = "P8"

CALLS, RATE, UP_MS = 1000, 45.0, 27_000
"""All up after 23 s; each stays below the 30 s after which a call without sound is ended."""


async def memory(lab: Lab, side: Side) -> tuple[float, float, int]:
    """MB of Asterisk and of the controller, and how many calls were up."""
    most = (0.0, 0.0, 0)

    async def watch() -> None:
        nonlocal most
        await asyncio.sleep(CALLS / RATE + 2)
        most = (*side.memory_mb(), await side.calls())

    await lab.load(side, RATE, CALLS / RATE, stays_ms=UP_MS, meanwhile=watch)
    return most


async def measure(lab: Lab) -> Figure:
    asterisk, controller, calls = await memory(lab, await lab.ours())
    peer, _, peers_calls = await memory(lab, await lab.peer())
    return Figure(
        id=ID,
        what=f"controller's memory with {calls} calls up",
        value=round(controller, 1),
        peer=round(peer, 1),
        unit="MB resident: value our controller; app_queue has none, peer is its Asterisk",
        target="≤ 200 MB",
        met=controller <= 200 and calls >= CALLS * 0.97,
        note=f"our Asterisk {asterisk:.0f} MB; the peer's with {peers_calls} calls",
    )
