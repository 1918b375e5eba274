"""Asking something of the task that owns a talk or a supervision (flow): the one mailbox for it.

Only the owner's task changes what it owns. Everybody else (the API, a supervisor, a desk telephone) *asks*:

- Whoever asks awaits `ask(work)` and gets the result, or the refusal. Whoever stops waiting does not stop the work.
- The owner waits for `arrival()` among whatever else may happen, then `take()`s one request and `carry_out`s it: so
  everything asked is done in turn, between two things that happen, and nothing changes behind the owner's back.
- When it is over the owner `close()`s: what still waits, and whoever asks later, is refused with TalkOver.

A waiting call is no such thing: nobody waits for an answer there, and the latest wish counts (`ivr.live.waiting`).
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from ivr.port.values import ChannelGone

T = TypeVar("T")


class Refused(Exception):
    """What was asked of a talk cannot be done now; the words say why. Nothing is changed."""


class TalkOver(Refused):
    """The talk ended before it could be done."""


@dataclass(eq=False)
class Request:
    """Something asked, and who waits for the answer."""

    work: Callable[[], Awaitable[Any]]
    answer: "asyncio.Future[Any]"


class Requests:
    """See above. `of`: what it is that ends, in the words of a refusal."""

    def __init__(self, of: str) -> None:
        self._of = of
        self._waiting: deque[Request] = deque()
        self._arrival: asyncio.Future[None] | None = None
        self._over = False

    async def ask(self, work: Callable[[], Awaitable[T]]) -> T:
        """Have `work` done by the owner's task; its result. For everybody but that task.

        Raises whatever `work` raises, Refused above all; TalkOver for a party that has hung up, and when it is over.
        """
        if self._over:
            raise TalkOver(f"{self._of} is over")
        request = Request(work, asyncio.get_running_loop().create_future())
        self._waiting.append(request)
        if self._arrival and not self._arrival.done():
            self._arrival.set_result(None)
        return await asyncio.shield(request.answer)

    def arrival(self) -> "asyncio.Future[None]":
        """Done as soon as something waits to be taken. For the owner, who cancels it when something else came first."""
        self._arrival = asyncio.get_running_loop().create_future()
        if self._waiting:
            self._arrival.set_result(None)
        return self._arrival

    def take(self) -> Request | None:
        """What was asked first; None when nothing waits."""
        return self._waiting.popleft() if self._waiting else None

    async def carry_out(self, request: Request) -> Exception | None:
        """Do what was asked; who asked hears how it went. What went wrong, for the owner to judge; None: nothing."""
        try:
            result = await request.work()
        except asyncio.CancelledError:
            request.answer.cancel()
            raise
        except Exception as failure:
            gone = failure.channel_id if isinstance(failure, ChannelGone) else None
            _refuse(request, TalkOver(f"{gone} has hung up") if gone else failure)
            return failure
        if not request.answer.done():
            request.answer.set_result(result)
        return None

    def close(self) -> None:
        """It is over: what was still asked will not be done."""
        self._over = True
        while request := self.take():
            _refuse(request, TalkOver(f"{self._of} is over"))


def _refuse(request: Request, why: Exception) -> None:
    if not request.answer.done():
        request.answer.set_exception(why)
        request.answer.exception()  # whoever asked may have gone
