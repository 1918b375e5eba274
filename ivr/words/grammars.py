"""Which grammar speaks to a caller, by the language chosen (rules): speech.py is Mandarin, english.py English."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from config.values.fields import Language
from ivr.words import english, speech

Clips = tuple[str, ...]


@dataclass(frozen=True)
class Grammar:
    """From values to prompt ids. `agent`: who answers (TEL-3). `position`: so many are ahead. `wait`: minutes.
    `telephone`: a number, digit by digit."""

    agent: Callable[[str], Clips]
    position: Callable[[int], Clips]
    wait: Callable[[int], Clips]
    telephone: Callable[[str], Clips]


GRAMMARS: Final[Mapping[Language, Grammar]] = {
    "zh": Grammar(
        agent=speech.agent_announcement,
        position=speech.position_announcement,
        wait=speech.wait_announcement,
        telephone=lambda digits: speech.say_digits(digits, yao=True),
    ),
    "en": Grammar(
        agent=english.agent_announcement,
        position=english.position_announcement,
        wait=english.wait_announcement,
        telephone=english.say_digits,
    ),
}
