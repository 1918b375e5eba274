"""Lines that have nothing to do with each other: a number, a menu, a queue and one agent each.

So many trials of one call run side by side, and a change of an agent's state has one call as its only possible cause.
"""

from dataclasses import dataclass

from tests.integration.harness.running import RunningSystem

FIRST_DNIS = 4_008_101_000
COPIED = "hotline"


@dataclass(frozen=True)
class Lane:
    """One of them."""

    dnis: str
    queue: str
    agent: str


def add_lanes(system: RunningSystem, number: int, *, wrap_up_s: float, ring_timeout_s: float = 15.0) -> list[Lane]:
    """So many lanes beside the demo's own lines; before `system.up()`."""
    agents = system.site.agents(number)
    lanes = [Lane(str(FIRST_DNIS + index), f"lane{index}", agent) for index, agent in enumerate(agents)]
    with system.site.edit("queues.yaml") as document:
        (model,) = [queue for queue in document["queues"] if queue["name"] == COPIED]
        own = {"wrap_up_s": wrap_up_s, "ring_timeout_s": ring_timeout_s}
        document["queues"] += [{**model, **own, "name": lane.queue, "agents": [lane.agent]} for lane in lanes]
    with system.site.edit("lines.yaml") as document:
        (model,) = [line for line in document["lines"] if line["kind"] == COPIED]
        document["lines"] += [
            {**model, "dnis": lane.dnis, "menu": lane.queue, "fallback_queue": lane.queue} for lane in lanes
        ]
    menus = system.site.path / "menus"
    for lane in lanes:
        text = (menus / f"{COPIED}.yaml").read_text(encoding="utf-8")
        (menus / f"{lane.queue}.yaml").write_text(
            text.replace(f"queue: {COPIED}", f"queue: {lane.queue}"), encoding="utf-8"
        )
    return lanes
