"""The way to the carrier is one line of code: no dialplan, module or other command of ours leads there. FUP-10.

What is really sent is captured in tests/integration/test_toll_fraud.py.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.req("FUP-10")

ROOT = Path(__file__).parents[3]
CONF = ROOT / "ivr/pbx/conf"
HARMLESS = {"Set", "Ringing", "Stasis", "Goto", "GotoIf", "Answer", "Playback", "Record", "Hangup"}
"""Applications of Asterisk that call nobody."""
CALLS_OUT = re.compile(
    r"app_(dial|originate|queue|followme|page|transfer|exec|macro|stack|externalivr|chanisavail|confbridge|disa|mp3)"
    r"|pbx_(spool|realtime|lua|ael|dundi)|res_(agi|clioriginate|manager_\w+|parking|features?)|chan_(iax2|dahdi|sip)\b"
    r"|func_(shell|curl|realtime|odbc)|app_system"
)


def test_the_dialplan_dials_nobody() -> None:
    plan = (CONF / "extensions.conf").read_text(encoding="utf-8")
    used = re.findall(r"^(?:exten => [^,]+,\d+|\s*same => n),(\w+)\(", plan, re.MULTILINE)
    assert used and set(used) <= HARMLESS
    assert "trunk" not in re.sub(r"^\[from-trunk\]$", "", plan, flags=re.MULTILINE)
    assert not re.search(r"^\s*(switch|include|#include|#exec)", plan, re.MULTILINE)


def test_no_module_is_loaded_that_calls_somebody() -> None:
    modules = re.findall(r"^(?:require|load|preload) = (\S+)\.so", (CONF / "modules.conf").read_text(), re.MULTILINE)
    assert len(modules) > 50
    assert [module for module in modules if CALLS_OUT.match(module)] == []
    assert "autoload = no" in (CONF / "modules.conf").read_text()


def test_asterisk_transfers_nobody_by_itself() -> None:
    assert "allow_transfer = no" in (CONF / "pjsip.conf").read_text()
    assert "PJSIP_TRANSFER_HANDLING()=ari-only" in (CONF / "pjsip_agent.conf").read_text()


def commands(name: str) -> Iterator[tuple[str, str]]:
    """Module and function in which such a command of ARI is given."""
    for path in sorted((ROOT / "ivr").rglob("*.py")):
        if path.match("ari/wire/model.py"):
            continue
        for function in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            for node in ast.walk(function):
                if isinstance(node, ast.Attribute) and node.attr == name and "channels" in ast.unparse(node.value):
                    yield path.name, function.name


def test_channels_are_made_in_three_places_and_one_of_them_leads_to_the_trunk() -> None:
    assert list(commands("create")) == [("outgoing.py", "prepare_out")]
    assert list(commands("originate")) == [("outgoing.py", "_originate")]
    for unused in (
        "originate_with_id",
        "create_external_media",
        "external_media",
        "redirect",
        "move",
        "continue_in_dialplan",
    ):
        assert list(commands(unused)) in ([], [("channel.py", "say_goodbye")]), unused
    source = (ROOT / "ivr/ari/outgoing.py").read_text(encoding="utf-8")
    assert re.findall(r'f"PJSIP/[^"]+"', source) == ['f"PJSIP/agent-{agent_id}"', 'f"PJSIP/{number}@trunk"']
