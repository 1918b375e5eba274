"""A new version of the regulation on what has been: what would have been late, and what would not. D7."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from config.service.policy import Clause, Policy, Regulation
from config.values.hours import OpeningHours
from crm.regulation.policy import Regulated
from crm.regulation.rehearsal import Compared, Count, Happening, Past, rehearse

ZONE = ZoneInfo("Asia/Shanghai")
HOURS = OpeningHours.model_validate({"weekdays": {"mon-fri": ("09:00-18:00",)}})


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-{text}").replace(tzinfo=ZONE)


SINCE, NOW = at("03-01 00:00"), at("03-20 12:00")


def clause(**fields: object) -> Clause:
    given: dict[str, object] = {
        "id": "CPL-3.branch",
        "text": "一日",
        "text_en": "one day",
        "clock": "working_days",
        "limit": 1.0,
        "starts": "received",
        "stops": "fed_back",
    }
    return Clause.model_validate(given | fields)


def rules(*versions: tuple[str, list[Clause]]) -> Regulated:
    made = [
        Regulation(in_force_from=date.fromisoformat(f"2026-{day}"), clauses={each.id: each for each in clauses})
        for day, clauses in versions
    ]
    return Regulated.of(Policy(working_time=HOURS, versions=tuple(made)), ZONE, {})


def past(ticket: str, *steps: str, **facts: object) -> Past:
    """Steps as "03-09 10:00 received", with the holder behind it where it matters."""
    happenings = []
    for step in steps:
        day, clock, name, *holder = step.split()
        happenings.append(Happening(at(f"{day} {clock}"), name, holder[0] if holder else None))  # type: ignore[arg-type]
    return Past(ticket=ticket, happenings=tuple(happenings), **facts)  # type: ignore[arg-type]


def judged(pasts: list[Past], now: list[Clause], new: list[Clause]) -> Compared:
    (one,) = rehearse(pasts, rules(("01-01", now)), rules(("01-01", new)), SINCE, NOW)
    return one


@pytest.mark.req("CPL-3")
def test_a_shorter_limit_shows_each_ticket_that_would_have_been_late() -> None:
    pasts = [
        past("a", "03-09 10:00 received", "03-09 15:00 fed_back"),
        past("b", "03-09 10:00 received", "03-10 17:00 fed_back"),
        past("c", "03-09 10:00 received", "03-12 17:00 fed_back"),
        past("d", "03-20 10:00 received"),
    ]
    found = judged(pasts, [clause()], [clause(clock="working_hours", limit=4.0)])
    assert (found.now, found.new) == (Count(4, 2, 1), Count(4, 0, 3))
    ((before, late), (_, second)) = [(was, now) for was, now in found.newly_late]
    assert (late.ticket, late.due_at, late.stopped_at) == ("a", at("03-09 14:00"), at("03-09 15:00"))
    assert before is not None and before.due_at == at("03-10 18:00")
    assert second.ticket == "b"
    assert found.no_longer_late == ()


def test_a_longer_limit_shows_what_is_no_longer_late() -> None:
    pasts = [past("c", "03-09 10:00 received", "03-12 17:00 fed_back")]
    found = judged(pasts, [clause()], [clause(limit=3.0)])
    ((before, after),) = found.no_longer_late
    assert (before.ticket, before.due_at) == ("c", at("03-10 18:00"))
    assert after is not None and (after.due_at, after.late) == (at("03-12 18:00"), False)


def test_a_clock_that_still_runs_is_late_once_its_time_is_over() -> None:
    found = judged([past("a", "03-18 10:00 received")], [clause(limit=3.0)], [clause(limit=1.0)])
    assert (found.now, found.new) == (Count(1, 0, 0), Count(1, 0, 1))
    assert found.newly_late[0][1].stopped_at is None


def test_each_start_is_a_clock_of_its_own_and_a_pause_belongs_to_it() -> None:
    pasts = [
        past(
            "a",
            "03-09 10:00 received",
            "03-09 11:00 customer_awaited",
            "03-11 11:00 customer_answered",
            "03-11 17:00 fed_back",
            "03-12 10:30 received",
            "03-17 10:00 fed_back",
        )
    ]
    paused = clause(pauses=("customer_awaited",))
    found = judged(pasts, [paused], [clause()])
    assert (found.now, found.new) == (Count(2, 1, 1), Count(2, 0, 2))
    assert [clock.round for _, clock in found.newly_late] == [1]


def test_what_was_closed_without_needing_the_step_is_no_clock() -> None:
    passing = clause(id="CPL-2.pass", clock="wall_hours", stops="passed_on")
    found = judged([past("a", "03-09 10:00 received", "03-10 10:00 closed")], [passing], [passing])
    assert found.now == Count()


@pytest.mark.req("TEL-1")
def test_a_caller_who_rang_too_long_and_gave_up_is_late_and_one_who_gave_up_soon_is_not() -> None:
    ring = clause(id="TEL-1", clock="wall_seconds", limit=90.0, starts="arrived", stops="answered")
    pasts = [
        past("a", "03-09 10:00 arrived", "03-09 10:02 ended"),
        past("b", "03-09 10:00 arrived", "03-09 10:01 ended"),
        past("c", "03-09 10:00 arrived", "03-09 10:01 answered", "03-09 10:09 ended"),
    ]
    assert judged(pasts, [ring], [ring]).now == Count(2, 1, 1)
    shorter = judged(
        pasts, [ring], [clause(id="TEL-1", clock="wall_seconds", limit=30.0, starts="arrived", stops="answered")]
    )
    assert shorter.new == Count(3, 0, 3)


def test_a_clause_applies_by_what_is_known_of_the_ticket_and_its_holder() -> None:
    branch = clause(applies={"holders": ("branch",), "kinds": ("complaint",)})
    pasts = [
        past("a", "03-09 10:00 received branch", "03-12 10:00 fed_back", kind="complaint"),
        past("b", "03-09 10:00 received aid", "03-12 10:00 fed_back", kind="complaint"),
        past("c", "03-09 10:00 received branch", "03-12 10:00 fed_back", kind="suggestion"),
        past("d", "03-09 10:00 received", "03-12 10:00 fed_back"),
    ]
    found = judged(pasts, [branch], [clause()])
    assert (found.now, found.new) == (Count(1, 0, 1), Count(4, 0, 4))
    assert [(was, clock.ticket) for was, clock in found.newly_late] == [(None, "b"), (None, "c"), (None, "d")]


def test_each_clock_goes_by_the_version_in_force_when_it_began_and_the_rehearsal_by_the_newest() -> None:
    pasts = [
        past("a", "03-09 10:00 received", "03-10 20:00 fed_back"),
        past("b", "03-12 10:00 received", "03-13 20:00 fed_back"),
        past("c", "02-26 10:00 received", "03-13 20:00 fed_back"),
    ]
    now = rules(("01-01", [clause()]), ("03-10", [clause(limit=2.0)]))
    new = rules(("01-01", [clause(limit=9.0)]), ("06-01", [clause(limit=2.0), clause(id="NEW-1")]))
    first, second = rehearse(pasts, now, new, SINCE, NOW)
    assert (first.now, first.new) == (Count(2, 1, 1), Count(2, 2, 0)), "c began before"
    assert (second.clause, second.now, second.new.clocks) == ("NEW-1", Count(), 2)


def test_a_clause_that_the_new_version_drops_is_shown_with_none() -> None:
    (kept, dropped) = rehearse(
        [past("a", "03-09 10:00 received", "03-12 10:00 fed_back")],
        rules(("01-01", [clause(), clause(id="OLD-1")])),
        rules(("01-01", [clause()])),
        SINCE,
        NOW,
    )
    assert (dropped.clause, dropped.now, dropped.new) == ("OLD-1", Count(1, 0, 1), Count())
    assert len(dropped.no_longer_late) == 1 and kept.no_longer_late == ()
