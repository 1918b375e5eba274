"""P3: what a call costs the controller: journal, store, figures, live pages, everything."""

from tests.bench.figure import Figure
from tests.bench.lab import Lab
from tests.bench.measure import median

ID = "P3"


async def measure(lab: Lab) -> Figure:
    pairs = await lab.pairs()
    ours = median([each.controller_ms for each, _ in pairs])
    return Figure(
        id=ID,
        what="controller CPU a call",
        value=round(ours, 2),
        peer=round(median([each.asterisk_ms for _, each in pairs]), 2),
        unit="ms a call: value our controller's alone; app_queue has none, peer is all that its Asterisk takes",
        target="≤ 4 ms",
        met=ours <= 4,
    )
