"""One supervision of a talk, and what is wished of it (flow). Who carries it out: `ivr.talking.supervision`. QUA-5."""

from dataclasses import dataclass
from enum import Enum

from config.ids import AgentId
from crm.journal.events import SupervisionEnd
from ivr.live.requests import Requests
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
    stopped: bool = False
    """Somebody wished it over."""

    def __post_init__(self) -> None:
        self.requests = Requests("the supervision")
        """What is wished of it; done by its own task."""

    async def stop(self) -> None:
        """For the session's own task."""
        self.stopped = True
