"""Each figure by an example worked by hand, and what must hold for any calls at all. TEL-1, TEL-2, RPT-1"""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from routing.statistics.figures import FIGURES, CallRecord, Handle, Limits, Offer, Ratio, Tally, tally, wait
from tests.fakes.call_records import at, calls, menu_call

LIMITS = Limits(ring_limit=3, ring_period_s=5.0, threshold_s=10.0, short_abandon_s=5.0)
AT_EASE = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""The machine may be busy."""

DAY = (
    menu_call("in-time", waited=8),
    menu_call("on-the-second", waited=10),
    menu_call("late", waited=25),
    menu_call("very-late", waited=41),
    menu_call("gave-up-late", waited=30, talked=None),
    menu_call("gave-up-in-time", waited=7, talked=None),
    menu_call("wrong-number", waited=2, talked=None),
    menu_call("waits", waited=None),
    menu_call("left-a-message", waited=60, talked=None, outcome="message"),
    CallRecord(call_id="rang-off", invited_at=at(0), line="hotline", ended_at=at(3), outcome="abandoned_ringing"),
)


def day_of(*those: CallRecord) -> Tally:
    day = Tally()
    for call in those:
        day.add(tally(call, LIMITS))
    return day


@pytest.mark.req("RPT-1")
@pytest.mark.parametrize(
    ("figure", "numerator", "denominator"),
    [
        # Answered in 10 s: in-time, on-the-second. Queued: all but rang-off. Short: wrong-number.
        ("service_level", 2, 9 - 1),
        # Of the four that were answered.
        ("asterisk_service_level", 2, 4),
        # With gave-up-in-time and wrong-number, of the four answered and the three who gave up waiting.
        ("asterisk_service_level_2", 2 + 2, 4 + 3),
        ("answer_rate", 4, 9),
        ("abandon_rate", 4, 10),
        ("queue_abandon_rate", 3 - 1, 9 - 1),
        ("three_rings_rate", 9, 9),
        # A person within three rings (15 s) of the INVITE: 4 + 8 s and 4 + 10 s.
        ("person_three_rings_rate", 2, 4),
        ("average_speed_of_answer", 84_000_000, 4),
    ],
)
def test_the_figures_of_a_day_worked_by_hand(figure: str, numerator: int, denominator: int) -> None:
    made = FIGURES[figure](day_of(*DAY))
    assert (made.numerator, made.denominator) == (numerator, denominator)
    assert made.value == pytest.approx(numerator / denominator / (1e6 if made.unit == "seconds" else 1))


def test_the_longest_wait_is_one_that_is_over() -> None:
    assert day_of(*DAY).longest_wait == 60_000_000


def test_nothing_counted_is_no_figure_rather_than_zero() -> None:
    assert {made(Tally()).value for made in FIGURES.values()} == {None}


@pytest.mark.req("TEL-2")
def test_where_people_answer_first_the_clock_starts_at_the_invite() -> None:
    """In the queue at once, the agent answers after 9 s or 11 s, and no system has answered before."""
    told = {"line": "hotline", "queue": "hotline", "agent": "8001", "queued_at": at(0.2)}
    good = CallRecord(call_id="a", invited_at=at(0), agent_answered_at=at(9), answered_at=at(9.1), rings=2, **told)
    bad = CallRecord(call_id="b", invited_at=at(0), agent_answered_at=at(10.1), answered_at=at(10.2), rings=3, **told)
    assert (wait(good), wait(bad)) == (timedelta(seconds=9), timedelta(seconds=10.1))
    assert (tally(good, LIMITS).within_threshold, tally(bad, LIMITS).within_threshold) == (1, 0)
    assert (tally(good, LIMITS).answered_by_system, tally(good, LIMITS).person_within_three_rings) == (0, 1)


@pytest.mark.req("TEL-1")
def test_when_the_system_steps_in_at_ring_three_both_pick_ups_are_told_apart() -> None:
    call = CallRecord(
        call_id="a",
        invited_at=at(0),
        queue="hotline",
        agent="8001",
        queued_at=at(0.2),
        answered_at=at(10),
        rings=3,
        agent_answered_at=at(15),
    )
    counted = tally(call, LIMITS)
    assert (counted.answered_by_system, counted.within_three_rings) == (1, 1)
    assert (counted.answered, counted.person_within_three_rings) == (1, 0)  # at 15 s ring four begins
    assert counted.within_threshold == 0


def test_offers_that_were_not_taken_are_counted_by_their_reason() -> None:
    reasons = ("rona", "rona", "rejected", "busy", "unreachable", "caller_hung_up", None)
    counted = tally(menu_call("c", offers=tuple(Offer(agent="8001", missed=reason) for reason in reasons)), LIMITS)
    assert (counted.offers, counted.rona, counted.refused, counted.busy, counted.unreachable) == (7, 2, 1, 1, 1)


def test_handle_time_has_talk_hold_and_wrap_up() -> None:
    """field.md §3, item 2 (asterisk#607, #1006): wrap-up ignored. It is part of the handle time, as long as it was."""
    first = Handle(agent="8001", talk=timedelta(seconds=60), hold=timedelta(seconds=10), wrap_up=timedelta(seconds=20))
    second = Handle(agent="8002", talk=timedelta(seconds=30), wrap_up=timedelta(seconds=5))
    day = day_of(menu_call("a", handles=(first,)), menu_call("b", handles=(second,)))
    assert FIGURES["average_handle_time"](day) == Ratio(125_000_000, 2, "seconds")
    assert FIGURES["average_handle_time"](day).value == 62.5
    parts = [FIGURES[f"average_{part}"](day).value for part in ("talk", "hold", "wrap_up")]
    assert parts == [45, 5, 12.5]


@pytest.mark.req("QUA-1")
def test_keys_4_and_5_are_satisfied_of_those_who_pressed_any() -> None:
    day = day_of(*(menu_call(f"c{key}", satisfaction=key) for key in (None, 1, 3, 4, 5)))
    assert FIGURES["satisfaction"](day) == Ratio(2, 4)


@pytest.mark.parametrize("outcome", ["answered", "abandoned_queue"])
def test_an_answered_call_is_never_shown_as_abandoned(outcome: str) -> None:
    """field.md §3, item 4 (IssabelFoundation/callcenter#41): whatever the end was called."""
    counted = tally(menu_call("c", outcome=outcome), LIMITS)
    assert (counted.answered, counted.abandoned, counted.abandoned_in_queue) == (1, 0, 0)


def test_who_keeps_the_place_and_hangs_up_has_not_given_up() -> None:
    """field.md §3, item 1: virtual hold."""
    counted = tally(menu_call("c", waited=30, talked=None, outcome="place_kept"), LIMITS)
    assert (counted.place_kept, counted.queued, counted.abandoned, counted.waiting) == (1, 1, 0, 0)


def test_a_call_that_nobody_took_is_counted_all_the_same() -> None:
    """field.md §3, item 10: missed calls above all."""
    counted = tally(menu_call("c", talked=None, offers=(Offer(agent="8001", missed="rona"),)), LIMITS)
    assert (counted.offered, counted.queued, counted.abandoned_in_queue, counted.rona) == (1, 1, 1, 1)


@AT_EASE
@given(st.lists(calls(), max_size=8))
def test_whatever_the_calls_no_part_is_greater_than_its_whole(those: list[CallRecord]) -> None:
    day = day_of(*those)
    assert day.offered == len(those)
    assert day.within_threshold <= day.answered <= day.queued <= day.offered
    assert day.short_abandons <= day.abandoned_in_threshold <= day.abandoned_in_queue <= day.abandoned
    assert day.answered + day.abandoned_in_queue + day.waiting <= day.queued
    assert day.within_three_rings <= day.answered_by_system <= day.offered
    shares = [made(day) for made in FIGURES.values()]
    assert all(made.value is None or 0 <= made.value <= 1 for made in shares if made.unit == "share")


@AT_EASE
@given(calls(), st.lists(calls(), max_size=8))
def test_a_call_that_goes_on_is_counted_anew_not_twice(call: CallRecord, others: list[CallRecord]) -> None:
    """field.md §3, item 4 (asterisk#1736: calls counted twice)."""
    once, again = day_of(*others), day_of(call, *others)
    again.take_back(tally(call, LIMITS))
    again.longest_wait = once.longest_wait
    assert again == once
