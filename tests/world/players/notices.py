"""Plays official notices: `<place>-<year>.txt` are entered one after the other, each as it was published. CPL-3."""

from datetime import UTC, datetime
from typing import Any

from crm.days.model import BadNotice, EnteredDay, known_years, read_notice, with_earlier
from tests.world.corpus import Case

AT = datetime(2026, 11, 20, tzinfo=UTC)


def play(case: Case) -> dict[str, Any]:
    """`days`: what is entered in the end, by kind; `known`: years that it makes known; `left` and `faults` of the last
    notice, which then enters nothing."""
    rows: list[EnteredDay] = []
    found: dict[str, Any] = {}
    for path in case.inputs():
        year = int(path.stem.partition("-")[2])
        notice = read_notice(path.read_text(encoding="utf-8"), year)
        found["left"] = notice.left
        try:
            if notice.faults:
                raise BadNotice(notice.faults)
            days = with_earlier(notice, year, rows)
        except BadNotice as exc:
            found["faults"] = [fault.zh for fault in exc.faults]
            break
        rows = [
            EnteredDay(day, kind, "notice", "8901", AT, days.festivals.get(day, ""), year)
            for day, kind in days.days.items()
        ]
    for kind in ("holiday", "make_up"):
        found[kind] = " ".join(str(row.day) for row in sorted(rows, key=lambda row: row.day) if row.kind == kind)
    found["known"] = sorted(known_years(rows))
    return {name: value for name, value in found.items() if value}
