"""P4: what a call costs in all, Asterisk and controller, beside app_queue."""

from tests.bench.figure import Figure
from tests.bench.lab import Lab
from tests.bench.measure import median

ID = "P4"


async def measure(lab: Lab) -> Figure:
    pairs = await lab.pairs()
    ours = [each.asterisk_ms + each.controller_ms for each, _ in pairs]
    peer = [each.asterisk_ms for _, each in pairs]
    ratio = median([a / b for a, b in zip(ours, peer, strict=True)])
    asterisk, controller = (
        median([each.asterisk_ms for each, _ in pairs]),
        median([each.controller_ms for each, _ in pairs]),
    )
    return Figure(
        id=ID,
        what="CPU a call, all processes",
        value=round(median(ours), 2),
        peer=round(median(peer), 2),
        unit="ms a call: value our Asterisk and controller, peer app_queue's Asterisk; compared = value ÷ peer, median",
        target="≤ 1.2",
        compared=round(ratio, 3),
        met=ratio <= 1.2,
        note=f"ours: Asterisk {asterisk:.1f}, controller {controller:.1f}",
    )
