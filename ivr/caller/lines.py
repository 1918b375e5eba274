"""The line of a call: which one, whether it is open, what it does first (flow; see routing.waiting.hours)."""

from config.schema import Line
from crm.calls.state import CallState
from crm.journal.events import CallOutcome, CallRouted
from crm.journal.steps import CallStep, Menu, Wait, step_of
from crm.regulation.calendar import day_kind
from ivr.live.call import Call
from ivr.live.hotline import Hotline
from routing.waiting.hours import is_open


def is_open_now(hotline: Hotline, line: Line) -> bool:
    """TEL-6: out of hours the site says what happens, and the call is a ticket all the same."""
    local = hotline.now().astimezone(hotline.site.zone)
    return is_open(line.hours, local, day_kind(local.date(), hotline.days))


def line_of(hotline: Hotline, state: CallState) -> Line:
    """The line that serves a call; for one that we made, the first of its kind."""
    if state.direction == "outbound":
        return next((line for line in hotline.site.lines if line.kind == state.line), hotline.site.lines[0])
    return hotline.line_for(state.line_number or state.dnis)


def first_step(hotline: Hotline, line: Line) -> tuple[CallStep, CallOutcome | None]:
    """What the line does for its caller now: its people's telephones ring, or its menu is heard, or it is closed; and
    what the call is called if nothing else comes of it."""
    is_open = is_open_now(hotline, line)
    if is_open and line.answer_by == "people" and line.queue:
        return Wait(line.queue, ringing=True), None
    if is_open and line.menu:
        return Menu(line.menu), None
    return step_of(line.out_of_hours), "out_of_hours"


def enter_line(hotline: Hotline, call: Call, number: str | None) -> None:
    """Begin at a line: the one dialled, or another that an agent handed the caller to."""
    if number is not None:
        call.line = hotline.line_for(number)
    step, outcome = first_step(hotline, call.line)
    if call.state.talks:
        outcome = None
    routed = CallRouted(call_id=call.id, at=hotline.now(), then=step, why="entered_line", outcome=outcome, line=number)
    hotline.tickets.record(routed)
