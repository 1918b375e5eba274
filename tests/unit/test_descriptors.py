"""Descriptors that are left: never overestimated, and not looked up for each connection of a flood. OPS-7"""

import random
import resource

import pytest

from app.process.descriptors import LOOKS_AT_EACH, DescriptorGauge

pytestmark = pytest.mark.req("OPS-7")

LIMIT = resource.getrlimit(resource.RLIMIT_NOFILE)[0]


def test_a_flood_of_connections_is_counted_without_looking_at_all_of_them_each_time() -> None:
    dice, there, listed = random.Random(7), 50, 0

    def count() -> int:
        nonlocal listed
        listed += there
        return there

    gauge = DescriptorGauge(count)
    for _ in range(10_000):
        assert gauge.left() <= LIMIT - there, "more is promised than there is"
        if dice.random() < 0.9:
            gauge.took_one()
            there += 1
        else:
            there -= 1
    assert listed <= 10_000 * (LOOKS_AT_EACH + 1), "each connection costs the same, however many there are"


def test_what_was_given_back_is_known_after_a_look() -> None:
    there = 5000
    gauge = DescriptorGauge(lambda: there)
    assert gauge.left() == LIMIT - 5000
    gauge.took_one()
    there = 40
    assert gauge.left() == LIMIT - 5001
    gauge.look()
    assert gauge.left() == LIMIT - 40
