"""Plays telephone numbers: each line of `written.txt` (or of the column `written` of `*.csv`) as it came; a site in
Hangzhou (0571) reads them. CUS-3."""

import csv

from config.numbering import Number, NumberFault, Withheld, read_number
from tests.world.corpus import Case

AREA = "0571"


def play(case: Case) -> dict[str, str]:
    """Of each: `<kind> <number>[ ext <extension>]`, `fault <name>[: <proposals>]`, or `withheld`."""
    written: list[str] = []
    for path in case.inputs():
        with path.open(encoding="utf-8-sig", newline="") as lines:
            if path.suffix == ".csv":
                written += [row["written"] for row in csv.DictReader(lines)]
            else:
                written += [line for line in lines.read().split("\n") if line]
    return {each: read(each) for each in written}


def read(written: str) -> str:
    match read_number(written, AREA):
        case Withheld():
            return "withheld"
        case NumberFault(code=code, proposals=proposals):
            return f"fault {code}" + (f": {', '.join(proposals)}" if proposals else "")
        case Number(kind=kind, normalised=normalised, extension=extension):
            return f"{kind} {normalised}" + (f" ext {extension}" if extension else "")
