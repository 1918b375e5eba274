"""Where a call that we made is led once the customer has spoken: put on record, the loop carries it out (flow)."""

from datetime import datetime

from crm.journal.events import CallOutcome, CallQueued, CallRouted
from crm.journal.steps import HangUp, Wait
from ivr.live.call import Call
from ivr.live.hotline import Hotline


def lead_to_people(hotline: Hotline, call: Call, queue: str, *, since: datetime | None = None) -> None:
    """To the queue. `since`: the call is as old there as the place that it has."""
    if since:
        hotline.tickets.record(CallQueued(call_id=call.id, at=hotline.now(), queue=queue, since=since))
        return
    hotline.tickets.record(CallRouted(call_id=call.id, at=hotline.now(), then=Wait(queue), why="wants_person"))


def hang_up_with(hotline: Hotline, call: Call, outcome: CallOutcome, *prompts: str) -> None:
    """Say the prompts and end the call, which is called so from now on."""
    then = HangUp(prompts)
    hotline.tickets.record(CallRouted(call_id=call.id, at=hotline.now(), then=then, why="answered", outcome=outcome))
