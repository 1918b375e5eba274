"""The count of outbound calls: whatever is asked for in whatever order, no limit is passed. FUP-10."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.calls.outbound import HourAndDay, Limits, OutboundRules
from config.destination import Destination, DialPermit, LimitMet, LimitName
from config.ids import ChannelId
from crm.journal.events import (
    CallAnswered,
    CallEnded,
    DialLimitNear,
    DialPurpose,
    DutyDeclined,
    Event,
    NumberDialled,
    OutsideAnswered,
    ThirdLeft,
)
from ivr.arrivals.history import recall
from ivr.live.dial_ledger import DialLedger, Wish
from tests.fakes.destinations import destination

pytestmark = pytest.mark.req("FUP-10")

ZONE = ZoneInfo("Asia/Shanghai")
NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
LIMITS = Limits(
    per_number=HourAndDay(hour=1, day=3),
    per_number_asked=HourAndDay(hour=3, day=5),
    per_agent=HourAndDay(hour=4, day=9),
    per_trunk=HourAndDay(hour=8, day=20),
    spend_per_day=10.0,
)
RULES = OutboundRules(limits=LIMITS, rates={"mobile": 0.5, "fixed": 1.0})
NUMBERS = [destination(number) for number in ("13800000001", "13800000002", "057188886666")]
NO_LIMITS = Limits(
    per_number=HourAndDay(),
    per_number_asked=HourAndDay(),
    per_agent=HourAndDay(),
    per_trunk=HourAndDay(),
    spend_per_day=None,
)


def wish(
    number: Destination = NUMBERS[0], purpose: DialPurpose = "transfer", by: str | None = "8001", **more: bool
) -> Wish:
    return Wish(destination=number, purpose=purpose, by=by, **more)


@dataclass
class Desk:
    """Asks the ledger, and writes down what it allows: as the call flow does."""

    rules: OutboundRules = RULES
    ledger: DialLedger = field(init=False)
    journal: list[Event] = field(default_factory=list)
    ids: "count[int]" = field(default_factory=lambda: count(1))

    def __post_init__(self) -> None:
        self.ledger = DialLedger(self.rules, ZONE)

    def record(self, event: Event) -> None:
        self.journal.append(event)
        self.ledger.hear(event)

    def dial(self, asked: Wish, at: datetime) -> NumberDialled | LimitMet:
        channel = ChannelId(f"c{next(self.ids)}.out1")
        permit = self.ledger.permit(asked, channel, at)
        if isinstance(permit, LimitMet):
            for told in self.ledger.news(asked, at):
                self.record(told)
            return permit
        assert permit == DialPermit(asked.destination.number, channel)
        dialled = NumberDialled(
            call_id=channel.removesuffix(".out1"),
            at=at,
            number=asked.destination.number,
            kind=asked.destination.kind,
            purpose=asked.purpose,
            channel_id=channel,
            by=asked.by,
            asked=asked.asked,
        )
        self.record(dialled)
        for told in self.ledger.news(asked, at):
            self.record(told)
        return dialled

    def restart(self) -> None:
        self.ledger = DialLedger(self.rules, ZONE)
        for event in recall(self.journal).dialled:
            self.ledger.hear(event)


def most_in_an_hour(times: Iterable[datetime]) -> int:
    known = sorted(times)
    return max((sum(each - timedelta(hours=1) < other <= each for other in known) for each in known), default=0)


def most_on_a_day(times: Iterable[datetime]) -> int:
    days = [each.astimezone(ZONE).date() for each in times]
    return max((days.count(day) for day in days), default=0)


ACTS = st.tuples(
    st.sampled_from(["dial", "dial", "dial", "dial", "answer", "end", "restart"]),
    st.sampled_from([0, 1, 30, 600, 1800, 3599, 3600, 3601, 20_000]),
    st.sampled_from(NUMBERS),
    st.sampled_from(["8001", "8002", None]),
    st.sampled_from(["callback", "reminder", "queue_callback", "transfer", "duty"]),
    st.booleans(),
)


@settings(max_examples=300, deadline=None)
@given(st.lists(ACTS, max_size=80))
def test_no_limit_is_ever_passed_and_a_restart_forgets_nothing(
    acts: list[tuple[str, int, Destination, str | None, DialPurpose, bool]],
) -> None:
    desk, at, dialled = Desk(), NOON, list[NumberDialled]()
    for act, later_s, number, by, purpose, asked in acts:
        at += timedelta(seconds=later_s)
        match act:
            case "dial":
                got = desk.dial(wish(number, purpose, by, asked=asked), at)
                if isinstance(got, LimitMet):
                    assert got.again_at > at
                else:
                    dialled.append(got)
            case "answer" if dialled:
                kind = CallAnswered if dialled[-1].purpose not in ("transfer", "duty") else OutsideAnswered
                more = {"rings": 1} if kind is CallAnswered else {"number": dialled[-1].number}
                desk.record(kind(call_id=dialled[-1].call_id, at=at, **more))
            case "end" if dialled:
                desk.record(CallEnded(call_id=dialled[-1].call_id, at=at, ended_by="caller", outcome="answered"))
            case "restart":
                before = desk.ledger.status(at)
                desk.restart()
                assert desk.ledger.status(at) == before
            case _:
                pass
    held_to = [each for each in dialled if each.purpose != "duty"]
    counted: dict[tuple[str, str], list[datetime]] = {("trunk", ""): [each.at for each in dialled]}
    for each in held_to:
        counted.setdefault(("number_asked", each.number), []).append(each.at)
        counted.setdefault(("agent", each.by or ""), []).append(each.at)
        if not each.asked:
            counted.setdefault(("number", each.number), []).append(each.at)
    counted.pop(("agent", ""), None)
    for (what, who), times in counted.items():
        limit: HourAndDay = getattr(LIMITS, f"per_{what}")
        assert most_in_an_hour(times) <= (limit.hour or 0), (what, who)
        assert most_on_a_day(times) <= (limit.day or 0), (what, who)


@given(st.lists(st.tuples(st.integers(0, 7200), st.sampled_from(NUMBERS)), max_size=60))
def test_what_may_be_made_again_at_a_time_may_be_made_then(steps: list[tuple[int, Destination]]) -> None:
    desk, at = Desk(), NOON
    for later_s, number in steps:
        at += timedelta(seconds=later_s)
        for _ in range(10):
            got = desk.dial(wish(number, asked=True), at)
            if not isinstance(got, LimitMet):
                break
            assert got.again_at > at
            at = got.again_at
        else:
            raise AssertionError(f"put off for ever: {got}")


@pytest.mark.parametrize(
    ("asked", "again_after", "limit"),
    [
        (wish(purpose="reminder", by=None), timedelta(hours=1), "number_hour"),
        (wish(NUMBERS[2], purpose="callback", by=None, asked=True), None, None),
        (wish(purpose="duty", by=None), None, None),
    ],
)
def test_a_number_that_nobody_asked_to_be_called_at_is_rung_once_an_hour(
    asked: Wish, again_after: timedelta | None, limit: LimitName | None
) -> None:
    desk = Desk()
    assert isinstance(desk.dial(asked, NOON), NumberDialled)
    again = desk.ledger.refusal(asked, NOON + timedelta(minutes=5))
    if again_after is None:
        assert again is None
    else:
        assert again == LimitMet(limit=limit or "number_hour", most=1, again_at=NOON + again_after)


def test_spend_is_a_minute_for_each_call_and_every_minute_begun_of_a_talk() -> None:
    desk = Desk(OutboundRules(limits=NO_LIMITS, rates={"mobile": 0.5, "fixed": 1.0}))
    first = desk.dial(wish(NUMBERS[0], purpose="callback"), NOON)
    assert isinstance(first, NumberDialled)
    assert desk.ledger.status(NOON)["spent_today"] == 0.5
    desk.record(CallAnswered(call_id=first.call_id, at=NOON, rings=1))
    assert desk.ledger.status(NOON + timedelta(seconds=61))["spent_today"] == 1.0
    outside = NumberDialled(
        call_id=first.call_id, at=NOON, number="057188886666", kind="fixed", purpose="transfer", channel_id="x"
    )
    desk.record(outside)
    desk.record(OutsideAnswered(call_id=first.call_id, at=NOON + timedelta(seconds=10), number="057188886666"))
    desk.record(ThirdLeft(call_id=first.call_id, at=NOON + timedelta(seconds=20), agent="8001"))
    desk.record(
        CallEnded(call_id=first.call_id, at=NOON + timedelta(seconds=121), ended_by="agent", outcome="answered")
    )
    assert desk.ledger.status(NOON + timedelta(hours=2))["spent_today"] == 1.5 + 1.0
    assert desk.ledger.status(NOON + timedelta(hours=13))["spent_today"] == 0.0


def test_who_is_on_duty_and_does_not_take_it_costs_a_minute() -> None:
    desk = Desk(OutboundRules(limits=NO_LIMITS, rates={"mobile": 0.5}))
    rung = desk.dial(wish(purpose="duty", by=None), NOON)
    assert isinstance(rung, NumberDialled)
    at = NOON + timedelta(seconds=30)
    desk.record(DutyDeclined(call_id=rung.call_id, at=at, person="甲", number=rung.number, reason="not_accepted"))
    assert desk.ledger.status(NOON + timedelta(hours=1))["spent_today"] == 0.5


def test_a_limit_is_told_before_it_is_met_and_when_it_is_once_an_hour_each() -> None:
    desk = Desk(OutboundRules(limits=NO_LIMITS.model_copy(update={"per_agent": HourAndDay(hour=5)})))
    told = []
    for minute in range(8):
        at = NOON + timedelta(minutes=minute)
        desk.dial(wish(), at)
        told.append(
            [(each.used, each.met) for each in desk.journal if isinstance(each, DialLimitNear) and each.at == at]
        )
        if minute == 5:
            desk.restart()
    assert told == [[], [], [], [(4, False)], [(5, True)], [], [], []]
    assert desk.ledger.status(NOON + timedelta(minutes=8))["met"] == ["agent_hour 8001"]
    assert desk.ledger.status(NOON + timedelta(hours=2))["met"] == []


def test_a_permit_outlives_the_controller_that_had_it() -> None:
    desk = Desk()
    dialled = desk.dial(wish(), NOON)
    assert isinstance(dialled, NumberDialled)
    desk.restart()
    channel = ChannelId(dialled.channel_id)
    assert desk.ledger.given(channel) == DialPermit(dialled.number, channel)
    assert desk.ledger.given(ChannelId("another")) is None
