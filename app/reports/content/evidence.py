"""The evidence of one ticket (rules): every instant, each clause by the version it was judged by, digests and seals.

The words of the record are printed as they were written down, not retold. RPT-4, TKT-3.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from app.reports.content.titles import Titles
from config.schema import Site
from config.service.policy import Policy
from config.words import Words
from crm.audit.seals import Sealed
from crm.reports.compliance import ClockRow, Kept, Verdict, verdict
from crm.reports.document import Cell, Column, ColumnKind, Document, Section
from crm.reports.words import VERDICTS
from crm.tickets.model import Detail, TicketDetail, TimelineEntry
from crm.tickets.words import KINDS, NOT_CLASSIFIED, SOURCES

_COUNT, _SECONDS, _INSTANT = ColumnKind.COUNT, ColumnKind.SECONDS, ColumnKind.INSTANT


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """`rules`: how the ticket's calls kept the telephone's rules. `digests`: SHA-256 of each recording that is still
    there, by its id. `audit`: the rows of the trail about the ticket, oldest first."""

    ticket: TicketDetail
    clocks: Sequence[ClockRow]
    rules: Sequence[Kept]
    digests: Mapping[int, str]
    audit: Sequence[Sealed]
    titles: Titles


def evidence(of: Evidence, site: Site, now: datetime) -> Document:
    """What is on paper can be checked against the system: instants to the millisecond, digests, seals."""
    ticket = of.ticket
    return Document(
        number=f"evidence-{ticket.number}",
        kind="evidence",
        title=Words(f"工单 {ticket.number} 证据材料", f"Evidence of ticket {ticket.number}"),
        unit=Words(site.name, site.name_en),
        since=ticket.opened_at,
        until=now,
        made_at=now,
        sections=(
            _facts(of),
            _clauses(of, site.policy, now),
            _rules(of),
            _calls(of),
            _timeline(of, site),
            _recordings(of),
            _seals(of),
        ),
    )


def _facts(of: Evidence) -> Section:
    ticket = of.ticket
    rows = (
        ("编号 Number", ticket.number),
        ("类型 Kind", (KINDS[ticket.kind] if ticket.kind else NOT_CLASSIFIED).zh),
        ("客户 Customer", ticket.contact_name or ticket.customer_name),
        ("联系电话 Telephone", ticket.contact_number or ticket.ani),
        ("事由 Matter", ticket.matter),
        ("诉求 Wish", ticket.wish),
        ("现由 With", of.titles.of(ticket.holder)),
        ("受理人 Agent", of.titles.of(ticket.agent)),
    )
    return Section(
        id="facts", title=Words("工单", "Ticket"), columns=(_label("项目", "Item"), _text("内容", "Content")), rows=rows
    )


def _clauses(of: Evidence, policy: Policy, now: datetime) -> Section:
    def row(clock: ClockRow) -> tuple[Cell, ...]:
        found, end = verdict(clock, now), clock.stopped_at or now
        late = (end - clock.due_at).total_seconds() if clock.due_at and found is Verdict.BROKEN else None
        provisional = "（暂定 provisional）" if clock.provisional else ""
        return (
            f"{clock.clause} {_clause_text(policy, clock)}",
            clock.in_force_from + provisional,
            clock.round,
            clock.started_at,
            clock.due_at,
            clock.stopped_at,
            VERDICTS[found],
            late,
            " ".join(filter(None, (of.titles.of(clock.holder), of.titles.of(clock.person)))),
        )

    return Section(
        id="clauses",
        title=Words("条款执行", "How each clause was kept"),
        columns=(
            _text("条款", "Clause"),
            _label("规范版本", "Version"),
            Column(Words("轮次", "Round"), _COUNT),
            Column(Words("开始", "Started"), _INSTANT),
            Column(Words("应完成", "Due"), _INSTANT),
            Column(Words("完成", "Done"), _INSTANT),
            _label("结论", "Verdict"),
            Column(Words("超时", "Late by"), _SECONDS),
            _text("责任单位、责任人", "Unit and person"),
        ),
        rows=tuple(map(row, of.clocks)),
        note=Words("按计时开始时有效的规范版本判定。", "Judged by the version in force when its clock began."),
    )


def _clause_text(policy: Policy, clock: ClockRow) -> str:
    texts = (
        version.clauses[clock.clause].text
        for version in policy.versions
        if version.in_force_from.isoformat() == clock.in_force_from and clock.clause in version.clauses
    )
    return next(texts, "")


def _rules(of: Evidence) -> Section:
    return Section(
        id="rules",
        title=Words("通话规范", "Rules of the telephone"),
        columns=(
            _label("条款", "Rule"),
            _text("内容", "What it says"),
            Column(Words("做到", "Kept"), _COUNT),
            Column(Words("违反", "Broken"), _COUNT),
            Column(Words("最多超时", "Late by at most"), _SECONDS),
        ),
        rows=tuple(
            (
                each.rule,
                each.text.zh,
                each.kept,
                each.broken,
                max((breach.late_s for breach in each.breaches), default=None),
            )
            for each in of.rules
            if each.applied
        ),
    )


def _calls(of: Evidence) -> Section:
    instants = (("呼入", "INVITE"), ("接起", "Answered"), ("排队", "Queued"), ("人工应答", "Agent"), ("结束", "Ended"))
    return Section(
        id="calls",
        title=Words("通话", "Calls"),
        columns=(
            _text("通话", "Call"),
            *(Column(Words(zh, en), _INSTANT) for zh, en in instants),
            Column(Words("铃声数", "Rings"), _COUNT),
            Column(Words("等待", "Wait"), _SECONDS),
            Column(Words("通话时长", "Talk"), _SECONDS),
            _label("结果", "Outcome"),
        ),
        rows=tuple(
            (
                each.call,
                each.invited_at,
                each.answered_at,
                each.queued_at,
                each.agent_answered_at,
                each.ended_at,
                each.rings,
                each.wait_s,
                each.talk_s,
                each.outcome or "",
            )
            for each in of.ticket.calls
        ),
    )


def _timeline(of: Evidence, site: Site) -> Section:
    def row(entry: TimelineEntry) -> tuple[Cell, ...]:
        at = entry.at.astimezone(site.zone).isoformat(" ", "milliseconds")
        return (
            at,
            SOURCES.get(entry.source, entry.source),
            entry.action,
            of.titles.of(entry.by),
            _details(entry.details),
        )

    return Section(
        id="timeline",
        title=Words("经过", "What happened"),
        columns=(
            _text("时间", "At"),
            _label("来源", "Source"),
            _text("记录", "Record"),
            _label("操作人", "By"),
            _text("内容", "Details"),
        ),
        rows=tuple(map(row, of.ticket.timeline)),
    )


def _details(details: Mapping[str, Detail]) -> str:
    return "；".join(f"{name}={value}" for name, value in details.items() if value not in (None, ""))


def _recordings(of: Evidence) -> Section:
    return Section(
        id="recordings",
        title=Words("录音", "Recordings"),
        columns=(
            _text("文件", "File"),
            Column(Words("录制时间", "Recorded"), _INSTANT),
            Column(Words("时长", "Length"), _SECONDS),
            _text("SHA-256", "SHA-256"),
            Column(Words("按期删除", "Removed"), _INSTANT),
        ),
        rows=tuple(
            (each.file, each.recorded_at, each.duration_s, of.digests.get(each.id, ""), each.deleted_at)
            for each in of.ticket.recordings
        ),
    )


def _seals(of: Evidence) -> Section:
    return Section(
        id="audit",
        title=Words("审计记录", "Audit trail"),
        columns=(
            _label("链号", "Place"),
            Column(Words("时间", "At"), _INSTANT),
            _label("操作人", "By"),
            _label("操作", "Act"),
            _text("内容", "Details"),
            _text("封印", "Seal"),
        ),
        rows=tuple(
            (f"{row.day} #{row.serial}", row.at, of.titles.of(row.by), row.action, row.details, seal)
            for _, row, seal in of.audit
        ),
        note=Words("用 sanxiang audit verify 核对整条链。", "`sanxiang audit verify` checks the whole chain."),
    )


def _text(zh: str, en: str) -> Column:
    return Column(Words(zh, en))


def _label(zh: str, en: str) -> Column:
    return Column(Words(zh, en), ColumnKind.LABEL)
