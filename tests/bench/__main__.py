"""`make bench`: the figures of docs/performance.md, ours and the peer's, in one run on one machine.

`python -m tests.bench [P1,P2 …]`. Exit code 1 when a target is missed or a part could not be measured.
"""

import asyncio
import inspect
import os
import platform
import signal
import sys
import traceback
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic

import uvloop

from tests.bench.figure import Figure, keep, table
from tests.bench.lab import Lab
from tests.bench.registry import Part, parts

ROOT = Path(__file__).parents[2]
JSON_FILE, PAGE = ROOT / "var" / "bench" / "latest.json", ROOT / "docs" / "performance.md"


def machine() -> str:
    """What it was measured on, and when."""
    model = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if "model name" in line
        ),
        platform.machine(),
    )
    return f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {os.cpu_count()} × {model}, Python {platform.python_version()}"


async def measured(part: Part, lab: Lab) -> Figure | None:
    """None, and the reason on the screen, when it could not be measured: the others still are."""
    began = monotonic()
    lab.say(f"— {part.id} —")
    try:
        figure = part.measure(lab)
        if inspect.isawaitable(figure):
            figure = await figure
    except Exception:
        traceback.print_exc()
        lab.say(f"{part.id} could not be measured")
        return None
    lab.say(f"{table([figure]).splitlines()[-1]}   ({monotonic() - began:.0f} s)")
    return figure


async def bench(wanted: list[str]) -> int:
    chosen = parts(wanted)
    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)  # everything started is taken down
    figures: list[Figure] = []
    async with Lab() as lab:
        for part in chosen:
            if (figure := await measured(part, lab)) is not None:
                figures.append(figure)
                keep([figure], machine(), JSON_FILE, PAGE)
    sys.stdout.write(f"\n{table(figures)}\n\n{JSON_FILE}\n{PAGE}\n")
    return 0 if len(figures) == len(chosen) and all(figure.met for figure in figures) else 1


if __name__ == "__main__":
    names = [name.strip().upper() for word in sys.argv[1:] for name in word.split(",") if name.strip()]
    sys.exit(uvloop.run(bench(names)))
