"""One inbound call (flow): carries out its next step until there is none. Design §3; TEL-1, TKT-1.

Which step is next follows from the call's state (`crm.calls.progress`), and the state from what steps put on record:
so a call that outlived its controller goes on by the same loop. Hang-up is the exception `ChannelGone`, which unwinds a
step from wherever it is; `in_service` then writes the end of the call, once, whatever happened. No step knows this
file.
"""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from crm.calls.progress import next_of, outcome_of
from crm.calls.state import Ending
from crm.journal.events import CallAnswered, CallEnded, CallOutcome, CallRang, CallRouted
from crm.journal.steps import (
    CallStep,
    DialOut,
    Duty,
    EnterLine,
    Farewell,
    Greet,
    HandOver,
    HangUp,
    Menu,
    Message,
    PickUp,
    Say,
    SwitchLanguage,
    Talk,
    Wait,
)
from ivr.caller.answer import answer, greet, switch_language
from ivr.caller.lines import enter_line, first_step
from ivr.caller.message import apologise, take_message
from ivr.caller.unlisted import tell_unlisted
from ivr.live.call import Call, ring_number
from ivr.live.hotline import Hotline
from ivr.menus.flow import run_menu
from ivr.pbx.settings import FALLBACK_AFTER_S
from ivr.port.telephony import Arrival
from ivr.port.values import ChannelGone, TelephonyDown
from ivr.queueing.wait import wait
from ivr.talking.duty import ring_duty
from ivr.talking.farewell import farewell
from ivr.talking.handover import hand_over
from ivr.talking.reaching import stop_reaching
from ivr.talking.talk import part, talk

log = logging.getLogger(__name__)

TIMER_EARLY_S = 0.1
"""Asterisk's timer against its own clock."""


async def handle_inbound(hotline: Hotline, arrival: Arrival) -> None:
    """From StasisStart to ticket."""
    call = open_call(hotline, arrival)
    async with in_service(hotline, call):
        await serve(hotline, call)


async def serve(hotline: Hotline, call: Call) -> None:
    """Carry out one step after the other, until the call is over. Raises ChannelGone when the caller hangs up."""
    while step := next_of(call.state):
        before = call.state
        await carry_out(hotline, call, step)
        if call.state is before:
            raise RuntimeError(
                f"call {call.id}: {type(step).__name__} has left nothing on record, and would come again"
            )


async def carry_out(hotline: Hotline, call: Call, step: CallStep) -> None:
    """One step; what comes of it is on record when it returns."""
    match step:
        case Greet():
            await greet(hotline, call)
        case PickUp():
            await answer(hotline, call)
        case EnterLine(line=line):
            enter_line(hotline, call, line)
        case Menu(menu=menu):
            await run_menu(hotline, call, menu)
        case Wait():
            await wait(hotline, call, step)
        case Duty(duty=roster):
            await ring_duty(hotline, call, roster)
        case Talk():
            await talk(hotline, call)
        case HandOver():
            await hand_over(hotline, call, step)
        case Message():
            await take_message(hotline, call)
        case SwitchLanguage(language=language):
            switch_language(hotline, call, language)
        case Say(play=prompts, then=then):
            await call.channel.say(prompts)
            hotline.tickets.record(CallRouted(call_id=call.id, at=hotline.now(), then=then, why="said"))
        case Farewell():
            if not call.channel.gone:  # else it was said in the talk
                await farewell(hotline, call, step)
            await end_call(hotline, call)
        case HangUp(play=prompts):
            await call.channel.say(prompts)
            await end_call(hotline, call)
        case DialOut():
            raise ValueError(f"call {call.id} is one that we make, and has nobody on the line yet")


def open_call(hotline: Hotline, arrival: Arrival) -> Call:
    """The call and its ticket exist from here on, before anything can fail (TKT-1)."""
    line = hotline.line_for(arrival.dnis)
    step, outcome = first_step(hotline, line)
    call_id = hotline.open_inbound(
        arrival.channel.id,
        dnis=arrival.dnis,
        ani=arrival.ani,
        name=arrival.name,
        at=arrival.invited_at,
        then=step,
        outcome=outcome,
    )
    if hotline.site.line_for(arrival.dnis) is None:
        tell_unlisted(hotline, call_id, arrival, line.title)
    hotline.tickets.record(CallRang(call_id=call_id, at=arrival.entered_at))
    return Call(arrival.channel, hotline.tickets.calls.get(call_id), line)


@asynccontextmanager
async def in_service(hotline: Hotline, call: Call) -> AsyncIterator[None]:
    """Around all that is done for a caller: exactly one end on record, and never silence after a fault of ours."""
    ended_by: Ending = "system"
    outcome: CallOutcome | None = "dropped_by_system"  # in the middle of it, the controller is being stopped
    try:
        yield
        ended_by, outcome = call.state.parted_by, None
    except TelephonyDown:
        log.error("The telephone system was away during a call.", extra={"action": "call_dropped", "call_id": call.id})
    except Exception as exc:
        if isinstance(exc, ChannelGone) and exc.channel_id == call.channel.id:
            note_fallback(hotline, call)
            ended_by, outcome = "caller", None
        else:
            log.exception("A flow failed; the caller is told.", extra={"action": "flow_failed", "call_id": call.id})
            await apologise(call)
    finally:
        try:
            await let_partner_go(hotline, call)
        finally:
            await end_call(hotline, call, ended_by, outcome)


async def let_partner_go(hotline: Hotline, call: Call) -> None:
    """Who was reached for the caller, or is being rung, when the call ends before they talk."""
    reaching, call.reaching = call.reaching, None
    partner, call.partner = call.partner, None
    turn, call.turn = call.turn, None
    if reaching:
        await stop_reaching(hotline, call.id, reaching)
    if partner:
        await part(hotline, call.id, partner)
    if turn:
        turn.place.leave()


def note_fallback(hotline: Hotline, call: Call) -> None:
    """We came too late: Asterisk has answered by itself and asks for a message, which will be found (D2)."""
    at = call.channel.gone_at
    if call.state.answered or not at or at - call.invited_at <= timedelta(seconds=FALLBACK_AFTER_S - TIMER_EARLY_S):
        return
    rings = ring_number(call.invited_at, at, hotline.site.ring_period_s)
    hotline.tickets.record(CallAnswered(event_id=f"{call.id}.answered", call_id=call.id, at=at, rings=rings))
    hotline.tickets.record(CallRouted(call_id=call.id, at=at, then=Message(), why="fallback"))


async def end_call(
    hotline: Hotline, call: Call, ended_by: Ending | None = None, outcome: CallOutcome | None = None
) -> None:
    """The one end of a call on record, at the instant the caller's channel went, or the hang-up by us. Does nothing
    when it has ended."""
    if call.state.ended:
        return
    if call.channel.dropped:
        ended_by, outcome = "system", "dropped_by_system"
    ended = CallEnded(
        call_id=call.id,
        at=call.channel.gone_at or hotline.now(),
        ended_by=ended_by or call.state.parted_by,
        outcome=outcome or outcome_of(call.state),
    )
    hotline.tickets.record(ended)
    await call.channel.hangup()
