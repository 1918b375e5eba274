"""Who may be in a call besides the caller, as this process holds them (flow): partners, targets, agents held."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from config.ids import AgentId, ChannelId
from crm.journal.events import NotReachedReason
from ivr.port.telephony import Bridge, DialledChannel
from routing.acd import Place
from routing.agent import Reservation


@dataclass
class Partner:
    """A party that talks with the caller: an agent, who is talking as far as the ACD is concerned; or somebody outside.

    An agent has a `reservation`, somebody outside a `number`; a `supervisor` who took over has neither.
    """

    leg: DialledChannel
    reservation: Reservation | None
    bridge: Bridge | None = None
    number: str | None = None
    supervisor: AgentId | None = None

    @property
    def agent_id(self) -> AgentId | None:
        """None for somebody outside."""
        return self.reservation.agent_id if self.reservation else self.supervisor


@dataclass(frozen=True)
class Target:
    """Whom a call is handed to: an agent by number, a queue by name, a line by its number, or a number outside.

    `by`: the agent who hands it over.
    """

    kind: Literal["agent", "queue", "line", "number"]
    to: str
    by: str | None = None


@dataclass(frozen=True)
class NotReached:
    """Nobody answered there."""

    reason: NotReachedReason


@dataclass(frozen=True)
class HeldTalk:
    """Who talks in a call that goes on: nobody (`partner` None), an agent, perhaps one who has a third party there.

    `inside`: who is in the bridge.
    """

    partner: Partner | None = None
    third: Partner | None = None
    inside: frozenset[ChannelId] = frozenset()

    @property
    def talking(self) -> Partner | None:
        """Who goes on with the caller: the agent, or else whom the agent consulted."""
        return self.partner or self.third

    @property
    def legs(self) -> set[ChannelId]:
        """Those that are not strays."""
        return {party.leg.id for party in (self.partner, self.third) if party}


NO_TALK = HeldTalk()


Held = tuple[Reservation, ...]


@dataclass(frozen=True)
class Turn:
    """It is this call's turn: its place, which whoever takes it leaves, and the agents held. `words`: said first."""

    place: Place
    held: Held
    words: Sequence[str]
