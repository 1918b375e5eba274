"""What a step needs beside the right person and stage; each guard is one rule of the regulation (rules).

A guard looks at the case alone while `step` is None (may this be offered?) and at the step's fields when it is taken.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from config.service.matters import Matters
from crm.cases import steps
from crm.cases.linkage import may_escalate, may_hand_down, may_pass
from crm.cases.model import NOT_REACHED, OPEN, TRANSITIONS, Case, Stage, trigger_of
from crm.cases.organisation import CaseParty, Organisation
from crm.cases.rights import NOT_YOURS, WHO_MAY, Position, Refusal, not_now
from crm.cases.steps import CaseStep
from crm.tickets.model import Severity, TicketKind

TRIES_BEFORE_CLOSING: Final = 3
"""A customer who was not reached so often may be given up, by the service supervisor alone."""
LONGEST_AHEAD: Final = timedelta(days=366)


@dataclass(frozen=True, kw_only=True)
class Other:
    """Another ticket that a step names. `stage` None: there is no such ticket, or this person may not see it."""

    number: str
    stage: Stage | None
    merged_into: str | None = None


@dataclass(frozen=True, kw_only=True)
class Situation:
    """All that a guard looks at. `extendable`: a clock runs that an extension would move, and its time is not up."""

    number: str
    case: Case
    by: str
    held: frozenset[Position]
    now: datetime
    organisation: Organisation
    matters: Matters
    extendable: bool = False
    other: Other | None = None
    colleagues: frozenset[str] = frozenset()

    @property
    def holder(self) -> CaseParty | None:
        return self.organisation.parties.get(self.case.holder or "")


Guard = Callable[[Situation, CaseStep | None], Refusal | None]


def _recusal(s: Situation, step: CaseStep | None) -> Refusal | None:
    if s.by in s.case.about:
        return Refusal("recused", "您是本投诉的被投诉人，应当回避。", "The complaint is about you: you stand aside.")
    return None


def _trigger(s: Situation, step: CaseStep | None) -> Refusal | None:
    """The table once more, for steps whose fields choose the row."""
    if step is None or (s.case.stage, trigger_of(step)) in TRANSITIONS:
        return None
    return not_now(s.case.stage, "fed_back" if trigger_of(step) == NOT_REACHED else trigger_of(step))


def _classification(s: Situation, step: CaseStep | None) -> Refusal | None:
    """A category of the site that is for this kind; nobody but the supervisor makes a complaint less than it was."""
    if not isinstance(step, steps.Registered):
        return None
    if step.category is not None:
        category = s.matters.category(step.category)
        if category is None or step.kind not in category.kinds:
            fitting = ", ".join(each.id for each in s.matters.categories if step.kind in each.kinds) or "-"
            return Refusal(
                "category",
                f"该类工单没有此事项分类，可选：{fitting}。",
                f"No such category for this kind; one of {fitting}.",
            )
    less = s.case.is_complaint and step.kind is not TicketKind.COMPLAINT
    less |= s.case.severity is Severity.MAJOR and step.severity is not Severity.MAJOR
    less |= bool(set(s.case.about) - set(step.about)) or (s.case.restricted and step.category != s.case.category)
    if less and Position.SUPERVISOR not in s.held:
        return Refusal(
            "downgrade",
            "投诉降级、改类或撤去被投诉人，须由服务监督主管办理。",
            "Only the service supervisor makes a complaint less than it was registered as.",
        )
    return None


def _known_people(s: Situation, step: CaseStep | None) -> Refusal | None:
    named: tuple[str, ...] = ()
    if isinstance(step, steps.Registered):
        named = step.about
    elif isinstance(step, steps.Judged):
        named = step.persons
    strangers = [person for person in named if person not in s.colleagues]
    if strangers:
        shown = ", ".join(strangers)
        return Refusal(
            "person", f"没有工号为 {shown} 的同事。", f"No colleague {shown}: enter a number of agents.yaml."
        )
    return None


def _way(s: Situation, step: CaseStep | None) -> Refusal | None:
    """The linkage (LNE-3…6), and the form that follows a notice by telephone."""
    if step is None or s.holder is None or not isinstance(step, steps.PassedOn | steps.HandedDown | steps.Escalated):
        return None
    receiver = s.organisation.parties.get(step.to)
    if isinstance(step, steps.PassedOn):
        if step.to == s.case.holder:
            return _second_notice(s)
        if not _may_move(s):
            return NOT_YOURS
        allowed = receiver and may_pass(s.case, s.holder, receiver, s.organisation)
    elif isinstance(step, steps.HandedDown):
        allowed = receiver and may_hand_down(s.case, receiver, s.organisation)
    else:
        allowed = receiver and may_escalate(s.case, receiver, s.organisation)
    if allowed:
        return None
    names = receivers(s, type(step))
    zh, en = "、".join(p.title for p in names) or "无", ", ".join(p.id for p in names) or "nobody"
    return Refusal("linkage", f"不能转到该单位，可转：{zh}。", f"It cannot go to {step.to} from here; it can to {en}.")


def _may_move(s: Situation) -> bool:
    """Who has passed it on already may only send the form after the telephone notice."""
    return bool(s.held & (WHO_MAY["passed_on"] - {Position.SENDER}))


def _second_notice(s: Situation) -> Refusal | None:
    if s.case.stage is Stage.RECEIVED and s.case.rounds > 1:
        return None
    return Refusal("has_it", "该单位已持有本工单。", "That party has the case already.")


def receivers(s: Situation, kind: type[CaseStep]) -> list[CaseParty]:
    """To whom the case may go by this step: what a page offers."""
    if s.holder is None:
        return []
    if kind is steps.PassedOn and not _may_move(s):
        return [s.holder] if _second_notice(s) is None else []
    tests: dict[type[CaseStep], Callable[[CaseParty], bool]] = {
        steps.PassedOn: lambda party: s.holder is not None and may_pass(s.case, s.holder, party, s.organisation),
        steps.HandedDown: lambda party: may_hand_down(s.case, party, s.organisation),
        steps.Escalated: lambda party: may_escalate(s.case, party, s.organisation),
        steps.Reported: lambda party: party.kind == "head_office",
    }
    return [party for party in s.organisation.parties.values() if tests[kind](party)] if kind in tests else []


def _somewhere_to_go(kind: type[CaseStep]) -> Guard:
    def guard(s: Situation, step: CaseStep | None) -> Refusal | None:
        if step is None and not receivers(s, kind):
            return Refusal("linkage", "没有可转的单位。", "There is nobody it could go to from here.")
        return None

    return guard


def _already_there(s: Situation, step: CaseStep | None) -> Refusal | None:
    if s.holder and s.organisation.supervision(s.holder.level).id == s.holder.id:
        return Refusal("has_it", "工单已在服务监督处。", "Supervision has the case already.")
    return None


def _complaints_only(s: Situation, step: CaseStep | None) -> Refusal | None:
    if s.case.is_complaint:
        return None
    return Refusal("not_a_complaint", "该步骤只用于投诉。", "Only a complaint takes this step.")


def _plan_first(s: Situation, step: CaseStep | None) -> Refusal | None:
    if not s.case.is_complaint or (s.case.plan and s.case.plan.approved_by):
        return None
    return Refusal(
        "plan_first",
        "投诉处理方案经服务监督主管批准后方可实施。",
        "A complaint's plan is carried out only after the service supervisor has approved it.",
    )


def _not_own_plan(s: Situation, step: CaseStep | None) -> Refusal | None:
    if s.case.plan and s.case.plan.by == s.by:
        return Refusal("own_plan", "不能审批自己提出的方案。", "Nobody decides on a plan of one's own.")
    return None


def _extension_pending(s: Situation, step: CaseStep | None) -> Refusal | None:
    if s.case.extension is None:
        return Refusal("no_request", "没有待批的延期申请。", "No extension has been asked for.")
    if s.case.extension.by == s.by:
        return Refusal("own_request", "不能审批自己的延期申请。", "Nobody decides on a request of one's own.")
    return None


def _extension_in_time(s: Situation, step: CaseStep | None) -> Refusal | None:
    if s.case.extension is not None:
        return Refusal("pending", "已有一份延期申请待批。", "An extension has been asked for already.")
    if not s.extendable:
        return Refusal(
            "too_late",
            "延期须在到期前申请；现在没有未到期、可延期的时限。",
            "An extension is asked for before the time is up; no limit that can be extended is running.",
        )
    return None


def _awaited(s: Situation, step: CaseStep | None) -> Refusal | None:
    if s.case.awaiting is None:
        return Refusal("not_awaited", "没有在等待客户。", "Nothing is awaited from the customer.")
    return None


def _not_awaited(s: Situation, step: CaseStep | None) -> Refusal | None:
    if s.case.awaiting is not None:
        return Refusal("awaited", "已在等待客户。", "The customer is awaited already.")
    return None


def _time_ahead(s: Situation, step: CaseStep | None) -> Refusal | None:
    if isinstance(step, steps.Promised | steps.ExtensionAsked) and not s.now < step.until <= s.now + LONGEST_AHEAD:
        return Refusal("time", "时间须在今后一年之内。", "A time from now on, within a year.")
    return None


def _hotline_never_closes(s: Situation, step: CaseStep | None) -> Refusal | None:
    if s.case.is_complaint and s.holder and s.holder.kind == "hotline":
        return Refusal(
            "hotline",
            "客服热线不得自行办结投诉，请转交客户援助或服务监督。",
            "The hotline never closes a complaint itself: pass it to aid or supervision.",
        )
    return None


def _answer_first(s: Situation, step: CaseStep | None) -> Refusal | None:
    if s.case.satisfied is True:
        return None
    if s.case.tries >= TRIES_BEFORE_CLOSING and Position.SUPERVISOR in s.held:
        return None
    return Refusal(
        "answer_first",
        f"须先向客户反馈结果并取得客户意见；{TRIES_BEFORE_CLOSING} 次联系不上的，由服务监督主管关闭。",
        "The result is fed back and the customer answers first; a customer who was not reached "
        f"{TRIES_BEFORE_CLOSING} times is given up by the service supervisor.",
    )


def _judged_first(s: Situation, step: CaseStep | None) -> Refusal | None:
    if s.case.is_complaint and s.case.verdict is None:
        return Refusal(
            "judge_first",
            "投诉须先认定（有效或特殊）再关闭。",
            "A complaint is judged (valid or special) before it is closed.",
        )
    return None


def _written_first(s: Situation, step: CaseStep | None) -> Refusal | None:
    if s.case.written and not s.case.replied_in_writing:
        return Refusal(
            "write_first", "客户要求书面答复，须先书面答复。", "A written reply was asked for: give it first."
        )
    return None


def _major_only(s: Situation, step: CaseStep | None) -> Refusal | None:
    if s.case.severity is not Severity.MAJOR:
        return Refusal("not_major", "只有重大投诉须上报。", "Only a major complaint is reported.")
    return None


def _to_head_office(s: Situation, step: CaseStep | None) -> Refusal | None:
    if isinstance(step, steps.Reported) and step.to != "head_office":
        return Refusal("linkage", "重大投诉上报至领导小组。", "A major complaint is reported to head_office.")
    return None


def _other_ticket(s: Situation, step: CaseStep | None) -> Refusal | None:
    if not isinstance(step, steps.Linked | steps.Merged):
        return None
    named = step.to if isinstance(step, steps.Linked) else step.into
    if named == s.number:
        return Refusal("itself", "不能与自身关联。", "A case cannot be joined to itself.")
    if s.other is None or s.other.stage is None:
        return Refusal("no_ticket", f"没有工单 {named}。", f"No ticket {named}.")
    if isinstance(step, steps.Merged) and s.other.stage not in OPEN:
        return Refusal("not_open", f"工单 {named} 不在办理中，不能并入。", f"Ticket {named} is not an open case.")
    return None


GUARDS: Final[Mapping[str, Sequence[Guard]]] = {
    "registered": (_classification, _known_people),
    "passed_on": (_way, _somewhere_to_go(steps.PassedOn)),
    "customer_awaited": (_not_awaited,),
    "customer_answered": (_awaited,),
    "extension_asked": (_extension_in_time, _time_ahead),
    "extension_granted": (_extension_pending,),
    "extension_refused": (_extension_pending,),
    "promised": (_time_ahead,),
    "plan_proposed": (_complaints_only,),
    "plan_approved": (_complaints_only, _not_own_plan),
    "plan_refused": (_complaints_only, _not_own_plan),
    "solved": (_plan_first,),
    "judged": (_complaints_only, _known_people),
    "fed_back": (_trigger,),
    "closed": (_hotline_never_closes, _answer_first, _judged_first, _written_first),
    "reported": (_complaints_only, _major_only, _to_head_office),
    "escalated": (_way, _somewhere_to_go(steps.Escalated)),
    "taken_back": (_already_there,),
    "handed_down": (_way, _somewhere_to_go(steps.HandedDown)),
    "cause_recorded": (_complaints_only,),
    "linked": (_other_ticket,),
    "merged": (_hotline_never_closes, _other_ticket),
}
"""Step → its guards, asked in this order after `_recusal`, which every step has."""


def refusal(s: Situation, name: str, step: CaseStep | None) -> Refusal | None:
    """The first guard's that says no."""
    for guard in (_recusal, *GUARDS.get(name, ())):
        found = guard(s, step)
        if found is not None:
            return found
    return None
