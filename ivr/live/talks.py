"""The talks that are going on, by call: who talks with whom, and a mailbox for what is asked of a talk from outside.

A talk belongs to its call's task. Others (the API, a supervisor, a desk telephone) *ask*; that task carries it out
between two things that happen, so that nothing changes a talk behind its back, and the answer or the refusal goes to
whoever asked.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, TypeVar

from config.destination import REASON_WORDS, NotDialled
from config.ids import AgentId, CallId
from ivr.live.call import Call
from ivr.live.parties import NotReached, Partner, Target
from ivr.port.telephony import Bridge, Channel, DialledChannel
from ivr.port.values import ChannelGone, TransferWish

T = TypeVar("T")


class Refused(Exception):
    """What was asked of a talk cannot be done now; the words say why. Nothing is changed."""


class NotDialable(Refused):
    """The number may not be dialled (FUP-10)."""

    def __init__(self, refused: NotDialled) -> None:
        super().__init__(f"the number is not dialled: {REASON_WORDS[refused.reason][1]}")
        self.refused = refused


class TalkOver(Refused):
    """The talk ended before it could be done."""


class Left(Enum):
    """Who has hung up."""

    CALLER = "caller"
    PARTNER = "partner"
    THIRD = "third"


@dataclass(frozen=True)
class ReachingDone:
    """The third party's telephone was answered, or was not: `LiveTalk.reaching` tells."""


@dataclass(eq=False)
class Request:
    """Something asked of a talk."""

    work: Callable[[], Awaitable[Any]]
    answer: "asyncio.Future[Any]"


Happening = Left | TransferWish | ReachingDone | Request


@dataclass(eq=False)
class LiveTalk:
    """One talk, from the agent's answer to the end. Only the task of its call changes it."""

    call: Call
    partner: Partner
    """Who talks with the caller now: it changes when the talk is handed over."""
    recording: str | None = None
    """File name below the recordings directory; None while not recorded."""
    recording_paused: bool = False
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
    _requests: "deque[Request]" = field(default_factory=deque)
    _asked: "asyncio.Future[None] | None" = None
    """While the talk's task waits for something to happen."""
    _over: bool = False

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
        """Have `work` done by the talk's own task, in turn; its result. For everybody but that task.

        Raises Refused (also by `work` itself), TalkOver; TelephonyError of a party that has left is TalkOver too.
        Whoever stops waiting does not stop the work.
        """
        if self._over:
            raise TalkOver(f"the talk of call {self.call_id} is over")
        request = Request(work, asyncio.get_running_loop().create_future())
        self._requests.append(request)
        if self._asked and not self._asked.done():
            self._asked.set_result(None)
        return await asyncio.shield(request.answer)

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
        self._asked = asked = asyncio.get_running_loop().create_future()
        if self._requests:
            asked.set_result(None)
        try:
            await asyncio.wait({*watches, asked}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for waiting in (*watches, asked):
                waiting.cancel()
        for watch, happening in watches.items():
            if watch.done() and not watch.cancelled():
                return happening or wish.result()
        return self._requests.popleft()

    async def carry_out(self, request: Request) -> None:
        """Do what was asked; who asked hears how it went. Raises ChannelGone when the caller left meanwhile."""
        try:
            result = await request.work()
        except asyncio.CancelledError:
            request.answer.cancel()
            raise
        except ChannelGone as gone:
            self._refuse(request, TalkOver(f"{gone.channel_id} has hung up"))
            if gone.channel_id == self.caller.id:
                raise
        except Exception as exc:
            self._refuse(request, exc)
        else:
            if not request.answer.done():
                request.answer.set_result(result)

    def close(self) -> None:
        """It is over: what was still asked will not be done."""
        self._over = True
        while self._requests:
            self._refuse(self._requests.popleft(), TalkOver(f"the talk of call {self.call_id} is over"))

    def _refuse(self, request: Request, why: Exception) -> None:
        if not request.answer.done():
            request.answer.set_exception(why)
            request.answer.exception()  # whoever asked may have gone


class Talks:
    """All talks that are going on."""

    def __init__(self) -> None:
        self._talks: dict[CallId, LiveTalk] = {}

    def __len__(self) -> int:
        return len(self._talks)

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
