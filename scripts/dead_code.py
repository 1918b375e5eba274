"""Finds what nothing uses, by vulture: `python scripts/dead_code.py`, exit 1 on a finding that nobody has explained.

Only what the product itself calls counts as used: code that lives for its test alone is a finding. `ALLOWED` says what
is used in a way that vulture cannot see, and why; an entry that explains nothing any more is a finding too.
"""

import sys
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final, NamedTuple

from vulture import Vulture

ROOT = Path(__file__).resolve().parents[1]
PACKAGES: Final = ("app", "config", "crm", "ivr", "routing")
GENERATED: Final = ("*/ivr/ari/wire/model.py", "*/node_modules/*")
BY_DECORATOR: Final = ("@*.command", "@*validator")
"""Commands are called by typer, validators by pydantic."""
LEAST_CONFIDENCE: Final = 60

ALLOWED: Final[Mapping[str, str]] = {
    "app/web/api/*.py:variable:*": "fields of an answer: read by the pages and by other programs",
    "app/web/http/contract.py:variable:*": "fields of an answer: read by the pages and by other programs",
    "app/web/*_messages.py:variable:*": "fields of a message: read by the pages",
    "app/web/wire/shapes.py:variable:*": "fields of an answer: read by the pages and by other programs",
    "crm/*/model.py:variable:*": "columns of a row and words of an enumeration, handed to the API whole",
    "crm/tickets/call_rows.py:variable:*": "columns of a row, handed to the API whole",
    "crm/customers/imports.py:variable:*": "counts of an import, handed to the API whole",
    "crm/*/figures.py:variable:*": "figures, handed to the API whole",
    "crm/quality/assessment.py:variable:csat_reached": "handed to the API whole",
    "routing/statistics/figures.py:variable:*": "figures, handed to the API whole",
    "routing/theory/erlang.py:variable:*": "figures, walked by name in routing/theory/staffing.py",
    "config/values/fields.py:variable:model_config": "read by pydantic",
    "config/calls/actions.py:variable:max_digits": "judged on the file itself (config/loading/crosscheck.py)",
    "config/schema.py:variable:voice": "read from the file by scripts/make_prompts.py",
    "config/schema.py:variable:en_sha256": "read by its name (config/loading/prompt_files.py)",
    "crm/db/migrations/versions/*": "alembic's names",
    "crm/bookings/appointments.py:variable:*": "columns of a row, handed to the API whole",
    "crm/db/schema/core.py:*": "SQLAlchemy's names for a type of column",
    "crm/db/base/engine.py:attribute:isolation_level": "of sqlite3's connection",
    "crm/journal/journal.py:function:__call__": "of a protocol",
    "ivr/pbx/processes.py:variable:started_ticks": "compared with the whole (ProcessId)",
    "routing/theory/simulation.py:method:advance": "the tests' way to let time pass in the ACD",
    "app/process/logs.py:attribute:raiseExceptions": "read by logging",
    "app/process/scheduler.py:*": "APScheduler's names",
    "app/phone/*:attribute:on_*": "aiosipua's names for what it calls",
    "app/phone/sip.py:attribute:remote_target": "of aiosipua's dialog",
    "app/phone/*:method:datagram_received": "asyncio's names",
    "app/phone/*:method:error_received": "asyncio's names",
    "app/phone/caller.py:*:sip_code": "part of what `sanxiang call --json` prints",
    "ivr/sip/watch.py:method:datagram_received": "asyncio's names",
    "app/web/front/edge.py:attribute:output_size": "of aiohttp's writer: the answer itself has not begun",
    "app/phone/sip.py:method:refer": "the telephone of the tests transfers calls by it",
    "app/phone/call.py:property:caller_number": "the telephone of the tests asks who rings",
    "app/phone/sound/audio.py:function:*": "the ears of the tests: gaps, and which prompt was heard",
    "app/reports/layout/workbook.py:attribute:*": "openpyxl's names",
    "crm/calls/progress.py:variable:ALLOWED": "drawn into docs/states.md, and held over every story that a test tells",
    "crm/customers/sheets.py:attribute:*": "openpyxl's names",
}
"""`path:kind:name`, each part possibly a pattern → why that is no dead code."""


class Finding(NamedTuple):
    """What nothing uses: `path` from the root of the tree, `kind` in vulture's words (function, method, variable …)."""

    path: str
    line: int
    kind: str
    name: str

    @property
    def key(self) -> str:
        return f"{self.path}:{self.kind}:{self.name}"


def unused(root: Path) -> list[Finding]:
    """Asks vulture about the packages below `root`."""
    vulture = Vulture(ignore_decorators=list(BY_DECORATOR))
    vulture.scavenge([str(root / package) for package in PACKAGES], exclude=list(GENERATED))
    return [
        Finding(Path(item.filename).relative_to(root).as_posix(), item.first_lineno, item.typ, item.name)
        for item in vulture.get_unused_code(min_confidence=LEAST_CONFIDENCE)
    ]


def faults(found: Iterable[Finding], allowed: Mapping[str, str]) -> list[str]:
    """Says what is to be done: findings without a reason, reasons without a finding."""
    found, used = list(found), set[str]()
    told = []
    for each in found:
        patterns = [pattern for pattern in allowed if fnmatchcase(each.key, pattern)]
        used.update(patterns)
        if not patterns:
            told.append(f"{each.path}:{each.line}: nothing uses the {each.kind} {each.name}")
    return [*told, *(f"ALLOWED explains nothing: {pattern}" for pattern in allowed if pattern not in used)]


def main() -> int:
    found = faults(unused(ROOT), ALLOWED)
    for fault in found:
        sys.stdout.write(f"{fault}\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
