"""The stories that are kept as golden traces: each has a folder of its name with events.jsonl and expected.txt."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Story:
    """`available`: the agents who are, before the call, longest idle first."""

    name: str
    title: str
    available: tuple[str, ...]

    @property
    def events(self) -> Path:
        """What Asterisk and the controller said to each other, from the connect on."""
        return Path(__file__).parent / self.name / "events.jsonl"

    @property
    def expected(self) -> Path:
        """The table that a replay must give."""
        return Path(__file__).parent / self.name / "expected.txt"


ANSWERED = Story(
    "answered",
    "A caller presses 1; agent 8001 answers; they talk; the caller hangs up.",
    available=("8001",),
)
ABANDONED = Story(
    "abandoned_in_queue",
    "A caller presses 1; nobody is available; after the apology for the wait the caller hangs up.",
    available=(),
)
RONA = Story(
    "rona_then_answered",
    "Agent 8001 lets it ring for three rings and becomes not ready; agent 8002 answers; the caller hangs up.",
    available=("8001", "8002"),
)
STORIES = (ANSWERED, ABANDONED, RONA)
