"""P5: from INVITE to 200, ring count 0, at half of app_queue's maximum."""

from tests.bench.figure import Figure
from tests.bench.lab import Lab
from tests.bench.measure import median

ID = "P5"


async def measure(lab: Lab) -> Figure:
    p99 = [(ours.result.answer_p99_ms, peer.result.answer_p99_ms) for ours, peer in await lab.pairs()]
    difference = median([ours - peer for ours, peer in p99])
    return Figure(
        id=ID,
        what="INVITE → 200, p99",
        value=round(median([ours for ours, _ in p99]), 2),
        peer=round(median([peer for _, peer in p99]), 2),
        unit="ms: value ours, peer app_queue's; compared = ours − peer's, median of pairs",
        target="≤ +10 ms",
        compared=round(difference, 2),
        met=difference <= 10,
    )
