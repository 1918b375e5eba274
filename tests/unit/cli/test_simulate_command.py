"""`sanxiang simulate`: what it says to questions that cannot be simulated. Its answers: tests/simulation."""

import pytest
from typer.testing import CliRunner

from app.cli import app


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        ("--agents 10 --load 10 --aht 180", ["--agents 11", "--patience", "grow without end"]),
        ("--agents 5 --load 7.5 --aht 60", ["--agents 8", "无限变长"]),
        ("--agents 0 --load 1 --aht 60", ["--agents 0", "1 到 20000"]),
        ("--agents 10 --load 0 --aht 60", ["--load 0", "大于 0"]),
        ("--agents 10 --load nan --aht 60", ["--load nan", "more than 0"]),
        ("--agents 10 --load 5 --aht -1", ["--aht -1"]),
        ("--agents 10 --load 12 --aht 60 --patience 0", ["--patience 0"]),
        ("--agents 10 --load 5 --aht 60 --threshold -3", ["--threshold -3", "不能为负"]),
        ("--agents ten --load 5 --aht 60", ["--agents"]),
        ("--agents 10 --aht 60", ["--load"]),
    ],
)
def test_what_cannot_be_simulated_is_said_with_what_to_do(words: str, parts: list[str]) -> None:
    result = CliRunner(env={"TERM": "dumb", "COLUMNS": "200"}).invoke(app, ["simulate", *words.split()])
    assert result.exit_code == 2
    assert result.stdout == ""
    for part in parts:
        assert part in result.stderr
