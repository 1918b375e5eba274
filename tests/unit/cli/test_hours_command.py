"""`sanxiang hours`: the answer in words and as JSON, and what it says to questions that cannot be answered."""

import json
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from app.cli import app
from tests.unit.config.workshop import DEMO

OFFICE = """    hours:
      weekdays: {mon-fri: ["09:00-12:00", "13:30-18:00"], sat: ["09:00-12:00"]}
      dates: {2026-12-31: ["09:00-12:00"]}"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo site; its hotline has office hours."""
    directory = tmp_path_factory.mktemp("hours") / "site"
    directory.mkdir()
    for part in DEMO.iterdir():
        (directory / part.name).symlink_to(part)
    lines = (DEMO / "lines.yaml").read_text(encoding="utf-8")
    head, hotline, rest = lines.partition('  - dnis: "4008100002"')
    (directory / "lines.yaml").unlink()
    (directory / "lines.yaml").write_text(
        head + hotline + rest.replace("    hours: always", OFFICE, 1), encoding="utf-8"
    )
    return directory


def ask(site: Path, *words: str) -> Result:
    return CliRunner().invoke(app, ["hours", "--site", str(site), *words])


@pytest.mark.parametrize(
    ("moment", "is_open", "parts"),
    [
        ("2026-10-10 09:00", True, ["调休上班（国庆节）", "按星期一的时间", "make-up day", "Monday's hours"]),
        ("2026-10-10 12:30", False, ["此刻不在其中", "2026-10-10 星期六 13:30", "this moment lies outside"]),
        ("2026-10-03 10:00", False, ["节假日（国庆节）", "2026-10-08 星期四 09:00", "closed on legal holidays"]),
        ("2026-11-22 10:00", False, ["全天不开放", "2026-11-23 星期一 09:00", "closed all day"]),
        ("2026-12-31 12:00", False, ["该日期的特别安排", "2027-01-02", "暂定"]),
        ("2027-03-01 10:00", True, ["暂定", "Provisional", "special_days"]),
        ("2026-11-20 17:59:59", True, ["开放至 2026-11-20 星期五 18:00", "Open until"]),
        ("2026-11-20T02:00:00+00:00", True, ["2026-11-20 星期五 10:00"]),
    ],
)
def test_the_answer_in_words(site: Path, moment: str, is_open: bool, parts: list[str]) -> None:
    result = ask(site, "hotline", "--at", moment)
    assert result.exit_code == 0
    assert ("不开放" in result.output.partition("。")[0]) is not is_open
    for part in parts:
        assert part in result.output


@pytest.mark.parametrize("name", ["hotline", "4008100002", "客服热线", "Service hotline"])
def test_the_answer_for_machines(site: Path, name: str) -> None:
    result = ask(site, name, "--at", "2026-10-10 12:30", "--json")
    answer = json.loads(result.output)
    assert result.exit_code == 0
    expected = {
        "line": "4008100002",
        "open": False,
        "why": "outside_hours",
        "basis": "make_up",
        "hours_of": "mon",
        "periods": ["09:00-12:00", "13:30-18:00"],
        "day": "make_up",
        "festival": "国庆节",
        "calendar": "official",
        "provisional": False,
        "opens_at": "2026-10-10T13:30:00+08:00",
        "closes_at": None,
    }
    assert {key: answer[key] for key in expected} == expected


def test_a_line_that_is_always_open(site: Path) -> None:
    assert "一直开放" in ask(site, "aid", "--at", "2026-10-10 09:00").output


def test_without_a_time_it_is_now(site: Path) -> None:
    assert ask(site, "aid").exit_code == 0


@pytest.mark.parametrize(
    ("words", "advice"),
    [
        (["hotlin"], "did you mean 'hotline'?"),
        (["hotline", "--at", "tomorrow"], 'write: --at "2026-10-10 09:00"'),
        (["hotline", "--at", "2026-10-10"], 'write: --at "2026-10-10 09:00"'),
        (["hotline", "--at", "2026-02-30 09:00"], 'write: --at "2026-10-10 09:00"'),
        (["hotline", "--at", "9999-12-31 23:59"], "1970"),
        (["hotline", "--site", "/nowhere"], "missing file"),
    ],
)
def test_bad_input_says_what_to_do(site: Path, words: list[str], advice: str) -> None:
    result = ask(site, *words)
    assert result.exit_code == 2
    assert advice in result.output
    assert "Traceback" not in result.output


def test_a_kind_that_two_lines_have_must_be_said_by_number(site: Path, tmp_path: Path) -> None:
    for part in site.iterdir():
        (tmp_path / part.name).symlink_to(part)
    lines = (site / "lines.yaml").read_text(encoding="utf-8")
    (tmp_path / "lines.yaml").unlink()
    (tmp_path / "lines.yaml").write_text(lines.replace("kind: aid", "kind: hotline"), encoding="utf-8")
    result = ask(tmp_path, "hotline")
    assert result.exit_code == 2
    assert "4008100001" in result.output and "4008100002" in result.output
