"""Draws the diagrams of all state tables into docs/states.md, from the very tables that the code runs by.

python scripts/draw_states.py          writes the page
python scripts/draw_states.py check    exit 1 when the page differs from the tables
"""

import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping
from enum import Enum
from pathlib import Path
from typing import Any, Final

from crm.bookings import appointments
from crm.bookings import model as bookings
from crm.calls.progress import ALLOWED, Phase
from crm.cases import model as cases
from crm.followups import model as followups
from crm.quality import scorecard
from crm.suggestions import model as suggestions
from crm.tickets import model as tickets
from routing import agent

PAGE: Final = Path(__file__).parents[1] / "docs" / "states.md"
HEAD: Final = """# States

Drawn from the tables by `scripts/draw_states.py`; a test holds that this page is up to date. Do not edit it by hand.
"""

Edge = tuple[str, str, str]
"""From, to, by what."""


def named(value: object) -> str:
    return str(value.value) if isinstance(value, Enum) else str(value)


def of_pairs(table: Mapping[Any, Any]) -> list[Edge]:
    """The edges of a table (state, step) → state."""
    return [(named(state), named(after), named(step)) for (state, step), after in table.items()]


def of_rows(table: Mapping[Any, Mapping[Any, Any]]) -> list[Edge]:
    """The edges of a table state → event → state."""
    return [(named(state), named(after), named(event)) for state, row in table.items() for event, after in row.items()]


def of_phases() -> list[Edge]:
    """A call's phases have no events of their own: what leads on is any of many."""
    return [(phase.value, after.value, "") for phase in Phase for after in Phase if after in ALLOWED[phase]]


DIAGRAMS: Final[tuple[tuple[str, str, list[Edge]], ...]] = (
    (
        "A call",
        "crm/calls/progress.py: the phase follows from the call's state, the state from its events.",
        of_phases(),
    ),
    ("An agent", "routing/agent.py", of_rows(agent.TRANSITIONS)),
    ("A ticket", "crm/tickets/model.py", of_pairs(tickets.TRANSITIONS)),
    (
        "A case",
        "crm/cases/model.py: the stages of a complaint and of everything else that is handled.",
        of_pairs(cases.TRANSITIONS),
    ),
    ("A due call", "crm/followups/model.py", of_pairs(followups.TRANSITIONS)),
    ("A booking", "crm/bookings/model.py", of_pairs(bookings.TRANSITIONS)),
    ("An appointment", "crm/bookings/appointments.py", of_pairs(appointments.TRANSITIONS)),
    ("A suggestion", "crm/suggestions/model.py", of_pairs(suggestions.TRANSITIONS)),
    ("A spot check", "crm/quality/scorecard.py", of_pairs(scorecard.TRANSITIONS)),
)


def diagram(edges: Iterable[Edge]) -> str:
    """Mermaid's text of a state diagram; what leads from one state to the same other one shares an arrow."""
    arrows: dict[tuple[str, str], list[str]] = defaultdict(list)
    for before, after, by in edges:
        arrows[before, after].append(by)
    lines = [
        f"    {before} --> {after}" + (f": {', '.join(sorted(by))}" if any(by) else "")
        for (before, after), by in arrows.items()
    ]
    return "\n".join(["```mermaid", "stateDiagram-v2", *lines, "```"])


def page() -> str:
    """The whole page."""
    return HEAD + "".join(f"\n## {title}\n{about}\n\n{diagram(edges)}\n" for title, about, edges in DIAGRAMS)


def main(words: list[str]) -> int:
    if words == ["check"]:
        return 0 if PAGE.read_text(encoding="utf-8") == page() else 1
    PAGE.write_text(page(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
