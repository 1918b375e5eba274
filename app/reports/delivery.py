"""How a report leaves the house (adapter): addresses from the operator's private file, what a way promises. RPT-3."""

from collections.abc import Callable
from pathlib import Path

Send = Callable[[str, str, list[Path]], None]
"""Delivers a title, a text and files to one address; raises SendFailed. Blocks."""


class SendFailed(Exception):
    """An address did not take the report; says why."""


def read_addresses(file: Path) -> dict[str, str]:
    """A line `name = URL` each; lines with # and empty ones do not count. No file: none."""
    if not file.is_file():
        return {}
    found = {}
    for line in file.read_text(encoding="utf-8").splitlines():
        name, separator, url = line.partition("=")
        if separator and not line.lstrip().startswith("#"):
            found[name.strip()] = url.strip()
    return found
