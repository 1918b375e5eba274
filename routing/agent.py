"""An agent, and an agent's working life as a state machine (rules: no clock, no I/O). RONA: milestone B9."""

from datetime import datetime
from enum import Enum
from typing import NamedTuple

from msgspec import Struct

from config.ids import AgentId, CallId, QueueName


class _Name(Enum):
    """Members are looked up several times in every step of every call: by identity, not by hashing their name again."""

    __hash__ = object.__hash__


class AgentState(_Name):
    LOGGED_OUT = "logged_out"
    AVAILABLE = "available"
    RESERVED = "reserved"
    RINGING = "ringing"
    TALKING = "talking"
    HOLD = "hold"
    WRAP_UP = "wrap_up"
    NOT_READY = "not_ready"


class AgentEvent(_Name):
    MAKE_AVAILABLE = "make_available"
    MAKE_NOT_READY = "make_not_ready"
    LOG_OUT = "log_out"
    RESERVE = "reserve"
    RING = "ring"
    ANSWER = "answer"
    MISS = "miss"
    """Rang out, busy, refused or unreachable: not ready until the agent says so."""
    RELEASE = "release"
    """The caller left before the agent answered: no fault of the agent's."""
    HOLD = "hold"
    RESUME = "resume"
    END_TALK = "end_talk"
    END_WRAP_UP = "end_wrap_up"
    EXTEND_WRAP_UP = "extend_wrap_up"
    """More time for the ticket: the state stays."""


class IllegalTransition(Exception):
    """An event that the present state does not allow; the state is unchanged."""

    def __init__(self, state: AgentState, event: AgentEvent) -> None:
        super().__init__(f"an agent who is {state.value} cannot {event.value}")
        self.state = state
        self.event = event


_S, _E = AgentState, AgentEvent

TRANSITIONS: dict[AgentState, dict[AgentEvent, AgentState]] = {
    _S.LOGGED_OUT: {_E.MAKE_AVAILABLE: _S.AVAILABLE, _E.MAKE_NOT_READY: _S.NOT_READY, _E.LOG_OUT: _S.LOGGED_OUT},
    _S.AVAILABLE: {
        _E.MAKE_AVAILABLE: _S.AVAILABLE,
        _E.MAKE_NOT_READY: _S.NOT_READY,
        _E.LOG_OUT: _S.LOGGED_OUT,
        _E.RESERVE: _S.RESERVED,
    },
    _S.RESERVED: {
        _E.RING: _S.RINGING,
        _E.ANSWER: _S.TALKING,
        _E.MISS: _S.NOT_READY,
        _E.RELEASE: _S.AVAILABLE,
    },
    _S.RINGING: {_E.ANSWER: _S.TALKING, _E.MISS: _S.NOT_READY, _E.RELEASE: _S.AVAILABLE},
    _S.TALKING: {_E.HOLD: _S.HOLD, _E.END_TALK: _S.WRAP_UP},
    _S.HOLD: {_E.RESUME: _S.TALKING, _E.END_TALK: _S.WRAP_UP},
    _S.WRAP_UP: {
        _E.END_WRAP_UP: _S.AVAILABLE,
        _E.EXTEND_WRAP_UP: _S.WRAP_UP,
        _E.MAKE_AVAILABLE: _S.AVAILABLE,
        _E.MAKE_NOT_READY: _S.NOT_READY,
        _E.LOG_OUT: _S.LOGGED_OUT,
    },
    _S.NOT_READY: {_E.MAKE_AVAILABLE: _S.AVAILABLE, _E.MAKE_NOT_READY: _S.NOT_READY, _E.LOG_OUT: _S.LOGGED_OUT},
}

WISHES = frozenset({_E.MAKE_AVAILABLE, _E.MAKE_NOT_READY, _E.LOG_OUT})
"""What an agent or supervisor may ask for at any time. In the middle of a call it is kept for afterwards."""

BUSY = frozenset({_S.RESERVED, _S.RINGING, _S.TALKING, _S.HOLD})
"""States in which an agent belongs to a call."""


def apply(state: AgentState, event: AgentEvent) -> AgentState:
    """The state after `event`. Raises IllegalTransition, with nothing changed."""
    try:
        return TRANSITIONS[state][event]
    except KeyError:
        raise IllegalTransition(state, event) from None


class StaleReservation(Exception):
    """A step for a reservation that has ended: somebody else decided about this agent meanwhile."""


class AfterCall(NamedTuple):
    """What was asked for in the middle of a call and happens after it. `by`: who, when it was not the agent."""

    event: AgentEvent
    reason: str | None = None
    by: str | None = None


class Agent(Struct, frozen=True, kw_only=True):
    """An agent as seen from outside."""

    agent_id: AgentId
    queues: tuple[QueueName, ...]
    state: AgentState
    since: datetime
    reason: str | None = None
    call_id: CallId | None = None
    until: datetime | None = None
    """When wrap-up ends by itself."""
    wish: AfterCall | None = None
    by: str | None = None
    """Who made the agent so, when it was somebody else (a supervisor)."""


class Reservation(Struct, frozen=True, kw_only=True, eq=False):
    """An agent held for one call. Compared by identity: each one is made once."""

    agent_id: AgentId
    call_id: CallId
    queue: QueueName
    at: datetime
