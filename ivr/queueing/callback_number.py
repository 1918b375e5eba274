"""Which number is called back (flow): the caller's own or one typed, spoken back until it is confirmed. FUP-10."""

from typing import Final

from config.destination import Destination, NotDialled
from ivr.caller.may_dial import may_dial, note_refused
from ivr.caller.question import KEY_S, ask
from ivr.live.call import Call
from ivr.live.hotline import Hotline
from ivr.port.values import Digit
from ivr.words.grammars import GRAMMARS

TRIES: Final = 3
LONGEST_NUMBER: Final = 20


async def ask_number(hotline: Hotline, call: Call) -> Destination | None:
    """The number to call back: the caller's own, or another one typed; spoken back until it is confirmed with 1.

    One that may not be dialled is refused in words; who types no other keeps waiting (FUP-10). None: not confirmed in
    time. Raises ChannelGone.
    """
    number, refusal = call.ani or None, tuple[str, ...]()
    for _ in range(TRIES):
        number = number or await type_number(call, *refusal)
        if number is None:
            continue
        judged = await may_dial(hotline, number, by_caller=number != call.ani, asked_for=number == call.ani)
        if isinstance(judged, NotDialled):
            note_refused(hotline, call, judged)
            number, refusal = None, ("callback-refused",)
            continue
        digits = GRAMMARS[call.state.language].telephone(judged.number.removeprefix("+"))
        match await ask(call.channel, ["callback-number", *digits, "callback-confirm"]):
            case "1":
                return judged
            case "2":
                number, refusal = None, ()
            case _:
                pass
    await call.channel.say(["callback-unavailable"])
    return None


async def type_number(call: Call, *before: str) -> str | None:
    """Digits until `#`, or until no more come; None for none. `before`: said before the question."""
    typed = ""
    key = await ask(call.channel, [*before, "callback-enter"])
    while key is not None and key != "#" and len(typed) < LONGEST_NUMBER:
        typed += key
        heard = await call.channel.next_input(None, KEY_S)
        key = heard.digit if isinstance(heard, Digit) else None
    return typed or None
