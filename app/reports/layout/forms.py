"""客户投诉处理单 and 登记簿 (adapter): the handling form of a ticket, the register of a period. TKT-7."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.platypus import Flowable, Table, TableStyle

from app.reports.content.case_file import CaseFile
from app.reports.layout.paper import BODY, HEAD, LINE, MARGIN, TITLE, UNDER, printed, words
from config.schema import Site
from config.words import Labels, Words
from crm.cases.words import MEASURES, SATISFIED, VERDICTS
from crm.intake.words import CHANNELS
from crm.reports.compliance import ClockRow, verdict
from crm.reports.facts import StepFact
from crm.reports.words import VERDICTS as KEPT
from crm.tickets.words import KINDS, NOT_CLASSIFIED, SEVERITIES, STATES

_BREADTH: Final = A4[0] - 2 * MARGIN
_LABEL: Final = 26 * mm


def handling_form(case: CaseFile, site: Site) -> bytes:
    """The PDF. Raises TypefaceMissing."""
    number = case.ticket.number
    title = "客户投诉处理单" if case.ticket.kind == "complaint" else "客户服务工单"
    footer = f"{site.name}　{title}　{number}　打印于 {_at(case.printed_at, site.zone)}"
    return printed(f"{title} {number}", footer, lambda: _form(case, site, title))


def _form(case: CaseFile, site: Site, title: str) -> Iterator[Flowable]:
    ticket, zone = case.ticket, site.zone
    channel = CHANNELS.get(ticket.channel, Words(ticket.channel, ticket.channel)).zh
    kind = (KINDS[ticket.kind] if ticket.kind else NOT_CLASSIFIED).zh
    yield words(title, TITLE)
    yield words(f"{site.name}　编号 {ticket.number}", UNDER)
    yield _pairs(
        ("受理时间", _at(ticket.opened_at, zone), "受理渠道", channel),
        ("类型", kind, "严重程度", SEVERITIES[ticket.severity].zh),
        ("事项类别", case.category or "", "受理人", case.titles.of(ticket.agent)),
        ("客户姓名", ticket.contact_name or ticket.customer_name or "", "称呼", ticket.form_of_address),
        ("联系电话", ticket.contact_number or ticket.ani, "状态", STATES[ticket.state].zh),
    )
    yield _blocks(
        ("事由", ticket.matter),
        ("客户诉求", ticket.wish),
        ("转办情况", _passed(case, zone)),
        ("处理方案", _plan(case, zone)),
        ("审批意见", _approval(case, zone)),
        ("处理结果", _of(case.last("solved"), zone, case, lambda step: _text(step, "result"))),
        ("答复与回访", _feedback(case, zone)),
        ("投诉认定", _of(case.last("judged"), zone, case, _judged)),
        ("原因与改进", _of(case.last("cause_recorded"), zone, case, _cause)),
        ("时限执行", _times(case, zone)),
        ("备注", ticket.note),
    )
    yield _pairs(("经办人签字", "", "部门负责人签字", ""), ("服务监督签字", "", "日期", ""), tall=True)


def _at(at: datetime, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M}"


def _text(step: StepFact, name: str) -> str:
    value = step.details.get(name)
    return value if isinstance(value, str) else ""


def _of(step: StepFact | None, zone: ZoneInfo, case: CaseFile, told: Callable[[StepFact], str]) -> str:
    return f"{told(step)}\n（{case.titles.of(step.by)}，{_at(step.at, zone)}）" if step else ""


def _passed(case: CaseFile, zone: ZoneInfo) -> str:
    moves = [each for each in case.steps if each.step in ("passed_on", "handed_down", "taken_back", "escalated")]
    return "\n".join(
        f"{_at(each.at, zone)}　转至 {case.titles.of(each.details.get('to'))}　{_reason(each)}" for each in moves
    )


def _label(labels: Labels, code: str) -> str:
    """A code that nobody knows stands for itself."""
    return labels[code].zh if code in labels else code


def _reason(step: StepFact) -> str:
    return _text(step, "reason") or _text(step, "words")


def _plan(case: CaseFile, zone: ZoneInfo) -> str:
    def told(step: StepFact) -> str:
        measures = step.details.get("measures")
        names = [_label(MEASURES, str(each)) for each in measures] if isinstance(measures, list) else []
        return f"{'、'.join(names)}：{_text(step, 'text')}" if names else _text(step, "text")

    return _of(case.last("plan_proposed"), zone, case, told)


def _approval(case: CaseFile, zone: ZoneInfo) -> str:
    def told(step: StepFact) -> str:
        return "同意。" + _text(step, "words") if step.step == "plan_approved" else "不同意：" + _text(step, "reason")

    return _of(case.last("plan_approved", "plan_refused"), zone, case, told)


def _feedback(case: CaseFile, zone: ZoneInfo) -> str:
    told = [each for each in case.steps if each.step == "fed_back"]
    return "\n".join(
        f"{_at(each.at, zone)}　{_label(SATISFIED, str(each.details.get('satisfied')).lower())}　{_text(each, 'words')}"
        for each in told
    )


def _judged(step: StepFact) -> str:
    return f"{_label(VERDICTS, _text(step, 'verdict'))}。依据：{_text(step, 'evidence')}"


def _cause(step: StepFact) -> str:
    circulated = "（通报）" if step.details.get("circulate") else ""
    return f"原因：{_text(step, 'cause')}\n改进措施：{_text(step, 'measure')}{circulated}"


def _times(case: CaseFile, zone: ZoneInfo) -> str:
    def told(clock: ClockRow) -> str:
        due = _at(clock.due_at, zone) if clock.due_at else "（暂停）"
        done = f"完成于 {_at(clock.stopped_at, zone)}" if clock.stopped_at else "未完成"
        judged = KEPT[verdict(clock, case.printed_at)].zh
        return f"{clock.clause}　{_at(clock.started_at, zone)} 起，应于 {due}，{done}　{judged}"

    return "\n".join(told(each) for each in case.clocks)


def _pairs(*rows: tuple[str, str, str, str], tall: bool = False) -> Table:
    half = _BREADTH / 2 - _LABEL
    cells = [[words(cell, BODY) for cell in row] for row in rows]
    heights = [14 * mm if tall else None for _ in rows]
    return _ruled(Table(cells, colWidths=[_LABEL, half, _LABEL, half], rowHeights=heights), labels=(0, 2))


def _blocks(*rows: tuple[str, str]) -> Table:
    cells = [[words(label, BODY), words(text or " ", BODY)] for label, text in rows]
    return _ruled(Table(cells, colWidths=[_LABEL, _BREADTH - _LABEL], splitInRow=1), labels=(0,))


def _ruled(table: Table, labels: tuple[int, ...]) -> Table:
    table.setStyle(
        TableStyle(
            [
                ("GRID", (0, 0), (-1, -1), 0.5, LINE),
                ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
                *(("BACKGROUND", (place, 0), (place, -1), HEAD) for place in labels),
            ]
        )
    )
    return table
