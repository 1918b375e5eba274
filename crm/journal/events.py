"""What happens to a call, as events (rules): the lines of the journal, what store and live pages are made from.

Past tense, frozen; `at` is the instant it happened (aware, UTC). Idempotent by `event_id` (design D5). TKT-1, TKT-3.
"""

from datetime import datetime
from itertools import count
from typing import Final, Literal
from uuid import uuid4

import msgspec

from config.destination import LimitName
from config.destination import Reason as NotDialledReason
from config.values.kinds import DialKind
from crm.intake.model import Channel, Letter, Opening
from crm.journal.steps import CallStep

_RUN: Final = uuid4().hex[:20]
_SERIAL = count()


def new_event_id() -> str:
    """Unique in the world: 80 random bits of this process, then a count, so that the ids of a day lie side by side in
    the store's index and a batch of them touches one page of it, not a hundred."""
    return f"{_RUN}{next(_SERIAL):012x}"


CallOutcome = Literal[
    "answered",
    "abandoned_ringing",
    "abandoned_menu",
    "abandoned_queue",
    "abandoned_message",
    "message",
    "no_message",
    "out_of_hours",
    "queue_closed",
    "information",
    "dropped_by_system",
    "refused_overload",
    "refused_unsupported",
    "refused_too_many",
    "not_reached",
    "refused",
    "confirmed",
    "changed",
    "cancelled",
    "rated",
    "no_answer_given",
    "place_kept",
]
"""What a call came to."""

MissReason = Literal[
    "rona",
    "busy",
    "rejected",
    "unreachable",
    "not_accepted",
    "answered_elsewhere",
    "caller_hung_up",
    "left",
    "recovered",
    "congested",
]
"""Why an offer failed. `rona`: the telephone rang out; `not_accepted`: the agent did not press accept; `left`: the
agent answered and hung up before the talk began; `recovered`: the controller died in between; `congested`: the system
had no line to call with. The last five are no miss of the agent's."""

DialPurpose = Literal["callback", "reminder", "queue_callback", "transfer", "duty"]
"""Why a number outside is dialled."""

NotReachedReason = Literal[MissReason, "no_answer", "cancelled", "not_dialled"]
"""Why a transfer came to nothing."""

DutyReason = Literal[
    "not_dialled", "no_answer", "busy", "rejected", "unreachable", "cancelled", "hung_up", "not_accepted", "left"
]
"""Why somebody on duty did not take a call. `not_accepted`: answered, but 1 was not pressed (a voicemail box); `left`:
hung up before the talk began."""


RouteReason = Literal[
    "entered_line",
    "said",
    "no_message",
    "transferred",
    "transfer_failed",
    "duty_missed",
    "wants_message",
    "wants_person",
    "answered",
    "fallback",
]
"""Why something else is done for a caller now. `said`: what was to be said has been; `answered`: a due call's question
was; `fallback`: what was planned could not be done."""

OverflowReason = Literal["after_s", "longer_than", "no_staff", "closed", "max_wait"]
"""Why a waiting caller is moved on: the condition of the linkage that applied, or the longest wait."""

SupervisionEnd = Literal[
    "stopped",
    "hung_up",
    "talk_ended",
    "no_answer",
    "busy",
    "rejected",
    "unreachable",
    "cancelled",
    "congested",
    "failed",
    "recovered",
]
"""Why a supervision is over. `recovered`: the controller that served it had died; `congested`: no line was free to ring
the supervisor."""

AgentStateName = Literal["logged_out", "available", "reserved", "ringing", "talking", "hold", "wrap_up", "not_ready"]
"""An agent's state; those of `routing.agent`."""

WishedState = Literal["available", "not_ready", "logged_out"]
"""What an agent may ask to be after a call."""


class Event(msgspec.Struct, frozen=True, kw_only=True, tag=True, gc=False):
    """Root of all journal events. The tag on disk is the class name. No event holds what could lead back to it, so the
    garbage collector need not look at the thousands that are remembered (`gc=False`, inherited)."""

    at: datetime
    event_id: str = msgspec.field(default_factory=new_event_id)


class CallEvent(Event, frozen=True, kw_only=True):
    call_id: str


class CallArrived(CallEvent, frozen=True, kw_only=True):
    """A call exists, and with it its ticket. `at` is the INVITE."""

    ticket: str
    channel_id: str
    direction: Literal["inbound", "outbound", "agent"]
    dnis: str
    ani: str
    caller_name: str
    line: str | None
    """Kind of the line that was dialled (aid, hotline, supervision); None for a number no line has."""
    due_call: str | None = None
    then: CallStep | None = None
    """What is done for the caller first; None: as the line says (EnterLine)."""
    outcome: CallOutcome | None = None
    """What the call is called if nothing else happens: out of hours."""
    promised: Literal[True] | None = None
    """It goes before those who have not waited yet: a callback that was promised."""


class CallRang(CallEvent, frozen=True, kw_only=True):
    """Ringing was sent to the caller."""


class CallAnswered(CallEvent, frozen=True, kw_only=True):
    """The system picked up (outbound: the customer did). `rings` as TEL-1 counts them."""

    rings: int


class MenuEntered(CallEvent, frozen=True, kw_only=True):
    menu: str


class MenuChosen(CallEvent, frozen=True, kw_only=True):
    """A choice took the caller out of the menus. `at` is the end of the last digit, or of the timeout."""

    menu: str
    digits: str
    choice: str
    """`queue:hotline`, `message`, `hangup`."""
    then: CallStep | None = None
    """What is done now, where `choice` does not say all of it."""


class LanguageChosen(CallEvent, frozen=True, kw_only=True):
    """From here on the caller hears `language`, and agents who speak it are asked."""

    language: Literal["zh", "en"]


class CallRouted(CallEvent, frozen=True, kw_only=True):
    """It was decided what is done for the caller next."""

    then: CallStep
    why: RouteReason
    outcome: CallOutcome | None = None
    """What the call is called from now on, if it ends; None: as before."""
    line: str | None = None
    """The line that serves the caller from now on, by its number."""


class CallQueued(CallEvent, frozen=True, kw_only=True):
    """`at` starts the wait clock (TEL-2). `since`: the wait is as old as that (a callback has its caller's place)."""

    queue: str
    since: datetime | None = None


class CallMoved(CallEvent, frozen=True, kw_only=True):
    """A supervisor moved a waiting caller to another queue; the wait clock goes on, so the turn is kept."""

    queue: str
    from_queue: str
    by: str


class CallOverflowed(CallEvent, frozen=True, kw_only=True):
    """A waiting caller is moved on along the linkage and keeps the arrival time (LNE-7).

    `to`: `queue:hotline`, `duty:night`, `menu:aid`, `message`, `hangup`. `waited_s`: since the first queue.
    """

    from_queue: str
    to: str
    why: OverflowReason
    waited_s: float
    then: CallStep | None = None
    """What is done now, where `to` does not say all of it."""


class CallTurnedAway(CallEvent, frozen=True, kw_only=True):
    """The queue that the caller came to is closed."""

    queue: str
    then: CallStep


class PlaceHandedOn(CallEvent, frozen=True, kw_only=True):
    """The caller hangs up and keeps the place: the callback `due_call` has it, with the age of this call."""

    due_call: str
    queue: str


class AgentOffered(CallEvent, frozen=True, kw_only=True):
    """An agent was reserved and got the screen pop; the telephone begins to ring. `asks`: not before the agent has
    accepted on the page (a promised callback)."""

    agent: str
    channel_id: str
    asks: Literal[True] | None = None


class AgentMissed(CallEvent, frozen=True, kw_only=True):
    """The offer failed."""

    agent: str
    reason: MissReason


class AgentAnswered(CallEvent, frozen=True, kw_only=True):
    agent: str


class TalkStarted(CallEvent, frozen=True, kw_only=True):
    """Both parties hear each other."""

    agent: str
    agent_channel_id: str
    bridge_id: str
    recording: str | None
    """File name under the recordings directory, None when not recorded."""


class SupervisorJoined(CallEvent, frozen=True, kw_only=True):
    """QUA-5: a supervisor hears a talk, or takes part in it; again with each change of mode."""

    supervisor: str
    mode: Literal["listen", "whisper", "barge", "takeover"]
    agent: str | None
    """Who is supervised, or was relieved."""
    channel_id: str


class SupervisorLeft(CallEvent, frozen=True, kw_only=True):
    """Supervision of the talk is over."""

    supervisor: str
    reason: SupervisionEnd


class OutsideTalkStarted(CallEvent, frozen=True, kw_only=True):
    """The caller and somebody outside, who is none of our agents, hear each other: a call that was handed on."""

    number: str
    channel_id: str
    bridge_id: str
    recording: str | None


class OutsideRang(CallEvent, frozen=True, kw_only=True):
    """Somebody outside is rung, to whom the call is handed."""

    number: str
    channel_id: str


class OutsideAnswered(CallEvent, frozen=True, kw_only=True):
    """Somebody outside has answered, and will talk with the caller."""

    number: str


class TalkEnded(CallEvent, frozen=True, kw_only=True):
    """The agent's side has left and nobody follows: the caller is thanked. `survey`: the agent wishes the caller to be
    asked how it was."""

    agent: str | None
    survey: bool = False


class CallHeld(CallEvent, frozen=True, kw_only=True):
    """The agent put the caller on hold: music (TEL-5)."""

    agent: str | None


class CallResumed(CallEvent, frozen=True, kw_only=True):
    """The caller is back from hold."""

    agent: str | None


class TransferAsked(CallEvent, frozen=True, kw_only=True):
    """The agent hands the caller on. A blind one ends the agent's part of the call at once.

    `kind` says what `to` names: an agent, a queue, a line by its number, or a number outside.
    """

    agent: str | None
    mode: Literal["blind", "attended"]
    kind: Literal["agent", "queue", "line", "number"]
    to: str


class TransferFailed(CallEvent, frozen=True, kw_only=True):
    """Nobody was reached. The caller is not lost: after a blind transfer queued again."""

    agent: str | None
    reason: NotReachedReason


class NumberRefused(CallEvent, frozen=True, kw_only=True):
    """A number was asked for in this call that may not be dialled (FUP-10)."""

    number: str
    reason: NotDialledReason | LimitName


class NumberDialled(CallEvent, frozen=True, kw_only=True):
    """An INVITE goes out through the trunk on this channel: what limits and spend are counted by (FUP-10).

    `number`: normalised. `by`: the person it is made for. `asked`: whoever is rung asked for this call.
    """

    number: str
    kind: DialKind
    purpose: DialPurpose
    channel_id: str
    by: str | None = None
    asked: bool = False


class ThirdJoined(CallEvent, frozen=True, kw_only=True):
    """Whom the agent asked has answered, and talks with the agent. One of `third` (an agent) and `number` is set."""

    agent: str | None
    third: str | None
    number: str | None
    channel_id: str


class ThirdLeft(CallEvent, frozen=True, kw_only=True):
    """The third party is out of the call again."""

    agent: str | None


class ConferenceStarted(CallEvent, frozen=True, kw_only=True):
    """Caller, agent and third party hear each other."""

    agent: str | None


class AgentLeft(CallEvent, frozen=True, kw_only=True):
    """This agent's part of the call is over, and the call goes on with others: the transfer is done."""

    agent: str


class RecordingPaused(CallEvent, frozen=True, kw_only=True):
    """What is said now is not recorded (a card number, a password)."""

    agent: str | None


class RecordingResumed(CallEvent, frozen=True, kw_only=True):
    agent: str | None


class SurveyAnswered(CallEvent, frozen=True, kw_only=True):
    """QUA-1: the caller's satisfaction by key press, 1 (very dissatisfied) to 5 (very satisfied)."""

    agent: str | None
    queue: str | None
    score: int


class MessageLeft(CallEvent, frozen=True, kw_only=True):
    """A voice message. `file` is its name under the messages directory; `duration_s` in seconds."""

    file: str
    duration_s: float


class DutyRang(CallEvent, frozen=True, kw_only=True):
    """Somebody on duty is rung at a number outside (TEL-6)."""

    duty: str
    person: str
    number: str
    channel_id: str


class DutyDeclined(CallEvent, frozen=True, kw_only=True):
    """This person did not take the call."""

    person: str
    number: str
    reason: DutyReason


class DutyAccepted(CallEvent, frozen=True, kw_only=True):
    """This person pressed 1."""

    person: str
    number: str


class DutyMissed(CallEvent, frozen=True, kw_only=True):
    """A warning on file (TEL-6): nobody on duty took the call."""

    duty: str
    title: str
    reason: Literal["nobody_on_duty", "nobody_took_it"]
    asked: int
    """So many were rung."""


class CallbackOwed(CallEvent, frozen=True, kw_only=True):
    """A caller who could not be helped is owed a call (FUP-1): it becomes a due call of that ticket."""

    ticket: str
    number: str
    queue: str
    due_at: datetime
    note: str


class BookingAnswered(CallEvent, frozen=True, kw_only=True):
    """BKG-3: what the customer pressed in the reminder call. `starts_at`: the time that was read out; a booking that
    was moved meanwhile is not confirmed by it."""

    booking: int
    starts_at: datetime
    answer: Literal["confirm", "change", "cancel"]


class VisitRated(CallEvent, frozen=True, kw_only=True):
    """BKG-4: how the visit was, by key press after it, 1 (very dissatisfied) to 5 (very satisfied)."""

    booking: int
    score: int


class CallNoted(CallEvent, frozen=True, kw_only=True):
    """Something for the ticket's timeline that has no field of its own."""

    action: str
    text: str


class CallAdopted(CallEvent, frozen=True, kw_only=True):
    """A new controller took over this call, alive, from one that died. `agent`: who talks, if anyone."""

    agent: str | None


class CallEnded(CallEvent, frozen=True, kw_only=True):
    """Exactly one per call."""

    ended_by: Literal["caller", "agent", "system"]
    outcome: CallOutcome


class AgentStateChanged(Event, frozen=True, kw_only=True):
    agent: str
    state: AgentStateName
    reason: str | None = None
    """The site's reason for a pause, or why the agent missed an offer."""
    call_id: str | None = None
    until: datetime | None = None
    """When wrap-up ends by itself."""
    by: str | None = None
    """Who made the agent so, when it was not the agent: a supervisor."""
    wish: WishedState | None = None
    """The state asked for in the middle of a call, which comes after it."""
    wish_reason: str | None = None
    wish_by: str | None = None


class QueueClosed(Event, frozen=True, kw_only=True):
    """A supervisor closed a queue; told again every few hours while it is closed. `prompt`: the words announced."""

    queue: str
    reason: str
    by: str
    prompt: str | None = None
    since: datetime | None = None


class QueueOpened(Event, frozen=True, kw_only=True):
    queue: str
    by: str


class DialLimitNear(Event, frozen=True, kw_only=True):
    """Of a limit of outbound calls most is used up, or, with `met`, all. `who`: for whom it is counted, "" for all."""

    limit: LimitName
    who: str
    used: float
    most: float
    met: bool


class ClockStepped(Event, frozen=True, kw_only=True):
    """The machine's clock was set by so many seconds, and is now so far ahead of ours. `at` is ours, which went on."""

    by_s: float
    apart_s: float


class TicketOpened(Event, frozen=True, kw_only=True):
    """A ticket from another channel than the telephone (TKT-1). `at` is when it was registered here."""

    ticket: str
    channel: Channel
    opening: Opening


class LetterReceived(Event, frozen=True, kw_only=True):
    """An e-mail that answers on a ticket there is."""

    ticket: str
    letter: Letter


AnyEvent = (
    CallArrived
    | CallRang
    | CallAnswered
    | MenuEntered
    | MenuChosen
    | LanguageChosen
    | CallRouted
    | CallQueued
    | CallMoved
    | PlaceHandedOn
    | CallOverflowed
    | CallTurnedAway
    | AgentOffered
    | AgentMissed
    | AgentAnswered
    | TalkStarted
    | SupervisorJoined
    | SupervisorLeft
    | OutsideRang
    | OutsideAnswered
    | OutsideTalkStarted
    | TalkEnded
    | CallHeld
    | CallResumed
    | TransferAsked
    | TransferFailed
    | NumberRefused
    | NumberDialled
    | ThirdJoined
    | ThirdLeft
    | ConferenceStarted
    | AgentLeft
    | RecordingPaused
    | RecordingResumed
    | SurveyAnswered
    | MessageLeft
    | DutyRang
    | DutyDeclined
    | DutyAccepted
    | DutyMissed
    | CallbackOwed
    | BookingAnswered
    | VisitRated
    | CallNoted
    | CallAdopted
    | CallEnded
    | AgentStateChanged
    | QueueClosed
    | QueueOpened
    | DialLimitNear
    | ClockStepped
    | TicketOpened
    | LetterReceived
)
