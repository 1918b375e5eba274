"""Plays music and announcements to a waiting caller (flow), and listens for the keys that ask for more.

It runs beside the search for an agent (offer.py), which is never delayed by it: when somebody answers, it is silenced
first. TEL-1, TEL-5, FUP-1.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from enum import Enum
from functools import cached_property

from config.schema import Queue
from ivr.caller.answer import answer
from ivr.live.call import Call
from ivr.live.hotline import Hotline
from ivr.port.values import ChannelGone, Digit
from ivr.queueing.callback_number import ask_number
from ivr.words.grammars import GRAMMARS
from ivr.words.wait_words import Schedule, Topic, begin, offer_words, place_words
from routing.waiting.estimate import expected_wait_s

log = logging.getLogger(__name__)

KEYS = {"1": "callback", "2": "message"}
QUIET_S = 0.5
"""An agent who is free may answer at once: then nothing is begun, and nothing has to be cut short."""
PAST_THE_EDGE_S = 0.1
"""An answer is not on the edge of its ring: a clock that is being put right, by half a percent, would count the one
before. TEL-1"""


class CallerChoice(Enum):
    """What ends the wait on the caller's own wish."""

    MESSAGE = "message"
    PLACE_KEPT = "place_kept"
    """The caller will be called when it is their turn."""


class Announcer:
    """Plays to one waiting caller."""

    def __init__(self, hotline: Hotline, call: Call, queue: Queue) -> None:
        self._hotline = hotline
        self._call = call
        self._queue = queue
        self._waited_before_s = self._waited_s()
        self._keys_open = False
        self._agent_rings = False
        self._dialogue: asyncio.Task[None] | None = None
        self.wish: asyncio.Future[CallerChoice] = asyncio.get_running_loop().create_future()

    @cached_property
    def _schedule(self) -> Schedule:
        """Made for who is still waiting when there is something to say."""
        rules = self._queue.wait or self._hotline.site.wait
        return begin(rules, self._waited_before_s, can_call_back=self._hotline.virtual_hold.is_open)

    def agent_rings(self, rings: bool) -> None:
        """While an agent's telephone rings nothing is asked of the caller: somebody may answer any moment."""
        self._agent_rings = rings
        if rings and self._dialogue:
            self._dialogue.cancel()

    async def run(self, first: Sequence[str]) -> None:
        """Play until cancelled, or until the caller has made a wish. `first`: said to who still waits."""
        if not self._call.state.answered:
            await self._pick_up_late()
        else:
            await self._say(first)
        while not self.wish.done():
            following = self._schedule.next()
            key = await self._music(following[1] if following else None)
            if key is None and following:
                key = await self._tell(following[0])
            if key is not None:
                await self._grant(key)

    async def _pick_up_late(self) -> None:
        """Lets a caller hear ringing where people answer; once ring 3 has begun, answers and apologises (TEL-1)."""
        hotline, call = self._hotline, self._call
        rung_s = (hotline.now() - call.invited_at).total_seconds()
        await asyncio.sleep(max(0.0, call.line.answer_at_s + PAST_THE_EDGE_S - rung_s))
        await answer(hotline, call)
        await self._say(["sorry-busy"])

    async def _music(self, until_s: float | None) -> str | None:
        """Music until then; a key that is open cuts it short."""
        channel = self._call.channel
        try:
            await channel.start_music()
            while True:
                left_s = None if until_s is None else until_s - self._waited_s()
                if left_s is not None and left_s <= 0:
                    return None
                heard = await channel.next_input(None, left_s)
                if isinstance(heard, Digit) and self._is_open(heard.digit):
                    return heard.digit
        finally:
            await channel.stop_music()

    async def _tell(self, topic: Topic) -> str | None:
        """Say what is due; a key that is open cuts it short."""
        if topic is Topic.OFFER:
            self._keys_open = True
        key = await self._say(self._words(topic))
        self._schedule = self._schedule.said(topic, self._waited_s())
        return key

    async def _say(self, prompts: Sequence[str]) -> str | None:
        playback = await self._call.channel.start_playback(prompts)
        try:
            while isinstance(heard := await self._call.channel.next_input(playback, None), Digit):
                if self._is_open(heard.digit):
                    await playback.stop()
                    return heard.digit
        except asyncio.CancelledError:
            await playback.stop()
            raise
        return None

    def _is_open(self, key: str) -> bool:
        """Whether this key means something now. What was pressed before anything was offered does not."""
        rules = self._schedule.rules
        offered = {"callback": rules.callback and self._schedule.can_call_back, "message": rules.message}
        return self._keys_open and not self._agent_rings and offered.get(KEYS.get(key, ""), False)

    async def _grant(self, key: str) -> None:
        if KEYS[key] == "message":
            self.wish.set_result(CallerChoice.MESSAGE)
            return
        self._dialogue = asyncio.create_task(self._arrange_callback(), name=f"callback for {self._call.id}")
        try:
            await asyncio.wait({self._dialogue})
            if self._dialogue.cancelled():  # it is the caller's turn, in the middle of it
                await self._say(["please-wait"])
            else:
                self._dialogue.result()
        finally:
            self._dialogue.cancel()
            await asyncio.wait({self._dialogue})
            self._dialogue = None

    async def _arrange_callback(self) -> None:
        """The number, then the place kept for it; the caller's own place is given up only after that."""
        destination = await ask_number(self._hotline, self._call)
        if destination is None:
            return
        if await self._hotline.virtual_hold.keep_place(self._call, self._queue, destination):
            self.wish.set_result(CallerChoice.PLACE_KEPT)
        else:
            await self._say(["callback-unavailable"])

    def _words(self, topic: Topic) -> Sequence[str]:
        match topic:
            case Topic.POSITION:
                return self._place_words()
            case Topic.OFFER:
                return offer_words(self._schedule)
            case Topic.SORRY:
                return ("sorry-waited",)
            case Topic.COMFORT:
                return (self._schedule.comfort(),)

    def _place_words(self) -> Sequence[str]:
        """Where the caller stands now, and how long it will take (stated in routing/waiting/estimate.py)."""
        acd, queue = self._hotline.acd, self._call.queue
        assert queue, "who waits is in a queue"
        ahead, pace, wait_s = acd.ahead_of(self._call.id), self._hotline.pace, None
        if self._schedule.rules.estimate and acd.staffed(queue):
            handling_s, patience_s = pace.mean_handling_s(queue), pace.patience_s(queue)
            wait_s = expected_wait_s(ahead, acd.staffed(queue), handling_s, patience_s)
        return place_words(GRAMMARS[self._call.state.language], ahead, wait_s)

    def _waited_s(self) -> float:
        began = self._call.state.queued_at
        assert began, "who waits has a wait clock"
        return (self._hotline.now() - began).total_seconds()


@asynccontextmanager
async def announcing(
    hotline: Hotline, call: Call, queue: Queue, first: Sequence[str] = ("please-wait",)
) -> AsyncIterator[Announcer]:
    """Play for as long as the `with` lasts; behind it the line is silent. `first`: what the caller hears at once."""
    announcer = Announcer(hotline, call, queue)
    tasks: list[asyncio.Task[None]] = []
    loop = asyncio.get_running_loop()
    quiet_s = QUIET_S if call.state.answered else 0.0
    begins = loop.call_later(
        quiet_s, lambda: tasks.append(loop.create_task(announcer.run(first), name=f"announcer {call.id}"))
    )
    try:
        yield announcer
    finally:
        begins.cancel()
        for task in tasks:
            task.cancel()
            await asyncio.wait([task])
            failure = None if task.cancelled() else task.exception()
            if failure and not isinstance(failure, ChannelGone):
                log.error("Waiting music failed: %s", failure, extra={"action": "comfort_failed", "call_id": call.id})
