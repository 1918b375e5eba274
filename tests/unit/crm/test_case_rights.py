"""Who may take which step in which stage: every combination has a verdict, and what the regulation asks holds."""

from itertools import product

import pytest

from crm.cases import steps, words
from crm.cases.guards import GUARDS
from crm.cases.model import CLOSED, MOVES, NOT_REACHED, OPEN, TRANSITIONS, WORK, Stage, apply, trigger_of
from crm.cases.rights import BY_ITSELF, NOT_YOURS, WHO_MAY, Position, StepRefused, verdict
from crm.cases.steps import NOT_BY_HAND, STEPS
from crm.errors import IllegalTransition
from tests.fakes.case_desk import CaseDesk

MATRIX = list(product(Position, Stage, STEPS))
"""Position × stage × step: what decides first, before the guards."""

FREE_OF_COMPLAINTS = {"plan_proposed", "plan_approved", "plan_refused", "judged", "reported", "cause_recorded"}


def allowed() -> set[tuple[Position, Stage, str]]:
    return {
        (position, stage, step)
        for position, stage, step in MATRIX
        if verdict(frozenset({position}), stage, step) is None
    }


def test_every_step_is_ruled_on_named_and_has_a_row() -> None:
    assert set(WHO_MAY) == set(STEPS) == set(words.STEPS)
    assert {trigger for _, trigger in TRANSITIONS} == set(STEPS) | {NOT_REACHED}
    assert set(GUARDS) <= set(STEPS)
    assert set(words.STAGES) == set(Stage)


def test_the_matrix_has_no_hole() -> None:
    """Allowed exactly where both tables say so, and every refusal says why in two languages."""
    for position, stage, step in MATRIX:
        found = verdict(frozenset({position}), stage, step)
        in_table = (stage, step) in TRANSITIONS or (step == "fed_back" and (stage, NOT_REACHED) in TRANSITIONS)
        if found is None:
            assert position in WHO_MAY[step] and in_table
        elif found is BY_ITSELF:
            assert step in NOT_BY_HAND
        elif found is NOT_YOURS:
            assert position not in WHO_MAY[step]
        else:
            assert found.code == "not_now" and not in_table
            assert words.STEPS[step].zh in found.zh and words.STEPS[step].en in found.en


def test_nobody_receives_by_hand_and_a_bystander_does_nothing() -> None:
    assert {step for _, _, step in allowed()} == set(STEPS) - NOT_BY_HAND
    assert not {position for position, _, _ in allowed()} & {Position.BYSTANDER}


@pytest.mark.req("CPL-4", "CPL-5")
def test_only_who_stands_above_approves_and_judges() -> None:
    deciding = {"plan_approved", "plan_refused", "extension_granted", "extension_refused"}
    assert {position for position, _, step in allowed() if step in deciding} == {Position.SUPERVISOR, Position.LEADER}
    judging = {position for position, _, step in allowed() if step == "judged"}
    assert judging == {Position.SUPERVISION, Position.SUPERVISOR, Position.LEADER}


@pytest.mark.req("LNE-4", "LNE-5")
def test_only_supervision_takes_back_hands_down_and_escalates() -> None:
    for step in ("taken_back", "handed_down", "escalated", "supervised"):
        those = {position for position, _, found in allowed() if found == step}
        assert not those & {Position.MEMBER, Position.HEAD, Position.REGISTRAR, Position.CALLER, Position.SENDER}


@pytest.mark.req("TKT-6")
def test_a_case_is_closed_only_from_where_the_customer_was_told() -> None:
    assert {stage for (stage, step) in TRANSITIONS if step == "closed"} == {Stage.SOLVED, Stage.FED_BACK}
    assert TRANSITIONS[Stage.FED_BACK, "reopened"] is Stage.REGISTERED


def test_every_stage_is_reached_and_every_open_one_can_be_left() -> None:
    assert set(TRANSITIONS.values()) == set(Stage)
    for stage in (*OPEN, *CLOSED, Stage.MERGED, Stage.ATTACHED):
        assert any(now is not before for (before, _), now in TRANSITIONS.items() if before is stage), stage
    for step in MOVES:
        assert {stage for stage, found in TRANSITIONS if found == step} >= set(WORK)


def test_what_is_not_in_the_table_is_refused_and_changes_nothing() -> None:
    samples = {"started": steps.Started(), "closed": steps.Closed(), "fed_back": steps.FedBack(satisfied="unreachable")}
    for stage, step in product(Stage, samples.values()):
        if (stage, trigger_of(step)) in TRANSITIONS:
            assert apply(stage, step) is TRANSITIONS[stage, trigger_of(step)]
        else:
            with pytest.raises(IllegalTransition):
                apply(stage, step)


# --- the guards, each on a case of people -----------------------------------------------------------------------------


def refused(desk: CaseDesk, person: str, name: str, **fields: object) -> str:
    """The code of the refusal. The case is as before."""
    before = desk.file
    with pytest.raises(StepRefused) as refusal:
        desk.take(person, name, **fields)
    assert desk.file is before
    assert refusal.value.refusal.zh and refusal.value.refusal.en
    return refusal.value.refusal.code


@pytest.mark.req("LNE-4")
def test_the_hotline_registers_and_passes_on_and_never_closes() -> None:
    desk = CaseDesk().registered(nature="服务")
    assert (desk.case.holder, desk.case.stage) == ("hotline:hall", Stage.RECEIVED)
    assert refused(desk.names("20260309-0009", Stage.RECEIVED), "8002", "merged", into="20260309-0009") == "hotline"
    assert refused(desk, "8002", "passed_on", to="head_office") == "linkage"
    desk.take("8002", "started")
    desk.take("8002", "plan_proposed", measures=["apology"], text="致歉")
    desk.take("8801", "plan_approved")
    desk.take("8801", "judged", verdict="special", evidence="录音")
    desk.take("8002", "solved", result="已致歉")
    desk.take("8002", "fed_back", satisfied=True)
    assert refused(desk, "8002", "closed") == "hotline"
    assert refused(desk, "8801", "closed") == "hotline", "nobody closes it while the hotline has it"
    desk.take("8801", "taken_back", reason="热线不得关闭")
    assert desk.case.holder == "supervision:hall"


@pytest.mark.req("LNE-3")
def test_aid_passes_to_a_department_of_its_level_and_only_a_major_complaint_to_supervision() -> None:
    desk = CaseDesk().registered()
    desk.take("8002", "passed_on", to="aid:hall")
    assert refused(desk, "8001", "passed_on", to="supervision:hall") == "linkage"
    assert refused(desk, "8001", "passed_on", to="department:inspection") == "linkage"
    desk.take("8001", "passed_on", to="department:exhibits")
    major = CaseDesk().registered(severity="major")
    major.take("8002", "passed_on", to="aid:hall")
    major.take("8001", "passed_on", to="supervision:hall")
    assert major.case.holder == "supervision:hall"


@pytest.mark.req("LNE-5")
def test_supervision_hands_down_takes_back_and_lifts_a_case() -> None:
    desk = CaseDesk().registered(severity="major")
    desk.take("8002", "passed_on", to="supervision:hall")
    assert refused(desk, "8005", "taken_back", reason="x") == "has_it"
    desk.take("8005", "handed_down", to="department:exhibits")
    assert refused(desk, "8004", "taken_back", reason="x") == "not_yours"
    desk.take("8005", "taken_back", reason="久拖未办")
    assert refused(desk, "8005", "handed_down", to="head_office") == "linkage"
    desk.take("8005", "escalated", to="supervision:province", reason="本级不能解决")
    assert desk.case.holder == "supervision:province"
    desk.take("8801", "escalated", to="head_office", reason="重大")
    assert desk.case.holder == "head_office"
    desk.take("8701", "started")


@pytest.mark.req("LNE-6")
def test_a_disciplinary_matter_goes_to_its_office_at_once_and_out_of_others_sight() -> None:
    desk = CaseDesk()
    made = desk.take("8002", "registered", kind="complaint", category="discipline")
    assert (desk.case.holder, desk.case.restricted, made.columns["department"]) == (
        "department:inspection",
        True,
        "inspection",
    )
    assert set(desk.told()) == {"8102", "8801", "8802"}, "told: the office and the supervision of its level, no others"
    organisation = desk.rules.organisation
    for person, role, seen in (
        ("8102", "agent", True),
        ("8801", "supervisor", True),
        ("8901", "administrator", True),
        ("8002", "agent", False),
        ("8005", "agent", False),
    ):
        sight = organisation.sight(person, role)
        assert sight.sees(restricted=True, department="inspection", level="province", about=()) is seen, person
        assert sight.sees(restricted=False, department=None, level=None, about=(person,)), person


@pytest.mark.req("LNE-6")
def test_press_exposure_goes_to_the_province_and_the_department_concerned_is_told() -> None:
    desk = CaseDesk()
    desk.take("8002", "registered", kind="complaint", category="press")
    assert (desk.case.holder, desk.case.restricted) == ("department:service", False)
    told = desk.told()
    assert {"8101", "8003", "8004"} <= set(told)
    assert "涉及贵部门" in told["8004"] and "转到贵处" in told["8101"]


@pytest.mark.req("CPL-4")
def test_a_plan_is_carried_out_only_after_another_one_has_approved_it() -> None:
    desk = CaseDesk().registered()
    desk.take("8002", "passed_on", to="supervision:hall")
    desk.take("8005", "started")
    assert refused(desk, "8005", "solved", result="x") == "plan_first"
    desk.take("8801", "plan_proposed", measures=["compensation"], text="赔偿门票")
    assert refused(desk, "8801", "plan_approved") == "own_plan"
    assert refused(desk, "8005", "plan_approved") == "not_yours"
    desk.take("8802", "plan_refused", reason="须先调查")
    assert desk.case.stage is Stage.IN_HAND and desk.case.plan is None
    assert refused(desk, "8005", "solved", result="x") == "plan_first"
    desk.take("8005", "plan_proposed", measures=["apology", "improvement"], text="致歉并整改")
    desk.take("8802", "plan_approved")
    desk.take("8005", "solved", result="已致歉")
    assert desk.case.stage is Stage.SOLVED


@pytest.mark.req("CPL-4")
def test_who_is_complained_of_does_nothing_on_the_case() -> None:
    desk = CaseDesk().registered(about=["8801", "8001"])
    desk.take("8002", "passed_on", to="aid:hall")
    assert "8801" not in desk.told() and "8001" not in desk.told()
    assert refused(desk, "8001", "started") == "recused"
    assert refused(desk, "8001", "noted", text="不是我") == "recused"
    assert refused(desk, "8801", "taken_back", reason="x") == "recused"
    desk.take("8802", "noted", text="由 8802 处理")
    other = CaseDesk().registered()
    other.take("8002", "passed_on", to="aid:hall")
    other.take("8001", "started")
    other.take("8801", "judged", verdict="valid", evidence="录音", persons=["8001"])
    assert refused(other, "8001", "plan_proposed", measures=["apology"], text="x") == "recused"


@pytest.mark.req("TKT-6")
def test_not_satisfied_reopens_until_satisfied_and_the_old_plan_does_not_count() -> None:
    desk = CaseDesk().registered()
    desk.fed_back(satisfied=False)
    assert (desk.case.stage, desk.case.rounds) == (Stage.RECEIVED, 3)
    assert [each.name for each in desk.file.taken][-3:] == ["fed_back", "reopened", "received"]
    assert refused(desk, "8001", "closed") == "not_now"
    desk.take("8001", "started")
    assert refused(desk, "8001", "solved", result="x") == "plan_first"
    desk.take("8001", "plan_proposed", measures=["refund"], text="退票")
    desk.take("8801", "plan_approved")
    desk.take("8001", "solved", result="已退票")
    desk.take("8001", "fed_back", satisfied=True)
    desk.take("8001", "closed")
    assert desk.case.stage is Stage.CLOSED


@pytest.mark.req("TKT-6")
def test_without_the_customers_answer_nothing_is_closed_until_the_supervisor_gives_up() -> None:
    desk = CaseDesk().registered()
    desk.approved()
    desk.take("8801", "judged", verdict="special", evidence="现场照片")
    desk.take("8001", "solved", result="已更换")
    assert refused(desk, "8001", "closed") == "answer_first"
    for _ in range(3):
        assert refused(desk, "8801", "closed") == "answer_first"
        desk.take("8001", "fed_back", satisfied="unreachable")
    assert refused(desk, "8001", "closed") == "answer_first", "that is the supervisor's to decide"
    desk.take("8801", "closed")


@pytest.mark.req("CPL-5", "TKT-4")
def test_a_complaint_is_judged_and_a_written_answer_given_before_it_is_closed() -> None:
    desk = CaseDesk().registered(written=True)
    desk.approved()
    desk.take("8001", "solved", result="已更换")
    desk.take("8001", "fed_back", satisfied=True)
    assert refused(desk, "8001", "closed") == "judge_first"
    with pytest.raises(Exception, match="evidence"):
        desk.take("8801", "judged", verdict="valid", evidence=" ")
    assert refused(desk, "8801", "judged", verdict="valid", evidence="录音", persons=["9999"]) == "person"
    desk.take("8801", "judged", verdict="valid", evidence="录音", persons=["8003"])
    assert refused(desk, "8001", "closed") == "write_first"
    desk.take("8001", "replied_in_writing", reference="函〔2026〕3号")
    desk.take("8001", "closed")


@pytest.mark.req("CPL-3")
def test_an_extension_is_asked_for_in_time_and_granted_by_another() -> None:
    desk = CaseDesk().registered()
    desk.take("8002", "passed_on", to="aid:hall")
    desk.take("8001", "started")
    wish = {"until": "2026-03-20T18:00:00+08:00", "reason": "等待供货"}
    assert refused(desk, "8801", "extension_granted") == "no_request"
    assert refused(desk, "8001", "extension_asked", **(wish | {"until": "2026-03-01T18:00:00+08:00"})) == "time"
    desk.take("8001", "extension_asked", **wish)
    assert refused(desk, "8001", "extension_asked", **wish) == "pending"
    assert refused(desk, "8001", "extension_granted") == "not_yours"
    desk.take("8801", "extension_refused", reason="可先换展板")
    desk.until("2026-03-12 09:00")
    assert desk.verdicts()["CPL-3.aid"] == "late"
    assert refused(desk, "8001", "extension_asked", **wish) == "too_late"


@pytest.mark.req("CPL-1")
def test_a_complaint_is_made_less_only_by_the_supervisor() -> None:
    desk = CaseDesk().registered(severity="major", about=["8003"])
    assert refused(desk, "8002", "registered", kind="complaint", severity="normal", about=["8003"]) == "downgrade"
    assert refused(desk, "8002", "registered", kind="consultation", severity="major", about=["8003"]) == "downgrade"
    assert refused(desk, "8002", "registered", kind="complaint", severity="major") == "downgrade"
    assert refused(desk, "8002", "registered", kind="complaint", severity="major", category="none") == "category"
    desk.take("8801", "registered", kind="complaint", about=["8003"])
    assert desk.case.severity == "normal"


def test_other_tickets_need_no_plan_and_take_no_complaints_steps() -> None:
    desk = CaseDesk()
    desk.take("8002", "registered", kind="consultation")
    for step in FREE_OF_COMPLAINTS - {"plan_proposed", "plan_approved", "plan_refused", "judged", "cause_recorded"}:
        assert refused(desk, "8801", step, to="head_office") == "not_a_complaint"
    desk.take("8002", "started")
    assert refused(desk, "8002", "plan_proposed", measures=["apology"], text="x") == "not_a_complaint"
    assert refused(desk, "8801", "judged", verdict="valid", evidence="x") == "not_a_complaint"
    desk.take("8002", "solved", result="已答复")
    desk.take("8002", "fed_back", satisfied=True)
    desk.take("8002", "closed")
    assert refused(desk, "8002", "cause_recorded", cause="x", measure="y") == "not_a_complaint"


def test_a_ticket_is_merged_into_an_open_case_alone_and_can_be_taken_out_again() -> None:
    desk = CaseDesk(agent="8003")
    into = "20260309-0007"
    for stage, code in ((None, "no_ticket"), (Stage.CLOSED, "not_open"), (Stage.MERGED, "not_open")):
        assert refused(desk.names(into, stage), "8003", "merged", into=into) == code
    assert refused(desk, "8003", "merged", into=desk.file.number) == "itself"
    made = desk.names(into, Stage.IN_HAND).take("8003", "merged", into=into)
    assert (desk.case.stage, made.columns["case_of"], made.columns["state"]) == (Stage.ATTACHED, into, "closed")
    made = desk.take("8003", "reopened", reason="归错了")
    assert (made.columns["stage"], made.columns["case_of"], made.columns["state"]) == (None, None, "open")
