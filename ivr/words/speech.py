"""How numbers, times, dates and positions are spoken: from values to the clips that are played one after another.

Rules: no sound and no file is touched here; every name returned is an id of prompts.yaml (TEL-3, design D8).
"""

from collections.abc import Sequence
from datetime import date, time, timedelta
from typing import Final, Literal

Measure = Literal["位", "点", "分钟", "小时", "秒"]

LARGEST_NUMBER: Final = 99_999_999
"""亿 has no clip: nothing that this hotline counts comes near it."""

MEASURES: Final[dict[Measure, str]] = {
    "位": "unit-wei",
    "点": "unit-dian",
    "分钟": "unit-fenzhong",
    "小时": "unit-xiaoshi",
    "秒": "unit-miao",
}

ZERO: Final = "num-0"
TWO_OF_A_MEASURE: Final = "num-2-liang"
ONE_IN_A_TELEPHONE_NUMBER: Final = "num-1-yao"
TEN_THOUSAND: Final = "num-10000"
PLACES: Final = ((1000, "num-1000"), (100, "num-100"), (10, "num-10"))

EVENING_BEGINS: Final = 18
"""From this hour on it is 晚上, before it 下午."""


def say_number(number: int) -> tuple[str, ...]:
    """A cardinal number, 0 to 99 999 999: 105 is 一百零五. Raises ValueError outside of that.

    二 or 两 ("two"), after the usage described in Lü Shuxiang, 《现代汉语八百词》, entries 二 and 两:
    - digit by digit, as an ordinal (二月, 二日, 二号) and as the last digit of a larger number (十二, 二十二): 二;
    - a bare 2 before a measure word (两位, 两分钟, 两点): 两;
    - before 百 either is right, this hotline says 二百; before 千 and 万 it says 两 where the number begins
      (两千, 两万, 两千万) and 二 further in (一万二千).
    零 stands once for each run of zeros inside a number, never at its end (一千零一十, 一百零五, 十万五千).
    """
    if not 0 <= number <= LARGEST_NUMBER:
        raise ValueError(f"only 0 to {LARGEST_NUMBER} can be spoken, not {number}")
    if number == 0:
        return (ZERO,)
    high, low = divmod(number, 10_000)
    clips: list[str] = []
    if high:
        clips += [TWO_OF_A_MEASURE] if high == 2 else _group(high)
        clips.append(TEN_THOUSAND)
        if 0 < low < 1000:
            clips.append(ZERO)
    clips += _group(low)
    if clips[0] == "num-2" and clips[1:2] == ["num-1000"]:
        clips[0] = TWO_OF_A_MEASURE
    if clips[:2] == ["num-1", "num-10"]:  # 十二, not 一十二; inside a number it stays 一百一十二
        del clips[0]
    return tuple(clips)


def say_count(number: int, measure: Measure) -> tuple[str, ...]:
    """So many of something: 2 位 is 两位, 12 位 is 十二位. Raises ValueError as `say_number` does."""
    return (*_counted(number), MEASURES[measure])


def say_digits(digits: str, yao: bool = False) -> tuple[str, ...]:
    """Digit by digit. `yao`: 1 is 幺, as in telephone numbers. Raises ValueError on anything but 0–9."""
    if not (digits.isascii() and digits.isdigit()):
        raise ValueError("only a non-empty string of the digits 0 to 9 can be spoken digit by digit")
    return tuple(ONE_IN_A_TELEPHONE_NUMBER if yao and digit == "1" else f"num-{digit}" for digit in digits)


def say_time(at: time) -> tuple[str, ...]:
    """A local time of day to the minute: 上午九点整, 下午两点零五分, 中午十二点半."""
    hour = at.hour if at.hour <= 12 else at.hour - 12
    if at.minute == 0:
        minutes: tuple[str, ...] = ("word-zheng",)
    elif at.minute == 30:
        minutes = ("word-half",)
    else:
        zero = (ZERO,) if at.minute < 10 else ()
        minutes = (*zero, *say_number(at.minute), "unit-fen")
    return (_part_of_day(at.hour), *say_count(hour, "点"), *minutes)


def say_date(day: date, today: date | None = None) -> tuple[str, ...]:
    """Month and day: 二月十三日. With `today` (local): 今天 or 明天 where it fits, and the year where it differs."""
    if today is not None and day == today:
        return ("day-today",)
    if today is not None and day == today + timedelta(days=1):
        return ("day-tomorrow",)
    year = (*say_digits(f"{day.year:04}"), "unit-nian") if today is not None and day.year != today.year else ()
    return (*year, *say_number(day.month), "unit-yue", *say_number(day.day), "unit-ri")


def agent_announcement(agent_id: str) -> tuple[str, ...]:
    """TEL-3: 您好，{单位}，我是客服{工号}号，很高兴为您服务. Characters of the id that are no digits are not spoken."""
    digits = "".join(character for character in agent_id if character in "0123456789")
    number = say_digits(digits) if digits else ()
    return ("greeting-default", "org-name", "agent-before", *number, "agent-after")


def position_announcement(ahead: int) -> tuple[str, ...]:
    """How many callers are still ahead of this one: 您前面还有两位客户; nobody: 您是下一位."""
    if ahead == 0:
        return ("position-first",)
    return ("position-before", *_counted(ahead), "position-after")


def wait_announcement(minutes: int) -> tuple[str, ...]:
    """The wait to be expected, in whole minutes: 预计等候两分钟; 0: 不到一分钟."""
    if minutes == 0:
        return ("wait-short",)
    return ("wait-before", *_counted(minutes), "wait-after")


def _counted(number: int) -> tuple[str, ...]:
    return (TWO_OF_A_MEASURE,) if number == 2 else say_number(number)


def _group(number: int) -> Sequence[str]:
    """The clips of 0 to 9999, with 一 before 十 and no 两; 0 is silent."""
    clips: list[str] = []
    gap = False
    for value, name in PLACES:
        digit, number = divmod(number, value)
        if digit:
            clips += [ZERO] if gap else []
            clips += [f"num-{digit}", name]
        gap = digit == 0 and bool(clips)
    if number:
        clips += [ZERO] if gap else []
        clips.append(f"num-{number}")
    return clips


def _part_of_day(hour: int) -> str:
    if hour < 6:
        return "time-dawn"
    if hour < 12:
        return "time-am"
    if hour == 12:
        return "time-noon"
    return "time-pm" if hour < EVENING_BEGINS else "time-evening"
