"""When a waiting caller is told what: a schedule in seconds, without a clock."""

from itertools import pairwise

import pytest

from config.calls.waiting import WaitRules
from ivr.words.grammars import GRAMMARS
from ivr.words.wait_words import MUSIC_BETWEEN_S, Schedule, Topic, begin, offer_words, place_words

SAID_S = 3.0
"""So long an announcement takes here."""
EVERYTHING = WaitRules(
    position_after_s=15,
    position_every_s=60,
    comfort_after_s=30,
    comfort_every_s=30,
    sorry_after_s=60,
    sorry_every_s=60,
    callback=True,
    offer_after_s=40,
    offer_every_s=120,
)


def told(
    rules: WaitRules, until_s: float, *, waited_s: float = 0.0, can_call_back: bool = True
) -> list[tuple[str, float]]:
    schedule, story = begin(rules, waited_s, can_call_back=can_call_back), []
    while (following := schedule.next()) and following[1] < until_s:
        topic, at = following
        story.append((topic.value, at))
        schedule = schedule.said(topic, at + SAID_S)
    return story


@pytest.mark.req("TEL-5")
def test_each_thing_has_its_own_time_and_what_falls_together_is_said_one_after_the_other() -> None:
    assert told(EVERYTHING, 100) == [
        ("position", 15),
        ("comfort", 30),
        ("offer", 40),
        ("sorry", 60),
        ("comfort", 68),
        ("position", 78),
    ]


def test_there_is_always_music_between_two_announcements() -> None:
    """field.md §3, 15: no endless row of announcements, whatever the site sets."""
    hasty = EVERYTHING.model_copy(update={"position_every_s": 1.0, "comfort_every_s": 1.0, "sorry_every_s": 1.0})
    story = told(hasty, 600)
    assert len(story) > 50
    assert all(later - earlier >= SAID_S + MUSIC_BETWEEN_S for (_, earlier), (_, later) in pairwise(story))
    assert {topic for topic, _ in story} == {topic.value for topic in Topic}, "one of them was never said"


def test_a_site_that_wants_nothing_said_has_music_only() -> None:
    assert told(WaitRules(sorry_after_s=None), 3600) == []


def test_a_callback_is_not_offered_where_nobody_can_be_dialled() -> None:
    assert "offer" not in [topic for topic, _ in told(EVERYTHING, 600, can_call_back=False)]
    also_message = EVERYTHING.model_copy(update={"message": True})
    schedule = begin(also_message, 0, can_call_back=False)
    assert offer_words(schedule) == ("message-offer",)
    assert offer_words(begin(also_message, 0, can_call_back=True)) == ("callback-offer", "message-offer")


def test_who_has_waited_already_hears_the_position_at_once_and_the_rest_in_its_time() -> None:
    story = told(EVERYTHING, 300, waited_s=200)
    assert story[0] == ("position", 200)
    assert dict(reversed(story)) == {"position": 200, "comfort": 230, "sorry": 260}


def test_words_of_comfort_take_turns() -> None:
    rules = WaitRules(comfort=("one", "two"), comfort_after_s=10)
    schedule, words = Schedule(rules, can_call_back=False), []
    for at in (10.0, 70.0, 130.0):
        words.append(schedule.comfort())
        schedule = schedule.said(Topic.SORRY, at).said(Topic.COMFORT, at)
    assert words == ["one", "two", "one"]


@pytest.mark.parametrize(
    ("wait_s", "spoken"),
    [
        (None, ()),
        (0.0, ("wait-short",)),
        (59.0, ("wait-short",)),
        (60.0, ("wait-before", "num-1", "wait-after")),
        (61.0, ("wait-before", "num-2-liang", "wait-after")),
    ],
)
def test_the_wait_is_told_in_whole_minutes_and_never_less_than_expected(
    wait_s: float | None, spoken: tuple[str, ...]
) -> None:
    assert place_words(GRAMMARS["zh"], 0, wait_s) == ("position-first", *spoken)


def test_each_language_has_its_own_words_for_the_same_place() -> None:
    assert place_words(GRAMMARS["zh"], 1, None) == ("position-before", "num-1", "position-after")
    assert place_words(GRAMMARS["en"], 1, None) == ("position-one",)
