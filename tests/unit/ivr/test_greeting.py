"""The first words by hour and festival. TEL-4."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from config.schema import Greetings
from crm.regulation.calendar import Festival
from ivr.words.greeting import greeting

pytestmark = pytest.mark.req("TEL-4")

GREETINGS = Greetings()


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-11-20 {text}").replace(tzinfo=ZoneInfo("Asia/Shanghai"))


@pytest.mark.parametrize(
    ("moment", "prompt"),
    [
        ("00:00", "greeting-default"),
        ("05:59:59", "greeting-default"),
        ("06:00", "greeting-morning"),
        ("10:59:59", "greeting-morning"),
        ("11:00", "greeting-default"),
        ("18:59:59", "greeting-default"),
        ("19:00", "greeting-evening"),
        ("22:59:59", "greeting-evening"),
        ("23:00", "greeting-default"),
    ],
)
def test_by_the_hour(moment: str, prompt: str) -> None:
    assert greeting(at(moment), None, GREETINGS) == prompt


@pytest.mark.parametrize(
    ("festival", "prompt"),
    [("newyear", "greeting-newyear"), ("spring", "greeting-spring"), ("holiday", "greeting-holiday")],
)
@pytest.mark.parametrize("moment", ["08:00", "15:00", "20:00"])
def test_a_festival_goes_before_the_hour(moment: str, festival: Festival, prompt: str) -> None:
    assert greeting(at(moment), festival, GREETINGS) == prompt


def test_a_site_sets_its_own_hours_and_words() -> None:
    late = Greetings.model_validate({"morning": "ohayo", "morning_hours": "08:00-10:00"})
    assert greeting(at("07:00"), None, late) == "greeting-default"
    assert greeting(at("08:00"), None, late) == "ohayo"
