"""How the rules were kept, worked out by hand; periods; reports that could not be sent. RPT-3, RPT-4."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from config.words import Words
from crm.reports.compliance import ClockRow, Verdict, all_breaches, clauses_kept, verdict
from crm.reports.document import ColumnKind, shown
from crm.reports.period import Span, containing, last_over
from crm.reports.run import TRIES, again_at

START = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
NOW = START + timedelta(hours=30)
TEXTS = {"CPL-2.pass": Words("一小时内转交", "passed on within an hour"), "CPL-3.aid": Words("两个工作日", "two days")}


def clock(ticket: str, clause: str, due_h: float | None, done_h: float | None, **others: object) -> ClockRow:
    given: dict[str, object] = {
        "ticket": ticket,
        "clause": clause,
        "round": 1,
        "in_force_from": "2026-01-01",
        "started_at": START,
        "due_at": None if due_h is None else START + timedelta(hours=due_h),
        "stopped_at": None if done_h is None else START + timedelta(hours=done_h),
        "holder": "aid:hall",
        "person": "8001",
    }
    return ClockRow(**(given | others))  # type: ignore[arg-type]


@pytest.mark.req("RPT-4")
@pytest.mark.parametrize(
    ("due_h", "done_h", "expected"),
    [
        (1.0, 0.5, Verdict.KEPT),
        (1.0, 1.0, Verdict.KEPT),
        (1.0, 1.01, Verdict.BROKEN),
        (1.0, None, Verdict.BROKEN),
        (30.0, None, Verdict.RUNNING),
        (31.0, None, Verdict.RUNNING),
        (None, None, Verdict.RUNNING),
        (None, 2.0, Verdict.KEPT),
    ],
)
def test_a_clock_is_judged_by_its_instants(due_h: float | None, done_h: float | None, expected: Verdict) -> None:
    assert verdict(clock("1", "CPL-2.pass", due_h, done_h), NOW) is expected


@pytest.mark.req("RPT-4")
@pytest.mark.parametrize("ended", ["moved", "merged"])
def test_what_went_on_elsewhere_before_it_was_due_counts_neither_for_nor_against(ended: str) -> None:
    gone = clock("1", "CPL-3.aid", 20, 2, verdict=ended)
    assert verdict(gone, NOW) is Verdict.MOVED
    assert clauses_kept([gone], TEXTS, NOW)[1].share is None


@pytest.mark.req("RPT-4", "CPL-6")
def test_every_clause_is_counted_and_every_breach_named() -> None:
    kept = clauses_kept(
        [
            clock("20261123-0001", "CPL-2.pass", 1, 0.5),
            clock("20261123-0002", "CPL-2.pass", 1, 3),
            clock("20261123-0003", "CPL-2.pass", 1, None),
            clock("20261123-0004", "CPL-2.pass", 40, None),
            clock("20261123-0005", "OLD-1", 1, 2, holder="department:reception", person=None),
        ],
        TEXTS,
        NOW,
    )
    passed, never, old = kept
    assert (passed.rule, passed.applied, passed.kept, passed.broken, passed.running) == ("CPL-2.pass", 3, 1, 2, 1)
    assert passed.share == pytest.approx(1 / 3)
    assert passed.met is False
    assert (never.rule, never.applied, never.share, never.met) == ("CPL-3.aid", 0, None, None)
    assert (old.rule, old.text.zh, old.broken) == ("OLD-1", "OLD-1", 1)
    late = {breach.ticket: breach.late_s for breach in all_breaches(kept)}
    assert late == {"20261123-0002": 2 * 3600, "20261123-0003": 29 * 3600, "20261123-0005": 3600}


@pytest.mark.req("RPT-3")
@pytest.mark.parametrize(
    ("span", "day", "name", "before"),
    [
        (Span.DAILY, date(2026, 12, 1), "2026-12-01", "2026-11-30"),
        (Span.WEEKLY, date(2026, 12, 31), "2026-W53", "2026-W52"),
        (Span.WEEKLY, date(2027, 1, 3), "2026-W53", "2026-W52"),
        (Span.MONTHLY, date(2027, 1, 31), "2027-01", "2026-12"),
    ],
)
def test_periods_are_named_by_the_calendar(span: Span, day: date, name: str, before: str) -> None:
    stretch = containing(span, day)
    assert stretch.name == name
    assert stretch.before().name == before
    assert last_over(span, stretch.after) == stretch
    since, until = stretch.instants(ZoneInfo("Asia/Shanghai"))
    assert since.astimezone(UTC).hour == until.astimezone(UTC).hour == 16


@pytest.mark.req("RPT-3")
def test_a_report_that_cannot_be_sent_is_tried_again_for_two_hours_and_then_given_up() -> None:
    at, tries = NOW, 0
    while (after := again_at(tries + 1, at)) is not None:
        at, tries = after, tries + 1
    assert tries == TRIES - 1
    assert at - NOW == timedelta(minutes=127)


def test_cells_in_words() -> None:
    zone = ZoneInfo("Asia/Shanghai")
    assert shown(None, ColumnKind.COUNT, zone) == "–"
    assert shown(0.1234, ColumnKind.SHARE, zone) == "12.3%"
    assert shown(59.94, ColumnKind.SECONDS, zone) == "59.9 s"
    assert shown(90061, ColumnKind.SECONDS, zone) == "1天 1:01:01"
    assert shown(START, ColumnKind.INSTANT, zone) == "2026-11-23 09:00:00"
