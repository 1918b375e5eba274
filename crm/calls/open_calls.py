"""The calls that are open now, each with its state: the one place that knows (rules: events in, states out)."""

from collections.abc import Iterator

from crm.calls.fold import after, arrived
from crm.calls.state import CallState
from crm.journal.events import CallArrived, CallEnded, CallEvent, Event


class OpenCall:
    """One call; `state` is its latest, also after its end, for whoever holds on to it."""

    __slots__ = ("state",)

    def __init__(self, state: CallState) -> None:
        self.state = state


class OpenCalls:
    """All open calls by id."""

    def __init__(self) -> None:
        self._calls: dict[str, OpenCall] = {}

    def __len__(self) -> int:
        return len(self._calls)

    def __contains__(self, call_id: object) -> bool:
        return call_id in self._calls

    def __iter__(self) -> Iterator[OpenCall]:
        return iter(list(self._calls.values()))

    def fold(self, event: Event) -> None:
        """Take an event in. One of a call that is not open changes nothing; neither does a second arrival."""
        if isinstance(event, CallArrived):
            self._calls.setdefault(event.call_id, OpenCall(arrived(event)))
        elif isinstance(event, CallEvent) and (call := self._calls.get(event.call_id)):
            call.state = after(call.state, event)

    def put(self, state: CallState) -> None:
        """Begin with a state that is known already."""
        self._calls[state.call_id] = OpenCall(state)

    def forget_ended(self, event: Event) -> None:
        """Drop the call that this event has ended, once all who hear of events have heard of it."""
        if isinstance(event, CallEnded):
            self._calls.pop(event.call_id, None)

    def get(self, call_id: str) -> OpenCall:
        """Raises KeyError when no such call is open."""
        return self._calls[call_id]

    def of(self, call_id: str) -> CallState | None:
        """The state of a call; None when no such call is open."""
        call = self._calls.get(call_id)
        return call.state if call else None
