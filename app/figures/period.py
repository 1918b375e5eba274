"""The figures of a stretch of time, wherever they were made: live, from the store, from a journal. Rules: data only."""

from dataclasses import dataclass
from datetime import datetime

from routing.statistics.figure_board import Board, TimeBook
from routing.statistics.figures import Limits


@dataclass(frozen=True, kw_only=True)
class Period:
    """Calls that arrived in [since, until), agents' time in it. `earlier`: the calls of the day before, or None."""

    since: datetime
    until: datetime
    limits: Limits
    board: Board
    times: TimeBook
    earlier: Board | None = None
