"""A callback that keeps the place (flow): the number is asked for and confirmed; the place is handed on. FUP-1.

Who carries it on is plugged in at start (ivr/dialler.py); without that, or while the store is away, nothing is said
that could not be kept.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from config.schema import Queue
from ivr.call import Call
from ivr.grammars import GRAMMARS
from ivr.numbers import is_dialable
from ivr.telephony import Digit

TRIES: Final = 3
KEY_S: Final = 6.0
"""So long a caller has for a key, and between two digits of a number."""
SHORTEST_NUMBER: Final = 3
LONGEST_NUMBER: Final = 20


class PlaceKeeper(Protocol):
    """Whoever can keep places."""

    async def keep_place(self, call: Call, queue: Queue, number: str) -> bool:
        """True: a place of the same age is in the line, and on file; the caller's own may be given up. False: not now.

        Cancelled: nothing is kept.
        """


@dataclass
class VirtualHold:
    """The keeper, once there is one."""

    _keepers: list[PlaceKeeper] = field(default_factory=list)

    def plug_in(self, keeper: PlaceKeeper) -> None:
        self._keepers = [keeper]

    @property
    def is_open(self) -> bool:
        """Whether it may be offered at all."""
        return bool(self._keepers)

    async def keep_place(self, call: Call, queue: Queue, number: str) -> bool:
        """See PlaceKeeper."""
        return bool(self._keepers) and await self._keepers[0].keep_place(call, queue, number)


async def ask_number(call: Call) -> str | None:
    """The number to call back: the caller's own, or another one typed; spoken back until it is confirmed with 1.

    None: not confirmed in time. Raises ChannelGone.
    """
    number = call.ani if is_telephone(call.ani) else None
    for _ in range(TRIES):
        if number is None:
            number = await type_number(call)
            continue
        digits = GRAMMARS[call.language].telephone(number.removeprefix("+"))
        match await ask(call, ["callback-number", *digits, "callback-confirm"]):
            case "1":
                return number
            case "2":
                number = None
            case _:
                pass
    return None


def is_telephone(number: str) -> bool:
    """A number that can be dialled and spoken: digits, perhaps with a + before them."""
    return is_dialable(number) and number.removeprefix("+").isdigit() and len(number) >= SHORTEST_NUMBER


async def type_number(call: Call) -> str | None:
    """Digits until `#`, or until no more come; None when that is no telephone number."""
    typed = ""
    key = await ask(call, ["callback-enter"])
    while key is not None and key != "#" and len(typed) < LONGEST_NUMBER:
        typed += key
        heard = await call.channel.next_input(None, KEY_S)
        key = heard.digit if isinstance(heard, Digit) else None
    return typed if is_telephone(typed) else None


async def ask(call: Call, prompts: Sequence[str]) -> str | None:
    """A question, which a key may interrupt; None when none comes."""
    playback = await call.channel.start_playback(prompts)
    try:
        heard = await call.channel.next_input(playback, None)
        if not isinstance(heard, Digit):
            heard = await call.channel.next_input(None, KEY_S)
    finally:
        await playback.stop()
    return heard.digit if isinstance(heard, Digit) else None
