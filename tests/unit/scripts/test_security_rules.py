"""The linter's security rules are on, and what they are told to leave has its reason beside it."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
LINT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["ruff"]["lint"]
DANGEROUS = {
    "S608": 'def f(cursor, name):\n    return cursor.execute(f"SELECT * FROM t WHERE name = {name}")\n',
    "S602": "import subprocess\n\n\ndef f(name):\n    return subprocess.run(name, shell=True)\n",
    "S605": 'import os\n\n\ndef f(name):\n    return os.system("ls " + name)\n',
    "S307": "def f(words):\n    return eval(words)\n",
    "S301": "import pickle\n\n\ndef f(data):\n    return pickle.loads(data)\n",
    "S324": "import hashlib\n\n\ndef f(data):\n    return hashlib.md5(data)\n",
    "S501": "import requests\n\n\ndef f():\n    return requests.get('https://x', verify=False, timeout=3)\n",
    "S314": "import xml.etree.ElementTree as tree\n\n\ndef f(data):\n    return tree.fromstring(data)\n",
}


@pytest.mark.parametrize("rule", DANGEROUS)
def test_what_is_dangerous_is_refused_in_the_product(rule: str) -> None:
    command = [sys.executable, "-m", "ruff", "check", "--output-format", "concise", "--stdin-filename", "crm/x.py", "-"]
    done = subprocess.run(command, input=DANGEROUS[rule], cwd=ROOT, capture_output=True, text=True)
    assert f" {rule} " in done.stdout, done.stdout + done.stderr


def test_security_rules_are_left_out_for_a_reason_only() -> None:
    assert "S" in LINT["select"]
    assert {rule for rule in LINT["ignore"] if rule.startswith("S")} == {"S101", "S603", "S607"}
    bare = []
    for path in sorted(ROOT.glob("*/**/*.py")):
        if (
            path.parts[len(ROOT.parts)] in ("app", "config", "crm", "ivr", "routing", "scripts")
            and "node_modules" not in path.parts
        ):
            before = ""
            for line in path.read_text(encoding="utf-8").splitlines():
                if re.search(r"# noqa: S\d+\s*$", line) and not before.strip().startswith("#"):
                    bare.append(f"{path.relative_to(ROOT)}: {line.strip()}")
                before = line
    assert bare == []
