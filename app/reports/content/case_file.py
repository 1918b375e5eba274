"""What the handling form and the register of a period are made of (rules). TKT-7."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from app.reports.content.titles import Titles
from config.schema import Site
from config.words import Words
from crm.intake.words import CHANNELS
from crm.reports.compliance import ClockRow
from crm.reports.document import Column, ColumnKind, Document, Section
from crm.reports.facts import StepFact, TicketFact
from crm.tickets.model import TicketDetail
from crm.tickets.words import KINDS, NOT_CLASSIFIED, STATES


@dataclass(frozen=True, kw_only=True)
class CaseFile:
    """All that the handling form says. `steps`: of the ticket, oldest first."""

    ticket: TicketDetail
    category: str | None
    steps: Sequence[StepFact]
    clocks: Sequence[ClockRow]
    printed_at: datetime
    titles: Titles

    def last(self, *steps: str) -> StepFact | None:
        """The newest of these steps."""
        return next((each for each in reversed(self.steps) if each.step in steps), None)


_REGISTER: Final = (
    Column(Words("编号", "Number"), ColumnKind.TICKET),
    Column(Words("受理时间", "Opened"), ColumnKind.INSTANT),
    Column(Words("渠道", "Channel"), ColumnKind.LABEL),
    Column(Words("类型", "Kind"), ColumnKind.LABEL),
    Column(Words("事由", "Matter")),
    Column(Words("责任部门", "Department")),
    Column(Words("受理人", "Agent")),
    Column(Words("状态", "State"), ColumnKind.LABEL),
)


def register(tickets: Sequence[TicketFact], site: Site, since: datetime, until: datetime, now: datetime) -> Document:
    """登记簿: every ticket of a period, in the order it came. Of restricted ones the matter is not told (LNE-6)."""
    return Document(
        number=f"register-{since.astimezone(site.zone):%Y%m%d}",
        kind="register",
        title=Words("客户服务登记簿", "Register"),
        unit=Words(site.name, site.name_en),
        since=since,
        until=until,
        made_at=now,
        sections=(
            Section(
                id="register",
                title=Words("登记", "Register"),
                columns=_REGISTER,
                rows=tuple(_entry(each, site) for each in tickets),
            ),
        ),
    )


def _entry(fact: TicketFact, site: Site) -> tuple[str | datetime, ...]:
    """One line of the register, in the order of its columns."""
    agent = next((agent.name for agent in site.agents if agent.id == fact.agent), "")
    return (
        fact.number,
        fact.opened_at,
        CHANNELS.get(fact.channel, Words(fact.channel, "")).zh,
        (KINDS[fact.kind] if fact.kind else NOT_CLASSIFIED).zh,
        "（限阅）" if fact.restricted else fact.matter,
        _title(site, fact.department),
        f"{fact.agent} {agent}".strip() if fact.agent else "",
        STATES[fact.state].zh,
    )


def _title(site: Site, department_id: str | None) -> str:
    department = site.matters.department(department_id) if department_id else None
    return department.title if department else department_id or ""
