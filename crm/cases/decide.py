"""One step of one person on one case: whether it is taken, and all that follows from it (rules). TKT-6, CPL, LNE.

Nothing is read or written here: the store gives a file and writes the decision, in one transaction.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import msgspec

from config.service.matters import Category
from crm.cases import steps
from crm.cases.clocks import Clock, clocks
from crm.cases.file import CaseFile, Decision, OwedCall, Rules, clock_row, told_up_to
from crm.cases.guards import TRIES_BEFORE_CLOSING, Situation, refusal
from crm.cases.model import MOVES, Case, Stage, after, apply
from crm.cases.organisation import Sight
from crm.cases.rights import BY_ITSELF, NOT_YOURS, Actor, StepRefused, positions, verdict
from crm.cases.steps import SYSTEM, CaseStep, LoggedStep, name_of
from crm.cases.telling import level_of, notices_of, warnings_of
from crm.errors import UnknownRecord
from crm.followups.model import next_permitted
from crm.tickets.model import Severity

_OF_PERSON: Final = frozenset({NOT_YOURS.code, BY_ITSELF.code, "recused"})
"""Refusals that no waiting cures."""


def decide(file: CaseFile, step: CaseStep, who: Actor, now: datetime, rules: Rules) -> Decision:
    """Raises StepRefused with the reason; UnknownRecord for a ticket that this person may not see."""
    case = file.case
    if not sees(rules.organisation.sight(who.person, who.role), case, rules):
        raise UnknownRecord("ticket", file.number)
    running = clocks_of(file, rules) if isinstance(step, steps.ExtensionAsked) else ()
    situation = situation_of(file, who, now, rules, running)
    found = verdict(situation.held, case.stage, name_of(step)) or refusal(situation, name_of(step), step)
    if found is not None:
        raise StepRefused(found, forbidden=found.code in _OF_PERSON)
    new = _taken(file, _filled_in(step, case, rules), who, now, rules)
    log = (*file.taken, *new)
    now_case = case
    for each in new:
        now_case = after(now_case, each)
    running = clocks(file.story(log), rules.regulated, rules.organisation)
    return Decision(
        taken=tuple(new),
        case=now_case,
        columns=_columns(now_case, rules),
        clocks=tuple(clock_row(clock, file.told.get((clock.clause, clock.round)), now) for clock in running),
        notices=tuple(notices_of(file, new, case, now_case, rules)),
        calls=tuple(_calls(file, new[0], now_case, now, rules)),
        calls_over=_calls_over(file, new[0]),
    )


def sees(sight: Sight, case: Case, rules: Rules) -> bool:
    level = level_of(case, rules)
    return sight.sees(restricted=case.restricted, department=case.department, level=level, about=case.about)


def clocks_of(file: CaseFile, rules: Rules) -> Sequence[Clock]:
    """As the file's log makes them."""
    return clocks(file.story(), rules.regulated, rules.organisation)


def situation_of(file: CaseFile, who: Actor, now: datetime, rules: Rules, running: Sequence[Clock]) -> Situation:
    """`running`: the case's clocks, which only an extension asks for."""
    case = file.case
    return Situation(
        number=file.number,
        case=case,
        by=who.name,
        held=positions(who, case, file.touch, rules.organisation),
        now=now,
        organisation=rules.organisation,
        matters=rules.site.matters,
        extendable=any(
            clock.extendable and clock.ended is None and clock.verdict(now) in ("running", "paused")
            for clock in running
        ),
        other=file.other,
        colleagues=frozenset(agent.id for agent in rules.site.agents),
    )


def warn(file: CaseFile, now: datetime, rules: Rules) -> Decision:
    """No step: what has to be told of clocks that ran on by themselves (CPL-6)."""
    running = clocks_of(file, rules)
    rows = [clock_row(clock, file.told.get((clock.clause, clock.round)), now) for clock in running]
    told = [told_up_to(row.clock, max(row.told, row.clock.reached(now))) for row in rows]
    return Decision(
        taken=(),
        case=file.case,
        columns={},
        clocks=tuple(told),
        notices=tuple(warnings_of(file, rows, now, rules)),
    )


def _filled_in(step: CaseStep, case: Case, rules: Rules) -> CaseStep:
    """What a step knows by itself: nobody enters it, so nobody can enter something else."""
    match step:
        case steps.Registered():
            category = _category(step, rules)
            known = category.department if category else None
            return msgspec.structs.replace(step, department=known, restricted=bool(category and category.restricted))
        case steps.PassedOn():
            return msgspec.structs.replace(step, origin=case.holder or "")
        case steps.TakenBack():
            return msgspec.structs.replace(step, to=rules.organisation.supervision(level_of(case, rules)).id)
        case _:
            return step


def _category(step: steps.Registered, rules: Rules) -> Category | None:
    return rules.site.matters.category(step.category) if step.category else None


def _taken(file: CaseFile, step: CaseStep, who: Actor, now: datetime, rules: Rules) -> Sequence[LoggedStep]:
    """The step, and those that follow by themselves. The table is asked for each. Raises IllegalTransition."""
    case, found = file.case, list[LoggedStep]()
    todo: list[tuple[CaseStep, str]] = [(step, who.name)]
    while todo:
        step, by = todo.pop(0)
        apply(case.stage, step)
        taken = LoggedStep(at=now, by=by, step=step)
        before, case = case, after(case, taken)
        found.append(taken)
        todo = [(each, SYSTEM) for each in _following(file, step, who, before, case, rules)] + todo
    return found


def _following(file: CaseFile, step: CaseStep, who: Actor, before: Case, case: Case, rules: Rules) -> list[CaseStep]:
    name = name_of(step)
    if isinstance(step, steps.Registered):
        return _after_registering(file, step, who, before, rules)
    if name in MOVES:
        to = str(getattr(step, "to", ""))
        return [steps.Received(holder=to, again=to == before.holder)]
    if isinstance(step, steps.FedBack) and step.satisfied is False:
        return [steps.Reopened(reason=step.words.strip() or "客户对结果不满意")]
    if isinstance(step, steps.Reopened) and case.stage is Stage.REGISTERED and case.holder:
        return [steps.Received(holder=case.holder)]
    return []


def _after_registering(
    file: CaseFile, step: steps.Registered, who: Actor, before: Case, rules: Rules
) -> list[CaseStep]:
    """It lies with whoever registered it, or goes at once to the department it is for: when the matter is restricted,
    or is for another level (LNE-6). A major complaint is reported at once (CPL-7)."""
    organisation = rules.organisation
    home = organisation.home_of(who.person or who.name, file.line, file.dnis)
    holder = before.holder or home.id
    found: list[CaseStep] = [] if before.holder else [steps.Received(holder=holder)]
    category = _category(step, rules)
    party = organisation.party_of_department(category.department) if category else None
    if party and category and party.id != holder:
        level = organisation.parties[holder].level if holder in organisation.parties else organisation.top
        if category.restricted or party.level != level:
            found.append(steps.PassedOn(to=party.id, origin=holder, reason="对口处理"))
    if step.kind == "complaint" and step.severity is Severity.MAJOR and not before.reported:
        found.append(steps.Reported(to="head_office"))
    return found


def _columns(case: Case, rules: Rules) -> dict[str, object]:
    """What lists of tickets filter by."""
    of_holder = case.holder.removeprefix("department:") if case.holder and ":" in case.holder else None
    holds = of_holder if case.holder and case.holder.startswith("department:") else None
    registered: dict[str, object] = {}
    if case.kind is not None:
        registered = {
            "kind": case.kind.value,
            "severity": case.severity.value,
            "level": level_of(case, rules),
            "holder": case.holder,
            "category": case.category,
            "department": case.department or holds,
            "restricted": case.restricted,
        }
    stage = None if case.stage is Stage.NEW else case.stage.value
    return registered | {"stage": stage, "state": case.state.value, "case_of": case.merged_into}


def _calls(file: CaseFile, taken: LoggedStep, case: Case, now: datetime, rules: Rules) -> list[OwedCall]:
    """The call that was promised (TKT-5), and the one that tells the result, at the next permitted hour (FUP-1)."""
    if not file.number_key:
        return []
    step, outbound = taken.step, rules.site.outbound
    place = len(file.taken) + 1
    if isinstance(step, steps.Promised):
        key, due_at, note = f"promise:{place}", step.until, f"承诺答复：{step.words}"
    elif isinstance(step, steps.Solved):
        what = "投诉结果反馈" if case.is_complaint else "办理结果反馈"
        key, due_at, note = f"feedback:{place}", now, f"{what}：{step.result}"
    elif isinstance(step, steps.FedBack) and step.satisfied == "unreachable" and case.tries < TRIES_BEFORE_CLOSING:
        later = now + timedelta(seconds=outbound.gap_s)
        key, due_at, note = f"feedback:{place}", later, f"结果反馈：{case.result or ''}"
    else:
        return []
    if not isinstance(step, steps.Promised) and outbound.hours:
        due_at = next_permitted(due_at, outbound.hours, rules.site.zone)
    key, queue = f"case:{file.number}:{key}", _queue(file, case, rules)
    return [OwedCall(key=key, due_at=due_at, queue=queue, note=note[:1000], by=taken.by)]


def _calls_over(file: CaseFile, taken: LoggedStep) -> tuple[str, ...]:
    """Which calls have nothing to say any more."""
    match taken.step:
        case steps.Promised():
            return (f"case:{file.number}:promise:",)
        case steps.FedBack(satisfied=bool()) | steps.Closed() | steps.Merged() | steps.Reopened():
            return (f"case:{file.number}:",)
        case _:
            return ()


def _queue(file: CaseFile, case: Case, rules: Rules) -> str:
    """Whose agents ring back: the queue of the call, else one of the holder's line, else one of its level."""
    queues = rules.site.queues
    holder = rules.organisation.parties.get(case.holder or "")
    of_line = [q.name for q in queues if holder and (q.kind, q.level) == (holder.kind, holder.level)]
    of_level = [q.name for q in queues if holder and q.level == holder.level]
    of_call = [q.name for q in queues if q.name == file.queue]
    return (*of_call, *of_line, *of_level, queues[0].name)[0]
