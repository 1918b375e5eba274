"""One inbound call, read top to bottom: answer, menu, queue, talk (flow). Design §3; TEL-1, TEL-4, TKT-1.

Hang-up is the exception `ChannelGone`, which unwinds the flow from wherever it is; `in_service` then writes the end of
the call, once, whatever happened. The steps themselves are one jump away: `menu_flow`, `offer`, `talk`, `message`.
"""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from config.calls.actions import (
    Action,
    DutyAction,
    HangupAction,
    LanguageAction,
    MenuAction,
    MessageAction,
    PlayAction,
    QueueAction,
    ultimate,
)
from config.ids import QueueName
from config.schema import Duty, Queue
from crm.journal.events import CallAnswered, CallEnded, CallMoved, CallNoted, CallQueued, CallRang
from crm.regulation.calendar import festival_of
from ivr.answer import answer, speak
from ivr.call import ABANDONED, Call, Step, call_id_of, ring_number
from ivr.duty import decline, find_on_duty, note_missed
from ivr.greeting import greeting
from ivr.hotline import Hotline
from ivr.menu_flow import run_menu
from ivr.message import apologise, leave_message
from ivr.offer import PlaceKept, Turn, WantsMessage, find_agent
from ivr.opening import is_open_now
from ivr.overflow import MovedOn, note_moved
from ivr.pbx.settings import FALLBACK_AFTER_S
from ivr.standing import know_caller
from ivr.survey import farewell
from ivr.talk import announce, partner_of, talk
from ivr.talks import Ended
from ivr.telephony import Arrival, ChannelGone, Digit, TelephonyDown
from ivr.transfer import hand_over
from ivr.unlisted import tell_unlisted
from ivr.waiting import Moved, TurnedAway

log = logging.getLogger(__name__)

QUEUE_CLOSED = "queue-closed"
"""What callers of a queue on hold are told, unless the supervisor has other words."""

TIMER_EARLY_S = 0.1
"""Asterisk's timer against its own clock."""


async def handle_inbound(hotline: Hotline, arrival: Arrival) -> None:
    """From StasisStart to ticket."""
    call = open_call(hotline, arrival)
    async with in_service(hotline, call):
        await serve(hotline, call)


def open_call(hotline: Hotline, arrival: Arrival) -> Call:
    """The call and its ticket exist from here on, before anything can fail (TKT-1)."""
    line = hotline.line_for(arrival.dnis)
    known = hotline.site.line_for(arrival.dnis)
    call_id = call_id_of(arrival.channel.id)
    ticket = hotline.tickets.open(
        call_id=call_id,
        channel_id=arrival.channel.id,
        direction="inbound",
        dnis=arrival.dnis,
        ani=arrival.ani,
        caller_name=arrival.name,
        line=known.kind if known else None,
        at=arrival.invited_at,
    )
    if known is None:
        tell_unlisted(hotline, call_id, arrival, line.title)
    hotline.tickets.record(CallRang(call_id=call_id, at=arrival.entered_at))
    return Call(
        id=call_id, channel=arrival.channel, ticket=ticket, line=line, ani=arrival.ani, invited_at=arrival.invited_at
    )


@asynccontextmanager
async def in_service(hotline: Hotline, call: Call) -> AsyncIterator[None]:
    """Around all that is done for a caller: exactly one end on record, and never silence after a fault of ours."""
    try:
        yield
    except TelephonyDown:
        call.finish("dropped_by_system", "system")
        log.error("The telephone system was away during a call.", extra={"action": "call_dropped", "call_id": call.id})
    except Exception as exc:
        if isinstance(exc, ChannelGone) and exc.channel_id == call.channel.id:
            note_fallback(hotline, call)
            call.finish(call.outcome or ABANDONED[call.step], "caller")
        else:
            call.finish("dropped_by_system", "system")
            log.exception("A flow failed; the caller is told.", extra={"action": "flow_failed", "call_id": call.id})
            await apologise(call)
    finally:
        call.enter(Step.ENDED)
        await end_call(hotline, call)


def note_fallback(hotline: Hotline, call: Call) -> None:
    """We came too late: Asterisk has answered by itself and asks for a message, which will be found (D2)."""
    at = call.channel.gone_at
    if call.step is Step.RINGING and at and (at - call.invited_at).total_seconds() > FALLBACK_AFTER_S - TIMER_EARLY_S:
        call.enter(Step.GREETING)
        call.enter(Step.MESSAGE)
        rings = ring_number(call.invited_at, at, hotline.site.ring_period_s)
        hotline.tickets.record(CallAnswered(event_id=f"{call.id}.answered", call_id=call.id, at=at, rings=rings))


async def end_call(hotline: Hotline, call: Call) -> None:
    """The one end of a call on record, at the instant the caller's channel went, or the hang-up by us."""
    if call.channel.dropped or call.outcome is None:  # None: in the middle of it, the controller is being stopped
        call.finish("dropped_by_system", "system")
    at = call.channel.gone_at or hotline.now()
    outcome = call.outcome or "dropped_by_system"
    hotline.tickets.record(CallEnded(call_id=call.id, at=at, ended_by=call.ended_by, outcome=outcome))
    await call.channel.hangup()


async def pick_up(hotline: Hotline, call: Call) -> None:
    """Answer in the ring that the line says, then greet (TEL-1, TEL-4). A key ends that, and counts."""
    if call.line.ring_s:
        await call.channel.take_over()
        rung_s = (hotline.now() - call.invited_at).total_seconds()
        await call.channel.next_input(None, max(0.0, call.line.ring_s - rung_s))
    await answer(hotline, call)
    local = hotline.now().astimezone(hotline.site.zone)
    opening = [
        greeting(local, festival_of(local.date(), hotline.site.special_days), hotline.site.greetings),
        call.line.greeting,
    ]
    if hotline.site.recording.enabled and hotline.site.recording.notice:
        opening.append("recording-notice")
    playback = await call.channel.start_playback(opening)
    heard = await call.channel.next_input(playback, None)
    if isinstance(heard, Digit):
        call.typed = heard
        await playback.stop()
    else:
        call.notice_heard = True


async def serve(hotline: Hotline, call: Call) -> None:
    """From the line's first ring: its people's telephones ring, or the system answers and leads on (TEL-6)."""
    line, is_open = call.line, is_open_now(hotline, call.line)
    if is_open and line.answer_by == "people" and line.queue:
        return await connect(hotline, call, hotline.site.queue(line.queue))
    if call.step is Step.RINGING:
        await pick_up(hotline, call)
    if is_open and line.menu:
        await carry_out(hotline, call, MenuAction(menu=line.menu))
    else:
        call.finish("out_of_hours", "system")
        await carry_out(hotline, call, line.out_of_hours)


async def carry_out(hotline: Hotline, call: Call, action: Action) -> None:
    """Do what a menu, a closed line or a full queue decided, until the call has been dealt with."""
    match action:
        case MenuAction(menu=menu_id):
            await carry_out(hotline, call, await run_menu(hotline, call, menu_id))
        case QueueAction(queue=name):
            await connect(hotline, call, hotline.site.queue(name))
        case PlayAction(play=prompts, then=then):
            await call.channel.say(prompts)
            await carry_out(hotline, call, then)
        case DutyAction(duty=duty):
            await ring_duty(hotline, call, hotline.site.duty_roster(duty))
        case LanguageAction(language=language, then=then):
            speak(hotline, call, language)
            await carry_out(hotline, call, then)
        case MessageAction():
            await leave_message(hotline, call)
        case HangupAction(play=prompts):
            call.finish(call.outcome or "information", "system")
            await call.channel.say(prompts)
        case _:
            raise ValueError(f"{action.go!r} has no meaning outside a menu")


async def connect(hotline: Hotline, call: Call, queue: Queue, turn: Turn | None = None) -> None:
    """Queue, agent, talk. An agent lost before the talk begins costs the caller nothing: same place, next agent.

    A caller whom nobody has answered yet waits from the INVITE on (TEL-2), and is answered when an agent is there.
    `turn`: of somebody whose turn it is already, and who was called for it.
    """
    if hotline.closed.of(queue.name) and turn is None:
        return await turn_away(hotline, call, queue)
    if call.queued_at is None or call.on_the_way or call.queue != queue.name:
        enter_queue(hotline, call, queue)
    await know_caller(hotline, call, queue)
    while True:
        if call.step is not Step.RINGING:
            call.enter(Step.QUEUED)
        try:
            partner = await hotline.waiting.unless_called_away(
                call.id, partial(hotline.acd.is_waiting, call.id), find_agent(hotline, call, queue, turn)
            )

        except MovedOn as moved:
            note_moved(hotline, call, moved)
            await have_answered(hotline, call)
            if moved.play:
                await call.channel.say(moved.play)
            return await carry_out(hotline, call, moved.to)
        except PlaceKept:
            return await tell_place_kept(call)
        except WantsMessage:
            await have_answered(hotline, call)
            return await leave_message(hotline, call)
        except TurnedAway:
            return await turn_away(hotline, call, queue)
        except Moved as moved:
            return await connect(hotline, call, move(hotline, call, moved))
        async with partner_of(hotline, call, partner) as live:
            turn = None
            await have_answered(hotline, call)
            call.enter(Step.TALKING)
            ended = await talk(hotline, live) if await announce(hotline, call, partner) else None
        if ended:
            return await go_on(hotline, call, ended)


async def go_on(hotline: Hotline, call: Call, ended: Ended) -> None:
    """After a talk that the caller did not end: to whom the agent handed the call, or thanks and 再见 (TEL-5), unless
    they were said already.

    A transfer that nobody answers leads back to the queue that the call came from: a caller is never dropped by it.
    """
    while handover := ended.handover:
        match handover.target.kind:
            case "queue":
                return await queue_again(hotline, call, handover.target.to)
            case "line":
                call.line = hotline.line_for(handover.target.to)
                return await serve(hotline, call)
            case _:
                following = await hand_over(hotline, call, handover)
        if following is None:
            await call.channel.say(["transfer-failed"])
            return await queue_again(hotline, call, call.queue or call.line.fallback_queue)
        ended = following
    if not call.channel.gone:
        await farewell(hotline, call, ended)


async def queue_again(hotline: Hotline, call: Call, queue: str) -> None:
    """A caller who has talked already: a new place, before those who have not waited yet."""
    call.queued_at, call.points = None, max(call.points, hotline.site.routing.promised_points)
    await connect(hotline, call, hotline.site.queue(queue))


async def ring_duty(hotline: Hotline, call: Call, duty: Duty) -> None:
    """To whoever is on duty (TEL-6); when nobody takes it, a message, and a call is owed."""
    while partner := await find_on_duty(hotline, call, duty):
        async with partner_of(hotline, call, partner) as live:
            ended = await talk(hotline, live) if await announce(hotline, call, partner) else None
        if ended:
            return await go_on(hotline, call, ended)
        decline(hotline, call, duty, partner.number or "", "left")
    note_missed(hotline, call, duty)
    await call.channel.say([duty.missed])
    await leave_message(hotline, call)


def enter_queue(hotline: Hotline, call: Call, queue: Queue) -> None:
    """The wait begins, or goes on here for a caller who was moved on: the turn goes by the first arrival (LNE-7)."""
    now = call.invited_at if call.step is Step.RINGING else hotline.now()
    if not call.on_the_way or call.queued_at is None:
        call.queued_at = now
    call.queue, call.here_since = QueueName(queue.name), now
    call.coming_in, call.on_the_way = True, False
    hotline.tickets.record(CallQueued(call_id=call.id, at=now, queue=queue.name))


def move(hotline: Hotline, call: Call, moved: Moved) -> Queue:
    """Somebody put the waiting call into another queue: the time of its arrival goes with it."""
    queue = hotline.site.queue(moved.queue)
    event = CallMoved(call_id=call.id, at=hotline.now(), queue=queue.name, from_queue=call.queue or "", by=moved.by)
    call.queue, call.here_since = QueueName(queue.name), event.at
    hotline.tickets.record(event)
    return queue


async def turn_away(hotline: Hotline, call: Call, queue: Queue) -> None:
    """The queue is on hold: the caller is told so and goes the site's way out. Nobody is sent round in circles."""
    closing = hotline.closed.of(queue.name)
    met_before = QueueName(queue.name) in call.turned_away
    call.turned_away.add(QueueName(queue.name))
    await have_answered(hotline, call)
    if closing and not met_before:
        note = f"{queue.title}：{closing.reason}"
        hotline.tickets.record(CallNoted(call_id=call.id, at=hotline.now(), action="queue_closed", text=note))
        if not isinstance(ultimate(queue.on_closed), QueueAction):
            call.finish("queue_closed", "system")
        await call.channel.say([closing.prompt or QUEUE_CLOSED])
    await carry_out(hotline, call, MessageAction() if met_before else queue.on_closed)


async def have_answered(hotline: Hotline, call: Call) -> None:
    """Before anything is said to a caller who has heard nothing but ringing so far."""
    if call.step is Step.RINGING:
        await answer(hotline, call)
        call.enter(Step.QUEUED)


async def tell_place_kept(call: Call) -> None:
    """The caller may hang up now, and will be called when it is their turn."""
    call.finish("place_kept", "system")
    await call.channel.say(["callback-kept", "goodbye"])
