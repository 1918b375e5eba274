"""The ticket service of unit tests: every event of a call is checked as it is recorded.

The live state equals the fold of all that was recorded of the call from its arrival on, and the call's phase goes the
ways that the table allows.
"""

from collections import defaultdict
from collections.abc import Callable
from zoneinfo import ZoneInfo

from app.run.call_path import CallPath
from crm.calls.fold import after, arrived
from crm.calls.open_calls import OpenCalls
from crm.calls.progress import ALLOWED, phase_of
from crm.calls.state import CallState
from crm.journal.events import CallArrived, CallEvent, Event
from crm.journal.journal import Journal
from crm.use_cases.tickets import Tickets


class CheckedTickets(Tickets):
    """See above. `known`: calls that were open when this controller came, as its predecessor's journal told them."""

    def __init__(
        self, journal: Journal, zone: ZoneInfo, publish: Callable[[Event], None], calls: OpenCalls | None = None
    ) -> None:
        self._hear = publish
        self.faults: list[str] = []
        self._known: dict[str, CallState] = {call.state.call_id: call.state for call in calls or ()}
        self._recorded: dict[str, list[CallEvent]] = defaultdict(list)
        super().__init__(journal, zone, self._check_and_tell, calls)

    def _check_and_tell(self, event: Event) -> None:
        if isinstance(event, CallEvent) and (live := self.calls.of(event.call_id)):
            before = self._folded(event.call_id)
            self._recorded[event.call_id].append(event)
            if self._folded(event.call_id) != live:
                self.faults.append(f"{event}: the fold of what was recorded is not the live state")
            was, now = phase_of(before or live), phase_of(live)
            if now is not was and now not in ALLOWED[was]:
                self.faults.append(f"{event} leads from {was} to {now}")
        self._hear(event)

    def assert_sound(self) -> None:
        """Nothing recorded so far has led where it must not."""
        assert self.faults == []

    def _folded(self, call_id: str) -> CallState | None:
        state = self._known.get(call_id)
        for event in self._recorded[call_id]:
            if state is None and isinstance(event, CallArrived):
                state = arrived(event)
            elif state is not None:
                state = after(state, event)
        return state


def sound(path: CallPath) -> None:
    """The ticket service of this call path was a checked one, and has seen nothing go where it must not."""
    assert isinstance(path.hotline.tickets, CheckedTickets)
    path.hotline.tickets.assert_sound()
