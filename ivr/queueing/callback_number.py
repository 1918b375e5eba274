"""Which number is called back (flow): the caller's own; where the site allows it another one, with a code. FUP-10.

The caller's own is what the network gave. Of another one nobody knows whose it is: so whoever answers there must key
the code that the caller was told, else nobody is connected (ADR 43).
"""

from collections.abc import Sequence
from hashlib import sha256
from typing import Final

from config.destination import Destination, NotDialled
from config.ids import CallId
from config.numbering import normalise
from ivr.caller.may_dial import enough_dialled, may_dial, note_enough, note_refused
from ivr.caller.question import KEY_S, ask
from ivr.live.call import Call
from ivr.live.dial_ledger import Wish
from ivr.live.hotline import Hotline
from ivr.port.secret_digits import SecretDigits
from ivr.port.values import Digit
from ivr.words.grammars import GRAMMARS

TRIES: Final = 3
LONGEST_NUMBER: Final = 20
CODE_LENGTH: Final = 4


async def ask_number(hotline: Hotline, call: Call) -> Destination | None:
    """The number to call back: the caller's own, or another one typed; spoken back until it is confirmed with 1.

    One that may not be dialled is refused in words; who types no other keeps waiting (FUP-10). None: not confirmed in
    time, or a limit of outbound calls is met. Raises ChannelGone.
    """
    others = hotline.site.outbound.callback_to_other_number == "with_code"
    number, refusal = call.ani or None, tuple[str, ...]()
    for _ in range(TRIES):
        if number is None and not others:
            await call.channel.say(["callback-own-only"])
            return None
        number = number or await type_digits(call, [*refusal, "callback-enter"], LONGEST_NUMBER)
        if number is None:
            continue
        own = is_own(hotline, call, number)
        judged = await may_dial(hotline, number, by_caller=not own, asked_for=own)
        if isinstance(judged, NotDialled):
            note_refused(hotline, call, judged)
            number, refusal = None, ("callback-refused",)
            continue
        if met := enough_dialled(hotline, Wish(destination=judged, purpose="queue_callback", asked=own)):
            note_enough(hotline, call, number, met)
            break
        match await confirmed(call, judged, others=others):
            case "1":
                if not own:
                    await call.channel.say(["callback-code", *code_of(call.id)])
                return judged
            case "2":
                number, refusal = None, ()
            case _:
                pass
    await call.channel.say(["callback-unavailable"])
    return None


def is_own(hotline: Hotline, call: Call, number: str) -> bool:
    """Whether this is the number that the caller is calling from, in whatever notation."""
    area = hotline.site.area_code
    return bool(call.ani) and normalise(number, area).normalised == normalise(call.ani, area).normalised


async def confirmed(call: Call, judged: Destination, *, others: bool) -> str | None:
    """1: this number; 2, where there may be others: another one."""
    digits = GRAMMARS[call.state.language].telephone(judged.number.removeprefix("+"))
    question = ("callback-confirm", "12") if others else ("callback-confirm-own", "1")
    return await ask(call.channel, ["callback-number", *digits, question[0]], keys=question[1])


def code_of(call_id: CallId) -> list[str]:
    """The digits that the caller of this call is told, as clips: the same for every controller, and for nobody else."""
    number = int.from_bytes(sha256(f"callback code of {call_id}".encode()).digest()[:4], "big")
    return [f"num-{digit}" for digit in f"{number % 10**CODE_LENGTH:0{CODE_LENGTH}}"]


async def has_code(call: Call, of: CallId) -> bool:
    """Whether whoever has answered keys the code that the caller of the call `of` was told. Raises ChannelGone."""
    wanted = "".join(clip.removeprefix("num-") for clip in code_of(of))
    for _ in range(TRIES):
        typed = await type_secret(call, ["callback-code-ask"], CODE_LENGTH)
        if typed is not None and typed.matches(wanted):
            return True
    return False


async def type_secret(call: Call, question: Sequence[str], most: int) -> SecretDigits | None:
    """As `type_digits`, of what nobody else may read. What was keyed beyond it is forgotten: it would be a try, or a
    choice of the next menu, which is on record."""
    typed = await type_digits(call, question, most)
    call.channel.expect_digits(True)
    return None if typed is None else SecretDigits(typed)


async def type_digits(call: Call, question: Sequence[str], most: int) -> str | None:
    """Digits until `#`, until there are so many, or until no more come; None for none."""
    typed = ""
    key = await ask(call.channel, question)
    while key is not None and key != "#":
        typed += key
        if len(typed) == most:
            break
        heard = await call.channel.next_input(None, KEY_S)
        key = heard.digit if isinstance(heard, Digit) else None
    return typed or None
