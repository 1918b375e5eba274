"""A crowd of test telephones in one process: callers from the trunk and registered agents, and what each of them heard.

Every sound is timed here, so pauses of this process itself are known and not taken for the system's.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from itertools import count, pairwise
from typing import Self

from app.phone.account import Account
from app.phone.call import PhoneCall
from app.phone.media import Tone
from app.phone.sip import TestPhone
from app.phone.sound.heard import recognise, templates
from app.phone.sound.wav import read_prompts
from tests.integration.harness.running import RunningSystem

CALLERS = "127.0.0.2"
AGENTS = "127.0.0.1"
HOTLINE = "4008100002"
PULSE_S = 0.01
AFTER_A_PAUSE_S = 0.1
"""What a pause of this process delays: the packets it did not send come back through the bridge so much later."""

Manner = Callable[["AgentTelephone", PhoneCall], Awaitable[None]]
_numbers = count(13_900_000_001)


def loop_time() -> float:
    return asyncio.get_running_loop().time()


@dataclass
class Pulse:
    """Notices when this process was not running: the kernel kept its packets, and their arrival is told late."""

    beats: list[float] = field(default_factory=list)

    async def run(self) -> None:
        while True:
            self.beats.append(loop_time())
            await asyncio.sleep(PULSE_S)

    def paused_s(self, since: float, until: float) -> float:
        """How much of a span was lost to pauses of more than three beats."""
        lost = 0.0
        for earlier, later in pairwise(self.beats):
            if later - earlier > 3 * PULSE_S:
                lost += max(0.0, min(later + AFTER_A_PAUSE_S, until) - max(earlier, since))
        return lost

    def longest_gap_s(self, arrivals: Sequence[float], since: float, until: float) -> float:
        """The longest time without a packet between two instants, pauses of this process taken off."""
        instants = [since, *(at for at in arrivals if since < at < until), until]
        gaps = [(earlier, later) for earlier, later in pairwise(instants) if later - earlier > 2 * PULSE_S]
        return max((later - earlier - self.paused_s(earlier, later) for earlier, later in gaps), default=0.0)


@dataclass
class Caller:
    """Somebody who calls: a number, a telephone, the one call made."""

    number: str
    phone: TestPhone
    call: PhoneCall

    async def press(self, keys: str) -> None:
        await self.call.press(keys)

    async def hang_up(self) -> None:
        await self.phone.hang_up(self.call)


async def answer(agent: "AgentTelephone", call: PhoneCall) -> None:
    """Picks up at once and sends the agent's tone until the other side hangs up."""
    call.media.source = Tone(agent.tone_hz)
    agent.phone.answer(call)


async def let_it_ring(agent: "AgentTelephone", call: PhoneCall) -> None:
    """Does not pick up."""


@dataclass
class AgentTelephone:
    """A registered telephone; `manner` says what is done when it rings."""

    agent: str
    phone: TestPhone
    manner: Manner
    tone_hz: float
    calls: list[PhoneCall] = field(default_factory=list)
    rang: asyncio.Event = field(default_factory=asyncio.Event)

    async def serve(self) -> None:
        while True:
            call = await self.phone.next_call()
            self.calls.append(call)
            self.rang.set()
            await self.manner(self, call)

    async def ring_after(self, seen: int, timeout_s: float = 10.0) -> PhoneCall:
        """Returns the first call that rings here after `seen` others.

        `seen` is `len(calls)` before whatever makes it ring: who asks only afterwards may ask too late.
        """
        async with asyncio.timeout(timeout_s):
            while len(self.calls) <= seen:
                self.rang.clear()
                await self.rang.wait()
        return self.calls[seen]


class Crowd:
    """Use as `async with Crowd(system) as crowd` after `system.up()`; leaving hangs up and takes registrations back."""

    def __init__(self, system: RunningSystem) -> None:
        self.system = system
        self.pulse = Pulse()
        self.callers: list[Caller] = []
        self.agents: dict[str, AgentTelephone] = {}
        self._stack = AsyncExitStack()
        self._prompts = templates(read_prompts(system.site.prompts))

    async def __aenter__(self) -> Self:
        await self._stack.enter_async_context(running(self.pulse.run()))
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._stack.aclose()

    async def agent(self, agent: str, manner: Manner = answer, *, available: bool = True) -> AgentTelephone:
        """An agent's telephone, registered and available."""
        api = await self.system.api()
        account = await api.get(f"/api/agents/{agent}/telephone")
        phone = await self._stack.enter_async_context(TestPhone(AGENTS))
        await phone.register(Account(account["username"], account["secret"], self.system.sip))
        telephone = AgentTelephone(agent, phone, manner, 600.0 + 50.0 * (len(self.agents) % 20))
        self.agents[agent] = telephone
        await self._stack.enter_async_context(running(telephone.serve()))
        if available:
            await api.set_state(agent, "available")
        return telephone

    async def dial(self, dnis: str = HOTLINE, *, number: str | None = None) -> Caller:
        """A new caller whose INVITE is on its way."""
        phone = await self._stack.enter_async_context(TestPhone(CALLERS))
        number = number or str(next(_numbers))
        caller = Caller(number, phone, await phone.dial(dnis, self.system.sip, caller=number))
        self.callers.append(caller)
        return caller

    async def caller(self, dnis: str = HOTLINE, *, keys: str = "", timeout_s: float = 5.0) -> Caller:
        """A new caller who has been answered, and has pressed these keys."""
        caller = await self.dial(dnis)
        await caller.call.wait_answered(timeout_s)
        caller.call.media.source = Tone(440.0)
        if keys:
            await caller.press(keys)
        return caller

    def heard(self, caller: Caller, prompt: str, since: float = 0.0) -> bool:
        """Whether a caller has heard a prompt's beginning, from an instant of this loop's clock on."""
        return self.hears(caller.call, prompt, since)

    def hears(self, call: PhoneCall, prompt: str, since: float = 0.0) -> bool:
        """As `heard`, for any telephone's call."""
        (wanted,) = (template for template in self._prompts if template.prompt == prompt)
        return bool(recognise(call.media.heard.samples(since=since), [wanted]))

    def longest_gap_s(self, call: PhoneCall, since: float, until: float) -> float:
        """Of a call's incoming sound."""
        return self.pulse.longest_gap_s(call.media.heard.arrivals, since, until)


@asynccontextmanager
async def running(work: Awaitable[None]) -> AsyncIterator[None]:
    """Something that goes on beside the block; its failure is the block's."""
    task = asyncio.ensure_future(work)
    try:
        yield
        if task.done():
            task.result()
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
