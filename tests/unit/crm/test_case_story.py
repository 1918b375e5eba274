"""Any story that people can tell of a case keeps to the regulation: random steps by random people. TKT-6, CPL-4."""

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crm.cases import steps
from crm.cases.decide import situation_of
from crm.cases.guards import receivers
from crm.cases.model import Case, Stage, after, fold
from crm.cases.rights import StepRefused
from crm.cases.steps import STEPS, details_of, step_of
from crm.use_cases.cases import offers
from tests.fakes.case_desk import CaseDesk, reader
from tests.fakes.case_site import NAMES

OTHER = "20260309-0007"
WORDS: dict[str, Any] = {
    "words": "好",
    "reason": "因故",
    "text": "登门致歉",
    "result": "已更换",
    "reference": "函 3 号",
    "evidence": "录音",
    "cause": "培训不足",
    "measure": "加强培训",
    "measures": ["apology"],
    "verdict": "valid",
    "into": OTHER,
}


def filled(data: st.DataObject, desk: CaseDesk, person: str, name: str) -> dict[str, Any]:
    """Fields as a page would fill them in."""
    kind = STEPS[name]
    names = {field.name for field in msgspec.structs.fields(kind)}
    fields = {each: value for each, value in WORDS.items() if each in names}
    if name == "registered":
        fields |= {
            "kind": data.draw(st.sampled_from(["complaint", "consultation"])),
            "severity": data.draw(st.sampled_from(["normal", "major"])),
            "category": data.draw(st.sampled_from([None, "exhibits"])),
            "about": data.draw(st.sampled_from([[], ["8003"], ["8801"]])),
        }
    if name == "linked":
        fields["to"] = OTHER
    elif name in ("passed_on", "handed_down", "escalated", "reported"):
        parties = receivers(situation_of(desk.file, reader(person), desk.now, desk.rules, desk.clocks()), kind)
        fields["to"] = data.draw(st.sampled_from([party.id for party in parties])) if parties else "nowhere"
    if "until" in names:
        fields["until"] = "2027-01-04T10:00:00+08:00"
    if name == "fed_back":
        fields["satisfied"] = data.draw(st.sampled_from([True, True, False, "unreachable"]))
    return fields


@pytest.mark.req("TKT-6", "CPL-4", "LNE-4")
@settings(max_examples=60, deadline=None)
@given(st.data())
def test_whatever_people_do_the_regulation_holds(data: st.DataObject) -> None:
    desk = CaseDesk()
    for _ in range(data.draw(st.integers(5, 25))):
        person = data.draw(st.sampled_from(NAMES))
        desk.names(OTHER, Stage.IN_HAND)
        possible = [
            offer.step
            for offer in offers(situation_of(desk.file, reader(person), desk.now, desk.rules, desk.clocks()))
            if offer.refusal is None
        ]
        if not possible:
            continue
        name = data.draw(st.sampled_from(possible))
        fields = filled(data, desk, person, name)
        before = desk.case
        try:
            desk.take(person, name, **fields)
        except StepRefused as refused:
            assert refused.refusal.code in ("downgrade", "not_yours", "has_it", "answer_first"), (name, refused)
        else:
            keeps_to_the_regulation(before, desk, person, name)
        desk.later(hours=data.draw(st.integers(0, 30)))
    holds_together(desk)


def keeps_to_the_regulation(before: Case, desk: CaseDesk, person: str, name: str) -> None:
    case = desk.case
    assert person not in before.about, "who is complained of took a step"
    assert case.holder in desk.rules.organisation.parties or case.stage in (Stage.NEW, Stage.ATTACHED)
    assert case.stage is not Stage.REGISTERED, "a case on its way to nobody"
    if name == "closed":
        assert case.satisfied is True or (before.tries >= 3 and person in ("8801", "8802"))
        assert not case.is_complaint or case.verdict is not None
        assert not case.is_complaint or not str(case.holder).startswith("hotline:")
    if name == "solved" and case.is_complaint:
        assert case.plan is not None and case.plan.approved_by not in (None, case.plan.by)
    if case.is_complaint and case.severity == "major":
        assert case.reported


def holds_together(desk: CaseDesk) -> None:
    log = desk.file.taken
    assert fold(log) == desk.case
    case = Case()
    for each in log:
        case = after(case, each)
        assert step_of(each.name, details_of(each.step)) == msgspec.structs.replace(each.step, version=0)
    assert case == desk.case
    rounds = [(clock.clause, clock.round) for clock in desk.clocks()]
    assert len(rounds) == len(set(rounds))
    for clock in desk.clocks():
        assert clock.stopped_at is None or clock.stopped_at >= clock.started_at
        assert (clock.ended is None) == (clock.stopped_at is None)
        assert clock.due_at is None or clock.due_at >= clock.started_at
        reached = [rung.at for rung in clock.rungs if rung.at is not None]
        assert reached == sorted(reached)
    running = [clock.clause for clock in desk.clocks() if clock.stopped_at is None]
    assert len(running) == len(set(running)), "two clocks of one clause at once"
    if desk.case.stage in (Stage.CLOSED, Stage.ARCHIVED, Stage.MERGED):
        assert not running


def test_an_old_log_is_read_whatever_todays_table_says() -> None:
    """A step that nobody could take any more has happened all the same."""
    desk = CaseDesk().registered()
    odd = steps.LoggedStep(at=desk.now, by="8001", step=steps.Closed())
    assert fold((*desk.file.taken, odd)).stage is Stage.RECEIVED
