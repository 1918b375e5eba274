"""Calls about a booking (flow): the reminder before the visit, how it was after it. BKG-3, BKG-4.

The key is an event in the journal before anything is said to it, so neither a store that is away nor a controller that
dies loses it, and nobody who has answered is asked again.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal
from zoneinfo import ZoneInfo

from crm.bookings.model import Answer, Booking
from crm.calls.state import CallState
from crm.followups.model import Outcome, next_permitted
from crm.journal.events import BookingAnswered, CallbackOwed, CallOutcome, CallRouted, VisitRated
from crm.journal.steps import Say, Wait
from ivr.caller.question import ask
from ivr.caller.routes import hang_up_with, lead_to_people
from ivr.live.call import Call
from ivr.live.hotline import Hotline
from ivr.port.values import ChannelGone
from ivr.words.speech import say_count, say_date, say_time

REMINDER_TRIES: Final = 3
KEYS: Final[dict[str, Answer]] = {"1": "confirm", "2": "change", "3": "cancel"}
OUTCOME_OF: Final[dict[str, Outcome]] = {
    "confirm": Outcome.CONFIRMED,
    "change": Outcome.CHANGED,
    "cancel": Outcome.CANCELLED,
    "rate": Outcome.RATED,
}
CALLED: Final[dict[Outcome, CallOutcome]] = {
    Outcome.CONFIRMED: "confirmed",
    Outcome.CANCELLED: "cancelled",
    Outcome.RATED: "rated",
}
"""What the call is called after an answer that ends it."""
SPOKEN_BACK: Final = {Outcome.CONFIRMED: "reminder-confirmed", Outcome.CANCELLED: "reminder-cancelled"}
SCORES: Final = "12345"


@dataclass(frozen=True)
class VisitCall:
    """What a due call is about. `said`: what the customer answered already, to a controller that died."""

    booking: Booking
    purpose: Literal["reminder", "survey"]
    queue: str
    said: Outcome | None

    def too_late(self, now: datetime) -> bool:
        """Nobody is reminded of what has begun."""
        return self.purpose == "reminder" and self.booking.starts_at <= now


async def talk_about_visit(hotline: Hotline, call: Call, visit: VisitCall) -> Outcome | None:
    """Ask the customer, who is on the line, and lead on; what was answered, None for a wish to speak to somebody."""
    if visit.said is not None:
        return act_on(hotline, call, visit, visit.said)
    if visit.purpose == "survey":
        return await ask_how_it_was(hotline, call, visit)
    return await remind(hotline, call, visit)


def reminder_words(booking: Booking, zone: ZoneInfo, now: datetime) -> tuple[str, ...]:
    """您已预约参观, which day, which time, how many; then the keys."""
    local = booking.starts_at.astimezone(zone)
    when = (*say_date(local.date(), now.astimezone(zone).date()), *say_time(local.time()))
    return ("reminder-intro", *when, *say_count(booking.party, "位"), "reminder-menu", "reminder-menu-cancel")


async def remind(hotline: Hotline, call: Call, visit: VisitCall) -> Outcome | None:
    """1 confirms, 2 wants a change and leads to a person, 3 cancels, 0 leads to a person and changes nothing."""
    words = reminder_words(visit.booking, hotline.site.zone, hotline.now())
    for _ in range(REMINDER_TRIES):
        key = await ask(call.channel, words)
        if key == "0":
            lead_to_people(hotline, call, visit.queue)
            return None
        if answer := KEYS.get(key or ""):
            event = BookingAnswered(
                event_id=f"{call.id}.booking.{answer}",
                call_id=call.id,
                at=hotline.now(),
                booking=visit.booking.id,
                starts_at=visit.booking.starts_at,
                answer=answer,
            )
            hotline.tickets.record(event)
            return act_on(hotline, call, visit, OUTCOME_OF[answer])
    hang_up_with(hotline, call, "no_answer_given", "goodbye")
    return Outcome.HUNG_UP


def act_on(hotline: Hotline, call: Call, visit: VisitCall, said: Outcome) -> Outcome:
    """Lead on; the answer is on record: whatever happens on the line now, the customer was reached."""
    if said is Outcome.CHANGED:
        to_somebody = Say(("please-wait",), Wait(visit.queue))
        hotline.tickets.record(CallRouted(call_id=call.id, at=hotline.now(), then=to_somebody, why="wants_person"))
    else:
        hang_up_with(hotline, call, CALLED[said], SPOKEN_BACK.get(said, "survey-thanks"), "goodbye")
    return said


def owe_a_call(hotline: Hotline, state: CallState, visit: VisitCall) -> None:
    """Who asked for a change and reached nobody is called back."""
    rules, now = hotline.site.outbound, hotline.now()
    owed = CallbackOwed(
        event_id=f"{state.call_id}.change_owed",
        call_id=state.call_id,
        at=now,
        ticket=visit.booking.ticket,
        number=state.number,
        queue=visit.queue,
        due_at=next_permitted(now, rules.hours_of("callback"), hotline.site.zone),
        note=f"客户在提醒电话中要求更改预约（预约编号 {visit.booking.id}），未接通坐席",
    )
    hotline.tickets.record(owed)


async def ask_how_it_was(hotline: Hotline, call: Call, visit: VisitCall) -> Outcome:
    """1 to 5. Who hears the question and gives no answer has given one: nobody is called for it again."""
    try:
        for words in (("visit-thanks", "survey-ask"), ("survey-ask",)):
            key = await ask(call.channel, words)
            if key and key in SCORES:
                rated = VisitRated(
                    event_id=f"{call.id}.rated",
                    call_id=call.id,
                    at=hotline.now(),
                    booking=visit.booking.id,
                    score=int(key),
                )
                hotline.tickets.record(rated)
                return act_on(hotline, call, visit, Outcome.RATED)
    except ChannelGone as gone:
        if gone.channel_id != call.channel.id:
            raise
    hang_up_with(hotline, call, "no_answer_given", "goodbye")
    return Outcome.TALKED
