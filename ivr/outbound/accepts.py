"""An agent's yes to a callback, from the page to the flow that waits for it. In memory: the store keeps the proof."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from config.ids import AgentId


@dataclass(frozen=True)
class Expected:
    """One offer that may be accepted."""

    _pressed: asyncio.Event

    async def within(self, timeout_s: float) -> bool:
        """True as soon as the agent accepts, False after `timeout_s` seconds."""
        try:
            await asyncio.wait_for(self._pressed.wait(), timeout_s)
        except TimeoutError:
            return False
        return True


class Accepts:
    """Offers of due calls that are open right now."""

    def __init__(self) -> None:
        self._open: dict[tuple[int, AgentId], asyncio.Event] = {}

    @contextmanager
    def expected(self, due_call: int, agent_id: AgentId) -> Iterator[Expected]:
        """While an offer stands."""
        pressed = self._open[due_call, agent_id] = asyncio.Event()
        try:
            yield Expected(pressed)
        finally:
            del self._open[due_call, agent_id]

    def accept(self, due_call: int, agent_id: AgentId) -> bool:
        """False when this agent has no such offer (any more)."""
        pressed = self._open.get((due_call, agent_id))
        if pressed:
            pressed.set()
        return pressed is not None
