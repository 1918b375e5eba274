"""A figure of the performance page: what was measured, beside its peer of the same run. Rules: it measures nothing."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Figure:
    """`value` is ours, `peer` the other's, in `unit`, which says in words what each is. `met`: the target is reached.

    `compared` is what the target is about, when that is neither the value nor the peer alone (a ratio, a difference).
    """

    id: str
    what: str
    value: float | None
    peer: float | None
    unit: str
    target: str
    met: bool
    compared: float | None = None
    note: str = ""
    more: Mapping[str, object] = field(default_factory=dict)


def _shown(number: float | None) -> str:
    return "–" if number is None else f"{number:.3g}" if abs(number) < 100 else f"{number:.0f}"


def table(figures: Iterable[Figure]) -> str:
    """Markdown."""
    lines = [
        "| # | figure | ours | peer | compared | target | met | unit, notes |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for each in figures:
        cells = (each.id, each.what, _shown(each.value), _shown(each.peer), _shown(each.compared), each.target)
        words = f"{each.unit}. {each.note}".rstrip(". ")
        lines.append(f"| {' | '.join(cells)} | {'yes' if each.met else '**no**'} | {words} |")
    return "\n".join(lines)


def number_of(part: str) -> int:
    """P2 comes before P11."""
    return int(part[1:])


def keep(figures: Iterable[Figure], machine: str, json_file: Path, page: Path) -> None:
    """Writes the JSON (figures of parts that were not run this time are kept) and the page's section."""
    known: dict[str, dict[str, object]] = {}
    if json_file.exists():
        known = json.loads(json_file.read_text(encoding="utf-8"))
    for each in figures:
        known[each.id] = {
            "what": each.what,
            "value": each.value,
            "peer": each.peer,
            "unit": each.unit,
            "compared": each.compared,
            "target": each.target,
            "met": each.met,
            "note": each.note,
            "machine": machine,
            **each.more,
        }
    json_file.parent.mkdir(parents=True, exist_ok=True)
    ordered = dict(sorted(known.items(), key=lambda item: number_of(item[0])))
    json_file.write_text(json.dumps(ordered, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    _write_section(page, machine, [_figure(name, item) for name, item in ordered.items()])


def _figure(name: str, item: Mapping[str, object]) -> Figure:
    fields = {key: item.get(key) for key in ("what", "value", "peer", "unit", "target", "met", "compared", "note")}
    return Figure(id=name, **fields)  # type: ignore[arg-type]


BEGIN, END = "<!-- made by make bench -->", "<!-- end -->"


def _write_section(page: Path, machine: str, figures: list[Figure]) -> None:
    section = f"{BEGIN}\n{machine}\n\n{table(figures)}\n{END}"
    text = page.read_text(encoding="utf-8")
    head, _, rest = text.partition(BEGIN)
    tail = rest.partition(END)[2]
    page.write_text(head + section + tail, encoding="utf-8")
