"""P6: a decision of the ACD, at two sizes, beside a naive scan that decides alike."""

from tests.bench.acd import LARGE, SMALL, decisions
from tests.bench.figure import Figure
from tests.bench.lab import Lab

ID = "P6"
TARGET_US, TARGET_RATIO = 20.0, 2.0


def measure(lab: Lab) -> Figure:
    found = decisions()
    ratio = found.large.decision_us / found.small.decision_us
    return Figure(
        id=ID,
        what=f"ACD decision, p99, {SMALL[0]} waiting x {SMALL[1]} agents with skills",
        value=round(found.small.decision_us, 1),
        peer=round(found.naive.step_us, 1),
        unit="µs: value ours, peer a scan of both lists; compared = ÷ itself at "
        f"{LARGE[0]} x {LARGE[1]}; the whole step with states and reservation: {found.whole.step_us:.0f} µs",
        target=f"≤ {TARGET_US:.0f} µs, ratio ≤ {TARGET_RATIO:.0f}, order equal",
        compared=round(ratio, 2),
        met=found.small.decision_us <= TARGET_US and ratio <= TARGET_RATIO and found.order_equal,
        note=f"{len(found.naive.matches)} matches compared, order {'equal' if found.order_equal else 'NOT equal'}",
        more={
            "decision_large_us": round(found.large.decision_us, 1),
            "step_us": round(found.whole.step_us, 1),
            "step_large_us": round(found.large.step_us, 1),
            "order_equal": found.order_equal,
        },
    )
