"""Finds Debian mirrors in a machine's apt sources (rules). Not apt itself: `apt_fetch` runs that.

Both forms of sources.list(5) are read, one-line and deb822. Only the mirror's address is taken: the suite there is the
machine's, ours is `forky` (design D1).
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

_DEBIAN_SUITES = frozenset(
    "stable oldstable oldoldstable testing unstable sid buster bullseye bookworm trixie forky duke".split()
)
_ONE_LINE = re.compile(r"^deb\s+(?:\[[^\]]*\]\s+)?(?P<uri>\S+)\s+(?P<suite>\S+)(?P<components>(?:\s+\S+)*)$")


@dataclass(frozen=True)
class SourceFile:
    """One file of apt sources: its name decides the form (`.sources` is deb822)."""

    name: str
    text: str


def debian_mirrors(files: Iterable[SourceFile]) -> list[str]:
    """Addresses of Debian's main archive, in the machine's order, without repeats and without a trailing slash."""
    found: dict[str, None] = {}
    for file in files:
        entries = _deb822(file.text) if file.name.endswith(".sources") else _one_line(file.text)
        for uri, suite, components in entries:
            if "main" in components and _is_debian_archive(suite) and not uri.startswith("cdrom:"):
                found[uri.rstrip("/")] = None
    return list(found)


def _is_debian_archive(suite: str) -> bool:
    """True for bookworm, bookworm-updates …; false for security (another archive), other systems and flat ones."""
    name, separator, rest = suite.partition("-")
    if "/" in suite or (separator and rest == "security"):
        return False
    return name in _DEBIAN_SUITES


def _one_line(text: str) -> Iterator[tuple[str, str, list[str]]]:
    for line in text.splitlines():
        match = _ONE_LINE.match(line.partition("#")[0].strip())
        if match:
            yield match["uri"], match["suite"], match["components"].split()


def _deb822(text: str) -> Iterator[tuple[str, str, list[str]]]:
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    for stanza in re.split(r"\n[ \t]*\n", "\n".join(lines)):
        fields = _fields(stanza)
        if "deb" not in fields.get("types", "").split() or fields.get("enabled", "yes").lower() == "no":
            continue
        for uri in fields.get("uris", "").split():
            for suite in fields.get("suites", "").split():
                yield uri, suite, fields.get("components", "").split()


def _fields(stanza: str) -> dict[str, str]:
    fields: dict[str, str] = {}
    name = ""
    for line in stanza.splitlines():
        if line[:1] in (" ", "\t"):
            if name:
                fields[name] += " " + line.strip()
            continue
        head, colon, value = line.partition(":")
        if colon:
            name = head.strip().lower()
            fields[name] = value.strip()
    return fields
