"""Writes the contract with the pages: docs/openapi.json from the code, app/ui/src/api/schema.ts from that.

`python scripts/contract.py`: writes both, to be committed; a review sees what changes for pages and programs.
`python scripts/contract.py check`: exit 1 when one of them is not what it would write.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from app.web.api.table import DESCRIBED  # noqa: E402 - the root first
from app.web.openapi import describe  # noqa: E402
from scripts.build_ui import carry_out  # noqa: E402

DESCRIPTION: Final = ROOT / "docs" / "openapi.json"
WIDTH: Final = 120


def text_of(described: dict[str, Any]) -> str:
    """The document as it is committed: sorted, and a line for each thing that can change by itself."""
    plain = json.loads(json.dumps(described, default=str))
    return "\n".join(_lines(plain, 0)) + "\n"


def _lines(value: Any, depth: int, before: str = "", after: str = "") -> Iterator[str]:
    """What fits into one line stands in one."""
    margin = "  " * depth
    short = f"{margin}{before}{json.dumps(value, ensure_ascii=False, sort_keys=True)}{after}"
    if len(short) <= WIDTH or not isinstance(value, dict | list):
        yield short
        return
    opening, closing = "{}" if isinstance(value, dict) else "[]"
    inner = (
        [(f"{json.dumps(name)}: ", item) for name, item in sorted(value.items())]
        if isinstance(value, dict)
        else [("", item) for item in value]
    )
    yield f"{margin}{before}{opening}"
    for place, (name, item) in enumerate(inner, 1):
        yield from _lines(item, depth + 1, name, "," if place < len(inner) else "")
    yield f"{margin}{closing}{after}"


def main() -> int:
    text = text_of(describe(DESCRIBED))
    if sys.argv[1:] != ["check"]:
        DESCRIPTION.write_text(text, encoding="utf-8")
        return carry_out(["schema"])
    if text != DESCRIPTION.read_text(encoding="utf-8"):
        print("docs/openapi.json is not what the code describes: run scripts/contract.py")  # noqa: T201
        return 1
    if carry_out(["schema-check"]) != 0:
        print("app/ui/src/api/schema.ts is not made from docs/openapi.json: run scripts/contract.py")  # noqa: T201
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
