"""`sanxiang policy rehearse` on a store with calls and cases: its words, its JSON, its exit codes. D7."""

import json
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import insert, update
from typer.testing import CliRunner

from app.cli import app
from crm.db.schema.cases import ticket_step
from crm.db.schema.core import ticket
from crm.db.store import Store
from crm.journal.journal import Journal
from tests.fakes.call_story import DAY, INVITED, answered_call
from tests.integration.store.projecting import project_all

STRICT = """
working_time: {weekdays: {mon-fri: ["09:00-18:00"]}}
versions:
  - in_force_from: 2027-01-01
    presets: [three-lines]
    clauses:
      - {id: TEL-1, text: 半秒, text_en: at once, clock: wall_seconds, limit: 0.5, starts: arrived, stops: answered}
      - {id: CPL-2.start, text: 一小时, text_en: soon, clock: wall_hours, limit: 1, starts: passed_on, stops: started}
"""
NUMBER = "20261122-0001"
ZONE = ZoneInfo("Asia/Shanghai")


@pytest.fixture
async def past(store: Store, store_url: str, journal: Journal) -> str:
    """One call, answered after a second; its case, a complaint, was passed on, and started after an hour and a half."""
    for event in answered_call("c1", journal.next_ticket_number(DAY)):
        journal.append(event)
    await project_all(journal, store)
    steps = ((0, "received", '{"holder":"aid:hall"}'), (5, "passed_on", ""), (95, "started", "on it"))
    rows = [
        {"ticket": NUMBER, "at": INVITED + timedelta(minutes=after), "by": "8001", "step": step, "details": details}
        for after, step, details in steps
    ]
    async with store.database.write() as connection:
        await connection.execute(insert(ticket_step), rows)
        await connection.execute(update(ticket).values(kind="complaint"))
    return store_url


@pytest.mark.req("CPL-2", "TEL-1")
def test_what_would_have_been_late_is_told_with_its_instants(past: str, tmp_path: Path) -> None:
    file = tmp_path / "new.yaml"
    file.write_text(STRICT, encoding="utf-8")
    asked = ["policy", "rehearse", str(file), "--since", "2026-11-01", "--database", past]
    answer = CliRunner().invoke(app, [*asked, "--json"])
    assert answer.exit_code == 0, answer.output
    clauses = {each["clause"]: each for each in json.loads(answer.stdout)["clauses"]}
    assert clauses["TEL-1"]["now"] == {"clocks": 1, "kept": 1, "late": 0, "running": 0}
    assert clauses["TEL-1"]["new"] == {"clocks": 1, "kept": 0, "late": 1, "running": 0}
    (late,) = clauses["CPL-2.start"]["newly_late"]
    begun = (INVITED + timedelta(minutes=5)).astimezone(ZONE)
    assert late == {
        "ticket": NUMBER,
        "round": 1,
        "started_at": begun.isoformat(),
        "due_at": (begun + timedelta(hours=1)).isoformat(),
        "stopped_at": (begun + timedelta(minutes=90)).isoformat(),
        "due_now": (begun + timedelta(hours=2)).isoformat(),
    }
    told = CliRunner().invoke(app, asked).stdout
    assert NUMBER in told and "newly late: 1" in told and "2026-11-22 10:05:00" in told
    later = CliRunner().invoke(app, [*asked[:4], "2026-11-23", *asked[5:], "--json"])
    assert all(each["new"]["clocks"] == 0 for each in json.loads(later.stdout)["clauses"])


def test_what_is_wrong_is_said_and_ends_with_two(past: str, tmp_path: Path) -> None:
    file = tmp_path / "new.yaml"
    file.write_text(STRICT.replace("limit: 1,", "limit: soon,"), encoding="utf-8")
    run = CliRunner().invoke
    answer = run(app, ["policy", "rehearse", str(file), "--since", "2026-11-01", "--database", past])
    assert answer.exit_code == 2 and "new.yaml:8:" in answer.stderr
    file.write_text(STRICT, encoding="utf-8")
    for others in (
        ["--since", "soon", "--database", past],
        ["--since", "2026-11-01", "--data", str(tmp_path / "none")],
    ):
        answer = run(app, ["policy", "rehearse", str(file), *others])
        assert answer.exit_code == 2 and answer.stderr, others
    assert not (tmp_path / "none").exists()
    answer = run(app, ["policy", "rehearse", str(tmp_path / "no.yaml"), "--since", "2026-11-01", "--database", past])
    assert answer.exit_code == 2 and "no.yaml" in answer.stderr
