"""P2: from the end of a caller's key (RFC 4733) to the INVITE at an agent's telephone, at half of the maximum."""

from datetime import timedelta

from tests.bench.figure import Figure
from tests.bench.lab import Lab, Run
from tests.bench.measure import median, percentile

ID = "P2"


def waits_ms(run: Run, let_go_s: float) -> list[float]:
    """Of each call that was offered."""
    let_go, invited = timedelta(seconds=let_go_s), run.result.invited
    return [
        (invited[number] - (pressed + let_go)).total_seconds() * 1000
        for number, pressed in run.result.keys.items()
        if number in invited
    ]


async def measure(lab: Lab) -> Figure:
    both = [(waits_ms(ours, lab.key.let_go_s), waits_ms(peer, lab.key.let_go_s)) for ours, peer in await lab.pairs()]
    p99 = [(percentile(ours, 0.99), percentile(peer, 0.99)) for ours, peer in both]
    p50 = [(percentile(ours, 0.5), percentile(peer, 0.5)) for ours, peer in both]
    difference = median([ours - peer for ours, peer in p99])
    return Figure(
        id=ID,
        what="key → agent's INVITE, p99",
        value=round(median([ours for ours, _ in p99]), 2),
        peer=round(median([peer for _, peer in p99]), 2),
        unit="ms from the key's end: value ours, peer app_queue's; compared = ours − peer's, median of pairs",
        target="≤ +15 ms",
        compared=round(difference, 2),
        met=difference <= 15,
        note=f"p50 {median([ours for ours, _ in p50]):.1f} and {median([peer for _, peer in p50]):.1f} ms",
    )
