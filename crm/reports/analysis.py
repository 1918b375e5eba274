"""What people called about and what became of it, as sections of a report (rules). RPT-2.

Each figure is set beside that of the period before. Restricted tickets are counted, never quoted (LNE-6).
"""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final
from zoneinfo import ZoneInfo

from config.numbering import mask
from config.service.matters import Matters
from config.words import Labels, Words
from crm.intake.words import CHANNELS
from crm.reports.document import Cell, Column, ColumnKind, Section
from crm.reports.facts import Facts, Score, StepFact, TicketFact
from crm.reports.terms import LEAST, terms
from crm.tickets.words import KINDS, NOT_CLASSIFIED, STATES

SATISFIED_FROM: Final = 4
EXAMPLES: Final = 3
EXAMPLE_LENGTH: Final = 30
TERMS: Final = 20
_NUMBER: Final = re.compile(r"\d{7,}")

_COUNT, _SHARE = ColumnKind.COUNT, ColumnKind.SHARE
_COUNTED: Final = (
    Column(Words("件数", "Tickets"), _COUNT),
    Column(Words("占比", "Share"), _SHARE),
    Column(Words("上期", "Before"), _COUNT),
    Column(Words("增减", "Change"), _COUNT),
)


def _both(words: Words) -> str:
    return f"{words.zh} {words.en}"


def _named(names: Labels, name: str | None) -> str:
    """In both languages; a name that nobody knows stands for itself."""
    return _both(names.get(name, Words(name, "")) if name else NOT_CLASSIFIED).strip()


_Compared = tuple[str | None, int, float, int, int]


def _compared(
    now: Sequence[TicketFact], before: Sequence[TicketFact], of: Callable[[TicketFact], str | None]
) -> list[_Compared]:
    """(value, count, share, count before, change), the most frequent first."""
    counts, earlier = Counter(map(of, now)), Counter(map(of, before))
    total = sum(counts.values())
    names = sorted({*counts, *earlier}, key=lambda name: (-counts[name], -earlier[name], name or ""))
    return [
        (name, counts[name], counts[name] / total if total else 0.0, earlier[name], counts[name] - earlier[name])
        for name in names
    ]


def by_kind(now: Facts, before: Facts) -> Section:
    """Tickets by kind (TKT-2)."""
    rows = _compared(now.tickets, before.tickets, lambda each: each.kind)
    return Section(
        id="kinds",
        title=Words("工单类型", "Kinds of tickets"),
        columns=(Column(Words("类型", "Kind")), *_COUNTED),
        rows=tuple((_named(KINDS, kind), *rest) for kind, *rest in rows),
    )


def by_channel(now: Facts, before: Facts) -> Section:
    """Where tickets came from (TKT-1)."""
    rows = _compared(now.tickets, before.tickets, lambda each: each.channel)
    return Section(
        id="channels",
        title=Words("受理渠道", "Channels"),
        columns=(Column(Words("渠道", "Channel")), *_COUNTED),
        rows=tuple((_named(CHANNELS, name), *rest) for name, *rest in rows),
    )


def hot_topics(now: Facts, before: Facts, matters: Matters) -> Section:
    """咨询热点: what is asked most, by category, with examples in the callers' matters."""
    examples: dict[str | None, list[str]] = defaultdict(list)
    for each in reversed(now.tickets):
        if each.matter and not each.restricted and len(examples[each.category]) < EXAMPLES:
            short = _NUMBER.sub(_masked, each.matter.replace("\n", " "))[:EXAMPLE_LENGTH]
            if short not in examples[each.category]:
                examples[each.category].append(short)
    rows: list[tuple[Cell, ...]] = []
    for name, *rest in _compared(now.tickets, before.tickets, lambda each: each.category):
        category = matters.category(name) if name else None
        title = Words(category.title, category.title_en) if category else NOT_CLASSIFIED
        rows.append((_both(title) if category or name is None else name, *rest, "；".join(examples[name])))
    return Section(
        id="topics",
        title=Words("咨询热点", "What is asked most"),
        columns=(Column(Words("事项", "Matter")), *_COUNTED, Column(Words("例", "Examples"))),
        rows=tuple(rows),
    )


def _masked(number: re.Match[str]) -> str:
    """Reports leave the house: nobody's number is in them (CUS-4)."""
    return mask(number.group())


def top_terms(now: Facts, before: Facts) -> Section:
    """The terms that come up in most matters, in any category."""
    counts, earlier = (terms(each.matter for each in of.tickets if not each.restricted) for of in (now, before))
    names = sorted({*counts, *earlier}, key=lambda term: (-counts[term], -earlier[term], term))[:TERMS]
    return Section(
        id="terms",
        title=Words("热点词", "Terms that come up most"),
        columns=(Column(Words("词", "Term")), _COUNTED[0], *_COUNTED[2:]),
        rows=tuple((term, counts[term], earlier[term], counts[term] - earlier[term]) for term in names),
        note=Words(
            f"在事由中出现于至少 {LEAST} 件工单的词；每件只计一次，限阅工单不计。",
            f"In the matters of at least {LEAST} tickets; once for each, restricted ones left out.",
        ),
    )


def complaints(now: Facts, before: Facts, matters: Matters) -> Section:
    """Complaints by category: how many, how many major, how many judged valid in the period (CPL-1, CPL-5)."""
    mine = [each for each in now.tickets if each.kind == "complaint"]
    earlier = [each for each in before.tickets if each.kind == "complaint"]
    major = Counter(each.category for each in mine if each.severity == "major")
    valid = _valid(now.steps)
    rows: list[tuple[Cell, ...]] = []
    compared = _compared(mine, earlier, lambda each: each.category)
    opened_before = sorted(valid.keys() - {name for name, *_ in compared}, key=lambda name: name or "")
    for name, count, share, *rest in [*compared, *((name, 0, 0.0, 0, 0) for name in opened_before)]:
        category = matters.category(name) if name else None
        title = _both(Words(category.title, category.title_en)) if category else name or _both(NOT_CLASSIFIED)
        rows.append((title, count, share, *rest, major[name], valid[name]))
    return Section(
        id="complaints",
        title=Words("投诉类别", "Kinds of complaints"),
        columns=(
            Column(Words("类别", "Category")),
            *_COUNTED,
            Column(Words("其中重大", "Major"), _COUNT),
            Column(Words("认定有效", "Judged valid"), _COUNT),
        ),
        rows=tuple(rows),
        note=Words("“认定有效”按本期内作出的认定统计。", "“Judged valid” counts the verdicts given in this period."),
    )


def _valid(steps: Iterable[StepFact]) -> Counter[str | None]:
    """By category, each complaint by its last verdict, whenever it came in."""
    last = {each.ticket: each for each in steps if each.step == "judged"}
    return Counter(each.category for each in last.values() if each.details.get("verdict") == "valid")


def satisfaction_over_time(now: Facts, zone: ZoneInfo) -> Section:
    """By local day: answers, satisfied (4 and 5), share, mean (QUA-1, target 85 %)."""
    days: dict[date, list[int]] = defaultdict(list)
    for each in now.scores:
        days[each.at.astimezone(zone).date()].append(each.score)
    rows = tuple((day.isoformat(), *_scored(days[day])) for day in sorted(days))
    return Section(
        id="satisfaction",
        title=Words("满意度", "Satisfaction"),
        columns=(Column(Words("日期", "Day")), *_SCORED),
        rows=rows,
    )


_SCORED: Final = (
    Column(Words("评价数", "Answers"), _COUNT),
    Column(Words("满意", "Satisfied"), _COUNT),
    Column(Words("满意率", "Share"), _SHARE),
    Column(Words("平均分", "Mean")),
)


def _scored(scores: Sequence[int]) -> tuple[int, int, float | None, str]:
    satisfied = sum(score >= SATISFIED_FROM for score in scores)
    mean = f"{sum(scores) / len(scores):.2f}" if scores else "–"
    return len(scores), satisfied, satisfied / len(scores) if scores else None, mean


def by_department(now: Facts, before: Facts, matters: Matters) -> Section:
    """Tickets by the department that answers for them (LNE-6), and how many are closed."""
    closed = Counter(each.department for each in now.tickets if each.state == "closed")
    rows: list[tuple[Cell, ...]] = []
    for name, *rest in _compared(now.tickets, before.tickets, lambda each: each.department):
        department = matters.department(name) if name else None
        known = _both(Words(department.title, department.title_en)) if department else name or "–"
        rows.append((known, *rest, closed[name]))
    return Section(
        id="departments",
        title=Words("责任部门", "Departments"),
        columns=(Column(Words("部门", "Department")), *_COUNTED, Column(STATES["closed"], _COUNT)),
        rows=tuple(rows),
    )


@dataclass(frozen=True, kw_only=True)
class AgentCalls:
    """Calls an agent answered, and was offered in vain; `handle_s`: how long one took on average, None: none did."""

    answered: int = 0
    missed: int = 0
    handle_s: float | None = None


def by_agent(now: Facts, names: Mapping[str, str], calls: Mapping[str, AgentCalls]) -> Section:
    """Calls, tickets and satisfaction by agent."""
    tickets = Counter(each.agent for each in now.tickets if each.agent)
    scores = _by_agent(now.scores)
    agents = sorted({*tickets, *scores, *calls})
    none = AgentCalls()
    return Section(
        id="agents",
        title=Words("坐席", "Agents"),
        columns=(
            Column(Words("工号", "Agent")),
            Column(Words("接听", "Answered"), _COUNT),
            Column(Words("未接", "Missed"), _COUNT),
            Column(Words("平均处理时长", "Average handle time"), ColumnKind.SECONDS),
            Column(Words("工单", "Tickets"), _COUNT),
            *_SCORED,
        ),
        rows=tuple(
            (
                f"{agent} {names.get(agent, '')}".strip(),
                (own := calls.get(agent, none)).answered,
                own.missed,
                own.handle_s,
                tickets[agent],
                *_scored(scores.get(agent, [])),
            )
            for agent in agents
        ),
    )


def _by_agent(scores: Iterable[Score]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = defaultdict(list)
    for each in scores:
        if each.agent:
            found[each.agent].append(each.score)
    return found
