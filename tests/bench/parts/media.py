"""P7: what 300 bridged calls with sound cost Asterisk, beside a plain `Dial`'s, and how many are joined natively."""

import asyncio
from collections import Counter
from collections.abc import Sequence

from tests.bench.figure import Figure
from tests.bench.lab import Lab
from tests.bench.measure import median
from tests.bench.sides import Side
from tests.integration.harness.rtp_pcap import write_tone

ID = "P7"

CALLS, RATE, WATCHED_S, SETTLED_S, PAIRS = 300, 50.0, 5.0, 3.0, 5
NATIVE = "native_rtp"
DIALLED = "98001"
"""The peer's extension that dials one telephone, however many calls it has."""


async def cores(lab: Lab, side: Side, line: str | None) -> tuple[float, Sequence[str]]:
    """Asterisk's share of a core while all the calls talk, and how each of its bridges joins them."""
    tone = write_tone(lab.directory / "talk.pcap", 440, 30)
    used, technologies = 0.0, list[str]()

    async def watch() -> None:
        nonlocal used, technologies
        await asyncio.sleep(CALLS / RATE + SETTLED_S)
        before = side.cpu_s()[0]
        await asyncio.sleep(WATCHED_S)
        used = (side.cpu_s()[0] - before) / WATCHED_S
        technologies = await side.bridges()

    await lab.load(
        side,
        RATE,
        CALLS / RATE,
        line=line,
        stays_ms=int(1000 * (CALLS / RATE + SETTLED_S + WATCHED_S + 3)),
        sound=f'<pause milliseconds="500"/><nop><action><exec play_pcap_audio="{tone}"/></action></nop>',
        meanwhile=watch,
    )
    if len(technologies) < CALLS * 0.95:
        raise AssertionError(f"only {len(technologies)} of {CALLS} calls talked on {side.name}")
    return used, technologies


async def measure(lab: Lab) -> Figure:
    ours, peer = await lab.ours(), await lab.peer()
    ratios, values, peers = [], [], []
    joined: Counter[str] = Counter()
    for _ in range(PAIRS):
        value, technologies = await cores(lab, ours, None)
        joined.update(technologies)
        floor, _ = await cores(lab, peer, DIALLED)
        lab.say(f"  {CALLS} with sound: {value:.0%} of a core, plain Dial {floor:.0%}; {dict(Counter(technologies))}")
        values.append(value)
        peers.append(floor)
        ratios.append(value / floor)
    native = joined[NATIVE] / max(1, joined.total())
    ratio = median(ratios)
    return Figure(
        id=ID,
        what=f"Asterisk's CPU for {CALLS} bridged calls with sound",
        value=round(median(values), 3),
        peer=round(median(peers), 3),
        unit="cores: value ours, peer a plain dialplan Dial; compared = value ÷ peer, median of 5 pairs",
        target="≤ 1.0, ≥ 99 % native_rtp",
        compared=round(ratio, 3),
        met=ratio <= 1.0 and native >= 0.99,
        note=f"{native:.1%} of our bridges on native_rtp",
        more={"native_rtp": round(native, 4)},
    )
