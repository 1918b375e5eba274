"""Leads a caller through the menus (flow): carries out what `ivr.menus.menu` says, and tells it what happened."""

import asyncio
from datetime import datetime

from crm.journal.events import MenuChosen, MenuEntered
from crm.journal.steps import HangUp, name_of, step_of
from ivr.caller.answer import switch_language
from ivr.live.call import Call
from ivr.live.hotline import Hotline
from ivr.menus.menu import (
    Effect,
    Event,
    FirstDigitTimeout,
    InterDigitTimeout,
    Leave,
    OverallTimeout,
    Play,
    Speak,
    StartTimer,
    StopPlay,
    StopTimers,
    Timer,
    start,
    step,
)
from ivr.port.telephony import Playback
from ivr.port.values import Digit

TIMEOUTS: dict[Timer, Event] = {
    Timer.FIRST_DIGIT: FirstDigitTimeout(),
    Timer.INTER_DIGIT: InterDigitTimeout(),
    Timer.OVERALL: OverallTimeout(),
}


async def run_menu(hotline: Hotline, call: Call, menu_id: str) -> None:
    """Lead the caller from a menu to what they want: a queue, a message, or the end. Raises ChannelGone."""
    menus = hotline.site.menus_by_id
    listener = Listener(call)
    state, effects = start(menus, menu_id)
    hotline.tickets.record(MenuEntered(call_id=call.id, at=hotline.now(), menu=state.menu))
    if call.typed:  # pressed during the greeting: it cuts the menu short before it begins
        state, cut_short = step(menus, state, call.typed)
        effects = cut_short or effects
    chosen_at = call.typed.at if call.typed else None
    call.typed = None
    while True:
        for effect in effects:
            if isinstance(effect, Speak):
                switch_language(hotline, call, effect.language)
            await listener.do(effect)
            if isinstance(effect, Leave):
                hotline.tickets.record(chosen(call, effect, chosen_at or hotline.now()))
                return
        before = state.menu
        event = await listener.next_event()
        chosen_at = event.at if isinstance(event, Digit) else None
        state, effects = step(menus, state, event)
        if state.menu != before:
            hotline.tickets.record(MenuEntered(call_id=call.id, at=hotline.now(), menu=state.menu))


def chosen(call: Call, leave: Leave, at: datetime) -> MenuChosen:
    """The choice for the record; `at` is the end of the last digit, or of the timeout."""
    step = step_of(leave.action)
    return MenuChosen(
        call_id=call.id,
        at=at,
        menu=leave.menu,
        digits=leave.digits,
        choice=name_of(step),
        then=step if isinstance(step, HangUp) and step.play else None,
    )


class Listener:
    """Plays, listens and keeps the timers for one caller in the menus."""

    def __init__(self, call: Call) -> None:
        self._call = call
        self._playback: Playback | None = None
        self._due: dict[Timer, float] = {}

    async def do(self, effect: Effect) -> None:
        match effect:
            case Play(prompts=prompts):
                self._playback = await self._call.channel.start_playback(prompts)
            case StopPlay() if self._playback:
                await self._playback.stop()
                self._playback = None
            case StartTimer(timer=timer, seconds=seconds):
                self._due[timer] = asyncio.get_running_loop().time() + seconds
            case StopTimers():
                self._due.clear()
            case _:
                pass

    async def next_event(self) -> Event:
        """What happens first: a digit, the end of the prompts, or a timeout."""
        timer = min(self._due, key=self._due.__getitem__, default=None)
        now = asyncio.get_running_loop().time()
        left_s = max(0.0, self._due[timer] - now) if timer else None
        heard = await self._call.channel.next_input(self._playback, left_s)
        if heard is None and timer:
            del self._due[timer]
            return TIMEOUTS[timer]
        if not isinstance(heard, Digit):
            self._playback = None
        if heard is None:
            raise RuntimeError(f"call {self._call.id}: a menu waits for nothing")
        return heard
