"""How numbers, times and positions are spoken to callers who chose English: from values to clips. See speech.py.

Rules: no sound and no file is touched here; every name returned is an id of prompts.yaml that has an English sound.
"""

from collections.abc import Iterator
from datetime import time
from typing import Final

LARGEST_NUMBER: Final = 999_999
"""There is no clip for a million: nothing that this hotline counts comes near it."""
EVENING_BEGINS: Final = 18


def say_number(number: int) -> tuple[str, ...]:
    """A cardinal number, 0 to 999 999, the American way: 105 is one hundred five. Raises ValueError outside of that."""
    if not 0 <= number <= LARGEST_NUMBER:
        raise ValueError(f"only 0 to {LARGEST_NUMBER} can be spoken, not {number}")
    return tuple(_spoken(number)) or ("num-0",)


def say_digits(digits: str) -> tuple[str, ...]:
    """Digit by digit. Raises ValueError on anything but 0–9."""
    if not (digits.isascii() and digits.isdigit()):
        raise ValueError("only a non-empty string of the digits 0 to 9 can be spoken digit by digit")
    return tuple(f"num-{digit}" for digit in digits)


def say_time(at: time) -> tuple[str, ...]:
    """A local time of day to the minute: nine o'clock in the morning, two oh five in the afternoon."""
    if at.hour == 12 and at.minute == 0:
        return ("num-12", "unit-dian", "time-noon")
    hour = say_number((at.hour - 1) % 12 + 1)
    if at.minute == 0:
        return (*hour, "unit-dian", _part_of_day(at.hour))
    oh = ("num-0-oh",) if at.minute < 10 else ()
    return (*hour, *oh, *say_number(at.minute), _part_of_day(at.hour))


def agent_announcement(agent_id: str) -> tuple[str, ...]:
    """TEL-3: Hello, {organisation}, this is agent {number} speaking. What is no digit is not spoken."""
    digits = "".join(character for character in agent_id if character in "0123456789")
    number = say_digits(digits) if digits else ()
    return ("greeting-default", "org-name", "agent-before", *number, "agent-after")


def position_announcement(ahead: int) -> tuple[str, ...]:
    """How many callers are still ahead of this one."""
    if ahead <= 1:
        return ("position-one",) if ahead else ("position-first",)
    return ("position-before", *say_number(ahead), "position-after")


def wait_announcement(minutes: int) -> tuple[str, ...]:
    """The wait to be expected, in whole minutes; 0: less than a minute."""
    if minutes <= 1:
        return ("wait-one",) if minutes else ("wait-short",)
    return ("wait-before", *say_number(minutes), "wait-after")


def _spoken(number: int) -> Iterator[str]:
    """The clips of a number; 0 is silent."""
    for value, name in ((1000, "num-1000"), (100, "num-100")):
        count, number = divmod(number, value)
        if count:
            yield from _spoken(count)
            yield name
    if number < 20:
        yield from (f"num-{number}",) if number else ()
        return
    tens, ones = divmod(number, 10)
    yield f"num-{tens * 10}"
    yield from (f"num-{ones}",) if ones else ()


def _part_of_day(hour: int) -> str:
    if hour < 12:
        return "time-am"
    return "time-pm" if hour < EVENING_BEGINS else "time-evening"
