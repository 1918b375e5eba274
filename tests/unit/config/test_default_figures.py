"""The default figures of docs/requirements.md, each where the code has it: a site that says nothing goes by these."""

from datetime import time

import pytest

from app.web.api.common.shown import FORMS_OF_ADDRESS, TALK_AMBER_S, TALK_RED_S
from config.schema import Greetings, OutboundRules, Recording, ServiceLevel, Settings
from config.values.fields import MAX_RINGS
from routing.statistics.figures import SATISFIED, Limits


@pytest.mark.req("TEL-1")
def test_three_rings_of_five_seconds() -> None:
    assert (MAX_RINGS, Settings.model_fields["ring_period_s"].default) == (3, 5.0)
    assert (Limits().ring_limit, Limits().ring_period_s) == (3, 5.0)


@pytest.mark.req("TEL-2")
def test_a_representative_within_ten_seconds() -> None:
    assert (ServiceLevel().threshold_s, Limits().threshold_s) == (10, 10)


@pytest.mark.req("TEL-4")
def test_morning_and_evening() -> None:
    greetings = Greetings.model_construct()
    assert (greetings.morning_hours.start, greetings.morning_hours.end) == (time(6), time(11))
    assert (greetings.evening_hours.start, greetings.evening_hours.end) == (time(19), time(23))


@pytest.mark.req("TEL-8")
def test_an_outbound_talk_turns_amber_and_red() -> None:
    assert (TALK_AMBER_S, TALK_RED_S) == (150, 180)


@pytest.mark.req("TEL-9")
def test_forms_of_address() -> None:
    assert FORMS_OF_ADDRESS == ("先生", "小姐", "女士", "大爷", "奶奶")


@pytest.mark.req("TEL-10")
def test_recordings_are_announced_and_kept_for_half_a_year() -> None:
    assert (Recording().notice, Recording().retention_days) == (True, 180)


@pytest.mark.req("FUP-6")
def test_when_and_how_often_customers_are_called() -> None:
    rules = OutboundRules()
    assert [(span.start, span.end) for span in rules.hours] == [(time(9), time(12)), (time(14), time(20))]
    assert (rules.attempts, rules.gap_s) == (3, 2 * 3600)


@pytest.mark.req("QUA-1")
def test_keys_four_and_five_are_satisfied() -> None:
    assert SATISFIED == 4
