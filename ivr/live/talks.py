"""The talks that are going on, by call: who talks with whom, and what is asked of a talk from outside.

A talk belongs to its call's task; others ask that task (`ivr.live.requests`), or wait for what happens in the talk.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import tzinfo
from enum import Enum
from typing import Any, TypeVar

from config.destination import LIMIT_WORDS, REASON_WORDS, LimitMet, NotDialled
from config.ids import AgentId, CallId
from ivr.live.call import Call
from ivr.live.parties import NotReached, Partner, Target
from ivr.live.requests import Refused as Refused
from ivr.live.requests import Request as Request
from ivr.live.requests import Requests
from ivr.live.requests import TalkOver as TalkOver
from ivr.port.telephony import Bridge, Channel, DialledChannel
from ivr.port.values import ChannelGone, TransferWish

T = TypeVar("T")


class NotDialable(Refused):
    """The number may not be dialled (FUP-10)."""

    def __init__(self, refused: NotDialled) -> None:
        super().__init__(f"the number is not dialled: {REASON_WORDS[refused.reason][1]}")
        self.refused = refused


class LimitReached(Refused):
    """The number may not be dialled now: a limit of outbound calls is met (FUP-10)."""

    def __init__(self, met: LimitMet, zone: tzinfo) -> None:
        super().__init__(f"the limit of {LIMIT_WORDS[met.limit][1]} is met: {met.most:g}")
        self.met, self.zone = met, zone


class Left(Enum):
    """Who has hung up."""

    CALLER = "caller"
    PARTNER = "partner"
    THIRD = "third"


@dataclass(frozen=True)
class ReachingDone:
    """The third party's telephone was answered, or was not: `LiveTalk.reaching` tells."""


Happening = Left | TransferWish | ReachingDone | Request


@dataclass(eq=False)
class LiveTalk:
    """One talk, from the agent's answer to the end. Only the task of its call changes it."""

    call: Call
    partner: Partner
    """Who talks with the caller now; `go_on_with` changes it when the talk is handed over."""
    recording: str | None = None
    """File name below the recordings directory; None while not recorded."""
    recording_paused: bool = False
    paused_for_space: bool = False
    """By the system, until the disk has room again."""
    held: bool = False
    """The caller hears music, outside of the bridge."""
    third: Partner | None = None
    """Whom the agent consults, or has brought in."""
    target: Target | None = None
    """Who the third party is, or shall be."""
    reaching: "asyncio.Task[Partner | NotReached] | None" = None
    """The third party's telephone is being rung."""
    ended: bool = False
    """Set by what happened: the talk is over, and the call's state says what follows."""
    stands: bool = False
    """Both parties hear each other, or it was taken up again as it was."""
    _over: bool = False
    _changed: asyncio.Event = field(default_factory=asyncio.Event)
    """Set, and replaced, when somebody else talks with the caller, and when nobody does any more."""

    def __post_init__(self) -> None:
        self._requests = Requests(f"the talk of call {self.call_id}")

    def take_reaching(self) -> "asyncio.Task[Partner | NotReached] | None":
        """Whoever takes it goes on with it, or stops it."""
        reaching, self.reaching = self.reaching, None
        return reaching

    @property
    def call_id(self) -> CallId:
        return self.call.id

    @property
    def caller(self) -> Channel:
        """The customer's channel."""
        return self.call.channel

    @property
    def agent_leg(self) -> DialledChannel:
        return self.partner.leg

    @property
    def agent_id(self) -> AgentId | None:
        """None while the caller talks with somebody outside."""
        return self.partner.agent_id

    @property
    def bridge(self) -> Bridge | None:
        """None until caller and agent are connected."""
        return self.partner.bridge

    @property
    def conference(self) -> bool:
        """All three hear each other."""
        return self.third is not None and not self.held

    async def ask(self, work: Callable[[], Awaitable[T]]) -> T:
        """Have `work` done by the talk's own task, in turn; its result. See Requests.ask."""
        return await self._requests.ask(work)

    def go_on_with(self, partner: Partner) -> None:
        """Somebody else talks with the caller from now on. For the talk's own task."""
        self.partner = partner
        self._tell_change()

    async def followed(self, leg: DialledChannel) -> bool:
        """Wait until somebody else than `leg` talks with the caller. False: nobody does, the talk is over."""
        while self.agent_leg is leg and not (self.ended or self._over):
            await self._changed.wait()
        return self.agent_leg is not leg

    def end(self) -> None:
        """The talk is over; its task thanks the caller, or goes on with what follows."""
        self.ended = True
        self._tell_change()

    def _tell_change(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    async def happens(self) -> Happening:
        """What comes next. For the talk's own task."""
        watches: dict[asyncio.Future[Any], Happening | None] = {
            asyncio.ensure_future(self.caller.wait_gone()): Left.CALLER,
            asyncio.ensure_future(self.agent_leg.wait_gone()): Left.PARTNER,
        }
        wish = asyncio.ensure_future(self.agent_leg.next_transfer())
        watches[wish] = None
        if self.third:
            watches[asyncio.ensure_future(self.third.leg.wait_gone())] = Left.THIRD
        if self.reaching:
            watches[asyncio.ensure_future(asyncio.wait([self.reaching]))] = ReachingDone()
        asked = self._requests.arrival()
        try:
            await asyncio.wait({*watches, asked}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for waiting in (*watches, asked):
                waiting.cancel()
        for watch, happening in watches.items():
            if watch.done() and not watch.cancelled():
                return happening or wish.result()
        request = self._requests.take()
        assert request, "something was asked"
        return request

    async def carry_out(self, request: Request) -> None:
        """Do what was asked; who asked hears how it went. Raises ChannelGone when the caller left meanwhile."""
        failure = await self._requests.carry_out(request)
        if isinstance(failure, ChannelGone) and failure.channel_id == self.caller.id:
            raise failure

    def close(self) -> None:
        """It is over: what was still asked will not be done."""
        self._over = True
        self._requests.close()
        self._tell_change()


class Talks:
    """All talks that are going on."""

    def __init__(self) -> None:
        self._talks: dict[CallId, LiveTalk] = {}
        self._stood = asyncio.Event()
        """Set, and replaced, when a talk stands."""

    def __len__(self) -> int:
        return len(self._talks)

    def __iter__(self) -> Iterator[LiveTalk]:
        return iter(list(self._talks.values()))

    def of(self, call_id: CallId) -> LiveTalk | None:
        """None when nobody talks in that call."""
        return self._talks.get(call_id)

    @contextmanager
    def entered(self, live: LiveTalk) -> Iterator[LiveTalk]:
        """Found under its call for as long as the `with` lasts."""
        self._talks[live.call_id] = live
        try:
            yield live
        finally:
            del self._talks[live.call_id]
            live.close()

    def stand(self, live: LiveTalk) -> None:
        """Tell whoever waits for it that both parties hear each other, or that the talk was taken up again."""
        live.stands = True
        stood, self._stood = self._stood, asyncio.Event()
        stood.set()

    async def standing(self, call_id: CallId) -> LiveTalk:
        """Wait until the talk of this call stands. It may never do so: cancel this when the call ends."""
        while not ((live := self._talks.get(call_id)) and live.stands):
            await self._stood.wait()
        return live
