"""Due calls: what is owed to whom, the state table, when one may be dialled. Kept by crm/db/followups. FUP-6.

A worker claims a due call for a lease and gets a fence with it; every later step is checked against that fence, so a
worker that was away for too long can do no harm (design D6).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import Final, Protocol, get_args
from zoneinfo import ZoneInfo

import msgspec

from config.destination import Reason
from config.ids import CallId
from crm.errors import IllegalTransition


class DueCallKind(StrEnum):
    """`callback`: promised, the agent comes first. `reminder`: the customer comes first and hears a prompt.
    `queue_callback`: hung up and kept the place in a queue; dialled when an agent is reserved for it."""

    CALLBACK = "callback"
    REMINDER = "reminder"
    QUEUE_CALLBACK = "queue_callback"


class DueCallState(StrEnum):
    """Waiting, owned by a worker, being dialled, the customer on the line; then one of three ends."""

    SCHEDULED = "scheduled"
    CLAIMED = "claimed"
    DIALLING = "dialling"
    TALKING = "talking"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class DueCallStep(StrEnum):
    """What can happen to a due call. `reclaim`: its worker's lease ran out and another takes over where it was."""

    CLAIM = "claim"
    RECLAIM = "reclaim"
    DIAL = "dial"
    ANSWER = "answer"
    RELEASE = "release"
    RETRY = "retry"
    SUCCEED = "succeed"
    FAIL = "fail"
    CANCEL = "cancel"
    TAKE_UP = "take_up"
    """By hand, when it was set aside after faults of ours."""


_S, _E = DueCallState, DueCallStep
TRANSITIONS: Final[dict[tuple[DueCallState, DueCallStep], DueCallState]] = {
    (_S.SCHEDULED, _E.CLAIM): _S.CLAIMED,
    (_S.SCHEDULED, _E.CANCEL): _S.CANCELLED,
    (_S.CLAIMED, _E.RECLAIM): _S.CLAIMED,
    (_S.CLAIMED, _E.DIAL): _S.DIALLING,
    (_S.CLAIMED, _E.RELEASE): _S.SCHEDULED,
    (_S.CLAIMED, _E.RETRY): _S.SCHEDULED,
    (_S.CLAIMED, _E.FAIL): _S.FAILED,
    (_S.CLAIMED, _E.CANCEL): _S.CANCELLED,
    (_S.DIALLING, _E.RECLAIM): _S.DIALLING,
    (_S.DIALLING, _E.DIAL): _S.DIALLING,
    (_S.DIALLING, _E.ANSWER): _S.TALKING,
    (_S.DIALLING, _E.RELEASE): _S.SCHEDULED,
    (_S.DIALLING, _E.RETRY): _S.SCHEDULED,
    (_S.DIALLING, _E.SUCCEED): _S.DONE,
    (_S.DIALLING, _E.FAIL): _S.FAILED,
    (_S.TALKING, _E.RECLAIM): _S.TALKING,
    (_S.TALKING, _E.RETRY): _S.SCHEDULED,
    (_S.TALKING, _E.SUCCEED): _S.DONE,
    (_S.TALKING, _E.FAIL): _S.FAILED,
    (_S.FAILED, _E.TAKE_UP): _S.SCHEDULED,
}

OWNED: Final = (DueCallState.CLAIMED, DueCallState.DIALLING, DueCallState.TALKING)
"""States in which a worker holds the call, and in which no second call to the same number is given out."""


def apply(state: DueCallState, step: DueCallStep) -> DueCallState:
    """The state after the step; raises IllegalTransition when the table has none."""
    try:
        return TRANSITIONS[state, step]
    except KeyError:
        raise IllegalTransition(state, step) from None


def target(step: DueCallStep) -> DueCallState:
    """Where a step leads; every step but RECLAIM leads to one state."""
    (state,) = {after for (_, possible), after in TRANSITIONS.items() if possible is step}
    return state


def states_before(step: DueCallStep) -> tuple[DueCallState, ...]:
    """The states in which a step is possible: what the store puts into its WHERE."""
    return tuple(state for state, possible in TRANSITIONS if possible is step)


class Outcome(StrEnum):
    """How an attempt ended. Only the first group counts as reached."""

    TALKED = "talked"
    CONFIRMED = "confirmed"
    CHANGED = "changed"
    TRANSFERRED = "transferred"
    CANCELLED = "cancelled"
    """The customer called the booking off."""
    RATED = "rated"

    BUSY = "busy"
    NO_ANSWER = "no_answer"
    REJECTED = "rejected"
    UNREACHABLE = "unreachable"
    HUNG_UP = "hung_up"
    """Answered, and gone before the matter was said."""
    AGENT_LOST = "agent_lost"
    """The agent's telephone failed before the customer was connected."""
    LOST = "lost"
    """The controller died during the attempt and its channel was gone afterwards."""

    DO_NOT_CALL = "do_not_call"
    BAD_NUMBER = "bad_number"
    TOO_LATE = "too_late"
    """What it was about is over, or is not there any more."""

    FEATURE_CODE = "feature_code"
    EMERGENCY = "emergency"
    SHORT_NUMBER = "short_number"
    SERVICE_NUMBER = "service_number"
    OWN_LINE = "own_line"
    EXTENSION = "extension"
    FOREIGN = "foreign"
    PREMIUM = "premium"
    ON_DUTY = "on_duty"
    NOT_ALLOWED = "not_allowed"
    """Why the outbound rule refused the number (`config.destination.Reason`): nothing was dialled (FUP-10)."""

    NO_CODE = "no_code"
    """Whoever answered did not key the code that the caller was told."""
    FAULT = "fault"
    """Ours: it could not be carried out."""


REACHED: Final = frozenset(
    {
        Outcome.TALKED,
        Outcome.CONFIRMED,
        Outcome.CHANGED,
        Outcome.TRANSFERRED,
        Outcome.CANCELLED,
        Outcome.RATED,
    }
)
REFUSED: Final = frozenset(map(Outcome, get_args(Reason)))
"""The number may not be dialled at all."""
FINAL: Final = REFUSED | {Outcome.TOO_LATE, Outcome.NO_CODE}


class DueCall(msgspec.Struct, frozen=True, kw_only=True):
    """A due call as it was read. One returned by `claim` is the claim too: its `id` and `fence` go with every step."""

    id: int
    kind: DueCallKind
    state: DueCallState
    number: str
    """As it was given."""
    number_key: str
    """Normalised: what is dialled, and what two calls to one person are known by."""
    due_at: datetime
    ticket: str | None
    queue: str
    note: str
    key: str
    customer_id: int | None
    attempts: int
    """Dialling attempts, the present one included."""
    fence: int
    owner: str | None
    lease_until: datetime | None
    channel_id: str | None
    accepted_by: str | None
    accepted_at: datetime | None
    outcome: str | None
    created_at: datetime
    created_by: str | None
    closed_at: datetime | None
    closed_by: str | None
    queued_at: datetime | None = None
    """Of a queue callback: since when its place is kept. Whoever came later is served later."""
    language: str | None = None
    fault: str = ""
    """Why it was set aside, in the words of the exception."""
    resume: bool = False
    """True on a claim of a call that another worker was dialling: look its channel up before anything is dialled."""


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """One dialling of a due call. `outcome` None: still going on."""

    due_call: int
    attempt: int
    at: datetime
    channel_id: str
    ended_at: datetime | None
    outcome: str | None
    agent: str | None
    call: str | None


def channel_id(due_call: int, attempt: int) -> str:
    """The channel of an attempt: the same whoever makes that attempt, so that it can be looked up."""
    return f"due-{due_call}-{attempt}"


class Span(Protocol):
    """A part of a day, in local time; `end` is not part of it."""

    @property
    def start(self) -> time: ...
    @property
    def end(self) -> time: ...


@dataclass(frozen=True, kw_only=True)
class DialRules:
    """FUP-6 as a site sets it: permitted hours in `zone`, attempts in all, the gap between two, nothing else."""

    hours: Sequence[Span]
    zone: ZoneInfo
    attempts: int = 3
    gap_s: float = 7200.0


_DAYS_AHEAD = 3


def next_permitted(at: datetime, hours: Sequence[Span], zone: ZoneInfo) -> datetime:
    """`at` itself when it lies in a permitted span, else the start of the next one. Aware, UTC when `at` is.

    Raises ValueError when there is no span at all.
    """
    local = at.astimezone(zone)
    for days in range(_DAYS_AHEAD):
        day = local.date() + timedelta(days=days)
        for span in sorted(hours, key=lambda span: span.start):
            start = datetime.combine(day, span.start, zone).astimezone(at.tzinfo)
            end = datetime.combine(day, span.end, zone).astimezone(at.tzinfo)
            if at < end and start < end:
                return max(at, start)
    raise ValueError("no permitted hours: nothing could ever be dialled")


def next_attempt(outcome: Outcome, attempts_made: int, now: datetime, rules: DialRules) -> datetime | None:
    """When to try again: the gap later, within permitted hours. None when it is over: reached, final, or used up."""
    if outcome in REACHED or outcome in FINAL or attempts_made >= rules.attempts:
        return None
    return next_permitted(now + timedelta(seconds=rules.gap_s), rules.hours, rules.zone)


BY_HAND: Final = (DueCallKind.CALLBACK, DueCallKind.REMINDER)
"""What people may enter. A queue callback belongs to a place in a line, which only a call can have."""
OWN_PLACE: Final = "place:"
"""Before the key of a callback to the number that its caller was calling from."""
OTHER_PLACE: Final = "place-elsewhere:"
"""Before that of one to another number, which the caller typed: nobody knows whose it is."""


def call_of_place(key: str) -> CallId:
    """The call whose place a queue callback has, by its key."""
    return CallId(key.removeprefix(OWN_PLACE).removeprefix(OTHER_PLACE))


FAULTS_BORNE: Final = 3
"""So often a fault of ours may stop a due call before it is set aside; as often again when it is taken up by hand."""


def is_set_aside(faults: int) -> bool:
    """Whether this many faults of ours, the latest included, are enough for now."""
    return faults % FAULTS_BORNE == 0


def was_asked_for(due: DueCall) -> bool:
    """Whether whoever is rung asked for this very call: then a card's do-not-call flag, which is against calls that
    nobody asked for, gives way (ADR 31). Reminders and news of a case or a suggestion were not asked for."""
    if due.kind is DueCallKind.QUEUE_CALLBACK:
        return due.key.startswith(OWN_PLACE)
    of_a_case = due.key.startswith(("case:", "suggestion:"))
    promised = due.created_by is not None and (":promise:" in due.key or not of_a_case)
    return due.kind is DueCallKind.CALLBACK and promised
