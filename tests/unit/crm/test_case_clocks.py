"""The clocks of a case: who has it counts, pauses and extensions move them, versions judge their own. CPL-2, CPL-3."""

from dataclasses import replace
from datetime import date

import pytest

from config.loading.load import PRESETS
from config.loading.yaml_source import read_yaml
from config.service.policy import Clause, Policy, PresetFile, Regulation
from crm.cases.decide import situation_of
from crm.cases.file import Rules
from crm.cases.guards import receivers
from crm.cases.steps import PassedOn
from crm.regulation.policy import Regulated
from tests.fakes.case_desk import RULES, CaseDesk, at, reader


@pytest.mark.req("CPL-3")
@pytest.mark.parametrize(
    ("to", "clause", "due"),
    [
        (None, "CPL-3.branch", "2026-02-14 18:00"),  # a make-up Saturday
        ("aid:hall", "CPL-3.aid", "2026-02-24 18:00"),  # the day after the Spring Festival's nine days
        ("supervision:hall", "CPL-3.supervision", "2026-02-25 18:00"),
    ],
)
def test_over_the_spring_festival_each_party_has_its_own_working_days(to: str | None, clause: str, due: str) -> None:
    desk = CaseDesk("2026-02-13 16:00").registered()
    if to:
        desk.take("8002", "passed_on", to=to)
    assert desk.clock(clause).due_at == at(due)
    assert not desk.clock(clause).provisional
    others = {"CPL-3.branch", "CPL-3.aid", "CPL-3.supervision"} - {clause}
    running = {each.clause for each in desk.clocks() if each.stopped_at is None}
    assert not running & others


@pytest.mark.req("CPL-3")
def test_in_a_year_without_an_official_calendar_the_deadline_says_that_it_is_provisional() -> None:
    desk = CaseDesk("2027-02-04 10:00").registered()
    assert desk.clock("CPL-3.branch").provisional
    assert not desk.clock("CPL-2.pass").provisional, "hours by the wall need no calendar"


@pytest.mark.req("CPL-2")
def test_each_pass_on_begins_a_new_round_and_leaves_the_old_one_behind() -> None:
    desk = CaseDesk("2026-03-09 10:00").registered()
    desk.until("2026-03-09 11:00").take("8002", "passed_on", to="aid:hall")
    assert desk.clock("CPL-2.pass").verdict(desk.now) == "kept", "at the hour itself"
    assert desk.clock("CPL-3.branch").verdict(desk.now) == "moved"
    assert (desk.clock("CPL-2.start").due_at, desk.clock("CPL-2.start").holder) == (at("2026-03-09 13:00"), "aid:hall")
    desk.until("2026-03-09 13:01").take("8001", "passed_on", to="department:exhibits")
    assert desk.clock("CPL-2.pass", 2).verdict(desk.now) == "late"
    assert desk.clock("CPL-2.start", 1).verdict(desk.now) == "late", "they never began, and the two hours were over"
    third = desk.clock("CPL-2.start", 2)
    assert (third.holder, third.due_at, third.verdict(desk.now)) == (
        "department:exhibits",
        at("2026-03-09 15:01"),
        "running",
    )


@pytest.mark.req("CPL-2")
def test_the_clock_begins_with_the_telephone_notice_when_the_form_follows_it() -> None:
    desk = CaseDesk("2026-03-09 10:00").registered()
    desk.until("2026-03-09 10:10").take("8002", "passed_on", to="aid:hall", how="telephone")
    situation = situation_of(desk.file, reader("8002"), desk.now, desk.rules, ())
    assert [party.id for party in receivers(situation, PassedOn)] == ["aid:hall"], "no other: it is not theirs any more"
    desk.until("2026-03-09 11:40").take("8002", "passed_on", to="aid:hall", how="form")
    assert [each.clause for each in desk.clocks()].count("CPL-2.start") == 1
    assert desk.clock("CPL-2.start").due_at == at("2026-03-09 12:10")
    assert [each.clause for each in desk.clocks()].count("CPL-3.aid") == 1
    assert desk.case.rounds == 2
    desk.take("8001", "started")
    assert desk.clock("CPL-2.pass", 2).verdict(desk.now) == "late", "half an hour too late to pass it on or begin"
    assert desk.clock("CPL-2.start").verdict(desk.now) == "kept"


@pytest.mark.req("CPL-3", "TKT-6")
def test_a_customer_who_is_not_satisfied_begins_a_new_round() -> None:
    desk = CaseDesk("2026-03-09 10:00").registered()
    desk.fed_back(satisfied=False)
    assert desk.clock("CPL-3.aid", 1).verdict(desk.now) == "kept"
    assert desk.clock("CPL-3.aid", 2).due_at == at("2026-03-11 18:00")
    desk.until("2026-03-12 10:00")
    assert desk.verdicts()["CPL-3.aid"] == "late"


@pytest.mark.req("CPL-3")
def test_the_clock_stands_still_while_the_customer_is_awaited() -> None:
    desk = CaseDesk("2026-03-09 10:00").registered()
    desk.take("8002", "passed_on", to="aid:hall")
    desk.take("8001", "started")
    desk.take("8001", "customer_awaited", reason="补充照片")
    assert (desk.clock("CPL-3.aid").due_at, desk.verdicts()["CPL-3.aid"]) == (None, "paused")
    assert desk.case.state == "pending"
    desk.until("2026-03-11 09:00").take("8001", "customer_answered")
    assert desk.clock("CPL-3.aid").due_at == at("2026-03-12 18:00"), "the 9th to the 11th: two closes of business stood"
    assert desk.verdicts()["TKT-4.respond"] == "late", "a clause without that pause ran on"


@pytest.mark.req("CPL-3")
def test_a_granted_extension_moves_the_deadline_and_its_ladder() -> None:
    desk = CaseDesk("2026-03-09 10:00").registered()
    desk.take("8002", "passed_on", to="aid:hall")
    desk.take("8001", "started")
    desk.take("8001", "extension_asked", until="2026-03-19T10:00:00+08:00", reason="等待供货")
    assert desk.verdicts()["CPL-3.aid"] == "paused"
    desk.take("8801", "extension_granted")
    clock = desk.clock("CPL-3.aid")
    assert clock.due_at == at("2026-03-19 10:00")
    assert [rung.at for rung in clock.rungs] == [at("2026-03-14 10:00"), at("2026-03-17 10:00"), at("2026-03-19 10:00")]


@pytest.mark.req("CPL-3", "TKT-5")
def test_supervision_states_a_promised_date_in_place_of_the_answer_and_the_promise_is_a_clock() -> None:
    desk = CaseDesk("2026-03-09 10:00").registered()
    desk.take("8002", "passed_on", to="supervision:hall")
    desk.take("8005", "promised", until="2026-03-20T10:00:00+08:00")
    assert desk.verdicts()["CPL-3.supervision"] == "kept"
    promise = desk.clock("TKT-5")
    assert (promise.due_at, promise.person, promise.verdict(desk.now)) == (at("2026-03-20 10:15"), "8005", "running")
    spoken = replace(desk.file, talks=(at("2026-03-20 10:14"),))
    desk.file = spoken
    assert desk.verdicts()["TKT-5"] == "kept"
    desk.file = replace(spoken, talks=(at("2026-03-20 10:16"),))
    assert desk.verdicts()["TKT-5"] == "late"


@pytest.mark.req("TKT-4")
def test_24_48_and_72_hours_are_for_whom_they_are_meant() -> None:
    plain = CaseDesk("2026-03-09 10:00")
    plain.take("8002", "registered", kind="consultation")
    assert set(plain.verdicts()) == {"TKT-4.respond"}
    hard = CaseDesk("2026-03-09 10:00")
    hard.take("8002", "registered", kind="consultation", complex=True, written=True)
    due = {each.clause: each.due_at for each in hard.clocks()}
    assert due == {
        "TKT-4.respond": at("2026-03-10 10:00"),
        "TKT-4.solve": at("2026-03-11 10:00"),
        "TKT-4.write": at("2026-03-12 10:00"),
    }
    hard.file = replace(hard.file, talks=(at("2026-03-09 10:01"),))
    assert hard.verdicts()["TKT-4.respond"] == "kept", "an agent answered on the telephone"


def test_a_merged_cases_clocks_stop_as_merged() -> None:
    desk = CaseDesk("2026-03-09 10:00").registered()
    desk.take("8002", "passed_on", to="aid:hall")
    desk.names("20260309-0007", desk.case.stage).take("8001", "merged", into="20260309-0007")
    assert set(desk.verdicts().values()) == {"merged", "moved"}
    assert all(each.stopped_at for each in desk.clocks())


def under(*versions: tuple[date, str]) -> Rules:
    """The case site under other presets."""
    made = []
    for day, preset in versions:
        file = PresetFile.model_validate(read_yaml(PRESETS / f"{preset}.yaml")[0].tree.plain())
        made.append(Regulation(in_force_from=day, clauses={clause.id: clause for clause in file.clauses}))
    policy = Policy(working_time=RULES.site.policy.working_time, versions=tuple(made))
    site = RULES.site.model_copy(update={"policy": policy})
    return replace(RULES, site=site, regulated=Regulated.of(policy, site.zone, site.special_days))


def test_each_clock_is_judged_by_the_version_in_force_when_it_began() -> None:
    rules = under((date(2026, 1, 1), "three-lines"), (date(2026, 3, 10), "museum-3wd"))
    desk = CaseDesk("2026-03-09 10:00", rules=rules).registered()
    desk.until("2026-03-10 09:00").take("8002", "passed_on", to="aid:hall")
    found = {each.clause: each.in_force_from for each in desk.clocks()}
    assert found["CPL-3.branch"] == "2026-01-01" and found["MUSEUM.reply"] == "2026-03-10"
    assert "CPL-3.aid" not in found


def test_a_bureaus_limits_run_once_for_the_order_whoever_has_it() -> None:
    desk = CaseDesk("2026-03-09 10:00", rules=under((date(2026, 1, 1), "12345-bureau"))).registered()
    desk.until("2026-03-10 10:00").take("8002", "passed_on", to="aid:hall")
    (clock,) = desk.clocks()
    assert (clock.clause, clock.due_at) == ("12345.complaint", at("2026-03-26 18:00"))
    urgent = CaseDesk("2026-03-09 10:00", rules=under((date(2026, 1, 1), "12345-bureau"))).registered(urgent=True)
    assert [(each.clause, each.due_at) for each in urgent.clocks()] == [("12345.urgent", at("2026-03-09 18:00"))]
    desk.planned().take("8001", "solved", result="已更换")
    assert desk.clock("12345.follow-up").due_at == at("2026-03-11 18:00")


def test_a_clock_that_pauses_for_a_reopening_goes_on_after_it() -> None:
    clause = Clause.model_validate(
        {
            "id": "OWN.answer",
            "text": "一百小时内答复，重办期间顺延。",
            "text_en": "Within 100 hours; the time it was closed does not count.",
            "clock": "wall_hours",
            "limit": 100,
            "starts": "received",
            "stops": "fed_back",
            "pauses": ("reopened",),
        }
    )
    policy = Policy(
        working_time=RULES.site.policy.working_time,
        versions=(Regulation(in_force_from=date(2026, 1, 1), clauses={clause.id: clause}),),
    )
    rules = replace(RULES, regulated=Regulated.of(policy, RULES.site.zone, {}))
    desk = CaseDesk("2026-03-09 10:00", rules=rules).registered()
    desk.until("2026-03-09 20:00").fed_back()
    assert desk.clock("OWN.answer").verdict(desk.now) == "kept"
    desk.take("8001", "closed")
    desk.until("2026-03-10 20:00").take("8001", "reopened", reason="客户再次来电")
    (clock,) = (each for each in desk.clocks() if each.clause == "OWN.answer")
    assert (clock.stopped_at, clock.due_at) == (None, at("2026-03-14 14:00")), "100 h, and a day it was closed"


def test_a_museums_special_complaint_has_five_days() -> None:
    desk = CaseDesk("2026-03-09 10:00", rules=under((date(2026, 1, 1), "museum-3wd"))).registered(complex=True)
    assert [(each.clause, each.due_at) for each in desk.clocks()] == [("MUSEUM.special", at("2026-03-16 18:00"))]
