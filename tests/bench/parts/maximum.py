"""P1: how many calls a second are sustained, ours beside app_queue's."""

from tests.bench.figure import Figure
from tests.bench.lab import Lab

ID = "P1"


async def measure(lab: Lab) -> Figure:
    ours, peer = await lab.maxima()
    ratio = ours / peer if peer else 0.0
    return Figure(
        id=ID,
        what="calls/s sustained",
        value=ours,
        peer=peer,
        unit="calls/s: value ours, peer app_queue's; compared = value ÷ peer",
        target="≥ 1.0",
        compared=round(ratio, 3),
        met=ratio >= 1.0,
    )
