"""P14: a ticket with its calls, timeline and recordings, out of a million, at both stores."""

import random
from time import perf_counter

from tests.bench.archive import TICKETS, Archive, archive
from tests.bench.figure import Figure
from tests.bench.lab import Lab
from tests.bench.measure import median, percentile

ID = "P14"
TARGET_MS = 50.0
OPENED = 1500


async def times(full: Archive) -> list[float]:
    """Milliseconds of each; no ticket comes twice."""
    found = []
    for number in random.Random(14).sample(full.whole, min(OPENED, len(full.whole))):
        began = perf_counter()
        ticket = await full.store.tickets.get(number)
        found.append((perf_counter() - began) * 1000)
        assert ticket is not None and len(ticket.timeline) > WHOLE
    return found


WHOLE = 10
"""Lines of a timeline that has the whole story."""


async def measure(lab: Lab) -> Figure:
    each = {dialect: await times(await archive(lab, dialect)) for dialect in ("postgresql", "sqlite")}
    p99 = {dialect: percentile(found, 0.99) for dialect, found in each.items()}
    return Figure(
        id=ID,
        what=f"opening a ticket with its timeline among {TICKETS}, p99",
        value=round(p99["postgresql"], 1),
        peer=round(p99["sqlite"], 1),
        unit="ms in the store: value PostgreSQL, peer SQLite",
        target=f"≤ {TARGET_MS:.0f} ms",
        met=max(p99.values()) <= TARGET_MS,
        note=f"p50 {median(each['postgresql']):.1f} and {median(each['sqlite']):.1f} ms",
    )
