"""The monthly assessment and agents' files over the API (adapter). QUA-3, QUA-4, QUA-6."""

import msgspec

from app.web.api.common.shown import shaped
from app.web.api.quality.quality import refused
from app.web.api.quality.quality_shapes import AssessedOut, MonthOut, MonthQuery, NoteNew, NoteOut, NoteQuery
from app.web.http.contract import Listed, Nothing
from app.web.http.operations import AnyOperation, Ask, operation
from crm.quality.assessment import Assessed
from crm.quality.file import FileNote
from crm.quality.sampling import month_bounds
from crm.use_cases import quality as use_cases


async def get_assessment(ask: Ask[MonthQuery, Nothing]) -> MonthOut:
    """A closed month as it was closed, any other as it looks now."""
    return await _month(ask, ask.query.month)


async def close_month(ask: Ask[Nothing, Nothing]) -> MonthOut:
    """From now on the month's figures stay. 409 when it is closed, or an objection is undecided."""
    month = ask.path("month")
    await ask.do(use_cases.close_month, month)
    return await _month(ask, month)


async def get_agent_file(ask: Ask[NoteQuery, Nothing]) -> Listed[NoteOut]:
    """Newest first: one's own, or as a supervisor anybody's."""
    query = ask.query
    kinds = [query.kind] if query.kind else []
    page = await ask.seen.quality.notes(ask.path("id"), kinds=kinds, limit=query.limit, after=query.after)
    return Listed(items=[_note(row) for row in page.items], next=page.next)


async def add_file_note(ask: Ask[Nothing, NoteNew]) -> NoteOut:
    """A reward, a penalty, a valid complaint, a remark; what is written stays."""
    new = use_cases.NewNote(**msgspec.structs.asdict(ask.body))
    return _note(await ask.do(use_cases.add_note, ask.path("id"), new))


async def _month(ask: Ask[msgspec.Struct, msgspec.Struct], name: str) -> MonthOut:
    services = ask.services
    try:
        over = services.clock() >= month_bounds(name, services.site.zone)[1]
        closed, rated = await ask.seen.quality.month(name)
    except ValueError as exc:
        raise refused(exc, "month") from exc
    return MonthOut(
        month=name,
        closed_at=closed.closed_at if closed else None,
        closed_by=closed.closed_by if closed else None,
        rule_version=closed.rule_version if closed else services.site.quality.version,
        over=over,
        agents=[_assessed(each) for each in rated.agents],
        departments=[_assessed(each) for each in rated.departments],
    )


def _assessed(row: Assessed) -> AssessedOut:
    return shaped(AssessedOut, row)


def _note(row: FileNote) -> NoteOut:
    return shaped(NoteOut, row, id=str(row.id))


# fmt: off
ASSESSMENT_OPERATIONS: tuple[AnyOperation, ...] = (
    operation("get_assessment", "GET /api/quality/assessment", get_assessment,
              "A month's assessment of agents and departments", MonthQuery, Nothing, MonthOut),
    operation("close_month", "POST /api/quality/assessment/{month}/close", close_month,
              "Close a month: its figures stay as they are", Nothing, Nothing, MonthOut),
    operation("get_agent_file", "GET /api/agents/{id}/file", get_agent_file,
              "An agent's file: rewards, penalties, complaints, missed calls, breaches",
              NoteQuery, Nothing, Listed[NoteOut]),
    operation("add_file_note", "POST /api/agents/{id}/file", add_file_note,
              "Write a note on an agent's file", Nothing, NoteNew, NoteOut, 201),
)
# fmt: on
