"""Makes reports of what the store tells (flow): the periodic one, and how the rules were kept. RPT-2, RPT-4"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from app.figures import words
from app.figures.past import figures_of
from app.figures.records import call_record, limits_of
from app.reports.content.call_rules import CallRules, attempts_kept, talks_kept
from app.reports.content.evidence import Evidence, evidence
from app.reports.content.titles import Titles
from app.reports.content.visits import visits
from config.schema import Site
from config.service.policy import Policy
from config.words import Words
from crm.db.store import Store
from crm.reports import analysis
from crm.reports.compliance import Breach, ClockRow, Kept, all_breaches, clauses_kept
from crm.reports.document import Cell, Column, ColumnKind, Document, Section
from crm.reports.facts import Facts
from crm.reports.period import Stretch
from crm.tickets.model import TicketDetail
from routing.statistics.figure_board import Board, By
from routing.statistics.figures import FIGURES, Tally

TITLES = {
    "daily": Words("客户服务日报", "Daily service report"),
    "weekly": Words("客户服务周报", "Weekly service report"),
    "monthly": Words("客户服务月报", "Monthly service report"),
    "compliance": Words("服务规范执行情况报告", "Compliance report"),
}
_SHOWN = (
    "three_rings_rate",
    "person_three_rings_rate",
    "service_level",
    "answer_rate",
    "abandon_rate",
    "average_speed_of_answer",
    "average_handle_time",
    "satisfaction",
)
"""Which figures the report of calls has, in this order."""
MISSED = Words("未达标", "missed")
"""The verdict on a rule whose share is below its target."""
_COUNT, _SHARE, _INSTANT = ColumnKind.COUNT, ColumnKind.SHARE, ColumnKind.INSTANT


async def periodic(store: Store, site: Site, stretch: Stretch, now: datetime) -> Document:
    """The daily, weekly or monthly report of whole local days. Raises StoreAway."""
    since, until = stretch.instants(site.zone)
    facts, kept, board = await _gathered(store, site, since, until, now)
    before = await store.reports.facts(*stretch.before().instants(site.zone))
    booked = await store.bookings.between(since, until)
    names = {agent.id: agent.name for agent in site.agents}

    def made() -> Document:
        return Document(
            number=f"{stretch.span.value}-{stretch.name}",
            kind=stretch.span.value,
            title=TITLES[stretch.span.value],
            unit=Words(site.name, site.name_en),
            since=since,
            until=until,
            made_at=now,
            sections=(
                _calls(board, site),
                analysis.by_kind(facts, before),
                analysis.by_channel(facts, before),
                analysis.hot_topics(facts, before, site.matters),
                analysis.top_terms(facts, before),
                analysis.complaints(facts, before, site.matters),
                analysis.by_department(facts, before, site.matters),
                analysis.by_agent(facts, names, _agents(board)),
                analysis.satisfaction_over_time(facts, site.zone),
                *visits(booked, site.zone),
                _rules(kept),
                _overdue(facts, Titles(site), now),
            ),
        )

    return await asyncio.to_thread(made)  # a month's matters take a second: calls do not wait for them


async def compliance(store: Store, site: Site, since: datetime, until: datetime, now: datetime) -> Document:
    """How each rule was kept in [since, until), and every breach (RPT-4). Raises StoreAway."""
    _, kept, _ = await _gathered(store, site, since, until, now)
    last = until.astimezone(site.zone) - timedelta(seconds=1)
    return Document(
        number=f"compliance-{since.astimezone(site.zone):%Y%m%d}-{last:%Y%m%d}",
        kind="compliance",
        title=TITLES["compliance"],
        unit=Words(site.name, site.name_en),
        since=since,
        until=until,
        made_at=now,
        sections=(_rules(kept), _breaches(all_breaches(kept), Titles(site))),
    )


async def evidence_of(
    store: Store, site: Site, ticket: TicketDetail, digests: Mapping[int, str], now: datetime
) -> Document:
    """All that one ticket can be judged by (RPT-4). Raises StoreAway."""
    calls = CallRules(limits_of(site))
    for story in (await store.stories.of([call.call for call in ticket.calls])).values():
        if (record := call_record(story, (), site)) is not None:
            calls.hear(record, story)
    found = Evidence(
        ticket=ticket,
        clocks=await store.reports.clocks_of(ticket.number),
        rules=calls.kept(site),
        digests=digests,
        audit=await store.audit.about(f"ticket {ticket.number}"),
        titles=Titles(site),
    )
    return evidence(found, site, now)


async def _gathered(
    store: Store, site: Site, since: datetime, until: datetime, now: datetime
) -> tuple[Facts, tuple[Kept, ...], Board]:
    facts = await store.reports.facts(since, until)
    calls = CallRules(limits_of(site))
    period = await figures_of(store, site, since, until, now=now, told=calls.hear)
    kept = (
        *calls.kept(site),
        talks_kept(facts.talks),
        attempts_kept(facts.attempts, site),
        *clauses_kept(_of_tickets(facts.clocks), clause_texts(site.policy, since, until, site.zone), now),
    )
    return facts, kept, period.board


def _of_tickets(clocks: Iterable[ClockRow]) -> list[ClockRow]:
    """The telephone's rules are judged by calls."""
    return [clock for clock in clocks if not clock.clause.startswith("TEL-")]


def clause_texts(policy: Policy, since: datetime, until: datetime, zone: ZoneInfo) -> dict[str, Words]:
    """Every clause in force at some time of the period, in the words of its newest version."""
    first, last = since.astimezone(zone).date(), until.astimezone(zone).date()
    versions = [policy.in_force(first), *(each for each in policy.versions if first < each.in_force_from < last)]
    clauses = (clause for version in versions for clause in version.clauses.values())
    return {clause.id: Words(clause.text, clause.text_en) for clause in clauses if not clause.id.startswith("TEL-")}


def _calls(board: Board, site: Site) -> Section:
    """In all, and for each line."""
    lines = [(Words(line.title, line.title_en or line.title), line.kind) for line in site.lines]
    by_line = board.by(By.LINE)
    groups: Sequence[tuple[Words, Tally]] = [
        (Words("合计", "Total"), board.total),
        *((title, by_line.get(kind, Tally())) for title, kind in dict.fromkeys(lines)),
    ]
    rows: list[tuple[Cell, ...]] = []
    for title, total in groups:
        rows.append((title, total.offered, total.answered, *(FIGURES[name](total).value for name in _SHOWN)))
    return Section(
        id="calls",
        title=Words("来电", "Calls"),
        columns=(
            Column(Words("线路", "Line")),
            Column(Words("来电数", "Calls"), _COUNT),
            Column(Words("人工接听", "Answered"), _COUNT),
            *(Column(words.FIGURES[name], _kind_of(name)) for name in _SHOWN),
        ),
        rows=tuple(rows),
        note=Words("各项指标的算法见“指标”页。", "How each figure is counted is told on the page of figures."),
    )


def _agents(board: Board) -> dict[str, analysis.AgentCalls]:
    return {
        str(agent): analysis.AgentCalls(
            answered=own.answered,
            missed=own.rona + own.refused + own.busy + own.unreachable,
            handle_s=FIGURES["average_handle_time"](own).value,
        )
        for agent, own in board.by(By.AGENT).items()
    }


def _kind_of(figure: str) -> ColumnKind:
    return ColumnKind.SECONDS if figure.startswith("average_") else _SHARE


def _rules(kept: Sequence[Kept]) -> Section:
    met = {True: Words("达标", "met"), False: MISSED, None: None}
    return Section(
        id="rules",
        title=Words("规范执行情况", "How the rules were kept"),
        columns=(
            Column(Words("条款", "Rule")),
            Column(Words("内容", "What it says")),
            Column(Words("应执行", "Judged"), _COUNT),
            Column(Words("做到", "Kept"), _COUNT),
            Column(Words("违反", "Broken"), _COUNT),
            Column(Words("进行中", "Running"), _COUNT),
            Column(Words("执行率", "Share"), _SHARE),
            Column(Words("目标", "Target"), _SHARE),
            Column(Words("结论", "Verdict")),
        ),
        rows=tuple(
            (
                each.rule,
                each.text,
                each.applied,
                each.kept,
                each.broken,
                each.running,
                each.share,
                each.target,
                met[each.met],
            )
            for each in kept
        ),
        note=Words(
            "未到期且未完成的事项不计入执行率；时限按计时开始时有效的规范版本判定。",
            "What is not due yet counts neither way; each is judged by the version in force when its clock began.",
        ),
    )


def _overdue(facts: Facts, titles: Titles, now: datetime) -> Section:
    """What fell due in the period and was late, whenever it began: a clock of days ends after its day's report."""
    late = all_breaches(clauses_kept(_of_tickets(facts.fell_due), {}, now))
    return replace(
        _breaches(late, titles),
        id="overdue",
        title=Words("本期到期的超时事项", "Fell due in this period, and was late"),
        note=Words("按到期时间归入本期，不论何时开始计时。", "By when they fell due, whenever they began."),
    )


def _breaches(breaches: Sequence[Breach], titles: Titles) -> Section:
    return Section(
        id="breaches",
        title=Words("违反明细", "Every breach"),
        columns=(
            Column(Words("条款", "Rule")),
            Column(Words("工单", "Ticket"), ColumnKind.TICKET),
            Column(Words("开始", "Started"), _INSTANT),
            Column(Words("应完成", "Due"), _INSTANT),
            Column(Words("完成", "Done"), _INSTANT),
            Column(Words("超时", "Late by"), ColumnKind.SECONDS),
            Column(Words("责任单位", "Unit")),
            Column(Words("责任人", "Person")),
        ),
        rows=tuple(
            (
                each.rule,
                each.ticket,
                each.started_at,
                each.due_at,
                each.stopped_at,
                each.late_s,
                titles.of(each.holder) or None,
                titles.of(each.person) or None,
            )
            for each in breaches
        ),
    )
