"""What goes over the wallboard's stream: every message. Data only, published like those of the desk. RPT-1"""

from datetime import datetime
from typing import Literal

from app.web.api.figures.figure_shapes import FiguresOut
from app.web.http.contract import AgentOut, Out, QueueOut
from app.web.wire.desk_messages import LiveMessage
from routing.agent import AgentState


class Deadlines(Out, frozen=True, kw_only=True):
    """How many cases are close to a deadline, and past one."""

    warned: int
    late: int


class WallboardPicture(LiveMessage, frozen=True, kw_only=True, tag="wallboard"):
    """Queues, agents and today's figures: all of it each time, so that any picture may be skipped."""

    waiting: int
    longest_wait_since: datetime | None
    queues: list[QueueOut]
    agents_by_state: dict[AgentState, int]
    agents: list[AgentOut]
    deadlines: Deadlines
    store: Literal["up", "away"]
    figures: FiguresOut | None


class WallboardAlive(Out, frozen=True, kw_only=True, tag_field="type", tag="alive"):
    """Nothing new; the line is whole."""


class SessionOver(Out, frozen=True, kw_only=True, tag_field="type", tag="session_over"):
    """The last message: log in again."""


WallboardMessage = WallboardPicture | WallboardAlive | SessionOver
