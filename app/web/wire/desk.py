"""The way of news to agents' pages: publish never waits, each page reads at its own pace (adapter). CUS-2, style §8.7.

A page that was away says which number it saw last and gets what it missed. What to keep is decided in desk_log.py; the
socket itself is in live.py.
"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

import msgspec

from app.web.wire.desk_log import SETTLED_STATES, About, DeskLog, Message, about_of
from app.web.wire.desk_messages import AgentChanged, DeskNews
from routing.agent import AgentState

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

    def publish(self, agent: str, news: DeskNews) -> None:
        """Give a message to all pages of an agent, also those that open later; its number and time are given here.
        Returns at once."""
        self._keep(agent, news, lambda: news)

    def publish_state(self, agent: str, state: AgentState, now: Callable[[], AgentChanged]) -> None:
        """An agent's own state has changed. `now` tells it as it is when the first page reads the message: agents
        change five times in a call, and most of it is outdated before anybody has looked."""
        self._keep(agent, About("agent_state", agent, settled=state in SETTLED_STATES), now)

    def _keep(self, agent: str, about: DeskNews | About, news: Callable[[], DeskNews]) -> None:
        self._seq += 1
        seq, at = self._seq, self._clock()
        message = Message(
            seq=seq,
            about=about if isinstance(about, About) else about_of(about),
            content=lambda: msgspec.structs.replace(news(), seq=seq, at=at),
        )
        for lost in self._desks[agent].add(message):
            log.warning(
                "Agent %s never saw the screen pop of call %s: no page was open for too many calls",
                agent,
                lost.about.subject,
                extra={"action": "screen_pop_lost", "agent": agent, "call_id": lost.about.subject},
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
