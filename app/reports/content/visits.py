"""Visits and guides as sections of a report (rules): by day and by language of the guide. RPT-2, BKG-4."""

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from config.words import Labels, Words
from crm.bookings.figures import GroupedBy, VisitFigures, grouped
from crm.bookings.model import Booking
from crm.bookings.words import LANGUAGES, STATES
from crm.reports.document import Cell, Column, ColumnKind, Section

_LANGUAGES: Labels = {**LANGUAGES, "": Words("无讲解", "Without a guide")}
_COLUMNS = (
    Column(Words("预约", "Bookings"), ColumnKind.COUNT),
    Column(Words("预约人数", "People"), ColumnKind.COUNT),
    Column(Words("到访", "Visited"), ColumnKind.COUNT),
    Column(Words("到访人数", "Visitors"), ColumnKind.COUNT),
    Column(Words("讲解场次", "Guided"), ColumnKind.COUNT),
    Column(STATES["no_show"], ColumnKind.COUNT),
    Column(Words("未到率", "No-show rate"), ColumnKind.SHARE),
    Column(Words("取消", "Cancelled"), ColumnKind.COUNT),
    Column(Words("评分", "Rating")),
)


def visits(bookings: Sequence[Booking], zone: ZoneInfo) -> tuple[Section, Section]:
    """Of visits that begin in the period."""
    return (
        _section("visits", Words("参观", "Visits"), Words("日期", "Day"), bookings, "day", zone),
        _section("guides", Words("讲解", "Guided tours"), Words("语种", "Language"), bookings, "language", zone),
    )


def _section(
    section_id: str, title: Words, by: Words, bookings: Sequence[Booking], key: GroupedBy, zone: ZoneInfo
) -> Section:
    rows = tuple(
        (_LANGUAGES.get(name, name) if key == "language" else name, *_cells(figures))
        for name, figures in grouped(bookings, key, zone).items()
    )
    return Section(id=section_id, title=title, columns=(Column(by), *_COLUMNS), rows=rows)


def _cells(figures: VisitFigures) -> tuple[Cell, ...]:
    return (
        figures.bookings,
        figures.people,
        figures.visited,
        figures.visitors,
        figures.guided,
        figures.no_shows,
        figures.no_show_rate,
        figures.cancelled,
        None if figures.rating is None else f"{figures.rating:.2f}",
    )
