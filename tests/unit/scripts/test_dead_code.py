"""The check that finds dead code finds it, and does not keep excuses that excuse nothing."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

FILE = Path(__file__).parents[3] / "scripts" / "dead_code.py"


@pytest.fixture(scope="module")
def dead_code() -> ModuleType:
    spec = importlib.util.spec_from_file_location("dead_code", FILE)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_what_only_a_test_would_call_is_found(dead_code: ModuleType, tmp_path: Path) -> None:
    for package in dead_code.PACKAGES:
        (tmp_path / package).mkdir()
    (tmp_path / "crm/rules.py").write_text("def called() -> int:\n    return 1\n\n\ndef idle() -> int:\n    return 2\n")
    (tmp_path / "app/page.py").write_text("from crm.rules import called\n\nprint(called())\n")
    (found,) = dead_code.unused(tmp_path)
    assert (found.key, found.line) == ("crm/rules.py:function:idle", 5)


def test_a_finding_needs_a_reason_and_a_reason_a_finding(dead_code: ModuleType) -> None:
    found = [dead_code.Finding("crm/rules.py", 5, "function", "idle")]
    assert dead_code.faults(found, {"crm/*:function:idle": "why"}) == []
    told = dead_code.faults(found, {"crm/rules.py:method:*": "why"})
    assert told == [
        "crm/rules.py:5: nothing uses the function idle",
        "ALLOWED explains nothing: crm/rules.py:method:*",
    ]
