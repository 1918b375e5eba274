"""Who is told of a step, and of a clock that runs out, and in which words (rules). LNE-2, LNE-6, CPL-6, CPL-7, CPL-9.

Nobody is told of a case that is about oneself, and of a restricted one only who may see it.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final

from config.service.policy import Recipient
from config.words import Labels, Words
from crm.cases import steps
from crm.cases.clocks import Clock
from crm.cases.file import CaseFile, ClockRow, Notice, Rules
from crm.cases.model import MOVES, Case
from crm.cases.steps import SYSTEM, LoggedStep
from crm.cases.words import STEPS
from crm.tickets.model import Severity

VALID_COMPLAINTS: Final = 5
"""CPL-9: so many valid complaints of one person in a calendar year; of every further one the supervisor is told."""
_LONGEST: Final = 1000


def notices_of(file: CaseFile, new: Sequence[LoggedStep], before: Case, case: Case, rules: Rules) -> list[Notice]:
    """What follows from one act: one notice for each who is told, the most telling one."""
    words: dict[str, str] = {}
    passed = any(each.name in MOVES for each in new)
    for each in reversed(new):
        for recipients, text in _of_step(file, each, before, case, rules, passed=passed):
            words.update(dict.fromkeys(recipients, text))
    copied = [each for each in new if each.by != SYSTEM and not isinstance(each.step, steps.Noted)]
    if case.is_complaint and copied:
        told = Words("抄送服务监督", "copied to service supervision")
        text = _line(file, case, STEPS[copied[0].name], copied[0].by, told)
        level = level_of(case, rules)
        words = dict.fromkeys(rules.organisation.supervision(level).people, text) | words
    doer = new[0].by
    key = f"case:{file.number}:{len(file.taken) + 1}"
    return [
        Notice(key=f"{key}:{person}", recipient=person, text=text[:_LONGEST])
        for person, text in sorted(words.items())
        if person != doer and may_hear(person, case, rules)
    ]


def level_of(case: Case, rules: Rules) -> str:
    """Of whoever has it."""
    holder = rules.organisation.parties.get(case.holder or "")
    return holder.level if holder else rules.organisation.top


def may_hear(person: str, case: Case, rules: Rules) -> bool:
    known = next((agent for agent in rules.site.agents if agent.id == person), None)
    if known is None or person in case.about:
        return False
    sight = rules.organisation.sight(person, known.role)
    level = level_of(case, rules)
    return sight.sees(restricted=case.restricted, department=case.department, level=level, about=case.about)


def _of_step(
    file: CaseFile, taken: LoggedStep, before: Case, case: Case, rules: Rules, *, passed: bool
) -> Iterable[tuple[Iterable[str], str]]:
    """Recipients and words of one step. `passed`: the case changed hands with it."""
    organisation, step = rules.organisation, taken.step
    holder = organisation.parties.get(case.holder or "")
    at_work = holder.people | holder.heads if holder else frozenset()
    supervisors = organisation.supervisors(level_of(case, rules))

    def line(chinese: str, english: str) -> str:
        return _line(file, case, STEPS[taken.name], taken.by, Words(chinese, english))

    match step:
        case steps.Received(again=False) if passed:
            yield at_work, line("已转到贵处，请着手办理", "it is yours now: start on it")
        case steps.Registered(category=str(category)):
            along = _along(category, rules)
            yield along, line("涉及贵部门，请知悉", "your department is concerned")
        case steps.Reported():
            leaders = organisation.parties["head_office"]
            yield leaders.people | leaders.heads, line("重大投诉报告", "a major complaint is reported to you")
        case steps.PlanProposed() | steps.ExtensionAsked():
            yield supervisors, line("请审批", "please decide")
        case steps.PlanApproved() | steps.PlanRefused():
            yield [before.plan.by] if before.plan else [], line(_reason(step), _reason(step))
        case steps.ExtensionGranted() | steps.ExtensionRefused():
            yield [before.extension.by] if before.extension else [], line(_reason(step), _reason(step))
        case steps.Urged(words=said) | steps.Supervised(words=said):
            yield at_work, line(said, said)
        case steps.Reopened(reason=said):
            yield at_work, line(f"重新办理：{said}", f"taken up again: {said}")
        case steps.CauseRecorded(circulate=True, cause=cause, measure=measure):
            heads = frozenset[str]().union(*(party.heads for party in organisation.parties.values()))
            yield heads, line(f"通报：{cause}；改进：{measure}", f"for all to know: {cause}; {measure}")
        case steps.Judged(verdict="valid", persons=persons):
            for person, count in ((each, file.valid.get(each, 0) + 1) for each in persons):
                if count > VALID_COMPLAINTS:
                    chinese = f"工号 {person} 本年度第 {count} 件有效投诉"
                    yield supervisors, line(chinese, f"valid complaint no. {count} this year about {person}")


def _reason(step: object) -> str:
    return str(getattr(step, "reason", "") or getattr(step, "words", ""))


def _along(category: str, rules: Rules) -> frozenset[str]:
    known = rules.site.matters.category(category)
    parties = [rules.organisation.party_of_department(each) for each in (known.along if known else ())]
    return frozenset[str]().union(*(party.people | party.heads for party in parties if party))


def _line(file: CaseFile, case: Case, step: Words, by: str, told: Words) -> str:
    weight = _WEIGHTS["major" if case.severity is Severity.MAJOR else "complaint" if case.is_complaint else "ticket"]
    doer = _BY_SYSTEM if by == SYSTEM else Words(by, by)
    return Words(
        f"{weight.zh} {file.number}：{doer.zh} {step.zh}。{told.zh}",
        f"{weight.en} {file.number}: {step.en} (by {doer.en}). {told.en}",
    ).on_screen()


_WEIGHTS: Final[Labels] = {
    "major": Words("重大投诉", "Major complaint"),
    "complaint": Words("投诉", "Complaint"),
    "ticket": Words("工单", "Ticket"),
}
_BY_SYSTEM: Final = Words("系统", "the system")


# --- clocks ----------------------------------------------------------------------------------------------------------


def warnings_of(file: CaseFile, rows: Sequence[ClockRow], now: datetime, rules: Rules) -> list[Notice]:
    """What has to be said of rungs that were reached and not told: of each clock the highest, to all of them."""
    found = []
    for row in rows:
        clock, reached = row.clock, row.clock.reached(now)
        if reached <= row.told:
            continue
        recipients: set[str] = set()
        for rung in clock.rungs[row.told : reached]:
            recipients |= _whom(clock, rung.to, rules)
        text = _warning(file, clock, clock.rungs[reached - 1].share, rules)
        due = f"{clock.due_at:%Y%m%d%H%M%S}" if clock.due_at else ""
        key = f"clock:{file.number}:{clock.clause}:{clock.round}:{reached}:{due}"
        found += [
            Notice(key=f"{key}:{person}", recipient=person, text=text)
            for person in sorted(recipients)
            if may_hear(person, file.case, rules)
        ]
    return found


def _whom(clock: Clock, to: Sequence[Recipient], rules: Rules) -> frozenset[str]:
    organisation = rules.organisation
    holder = organisation.parties.get(clock.holder or "")
    level = holder.level if holder else organisation.top
    above = organisation.level_above(level)
    leaders = organisation.parties["head_office"].people
    known = clock.person is not None and any(agent.id == clock.person for agent in rules.site.agents)
    whom: Mapping[Recipient, frozenset[str]] = {
        "agent": frozenset({clock.person or ""}) if known else holder.people if holder else frozenset(),
        "department": holder.heads if holder else frozenset(),
        "supervisor": organisation.supervisors(level),
        "level_above": organisation.supervisors(above) if above else leaders,
        "head_office": leaders,
    }
    return frozenset[str]().union(*(whom[each] for each in to))


def _warning(file: CaseFile, clock: Clock, share: float, rules: Rules) -> str:
    due = f"{clock.due_at.astimezone(rules.site.zone):%Y-%m-%d %H:%M}" if clock.due_at else "-"
    if share >= 1:
        return Words(
            f"超时：工单 {file.number} 未按条款 {clock.clause} 于 {due} 前完成，已列入超时问责。{clock.text}",
            f"Late: ticket {file.number}, {clock.clause}, was due at {due}. {clock.text_en}",
        ).on_screen()
    return Words(
        f"时限预警 {share:.0%}：工单 {file.number} 按条款 {clock.clause} 应于 {due} 前完成。{clock.text}",
        f"{share:.0%} of the time is used up: ticket {file.number}, {clock.clause}, is due at {due}. {clock.text_en}",
    ).on_screen()
