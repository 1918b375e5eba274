"""P13: full-text search over a million tickets, at both stores."""

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from time import perf_counter

from crm.cases.organisation import SEES_ALL
from crm.db.tickets.search_queries import Within
from tests.bench.archive import LAST_DAY, TICKETS, Archive, archive
from tests.bench.figure import Figure
from tests.bench.lab import Lab
from tests.bench.measure import median, percentile

ID = "P13"
TARGET_MS = {"postgresql": 200.0, "sqlite": 500.0}
ROUNDS = 12
ALL = Within(sight=SEES_ALL)
Asked = tuple[str, str, Within]
"""A kind of question, what is typed, and the filters."""


def questions(names: Sequence[str]) -> list[Asked]:
    """One round: frequent and rare words, phrases, one character, filters, what excludes itself, dates."""
    chance = random.Random(len(names))
    agent, name = str(8000 + chance.randrange(1, 60)), chance.choice(names)
    old = replace(ALL, until=LAST_DAY - timedelta(days=TICKETS // 1600))
    return [
        ("frequent", "投诉", ALL),
        ("frequent", "咨询", Within()),
        ("frequent pair", "投诉 讲解员", ALL),
        ("phrase", "“投诉讲解员迟到”", ALL),
        ("long", "空调漏水地面湿滑", ALL),
        ("one character", "票", ALL),
        ("one character", "苑", ALL),
        ("name", name, ALL),
        ("frequent and name", f"投诉 {name}", ALL),
        ("not", "投诉 -停车费 -退票", ALL),
        ("never together", "投诉 表扬", ALL),
        ("never together", "咨询 投诉", ALL),
        ("nowhere", "量子纠缠", ALL),
        ("filtered", "投诉", replace(ALL, agent=agent, line="supervision")),
        ("filtered", "投诉", replace(ALL, state="open", kind="complaint")),
        ("filtered", "咨询", replace(ALL, kind="complaint")),
        ("of long ago", "投诉 电梯", old),
        ("telephone", f"13{chance.randrange(10**9):09d}", ALL),
        ("order", f"{chance.randrange(10**8):08d}", ALL),
    ]


async def times(full: Archive) -> dict[str, list[float]]:
    """Milliseconds by kind of question; the first round, which finds nothing in memory, counts like the others."""
    found: dict[str, list[float]] = {}
    for turn in range(ROUNDS):
        for kind, typed, within in questions(full.names[turn:] + full.names[:turn]):
            after = None
            for page in range(2):
                began = perf_counter()
                answer = await full.store.search.find(typed, within, limit=50, after=after)
                found.setdefault(kind if page == 0 else "next page", []).append((perf_counter() - began) * 1000)
                if (after := answer.next) is None:
                    break
    return found


async def measure(lab: Lab) -> Figure:
    p99, load_s, slowest, more = {}, {}, {}, {}
    for dialect in TARGET_MS:
        full = await archive(lab, dialect)
        by_kind = await times(full)
        every = [each for one in by_kind.values() for each in one]
        p99[dialect], load_s[dialect] = percentile(every, 0.99), full.load_s
        worst = max(by_kind, key=lambda kind: median(by_kind[kind]))
        slowest[dialect] = f"{worst} {median(by_kind[worst]):.0f}"
        more[f"{dialect}_p50_ms"] = {kind: round(median(one), 1) for kind, one in by_kind.items()}
    return Figure(
        id=ID,
        what=f"search over {TICKETS} tickets, p99",
        value=round(p99["postgresql"], 1),
        peer=round(p99["sqlite"], 1),
        unit="ms: value PostgreSQL, peer SQLite",
        target=" / ".join(f"≤ {target:.0f}" for target in TARGET_MS.values()) + " ms",
        met=all(p99[dialect] <= target for dialect, target in TARGET_MS.items()),
        note=f"slowest kinds, p50: {', '.join(slowest.values())} ms; "
        f"loaded in {' and '.join(f'{seconds:.0f}' for seconds in load_s.values())} s",
        more=more,
    )
