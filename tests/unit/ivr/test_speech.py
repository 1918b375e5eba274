"""Numbers, times, dates and positions as clips: tables read as Chinese, and an own parser that reads them back."""

from datetime import date, time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from ivr.words.speech import (
    LARGEST_NUMBER,
    MEASURES,
    agent_announcement,
    position_announcement,
    say_count,
    say_date,
    say_digits,
    say_number,
    say_time,
    wait_announcement,
)

PROMPTS = Path(__file__).parents[3] / "config" / "site" / "prompts" / "prompts.yaml"
TEXTS: dict[str, str] = {name: entry["zh"] for name, entry in YAML().load(PROMPTS)["prompts"].items()}

numbers = st.integers(0, LARGEST_NUMBER) | st.integers(0, 10_000) | st.integers(0, 9_999).map(lambda n: n * 10_000)


def chinese(clips: tuple[str, ...]) -> str:
    """What is heard. An id that prompts.yaml does not have is a KeyError."""
    return "".join(TEXTS[clip] for clip in clips)


def pairs(table: str) -> list[tuple[str, str]]:
    """The entries of a table that is written as text: key, Chinese, key, Chinese …"""
    words = table.split()
    return list(zip(words[::2], words[1::2], strict=True))


def value_of(words: str) -> int:
    """Reads a Chinese number by value: 十, 百 and 千 multiply the digit before them, 万 all that went before."""
    total = group = digit = 0
    for word in words:
        if word in "零一二三四五六七八九":
            digit = "零一二三四五六七八九".index(word)
        elif word == "两":
            digit = 2
        elif word == "万":
            total, group, digit = total + (group + digit) * 10_000, 0, 0
        else:
            group += (digit or 1) * {"十": 10, "百": 100, "千": 1000}[word]
            digit = 0
    return total + group + digit


NUMBERS = """
0 零  1 一  2 二  10 十  11 十一  12 十二  20 二十  22 二十二  99 九十九  100 一百  101 一百零一
105 一百零五  110 一百一十  112 一百一十二  200 二百  202 二百零二  1000 一千  1001 一千零一
1010 一千零一十  1100 一千一百  2000 两千  2002 两千零二  2222 两千二百二十二  10_000 一万
10_001 一万零一  12_000 一万二千  20_000 两万  20_002 两万零二  100_000 十万  105_000 十万五千
110_000 十一万  120_012 十二万零一十二  200_000 二十万  2_000_000 二百万  10_001_000 一千万一千
10_100_010 一千零一十万零一十  20_000_000 两千万  20_020_000 两千零二万
22_222_222 两千二百二十二万二千二百二十二  99_999_999 九千九百九十九万九千九百九十九
"""


@pytest.mark.parametrize(("number", "words"), pairs(NUMBERS))
def test_numbers_are_read_as_they_are_spoken(number: str, words: str) -> None:
    assert chinese(say_number(int(number))) == words


@given(numbers)
def test_a_spoken_number_is_heard_as_that_number(number: int) -> None:
    assert value_of(chinese(say_number(number))) == number


@given(numbers)
def test_zero_is_spoken_once_for_a_gap_and_never_at_the_end(number: int) -> None:
    words = chinese(say_number(number))
    assert "零零" not in words
    assert number == 0 or not (words.startswith("零") or words.endswith("零"))
    assert "零万" not in words


@pytest.mark.parametrize("number", [-1, LARGEST_NUMBER + 1])
def test_what_has_no_clips_is_refused(number: int) -> None:
    with pytest.raises(ValueError, match=str(number)):
        say_number(number)


@pytest.mark.parametrize(
    ("count", "words"),
    [
        (0, "零位"),
        (1, "一位"),
        (2, "两位"),
        (10, "十位"),
        (12, "十二位"),
        (22, "二十二位"),
        (102, "一百零二位"),
        (2000, "两千位"),
    ],
)
def test_two_before_a_measure_word_is_liang_and_only_then(count: int, words: str) -> None:
    assert chinese(say_count(count, "位")) == words


@pytest.mark.parametrize("measure", list(MEASURES))
def test_every_measure_word_has_its_clip(measure: str) -> None:
    assert chinese(say_count(2, measure)) == f"两{measure}"  # type: ignore[arg-type]


def test_digits_one_by_one_with_yao_in_telephone_numbers() -> None:
    assert chinese(say_digits("8001")) == "八零零一"
    assert chinese(say_digits("13800138000", yao=True)) == "幺三八零零幺三八零零零"


@given(st.text("0123456789", min_size=1))
def test_digits_are_neither_lost_nor_joined(digits: str) -> None:
    assert len(say_digits(digits)) == len(digits)
    assert chinese(say_digits(digits, yao=True)) == chinese(say_digits(digits)).replace("一", "幺")


@pytest.mark.parametrize("digits", ["", "80a1", "８００１", "-1", "8 1", "²"])
def test_only_digits_are_spoken_as_digits(digits: str) -> None:
    with pytest.raises(ValueError, match="digits"):
        say_digits(digits)


TIMES = """
00:00 凌晨零点整  00:05 凌晨零点零五分  05:59 凌晨五点五十九分  06:00 上午六点整  09:00 上午九点整
11:10 上午十一点十分  12:00 中午十二点整  12:30 中午十二点半  13:00 下午一点整  14:05 下午两点零五分
14:02 下午两点零二分  14:22 下午两点二十二分  17:59 下午五点五十九分  18:00 晚上六点整
22:30 晚上十点半  23:59 晚上十一点五十九分
"""


@pytest.mark.parametrize(("at", "words"), pairs(TIMES))
def test_times_of_day(at: str, words: str) -> None:
    assert chinese(say_time(time.fromisoformat(at))) == words


@given(st.times())
def test_every_minute_of_the_day_can_be_spoken_and_is_told_from_the_others(at: time) -> None:
    words = chinese(say_time(at))
    other = at.replace(minute=(at.minute + 1) % 60)
    assert words != chinese(say_time(other))


@pytest.mark.parametrize(
    ("day", "today", "words"),
    [
        ("2026-02-13", None, "二月十三日"),
        ("2026-12-02", None, "十二月二日"),
        ("2026-11-22", "2026-11-22", "今天"),
        ("2027-01-01", "2026-12-31", "明天"),
        ("2026-11-24", "2026-11-22", "十一月二十四日"),
        ("2027-01-02", "2026-11-22", "二零二七年一月二日"),
    ],
)
def test_dates(day: str, today: str | None, words: str) -> None:
    known = date.fromisoformat(today) if today else None
    assert chinese(say_date(date.fromisoformat(day), known)) == words


@given(st.dates(), st.dates())
def test_every_date_can_be_spoken(day: date, today: date) -> None:
    assert chinese(say_date(day, today))
    assert chinese(say_date(day)).endswith("日")


@pytest.mark.req("TEL-3")
def test_the_agent_is_announced_with_hall_and_number() -> None:
    assert chinese(agent_announcement("8001")) == "您好城市规划展览馆我是客服八零零一号，很高兴为您服务"


@given(st.text())
def test_an_announcement_never_fails_whatever_the_agent_is_called(agent_id: str) -> None:
    assert chinese(agent_announcement(agent_id)).startswith("您好")


def test_positions() -> None:
    said = [chinese(position_announcement(n)) for n in (0, 1, 2, 12, 102)]
    assert said == [
        "您是下一位",
        "您前面还有一位客户",
        "您前面还有两位客户",
        "您前面还有十二位客户",
        "您前面还有一百零二位客户",
    ]


def test_waits() -> None:
    said = [chinese(wait_announcement(n)) for n in (0, 1, 2, 20)]
    assert said == ["预计等候不到一分钟", "预计等候一分钟", "预计等候两分钟", "预计等候二十分钟"]
