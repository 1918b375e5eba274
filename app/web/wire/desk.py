"""The way of news to agents' pages: publish never waits, each page reads at its own pace (adapter). CUS-2, style §8.7.

A page that was away says which number it saw last and gets what it missed. What to keep is decided in desk_log.py; the
socket itself is in live.py.
"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime

from app.web.wire.desk_log import SETTLED_STATES, DeskLog, Message, MessageType, is_settled, subject_of

log = logging.getLogger(__name__)

MAX_PAGES_PER_AGENT = 20


class TooManyPages(Exception):
    """An agent has more pages open than any person needs."""


class DeskPage:
    """One open page: knows how far it has read."""

    def __init__(self, desk: DeskLog, after: int | None) -> None:
        self._desk = desk
        self._backlog = desk.after(after)
        self._seen = after or 0
        self._news = asyncio.Event()

    def notify(self) -> None:
        self._news.set()

    def take(self) -> list[Message]:
        """What is new since the last time, oldest first; of a state that changed twice only the last."""
        self._news.clear()
        batch = self._backlog or self._desk.after(self._seen)
        self._backlog = []
        self._seen = max([self._seen, *(message.seq for message in batch)])
        return batch

    async def news(self, timeout_s: float) -> bool:
        """Wait until there is something to take; False after `timeout_s` seconds without."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._news.wait()
        except TimeoutError:
            return False
        return True


class DeskHub:
    """All agents' desks. One event loop owns it.

    Sequence numbers start at the wall clock in milliseconds, so those of a restarted server follow those before it.
    """

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._first = int(clock().timestamp() * 1000)
        self._seq = self._first
        self._desks: dict[str, DeskLog] = defaultdict(DeskLog)
        self._pages: dict[str, set[DeskPage]] = defaultdict(set)

    @property
    def newest(self) -> int:
        """The number given last; pages of any agent may see gaps in the numbers."""
        return self._seq

    def publish(self, agent: str, kind: MessageType, payload: Mapping[str, object]) -> None:
        """Give a message to all pages of an agent, also those that open later. Returns at once.

        `payload` holds plain values, datetimes (sent as UTC with milliseconds) and msgspec Structs. Raises ValueError
        for an unknown type, or when the field that says what it is about (call, agent, ticket) is missing.
        """
        if kind == "agent_state":
            payload = {"agent": agent, **payload}
        subject, settled = subject_of(kind, payload), is_settled(kind, payload)
        ticket, pop = payload.get("ticket"), payload.get("pop")
        due_call = pop.get("due_call") if isinstance(pop, Mapping) else None
        ticket, due_call = (each if isinstance(each, str) else None for each in (ticket, due_call))
        self._keep(agent, kind, subject, settled, lambda: payload, ticket, due_call)

    def publish_state(self, agent: str, state: str, payload: Callable[[], Mapping[str, object]]) -> None:
        """An agent's own state has changed. The payload of the message is asked for when the first page reads it, as
        it is then: agents change five times in a call, and most of it is outdated before anybody has looked."""
        self._keep(agent, "agent_state", agent, state in SETTLED_STATES, lambda: {"agent": agent, **payload()})

    def _keep(
        self,
        agent: str,
        kind: MessageType,
        subject: str,
        settled: bool,
        payload: Callable[[], Mapping[str, object]],
        ticket: str | None = None,
        due_call: str | None = None,
    ) -> None:
        self._seq += 1
        envelope = {"seq": self._seq, "type": kind, "at": self._clock()}
        message = Message(
            seq=self._seq,
            type=kind,
            subject=subject,
            ticket=ticket,
            due_call=due_call,
            settled=settled,
            content=lambda: {**payload(), **envelope},
        )
        for lost in self._desks[agent].add(message):
            log.warning(
                "Agent %s never saw the screen pop of call %s: no page was open for too many calls",
                agent,
                lost.subject,
                extra={"action": "screen_pop_lost", "agent": agent, "call_id": lost.subject},
            )
        for page in self._pages[agent]:
            page.notify()

    @contextmanager
    def open(self, agent: str, after: int | None) -> Iterator[DeskPage]:
        """A page for as long as the `with` lasts. Raises TooManyPages."""
        pages = self._pages[agent]
        if len(pages) >= MAX_PAGES_PER_AGENT:
            raise TooManyPages(f"agent {agent} has {len(pages)} pages open already")
        known = after if after is not None and after <= self._seq else None
        page = DeskPage(self._desks[agent], known)
        pages.add(page)
        try:
            yield page
        finally:
            pages.discard(page)

    def has_gap(self, agent: str, after: int | None) -> bool:
        """Whether a page that saw `after` last has missed messages that are no longer kept."""
        return after is not None and not max(self._first, self._desks[agent].forgotten) <= after <= self._seq

    def ack(self, agent: str, seq: int) -> None:
        """A page has shown everything up to `seq`."""
        self._desks[agent].ack(seq)

    def acked(self, agent: str) -> int:
        """The highest number a page of this agent has confirmed; 0 = none."""
        return self._desks[agent].acked

    def pages(self, agent: str) -> int:
        """How many pages of this agent are open."""
        return len(self._pages[agent])

    def tickets_at_hand(self, agent: str) -> frozenset[str]:
        """The tickets of the calls before the agent now (CUS-4)."""
        return self._desks[agent].tickets_at_hand()

    def offered_to(self, due_call: str) -> str | None:
        """The agent on whose desk this callback waits to be accepted; None when it is on nobody's."""
        return next((agent for agent, desk in self._desks.items() if desk.offers(due_call)), None)
