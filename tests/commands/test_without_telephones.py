"""The hotline and its commands run where the extra `phone` is not installed; `call` and `agent` say how to get it."""

import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.web.http.tokens import role_of
from config.paths import DataDir

ROOT = Path(__file__).parents[2]
PROGRAM = """
import json, sys
from importlib.abc import MetaPathFinder

class Absent(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("numpy", "aiosipua", "aiortp"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Absent())
import app.run.main, app.run.system, app.web.server
from app.cli import app
from typer.testing import CliRunner

results = [CliRunner().invoke(app, words) for words in json.loads(sys.argv[1])]
print(json.dumps([[each.exit_code, each.stdout, each.stderr] for each in results]))
"""
COMMANDS = [
    ["token", "--help"],
    ["up", "--help"],
    ["check", "config/site"],
    ["hours", "4008100002", "--site", "config/site", "--at", "2026-10-10 09:00"],
    ["policy", "clauses"],
]
TELEPHONES = [["call", "4008100002"], ["agent", "8001"]]


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[int, str, str]]:
    """Command → exit code, output and errors in one Python that has neither numpy nor a SIP stack."""
    data = tmp_path_factory.mktemp("data")
    said = {"http": "127.0.0.1:8080", "sip": "127.0.0.1:5060", "site": "config/site", "token": "local"}
    DataDir(data).system_file.write_text(json.dumps(said))
    commands = [*COMMANDS, ["token", "--data", str(data)], *TELEPHONES]
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, json.dumps(commands)], cwd=ROOT, capture_output=True, text=True, timeout=120
    )
    assert (done.returncode, done.stderr) == (0, "")
    names = [" ".join(words) for words in [*COMMANDS, ["token"], *TELEPHONES]]
    return {name: tuple(each) for name, each in zip(names, json.loads(done.stdout), strict=True)}


@pytest.mark.parametrize("command", [" ".join(words) for words in COMMANDS])
def test_commands_need_no_telephones(ran: dict[str, tuple[int, str, str]], command: str) -> None:
    code, told, errors = ran[command]
    assert (code, errors) == (0, "")
    assert told


def test_a_token_needs_no_telephones(ran: dict[str, tuple[int, str, str]]) -> None:
    code, told, _ = ran["token"]
    assert code == 0
    assert role_of(told.strip(), "local", datetime.now(UTC)) == "supervisor"


@pytest.mark.parametrize("command", [" ".join(words) for words in TELEPHONES])
def test_a_telephone_says_what_installs_it(ran: dict[str, tuple[int, str, str]], command: str) -> None:
    code, _, errors = ran[command]
    assert code == 1
    assert "make setup，或 pip install 'sanxiang[phone]'" in errors
    assert "run `make setup`, or `pip install 'sanxiang[phone]'`" in errors
