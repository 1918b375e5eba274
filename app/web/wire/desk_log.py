"""The messages one agent's pages have to see (rules: no clock, no sockets). CUS-2, style §8.7.

Of a state only the newest message is kept, so a slow page skips what is outdated; a screen pop stays until a page has
confirmed it and its call is over. The log is bounded, whatever happens.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from msgspec import Struct

from app.web.wire.desk_messages import AgentChanged, CallChanged, ColleagueWrote, DeskNews, ScreenPop, TicketChanged
from app.web.wire.encoding import encode_text
from routing.agent import AgentState

MessageType = Literal["screen_pop", "agent_state", "call", "ticket", "message"]

READ_BY_PAGES: frozenset[MessageType] = frozenset({"ticket", "message"})
"""News of what a page reads from the API anyway when it opens."""

SETTLED_STATES = frozenset({AgentState.AVAILABLE, AgentState.NOT_READY, AgentState.LOGGED_OUT})
"""Of an agent who has nothing before them."""

MAX_POPS = 50
MAX_OTHERS = 200


@dataclass(frozen=True)
class About:
    """Of two messages of one type about the same `subject` (a call, an agent, a ticket …) the newer is kept."""

    type: MessageType
    subject: str
    ticket: str | None = None
    due_call: str | None = None
    """Of a `screen_pop` for a callback: what the agent is asked to accept."""
    settled: bool = False
    """Of a `call`: it is over. Of an `agent_state`: the agent has neither a call nor its wrap-up before them."""


class Message(Struct, frozen=True, kw_only=True, eq=False, dict=True):
    """One message, made when the first page reads it: most news is outdated before anybody has looked."""

    seq: int
    about: About
    content: Callable[[], DeskNews]

    @cached_property
    def text(self) -> str:
        return encode_text(self.content())


def about_of(news: DeskNews) -> About:
    """What a message is about, by its type."""
    match news:
        case ScreenPop():
            return About("screen_pop", news.call, news.ticket, news.pop.due_call)
        case CallChanged():
            return About("call", news.call, news.ticket, settled=news.state == "ended")
        case TicketChanged():
            return About("ticket", news.ticket, news.ticket)
        case ColleagueWrote():
            return About("message", news.message)
        case AgentChanged():
            return About("agent_state", news.agent, settled=news.state in SETTLED_STATES)


@dataclass
class DeskLog:
    """One agent's messages, oldest first. Not thread-safe: one event loop owns it."""

    acked: int = 0
    forgotten: int = 0
    """Highest sequence number that was pushed out for want of room: a page behind it has a gap."""
    _messages: dict[tuple[MessageType, str], Message] = field(default_factory=dict)
    _pops: dict[str, Message] = field(default_factory=dict)
    """The screen pops among them, by call, also oldest first."""

    def add(self, message: Message) -> list[Message]:
        """Keep a message; returns the screen pops that had to go although no page has confirmed them."""
        self._messages.pop((message.about.type, message.about.subject), None)
        self._messages[message.about.type, message.about.subject] = message
        if message.about.type == "screen_pop":
            self._pops.pop(message.about.subject, None)
            self._pops[message.about.subject] = message
        self._prune()
        return self._bound()

    def after(self, seq: int | None) -> list[Message]:
        """What a page that has seen everything up to `seq` still lacks; None = a page just opened.

        A page just opened reads tickets and colleagues' messages by itself and needs no old news of them.
        """
        if seq is None:
            return [message for message in self._messages.values() if message.about.type not in READ_BY_PAGES]
        return [message for message in self._messages.values() if message.seq > seq]

    def ack(self, seq: int) -> None:
        """A page has shown everything up to `seq`."""
        newest = max((message.seq for message in self._messages.values()), default=self.acked)
        self.acked = max(self.acked, min(seq, newest))
        self._prune()

    def tickets_at_hand(self) -> frozenset[str]:
        """The tickets of the calls before the agent now, wrap-up included: their numbers need no mask (CUS-4)."""
        return frozenset(pop.about.ticket for pop in self._pops.values() if pop.about.ticket and self._is_at_hand(pop))

    def offers(self, due_call: str) -> bool:
        """Whether the agent is being asked to take this callback."""
        return any(pop.about.due_call == due_call and self._is_at_hand(pop) for pop in self._pops.values())

    def _prune(self) -> None:
        """Forget the pops that a page has confirmed and that are no longer at hand."""
        confirmed = []
        for pop in self._pops.values():
            if pop.seq > self.acked:  # and so are all behind it
                break
            confirmed.append(pop)
        for pop in [pop for pop in confirmed if not self._is_at_hand(pop)]:
            del self._messages["screen_pop", pop.about.subject], self._pops[pop.about.subject]
            self._messages.pop(("call", pop.about.subject), None)

    def _bound(self) -> list[Message]:
        lost = []
        while len(self._pops) > MAX_POPS:
            oldest = next(iter(self._pops.values()))
            self._forget(oldest)
            if oldest.seq > self.acked:
                lost.append(oldest)
        while len(self._messages) - len(self._pops) > MAX_OTHERS:
            self._forget(next(message for message in self._messages.values() if message.about.type != "screen_pop"))
        return lost

    def _forget(self, message: Message) -> None:
        """For want of room."""
        del self._messages[message.about.type, message.about.subject]
        if message.about.type == "screen_pop":
            del self._pops[message.about.subject]
        self.forgotten = max(self.forgotten, message.seq)

    def _is_at_hand(self, pop: Message) -> bool:
        """Its call goes on; or it was the last one, and the agent is still writing about it."""
        progress = self._messages.get(("call", pop.about.subject))
        if progress is None or not progress.about.settled:
            return True
        newest = next(reversed(self._pops.values()))
        return pop is newest and not any(
            message.about.settled for message in self._messages.values() if message.about.type == "agent_state"
        )
