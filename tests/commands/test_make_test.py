"""`make test` is red when a test fails, also when that test passes at a second try: such a one is named as flaky."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]

SOUND = "def test_sound():\n    pass\n"
FLAKY = """
from pathlib import Path

def test_flaky():
    been = Path(__file__).with_suffix(".been")
    first = not been.exists()
    been.touch()
    assert not first
"""


def test_a_test_that_passes_at_the_second_try_only_is_named_and_the_run_is_red(tmp_path: Path) -> None:
    """The parts as the Makefile runs them, each of one small module."""
    modules = {name: tmp_path / f"test_{name}.py" for name in ("beside", "telephones", "alone")}
    for name, module in modules.items():
        module.write_text(FLAKY if name == "telephones" else SOUND, encoding="utf-8")
    (tmp_path / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    pytest = f"{sys.executable} -m pytest -q -p xdist.plugin -p tests.conftest -c {tmp_path}/pytest.ini"
    words = [f"{name.upper()}={module}" for name, module in modules.items()]
    made = subprocess.run(
        ["make", "parts", f"FULL={pytest}", *words],
        cwd=ROOT,
        env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},  # the others' plugins cost seconds
        capture_output=True,
        text=True,
        check=False,
    )
    named = [line for line in made.stdout.splitlines() if line.startswith("FLAKY ")]
    assert named == ["FLAKY test_telephones.py::test_flaky: failed, then passed by itself"], made.stdout + made.stderr
    assert made.returncode != 0
