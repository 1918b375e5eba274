"""The people on duty are rung at their own telephones (flow): out of hours, and as the last step of the linkage. TEL-6.

One after the other, through the trunk. Whoever answers hears who is waiting and must press 1: a voicemail box that
answers never does, and so swallows no call. When nobody takes it, that is a warning on file, and a call is owed.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, datetime
from typing import Literal

from config.destination import DialPermit, NotDialled
from config.schema import DayKind, Duty, DutyPerson
from crm.journal.events import CallbackOwed, CallRouted, DutyAccepted, DutyDeclined, DutyMissed, DutyRang, DutyReason
from crm.journal.steps import CallStep, Message, Say
from crm.regulation.calendar import day_kind
from ivr.caller.may_dial import EnoughDialled, may_dial, note_enough, note_refused, permit_dial
from ivr.caller.question import ask as question
from ivr.live.call import Call
from ivr.live.dial_ledger import Wish
from ivr.live.hotline import Hotline
from ivr.live.parties import Partner
from ivr.port.telephony import DialledChannel
from ivr.port.values import ChannelGone, DialFailed, DialOutcome, TelephonyError
from ivr.words.speech import say_digits
from routing.waiting.hours import is_open, next_opening

log = logging.getLogger(__name__)

ACCEPTS = "1"
REASONS: dict[DialOutcome, DutyReason] = {
    DialOutcome.BUSY: "busy",
    DialOutcome.NO_ANSWER: "no_answer",
    DialOutcome.REJECTED: "rejected",
    DialOutcome.UNREACHABLE: "unreachable",
    DialOutcome.CANCELLED: "cancelled",
    DialOutcome.CONGESTED: "unreachable",
}


async def ring_duty(hotline: Hotline, call: Call, roster: str) -> None:
    """Ring whoever is on duty; who takes the call is its partner then. When nobody does, a message, and a call is
    owed. Raises ChannelGone (caller)."""
    duty = next((duty for duty in hotline.site.duty if duty.id == roster), None)
    if duty and (partner := await find_on_duty(hotline, call, duty)):
        call.partner = partner
        return
    then: CallStep = Message()
    if duty:
        note_missed(hotline, call, duty)
        then = Say((duty.missed,), then)
    hotline.tickets.record(CallRouted(call_id=call.id, at=hotline.now(), then=then, why="duty_missed"))


async def find_on_duty(hotline: Hotline, call: Call, duty: Duty) -> Partner | None:
    """Whoever of those on duty takes the call; None when nobody does, which is on record. Raises ChannelGone (caller).

    The caller hears 请您稍等 and music. Nobody is asked twice in one call.
    """
    people = [person for person in on_duty(hotline, duty) if person.number not in call.state.asked]
    async with on_hold(hotline, call):
        for person in people:
            if partner := await ring_person(hotline, call, duty, person):
                return partner
    return None


def on_duty(hotline: Hotline, duty: Duty) -> list[DutyPerson]:
    """Who is on duty now, in the order of the roster, by the one calendar of hours and deadlines."""
    local = hotline.now().astimezone(hotline.site.zone)
    kind = day_kind(local.date(), hotline.days)
    return [person for person in duty.people if is_open(person.hours, local, kind)]


async def ring_person(hotline: Hotline, call: Call, duty: Duty, person: DutyPerson) -> Partner | None:
    """Ring one person; the partner when 1 was pressed. Whatever happens, no leg is left ringing."""
    destination = await may_dial(hotline, person.number, asked_for=True)
    if isinstance(destination, NotDialled):
        note_refused(hotline, call, destination)
        decline(hotline, call, duty, person.number, "not_dialled")
        return None
    leg_id = call.next_outside_leg()
    rang = DutyRang(
        call_id=call.id,
        at=hotline.now(),
        duty=duty.id,
        person=person.name,
        number=person.number,
        channel_id=leg_id,
    )
    hotline.tickets.record(rang)
    leg: DialledChannel | None = None
    try:
        caller_id, wish = hotline.site.trunk.caller_id, Wish(destination=destination, purpose="duty", asked=True)
        leg = await hotline.telephony.prepare_out(destination, channel_id=leg_id, caller_id=caller_id)
        permit = permit_dial(hotline, call.id, wish, leg_id)
        reason = await call.channel.until(answer_of(call, duty, leg, permit))
    except EnoughDialled as enough:
        note_enough(hotline, call, person.number, enough.met)
        reason = "not_dialled"
    except DialFailed as failed:
        reason = REASONS[failed.reason]
    except BaseException:
        if leg:
            await hang_up_on(call, leg)
        raise
    if leg and reason is None:
        accepted = DutyAccepted(call_id=call.id, at=hotline.now(), person=person.name, number=person.number)
        hotline.tickets.record(accepted)
        return Partner(leg, None, number=person.number)
    if leg:
        await hang_up_on(call, leg)
    decline(hotline, call, duty, person.number, reason or "unreachable")
    return None


def decline(hotline: Hotline, call: Call, duty: Duty, number: str, reason: DutyReason) -> None:
    """This person does not take it; the next one is asked."""
    person = next((person.name for person in duty.people if person.number == number), number)
    declined = DutyDeclined(call_id=call.id, at=hotline.now(), person=person, number=number, reason=reason)
    hotline.tickets.record(declined)


async def answer_of(call: Call, duty: Duty, leg: DialledChannel, permit: DialPermit) -> DutyReason | None:
    """None: the person takes the call. Else why not: no_answer, busy, rejected, unreachable, hung_up, not_accepted."""
    try:
        await leg.dial(permit, duty.ring_timeout_s)
        await leg.answered()
        return None if await takes_it(call, duty, leg) else "not_accepted"
    except DialFailed as failed:
        return REASONS[failed.reason]
    except ChannelGone as gone:
        if gone.channel_id != leg.id:
            raise
        return "hung_up"


async def takes_it(call: Call, duty: Duty, leg: DialledChannel) -> bool:
    """Say who is waiting, and wait for a 1, already while it is said. Silence and other keys are no."""
    digits = "".join(filter(str.isdecimal, call.ani))
    number = [duty.number_intro, *say_digits(digits, yao=True)] if digits else []
    words = [duty.intro, *number, duty.press_one]
    return await question(leg, words, within_s=duty.accept_timeout_s, keys=ACCEPTS) is not None


async def hang_up_on(call: Call, leg: DialledChannel) -> None:
    """Hang up on somebody who does not take the call. When that fails the telephone system is away, and says so."""
    try:
        await leg.hangup()
    except TelephonyError as exc:
        log.error("A duty leg could not be hung up: %s", exc, extra={"action": "duty_leg_left", "call_id": call.id})


def note_missed(hotline: Hotline, call: Call, duty: Duty) -> None:
    """Nobody took it: a warning on file, and a call is owed to whoever can be rung."""
    now = hotline.now()
    reason: Literal["nobody_on_duty", "nobody_took_it"] = "nobody_took_it" if call.state.asked else "nobody_on_duty"
    log.warning("A duty call was missed: %s", reason, extra={"action": "duty_missed", "call_id": call.id})
    judged = hotline.site.outbound_rule.judge(call.ani)
    if duty.callback and call.ani and isinstance(judged, NotDialled):
        note_refused(hotline, call, judged)
    elif duty.callback and call.ani:
        owed = CallbackOwed(
            event_id=f"{call.id}.owed",
            call_id=call.id,
            at=now,
            ticket=call.ticket,
            number=call.ani,
            queue=call.queue or call.line.fallback_queue,
            due_at=when_open(hotline, call, now),
            note=f"{duty.title}无人接听，请回电",
        )
        hotline.tickets.record(owed)
    missed = DutyMissed(
        event_id=f"{call.id}.duty_missed",
        call_id=call.id,
        at=now,
        duty=duty.id,
        title=duty.title,
        reason=reason,
        asked=len(call.state.asked),
    )
    hotline.tickets.record(missed)


def when_open(hotline: Hotline, call: Call, now: datetime) -> datetime:
    """Now, or when the line opens next; now too for a line that never opens again."""

    def kind_of(day: date) -> DayKind:
        return day_kind(day, hotline.days)

    opens = next_opening(call.line.hours, now.astimezone(hotline.site.zone), kind_of)
    return opens.astimezone(now.tzinfo) if opens else now


@asynccontextmanager
async def on_hold(hotline: Hotline, call: Call) -> AsyncIterator[None]:
    """What the caller hears meanwhile: 请您稍等, music, and an apology when it gets long (TEL-5)."""
    task = asyncio.create_task(_on_hold(hotline, call), name=f"on hold {call.id}")
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])
        failure = None if task.cancelled() else task.exception()
        if failure and not isinstance(failure, ChannelGone):
            log.error("Waiting music failed: %s", failure, extra={"action": "comfort_failed", "call_id": call.id})


async def _on_hold(hotline: Hotline, call: Call) -> None:
    rules = hotline.site.wait
    prompt, silence_s = "please-wait", rules.sorry_after_s or rules.sorry_every_s
    while True:
        await call.channel.say([prompt])
        try:
            await call.channel.start_music()
            await asyncio.sleep(silence_s)
        finally:
            await call.channel.stop_music()
        prompt, silence_s = "sorry-waited", rules.sorry_every_s
