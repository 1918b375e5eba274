"""Plays telephone numbers: `written.txt` has one a line as it came; a site in Hangzhou (0571) reads them. CUS-3."""

from config.numbering import NumberKind, extension, normalise
from tests.world.corpus import Case

AREA = "0571"


def play(case: Case) -> dict[str, str]:
    """Of each line: `<kind> <number>[ ext <extension>]`, or `withheld`."""
    lines = case.path("written.txt").read_text(encoding="utf-8").split("\n")
    return {line: read(line) for line in lines if line}


def read(written: str) -> str:
    number, behind = normalise(written, AREA), extension(written)
    if number.kind is NumberKind.ANONYMOUS:
        return "withheld"
    return f"{number.kind} {number.normalised}" + (f" ext {behind}" if behind else "")
