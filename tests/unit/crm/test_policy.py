"""The regulation as code: presets, a site's own clauses, versions, and the command that asks it. D7."""

from datetime import date, datetime
from pathlib import Path
from shutil import copytree
from zoneinfo import ZoneInfo

import pytest
from typer.testing import CliRunner

from app.cli import app
from config.loading.load import check_site, load_site
from crm.regulation.policy import Regulated, UnknownClause

DEMO = Path(__file__).parents[3] / "config" / "site"
ZONE = ZoneInfo("Asia/Shanghai")


def regulated(directory: Path) -> Regulated:
    site = load_site(directory)
    return Regulated.of(site.policy, site.zone, site.special_days)


@pytest.fixture
def site(tmp_path: Path) -> Path:
    return copytree(DEMO, tmp_path / "site")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


@pytest.mark.req("TEL-1", "CPL-2", "CPL-3", "TKT-4")
def test_the_demo_site_goes_by_the_three_lines_figures() -> None:
    clauses = load_site(DEMO).policy.in_force(date(2026, 11, 22)).clauses
    figures = {clause.id: (clause.limit, clause.clock) for clause in clauses.values()}
    assert figures == {
        "TEL-1": (15, "wall_seconds"),
        "CPL-2.pass": (1, "wall_hours"),
        "CPL-2.start": (2, "wall_hours"),
        "CPL-3.branch": (1, "working_days"),
        "CPL-3.aid": (2, "working_days"),
        "CPL-3.supervision": (3, "working_days"),
        "TKT-4.respond": (24, "wall_hours"),
        "TKT-4.solve": (48, "wall_hours"),
        "TKT-4.write": (72, "wall_hours"),
    }


@pytest.mark.req("CPL-6")
def test_the_ladder_warns_at_half_and_four_fifths_and_tells_the_level_above_at_the_end() -> None:
    rules = regulated(DEMO)
    start = at("2026-03-09 10:00")
    clause = rules.clause("CPL-2.start", start)
    assert [(step.at, step.to) for step in clause.escalation] == [
        (0.5, ("agent",)),
        (0.8, ("agent", "supervisor")),
        (1.0, ("supervisor", "level_above")),
    ]
    assert rules.warned_at(clause, start) == [at("2026-03-09 11:00"), at("2026-03-09 11:36"), at("2026-03-09 12:00")]


def test_a_site_puts_its_own_words_and_figures_and_a_version_has_its_day(site: Path) -> None:
    own = """
working_time: {weekdays: {mon-fri: ["08:30-17:00"]}}
versions:
  - {in_force_from: 2026-01-01, presets: [three-lines]}
  - in_force_from: 2026-07-01
    presets: [three-lines, museum-3wd]
    clauses:
      - {id: CPL-3.branch, text: 两日, text_en: two, clock: working_days, limit: 2, starts: received, stops: closed}
"""
    (site / "policy.yaml").write_text(own, encoding="utf-8")
    rules = regulated(site)
    before, after = at("2026-06-30 10:00"), at("2026-07-01 10:00")
    assert rules.due(rules.clause("CPL-3.branch", before), before).at == at("2026-07-01 17:00")
    assert rules.due(rules.clause("CPL-3.branch", after), after).at == at("2026-07-03 17:00")
    assert rules.due(rules.clause("MUSEUM.reply", after), after).at == at("2026-07-06 17:00")
    with pytest.raises(UnknownClause, match="clauses are: TEL-1"):
        rules.clause("MUSEUM.reply", before)


def test_every_preset_can_be_used(site: Path) -> None:
    presets = "[three-lines, gbt33358, museum-3wd, 12345-bureau]"
    text = f"working_time: always\nversions: [{{in_force_from: 2026-01-01, presets: {presets}}}]\n"
    (site / "policy.yaml").write_text(text, encoding="utf-8")
    rules = regulated(site)
    clauses = rules.policy.in_force(date(2026, 2, 1)).clauses
    assert {"CPL-3.aid", "GBT33358.mail", "MUSEUM.special", "12345.complaint"} <= clauses.keys()
    assert all(rules.due(clause, at("2026-02-13 16:00")).at for clause in clauses.values())


def test_a_site_without_a_regulation_goes_by_the_three_lines(site: Path) -> None:
    (site / "policy.yaml").unlink()
    assert "CPL-3.branch" in load_site(site).policy.in_force(date(2026, 1, 1)).clauses


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ("working_time: always\nversions: []\n", "2:11", "must not be empty"),
        ("working_time: {weekdays: {}}\nversions: [{in_force_from: 2026-01-01}]\n", "1:15", "no working time"),
        ("working_time: always\nversions: [{in_force_from: soon}]\n", "2:28", "no date"),
        (
            "working_time: always\nversions: [{in_force_from: 2026-01-01, presets: [three-line]}]\n",
            "2:50",
            "three-lines",
        ),
        ("working_time: always\nversions: [{in_force_from: 2026-01-01, claus: []}]\n", "2:40", "claus"),
    ],
)
def test_a_wrong_regulation_is_named_by_its_place(site: Path, text: str, place: str, words: str) -> None:
    (site / "policy.yaml").write_text(text, encoding="utf-8")
    faults, loaded = check_site(site)
    assert loaded is None
    assert [str(fault) for fault in faults if f"policy.yaml:{place}:" in str(fault) and words in str(fault)], faults


def test_the_command_prints_the_deadline_alone(site: Path) -> None:
    run = CliRunner().invoke
    due = ["policy", "due", "CPL-3.branch", "--start", "2026-02-13 16:00", "--site", str(site)]
    answer = run(app, due)
    assert (answer.exit_code, answer.stdout) == (0, "2026-02-14 18:00\n")
    answer = run(app, ["policy", "due", "CPL-3.supervision", "--start", "2026-12-30 16:00", "--site", str(site)])
    assert (answer.stdout, "provisional" in answer.stderr) == ("2027-01-05 18:00\n", True)
    assert run(app, ["policy", "due", "CPL-3", "--site", str(site)]).exit_code == 2
    assert run(app, ["policy", "due", "CPL-3.aid", "--start", "tomorrow", "--site", str(site)]).exit_code == 2
    listed = run(app, ["policy", "clauses", "--site", str(site)])
    assert listed.exit_code == 0 and "CPL-2.pass" in listed.stdout and "一小时" in listed.stdout
