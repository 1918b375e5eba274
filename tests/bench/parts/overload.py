"""P11: at twice the maximum: what is still served, how fast others are refused, that no admitted call fails."""

from tests.bench.figure import Figure
from tests.bench.lab import Lab, Run
from tests.bench.measure import percentile
from tests.bench.sides import Side

ID = "P11"

SECONDS = 20.0


async def overload(lab: Lab, side: Side, maximum: float) -> tuple[Run, float]:
    """The load, and what was served of it, as a share of the maximum."""
    run = await lab.load(side, 2 * maximum, SECONDS)
    return run, run.result.served / SECONDS / maximum


async def measure(lab: Lab) -> Figure:
    ours_maximum, peers_maximum = await lab.maxima()
    run, goodput = await overload(lab, await lab.ours(), ours_maximum)
    _, peers_goodput = await overload(lab, await lab.peer(), peers_maximum)
    result = run.result
    answered_ms = percentile(result.answers_ms, 0.99)
    failed = result.callers.failed
    return Figure(
        id=ID,
        what="goodput at 2 × the maximum ÷ the maximum",
        value=round(goodput, 3),
        peer=round(peers_goodput, 3),
        unit="share of the own maximum: value ours, peer app_queue's at twice its own",
        target="≥ 0.8; the rest refused in < 1 s; no admitted call fails",
        met=goodput >= 0.8 and failed == 0 and answered_ms < 1000,
        note=f"{result.refused} of {result.callers.created} refused, {failed} failed; 200 or 503 within "
        f"{answered_ms:.0f} ms (p99)",
        more={"refused": result.refused, "failed": failed, "first_answer_p99_ms": round(answered_ms, 1)},
    )
