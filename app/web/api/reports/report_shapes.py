"""The outside shape of reports. Data only; see contract.py. RPT-2, RPT-3, RPT-4."""

from datetime import datetime
from typing import Literal

from app.web.http.contract import In, Moment, Out
from config.words import Words
from crm.reports.document import Cell, ColumnKind, Document


class WordsOut(Out, frozen=True, kw_only=True):
    zh: str
    en: str


class ColumnOut(Out, frozen=True, kw_only=True):
    title: WordsOut
    kind: ColumnKind


class SectionOut(Out, frozen=True, kw_only=True):
    """A table. `note`: how it is counted."""

    id: str
    title: WordsOut
    columns: list[ColumnOut]
    rows: list[list[str | int | float | WordsOut | None]]
    note: WordsOut | None


class DocumentOut(Out, frozen=True, kw_only=True):
    """A report as the page shows it; the files say the same. Instants in cells are ISO 8601."""

    number: str
    kind: str
    title: WordsOut
    unit: WordsOut
    since: datetime
    until: datetime
    made_at: datetime
    sections: list[SectionOut]


class ReportRunOut(Out, frozen=True, kw_only=True):
    """A report on file. `failure`: why it was not sent, the last time; `files`: what there is to fetch."""

    kind: str
    period: str
    made_at: datetime
    sent_at: datetime | None
    failure: str
    files: list[Literal["xlsx", "pdf"]]


class FileQuery(In, frozen=True, kw_only=True):
    type: Literal["xlsx", "pdf"] = "pdf"


class PeriodQuery(In, frozen=True, kw_only=True):
    """[since, until); at most a year. Default: this month."""

    since: Moment | None = None
    until: Moment | None = None


class PeriodFileQuery(PeriodQuery, frozen=True, kw_only=True):
    type: Literal["xlsx", "pdf"] = "pdf"


def words_out(words: Words) -> WordsOut:
    return WordsOut(zh=words.zh, en=words.en)


def document_out(document: Document) -> DocumentOut:
    return DocumentOut(
        number=document.number,
        kind=document.kind,
        title=words_out(document.title),
        unit=words_out(document.unit),
        since=document.since,
        until=document.until,
        made_at=document.made_at,
        sections=[
            SectionOut(
                id=section.id,
                title=words_out(section.title),
                columns=[ColumnOut(title=words_out(column.title), kind=column.kind) for column in section.columns],
                rows=[[_plain(cell) for cell in row] for row in section.rows],
                note=words_out(section.note) if section.note else None,
            )
            for section in document.sections
        ],
    )


def _plain(cell: Cell) -> str | int | float | WordsOut | None:
    if isinstance(cell, Words):
        return words_out(cell)
    return cell.isoformat() if isinstance(cell, datetime) else cell
