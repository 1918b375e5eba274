"""A reminder that is about no booking of ours (flow): the customer answers by key. FUP-1."""

from typing import Final, Literal

from crm.followups.model import Outcome
from crm.journal.events import CallNoted
from ivr.caller.question import ask
from ivr.caller.routes import hang_up_with, lead_to_people
from ivr.live.call import Call
from ivr.live.hotline import Hotline
from ivr.outbound.attempt import Attempt

TRIES: Final = 3


async def remind(attempt: Attempt, call: Call) -> Outcome | None:
    """A reminder that is about no booking of ours: confirmed with 1, to be changed with 2; 0 leads to a person."""
    hotline = attempt.hotline
    for _ in range(TRIES):
        match await ask(call.channel, ["reminder-intro", "reminder-menu"]):
            case "1":
                return noted(hotline, call, "confirmed", "客户按键确认了预约", "reminder-confirmed")
            case "2":
                return noted(hotline, call, "changed", "客户按键要求更改预约", "reminder-change")
            case "0":
                lead_to_people(hotline, call, attempt.due.queue)
                return None
            case _:
                continue
    hang_up_with(hotline, call, "no_answer_given", "goodbye")
    return Outcome.HUNG_UP


def noted(hotline: Hotline, call: Call, outcome: Literal["confirmed", "changed"], text: str, prompt: str) -> Outcome:
    """The customer's key, on the ticket first, then spoken back: nobody is called again who has answered."""
    hotline.tickets.record(CallNoted(call_id=call.id, at=hotline.now(), action=f"reminder_{outcome}", text=text))
    hang_up_with(hotline, call, outcome, prompt, "goodbye")
    return Outcome(outcome)
