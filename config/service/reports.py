"""Reports on a schedule: when they are made, and to whom they go (RPT-3). reports.yaml, models only.

Addresses are secrets (they hold passwords and tokens), so the file names them only: NAME stands for a line `NAME = URL`
in DATA/report-addresses, readable by the system's user alone.
"""

from datetime import time
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from config.values.fields import Id, Model, fault

SpanName = Literal["daily", "weekly", "monthly"]


def _clock(value: object) -> object:
    if isinstance(value, time):
        return value
    try:
        return time.fromisoformat(str(value))
    except ValueError:
        raise fault(f"'{value}' is no time of day: write it as \"07:00\"") from None


def _once(names: tuple[str, ...]) -> tuple[str, ...]:
    for name in names:
        if names.count(name) > 1:
            raise fault(f"'{name}' is named twice")
    return names


Names = Annotated[tuple[Id, ...], AfterValidator(_once)]


class Reports(Model):
    """reports.yaml. Daily reports are made every day at `at`, weekly ones on Mondays, monthly ones on the first.

    `send_to`: for each, the names of addresses (mail, WeCom, DingTalk, Feishu…) that get it.
    """

    at: Annotated[time, BeforeValidator(_clock)] = time(7)
    make: Annotated[tuple[SpanName, ...], Field(max_length=3)] = ("daily", "weekly", "monthly")
    send_to: dict[SpanName, Names] = Field(default_factory=dict)

    def recipients(self, kind: str) -> tuple[str, ...]:
        """The names of the addresses that a kind of report goes to."""
        return next((names for span, names in self.send_to.items() if span == kind), ())
