"""One supervision of a talk, and what is wished of it (flow). Who carries it out: `ivr.talking.supervision`. QUA-5."""

import asyncio
from collections import deque
from dataclasses import dataclass, field
from enum import Enum

from config.ids import AgentId
from crm.journal.events import SupervisionEnd
from ivr.live.talks import LiveTalk
from ivr.port.telephony import Bridge, Channel, DialledChannel


class Mode(Enum):
    LISTEN = "listen"
    """Hears both; nobody hears the supervisor."""
    WHISPER = "whisper"
    """The agent hears the supervisor, the caller does not."""
    BARGE = "barge"
    """All three hear each other."""
    TAKEOVER = "takeover"
    """The supervisor goes on with the caller in the agent's place; that ends the supervision."""


class Over(Exception):
    """The supervision ends. `reason` as in SupervisorLeft."""

    def __init__(self, reason: SupervisionEnd) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(eq=False)
class Session:
    """One supervision. `mode` is what was wished last; `joined`: the telephone was answered and the mode is on."""

    live: LiveTalk
    supervisor: AgentId
    mode: Mode
    leg: DialledChannel
    spied_on: DialledChannel
    """The agent's leg, until somebody else talks with the caller."""
    joined: bool = False
    taken_over: bool = False
    """The supervisor's leg is the talk's now."""
    snoop: Channel | None = None
    bridge: Bridge | None = None
    """In which supervisor and snoop are; None while barging."""
    wishes: "deque[tuple[Mode | None, asyncio.Future[None]]]" = field(default_factory=deque)
    """None: stop."""
    wished: asyncio.Event = field(default_factory=asyncio.Event)

    async def wish(self, mode: Mode | None) -> None:
        """Have it done by the session's own task. Raises Refused, TelephonyError."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.wishes.append((mode, done))
        self.wished.set()
        await asyncio.shield(done)
