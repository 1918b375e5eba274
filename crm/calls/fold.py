"""How events change the state of a call: `arrived` makes it, `after` goes on (rules).

`after` is total: it never fails on an event, because a journal must always be readable. Whether an event may come is
held by the table of phases (`crm.calls.progress`) in the tests, where calls are made. The row of a call in the store is
made by `crm.calls.record`, which has a rule of its own: there events may come late and out of order.
"""

from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from config.ids import AgentId, BridgeId, CallId, ChannelId, QueueName, TicketNumber
from crm.calls.state import CallState, Consulted, PartnerState
from crm.journal.events import (
    AgentAnswered,
    AgentLeft,
    AgentMissed,
    AgentOffered,
    CallAdopted,
    CallAnswered,
    CallArrived,
    CallEnded,
    CallEvent,
    CallHeld,
    CallMoved,
    CallOutcome,
    CallOverflowed,
    CallQueued,
    CallResumed,
    CallRouted,
    CallTurnedAway,
    ConferenceStarted,
    DutyAccepted,
    DutyDeclined,
    DutyMissed,
    DutyRang,
    LanguageChosen,
    MenuChosen,
    MenuEntered,
    MessageLeft,
    OutsideAnswered,
    OutsideRang,
    OutsideTalkStarted,
    PlaceHandedOn,
    RecordingPaused,
    RecordingResumed,
    SupervisorJoined,
    SupervisorLeft,
    SurveyAnswered,
    TalkEnded,
    TalkStarted,
    ThirdJoined,
    ThirdLeft,
    TransferAsked,
    TransferFailed,
)
from crm.journal.steps import (
    CallStep,
    DialOut,
    Duty,
    EnterLine,
    Farewell,
    HandOver,
    HangUp,
    Menu,
    Message,
    SwitchLanguage,
    Wait,
    goal_of,
    step_named,
)


def arrived(event: CallArrived) -> CallState:
    """The state of a call that has just come into being."""
    return CallState(
        call_id=CallId(event.call_id),
        channel_id=ChannelId(event.channel_id),
        ticket=TicketNumber(event.ticket),
        direction=event.direction,
        dnis=event.dnis,
        ani=event.ani,
        line=event.line,
        invited_at=event.at,
        due_call=event.due_call,
        promised=event.promised is True,
        plan=event.then or (DialOut() if event.direction == "outbound" else EnterLine()),
        outcome=event.outcome or ("not_reached" if event.direction == "outbound" else None),
    )


def after(state: CallState, event: CallEvent) -> CallState:
    """The state once this event has happened. Events that change nothing leave it as it is."""
    change = _CHANGES.get(type(event))
    return state if change is None or state.ended else change(state, event)


def _answered(state: CallState, event: CallAnswered) -> CallState:
    reached = state.direction == "outbound" and state.outcome == "not_reached"
    return replace(state, answered=True, outcome=None if reached else state.outcome)


def _routed(state: CallState, event: CallRouted) -> CallState:
    line = event.line or state.line_number
    return replace(
        state, plan=event.then, outcome=event.outcome or _outcome_on_the_way_to(state, event.then), line_number=line
    )


def _outcome_on_the_way_to(state: CallState, step: CallStep) -> CallOutcome | None:
    """A caller who is told something and hung up has had an information, if nothing else yet."""
    return state.outcome or ("information" if isinstance(goal_of(step), HangUp) else None)


def _menu_entered(state: CallState, event: MenuEntered) -> CallState:
    return replace(state, plan=Menu(event.menu))


def _menu_chosen(state: CallState, event: MenuChosen) -> CallState:
    step = event.then or step_named(event.choice)
    return replace(state, plan=step, outcome=_outcome_on_the_way_to(state, step))


def _language_chosen(state: CallState, event: LanguageChosen) -> CallState:
    plan = state.plan.then if isinstance(state.plan, SwitchLanguage) else state.plan
    return replace(state, language=event.language, language_chosen=True, plan=plan)


def _queued(state: CallState, event: CallQueued) -> CallState:
    began = state.queued_at if state.on_the_way and state.queued_at else event.at
    ringing = not state.answered and state.direction == "inbound"
    return replace(
        state,
        plan=Wait(event.queue, ringing=ringing),
        queue=QueueName(event.queue),
        queued_at=event.since or began,
        here_since=event.at,
        on_the_way=False,
        offered=None,
        promised=state.promised or state.talks > 0,
    )


def _moved(state: CallState, event: CallMoved) -> CallState:
    ringing = isinstance(state.plan, Wait) and state.plan.ringing
    plan = Wait(event.queue, ringing=ringing)
    return replace(state, plan=plan, queue=QueueName(event.queue), here_since=event.at, offered=None)


def _overflowed(state: CallState, event: CallOverflowed) -> CallState:
    step, here = event.then or step_named(event.to), QueueName(event.from_queue)
    came_from = state.came_from if state.came_from[-1:] == (here,) else (*state.came_from, here)
    outcome = _outcome_on_the_way_to(state, step)
    return replace(state, plan=step, on_the_way=True, came_from=came_from, offered=None, outcome=outcome)


def _turned_away(state: CallState, event: CallTurnedAway) -> CallState:
    queue = QueueName(event.queue)
    elsewhere = queue in state.turned_away or isinstance(goal_of(event.then), Wait)
    outcome: CallOutcome | None = state.outcome if elsewhere else "queue_closed"
    met = state.turned_away if queue in state.turned_away else (*state.turned_away, queue)
    return replace(state, plan=event.then, turned_away=met, outcome=outcome, offered=None)


def _place_handed_on(state: CallState, event: PlaceHandedOn) -> CallState:
    told = HangUp(("callback-kept", "goodbye"))
    return replace(state, plan=told, place_handed_on=True, outcome="place_kept")


def _offered(state: CallState, event: AgentOffered) -> CallState:
    state = replace(state, legs=state.legs + 1)
    return state if state.partner else replace(state, offered=AgentId(event.agent), asks=event.asks is True)


def _missed(state: CallState, event: AgentMissed) -> CallState:
    # In a talk it is the one consulted who is missed; where all were rung, those who were not quick enough.
    if state.bridge_id:
        return state
    offered = None if state.offered == event.agent else state.offered
    partner = None if state.agent == event.agent else state.partner
    return replace(state, offered=offered, partner=partner)


def _agent_answered(state: CallState, event: AgentAnswered) -> CallState:
    partner = PartnerState(agent=AgentId(event.agent))
    if state.bridge_id:
        return replace(state, reached=partner)
    state = replace(state, partner=partner, offered=None)
    if not state.place_handed_on or state.queue is None:
        return state
    # It was the caller's turn after all, in the middle of being told to hang up.
    return replace(state, plan=Wait(state.queue), place_handed_on=False, outcome=None)


def _outside_answered(state: CallState, event: OutsideAnswered | DutyAccepted) -> CallState:
    partner = PartnerState(number=event.number)
    return replace(state, reached=partner) if state.bridge_id else replace(state, partner=partner, offered=None)


def _talk_started(state: CallState, event: TalkStarted) -> CallState:
    leg = ChannelId(event.agent_channel_id)
    return _talks(state, PartnerState(agent=AgentId(event.agent), channel_id=leg), event.bridge_id, event.recording)


def _outside_talk_started(state: CallState, event: OutsideTalkStarted) -> CallState:
    partner = PartnerState(number=event.number, channel_id=ChannelId(event.channel_id))
    return _talks(state, partner, event.bridge_id, event.recording)


def _talks(state: CallState, partner: PartnerState, bridge_id: str, recording: str | None) -> CallState:
    """The caller talks with this party from now on; one who was consulted has taken over, or is out."""
    return replace(
        state,
        partner=partner,
        bridge_id=BridgeId(bridge_id),
        recording=recording,
        recording_paused=False,
        held=False,
        offered=None,
        third=None,
        consulted=None,
        reached=None,
        talks=state.talks + 1,
        queued_at=None,
        on_the_way=False,
        outcome="answered",
        parted_by="system",
    )


def _alone(state: CallState, plan: CallStep) -> CallState:
    """Nobody talks with the caller any more."""
    return replace(
        state,
        plan=plan,
        partner=None,
        bridge_id=None,
        held=False,
        recording=None,
        recording_paused=False,
        third=None,
        consulted=None,
        reached=None,
    )


def _talk_ended(state: CallState, event: TalkEnded) -> CallState:
    return replace(_alone(state, Farewell(event.agent, event.survey)), parted_by="agent")


def _transfer_asked(state: CallState, event: TransferAsked) -> CallState:
    legs = state.legs + (event.kind == "number")
    if event.mode == "attended":
        return replace(state, legs=legs, consulted=Consulted(event.kind, event.to))
    return replace(_alone(state, HandOver(event.kind, event.to, event.agent)), legs=legs)


def _transfer_failed(state: CallState, event: TransferFailed) -> CallState:
    return replace(state, consulted=None, reached=None)


def _agent_left(state: CallState, event: AgentLeft) -> CallState:
    if event.agent != state.agent or state.third:
        return state
    if state.consulted:
        left = _alone(state, HandOver(state.consulted.kind, state.consulted.to, event.agent))
        return replace(left, partner=state.reached)
    return _alone(state, state.plan)


def _third_joined(state: CallState, event: ThirdJoined) -> CallState:
    agent = AgentId(event.third) if event.third else None
    third = PartnerState(agent=agent, number=event.number, channel_id=ChannelId(event.channel_id))
    return replace(state, third=third, consulted=None, reached=None)


def _third_left(state: CallState, event: ThirdLeft) -> CallState:
    return replace(state, third=None)


def _duty_rang(state: CallState, event: DutyRang) -> CallState:
    return replace(state, plan=Duty(event.duty), legs=state.legs + 1)


def _duty_declined(state: CallState, event: DutyDeclined) -> CallState:
    gone = state.partner is not None and state.partner.number == event.number and state.bridge_id is None
    asked = state.asked if event.number in state.asked else (*state.asked, event.number)
    return replace(state, asked=asked, partner=None if gone else state.partner)


def _duty_missed(state: CallState, event: DutyMissed) -> CallState:
    return replace(state, plan=Message())


def _message_left(state: CallState, event: MessageLeft) -> CallState:
    return replace(state, plan=HangUp(("message-saved", "goodbye")), outcome=state.outcome or "message")


def _adopted(state: CallState, event: CallAdopted) -> CallState:
    """Whatever was not bridged is gone with the controller that died."""
    connected = state.bridge_id is not None
    return replace(state, offered=None, consulted=None, reached=None, partner=state.partner if connected else None)


def _supervisor_joined(state: CallState, event: SupervisorJoined) -> CallState:
    return replace(state, supervisor=None if event.mode == "takeover" else AgentId(event.supervisor))


_CHANGES: dict[type[CallEvent], Callable[[CallState, Any], CallState]] = {
    CallAnswered: _answered,
    CallRouted: _routed,
    MenuEntered: _menu_entered,
    MenuChosen: _menu_chosen,
    LanguageChosen: _language_chosen,
    CallQueued: _queued,
    CallMoved: _moved,
    CallOverflowed: _overflowed,
    CallTurnedAway: _turned_away,
    PlaceHandedOn: _place_handed_on,
    AgentOffered: _offered,
    AgentMissed: _missed,
    AgentAnswered: _agent_answered,
    OutsideRang: lambda state, event: replace(state, legs=state.legs + 1),
    OutsideAnswered: _outside_answered,
    TalkStarted: _talk_started,
    OutsideTalkStarted: _outside_talk_started,
    TalkEnded: _talk_ended,
    CallHeld: lambda state, event: replace(state, held=True),
    CallResumed: lambda state, event: replace(state, held=False),
    ConferenceStarted: lambda state, event: replace(state, held=False),
    TransferAsked: _transfer_asked,
    TransferFailed: _transfer_failed,
    AgentLeft: _agent_left,
    ThirdJoined: _third_joined,
    ThirdLeft: _third_left,
    RecordingPaused: lambda state, event: replace(state, recording_paused=True),
    RecordingResumed: lambda state, event: replace(state, recording_paused=False),
    SupervisorJoined: _supervisor_joined,
    SupervisorLeft: lambda state, event: replace(state, supervisor=None),
    SurveyAnswered: lambda state, event: replace(state, surveyed=True),
    DutyRang: _duty_rang,
    DutyAccepted: _outside_answered,
    DutyDeclined: _duty_declined,
    DutyMissed: _duty_missed,
    MessageLeft: _message_left,
    CallAdopted: _adopted,
    CallEnded: lambda state, event: replace(state, ended=True, outcome=event.outcome, parted_by=event.ended_by),
}
"""What each event changes; one that is not named changes nothing."""
