"""What a caller who chose English is told, as words."""

from datetime import time

import pytest

from config.loading.system_prompts import ENGLISH_CLIPS
from ivr.words.english import (
    LARGEST_NUMBER,
    agent_announcement,
    position_announcement,
    say_digits,
    say_number,
    say_time,
    wait_announcement,
)


def words(clips: tuple[str, ...]) -> str:
    return " ".join(clip.removeprefix("num-") for clip in clips)


@pytest.mark.parametrize(
    ("number", "spoken"),
    [
        (0, "0"),
        (7, "7"),
        (10, "10"),
        (13, "13"),
        (20, "20"),
        (42, "40 2"),
        (100, "1 100"),
        (105, "1 100 5"),
        (219, "2 100 19"),
        (1000, "1 1000"),
        (2030, "2 1000 30"),
        (15_600, "15 1000 6 100"),
        (999_999, "9 100 90 9 1000 9 100 90 9"),
    ],
)
def test_numbers(number: int, spoken: str) -> None:
    assert words(say_number(number)) == spoken


@pytest.mark.parametrize("number", [-1, LARGEST_NUMBER + 1])
def test_what_cannot_be_spoken_is_refused(number: int) -> None:
    with pytest.raises(ValueError, match="can be spoken"):
        say_number(number)


@pytest.mark.parametrize("digits", ["", "12a", "１２"])
def test_only_digits_are_spoken_one_by_one(digits: str) -> None:
    with pytest.raises(ValueError, match="digit by digit"):
        say_digits(digits)


@pytest.mark.parametrize(
    ("at", "spoken"),
    [
        (time(0, 0), "12 unit-dian time-am"),
        (time(9, 0), "9 unit-dian time-am"),
        (time(9, 5), "9 0-oh 5 time-am"),
        (time(12, 0), "12 unit-dian time-noon"),
        (time(12, 30), "12 30 time-pm"),
        (time(14, 42), "2 40 2 time-pm"),
        (time(18, 1), "6 0-oh 1 time-evening"),
        (time(23, 59), "11 50 9 time-evening"),
    ],
)
def test_times_of_day(at: time, spoken: str) -> None:
    assert words(say_time(at)) == spoken


def test_positions_and_waits_have_a_singular() -> None:
    assert [position_announcement(ahead) for ahead in (0, 1, 12)] == [
        ("position-first",),
        ("position-one",),
        ("position-before", "num-12", "position-after"),
    ]
    assert [wait_announcement(minutes) for minutes in (0, 1, 21)] == [
        ("wait-short",),
        ("wait-one",),
        ("wait-before", "num-20", "num-1", "wait-after"),
    ]


@pytest.mark.req("TEL-3")
def test_an_agent_is_announced_by_number() -> None:
    assert agent_announcement("8001") == (
        "greeting-default",
        "org-name",
        "agent-before",
        "num-8",
        "num-0",
        "num-0",
        "num-1",
        "agent-after",
    )


def test_every_clip_is_one_that_a_site_must_have() -> None:
    said = {clip for number in range(0, 12_000, 7) for clip in say_number(number)}
    said |= {clip for minute in range(0, 1440) for clip in say_time(time(minute // 60, minute % 60))}
    said |= {clip for ahead in range(200) for clip in (*position_announcement(ahead), *wait_announcement(ahead))}
    assert said <= ENGLISH_CLIPS
