"""What is installed is what was locked: every package pinned and hashed, from no named address."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
LOCKS = sorted([*ROOT.glob("*.lock"), *(ROOT / "scripts").glob("*.lock")])
INSTALLS = [ROOT / "Makefile", *sorted((ROOT / "scripts").glob("*.py"))]


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_every_package_is_pinned_by_hash(lock: Path) -> None:
    text = "\n".join(line for line in lock.read_text(encoding="utf-8").splitlines() if not line.startswith("#"))
    packages = re.split(r"\n(?=\S)", text.strip())
    assert packages
    for package in packages:
        assert re.match(r"[a-z0-9._-]+==\S+ (?:; .* )?\\\n\s+--hash=sha256:[0-9a-f]{64}", package), package.split("\n")[
            0
        ]
    assert "://" not in text


@pytest.mark.parametrize("file", INSTALLS, ids=lambda file: file.name)
def test_nothing_is_installed_by_name(file: Path) -> None:
    """Only the package itself (`-e .`, without dependencies) is installed otherwise than by hash."""
    text = file.read_text(encoding="utf-8").replace("\\\n", " ")
    for line in text.splitlines():
        if re.search(r"\bpip\b.*\binstall\b", line):
            assert "--require-hashes" in line or "--no-deps" in line, line
