"""The messages one agent's pages have to see (rules: no clock, no sockets). CUS-2, style §8.7.

Of a state only the newest message is kept, so a slow page skips what is outdated; a screen pop stays until a page has
confirmed it and its call is over. The log is bounded, whatever happens.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from app.web.encoding import encode_text

MessageType = Literal["screen_pop", "agent_state", "call", "ticket", "message"]

_SUBJECT: Mapping[MessageType, str] = {
    "screen_pop": "call",
    "agent_state": "agent",
    "call": "call",
    "ticket": "ticket",
    "message": "message",
}
"""The payload field that says what a message is about: a newer one about the same replaces the older."""

READ_BY_PAGES: frozenset[MessageType] = frozenset({"ticket", "message"})
"""News of what a page reads from the API anyway when it opens."""

MAX_POPS = 50
MAX_OTHERS = 200


@dataclass(frozen=True, kw_only=True)
class Message:
    """One message as it goes out; `subject` is the call, agent, ticket… it is about."""

    seq: int
    type: MessageType
    subject: str
    ticket: str | None
    due_call: str | None
    """Of a `screen_pop` for a callback: what the agent is asked to accept."""
    settled: bool
    """Of a `call`: it is over. Of an `agent_state`: the agent has neither a call nor its wrap-up before them."""
    content: Mapping[str, object]

    @cached_property
    def text(self) -> str:
        """The JSON of it, made when the first page reads it: most news is outdated before anybody has looked."""
        return encode_text(self.content)


def is_settled(kind: MessageType, payload: Mapping[str, object]) -> bool:
    """Whether a message closes what came before it; see `Message.settled`."""
    if kind == "call":
        return payload.get("state") == "ended"
    return kind == "agent_state" and payload.get("state") in ("available", "not_ready", "logged_out")


def subject_of(kind: MessageType, payload: Mapping[str, object]) -> str:
    """What a message of this type is about. Raises ValueError when the type or its field is missing."""
    if kind not in _SUBJECT:
        raise ValueError(f"a desk knows no message of type {kind!r}")
    subject = payload.get(_SUBJECT[kind])
    if not isinstance(subject, str):
        raise ValueError(f"a {kind} message needs {_SUBJECT[kind]!r}")
    return subject


@dataclass
class DeskLog:
    """One agent's messages, oldest first. Not thread-safe: one event loop owns it."""

    acked: int = 0
    forgotten: int = 0
    """Highest sequence number that was pushed out for want of room: a page behind it has a gap."""
    _messages: dict[tuple[MessageType, str], Message] = field(default_factory=dict)

    def add(self, message: Message) -> list[Message]:
        """Keep a message; returns the screen pops that had to go although no page has confirmed them."""
        self._messages.pop((message.type, message.subject), None)
        self._messages[message.type, message.subject] = message
        self._prune()
        return self._bound()

    def after(self, seq: int | None) -> list[Message]:
        """What a page that has seen everything up to `seq` still lacks; None = a page just opened.

        A page just opened reads tickets and colleagues' messages by itself and needs no old news of them.
        """
        if seq is None:
            return [message for message in self._messages.values() if message.type not in READ_BY_PAGES]
        return [message for message in self._messages.values() if message.seq > seq]

    def ack(self, seq: int) -> None:
        """A page has shown everything up to `seq`."""
        newest = max((message.seq for message in self._messages.values()), default=self.acked)
        self.acked = max(self.acked, min(seq, newest))
        self._prune()

    def tickets_at_hand(self) -> frozenset[str]:
        """The tickets of the calls before the agent now, wrap-up included: their numbers need no mask (CUS-4)."""
        pops = self._of("screen_pop")
        return frozenset(pop.ticket for pop in pops if pop.ticket and self._is_at_hand(pop, newest=pop is pops[-1]))

    def offers(self, due_call: str) -> bool:
        """Whether the agent is being asked to take this callback."""
        pops = self._of("screen_pop")
        return any(pop.due_call == due_call and self._is_at_hand(pop, newest=pop is pops[-1]) for pop in pops)

    def _prune(self) -> None:
        """Forget the pops that a page has confirmed and that are no longer at hand."""
        pops = self._of("screen_pop")
        for pop in pops:
            if pop.seq <= self.acked and not self._is_at_hand(pop, newest=pop is pops[-1]):
                del self._messages["screen_pop", pop.subject]
                self._messages.pop(("call", pop.subject), None)

    def _bound(self) -> list[Message]:
        pops = self._of("screen_pop")
        others = [message for message in self._messages.values() if message.type != "screen_pop"]
        evicted = pops[: max(0, len(pops) - MAX_POPS)] + others[: max(0, len(others) - MAX_OTHERS)]
        for message in evicted:
            del self._messages[message.type, message.subject]
            self.forgotten = max(self.forgotten, message.seq)
        return [message for message in evicted if message.type == "screen_pop" and message.seq > self.acked]

    def _of(self, kind: MessageType) -> list[Message]:
        return [message for message in self._messages.values() if message.type == kind]

    def _is_at_hand(self, pop: Message, *, newest: bool) -> bool:
        """Its call goes on; or it was the last one, and the agent is still writing about it."""
        progress = self._messages.get(("call", pop.subject))
        over = progress is not None and progress.settled
        return not over or (newest and not any(state.settled for state in self._of("agent_state")))
