"""The bench's own rules: the search for a maximum, percentiles, and how figures are kept from one run to the next."""

import json
from pathlib import Path

import pytest

from tests.bench.figure import BEGIN, END, Figure, keep
from tests.bench.measure import Climb, percentile
from tests.bench.registry import parts


def climbed(limit: float, **options: float) -> tuple[float | None, list[float]]:
    """What the search finds on a machine that sustains `limit`, and every rate that it tried."""
    climb, tried = Climb(60, **options), []
    while (rate := climb.next_rate()) is not None:
        tried.append(rate)
        climb.note(rate, rate <= limit)
        assert len(tried) < 40
    return climb.good, tried


@pytest.mark.parametrize("limit", [20, 59, 61, 100, 143, 290])
def test_the_maximum_is_found_within_the_width_of_the_search(limit: float) -> None:
    found, tried = climbed(limit)
    assert found is not None and limit / 1.08 <= found <= limit
    assert len(tried) <= 16


def test_a_rate_that_fails_once_is_tried_once_more() -> None:
    climb = Climb(60)
    climb.note(60, sustained=False)
    assert climb.next_rate() == 60
    climb.note(60, sustained=True)
    assert climb.good == 60 and climb.bad is None


def test_percentiles_are_values_that_were_seen() -> None:
    values = [float(number) for number in range(1, 101)]
    assert percentile(values, 0.99) == 99
    assert percentile(values, 0.5) == 50
    assert percentile([7.0], 0.99) == 7
    assert percentile([], 0.99) == float("inf")


def figure(name: str, value: float) -> Figure:
    return Figure(id=name, what="something", value=value, peer=2.0, unit="ms", target="≤ 2", met=value <= 2)


def test_a_part_measured_alone_leaves_the_other_figures(tmp_path: Path) -> None:
    page, latest = tmp_path / "page.md", tmp_path / "bench" / "latest.json"
    page.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n", encoding="utf-8")
    keep([figure("P11", 1.0)], "a machine", latest, page)
    keep([figure("P2", 3.0)], "a machine", latest, page)
    kept = json.loads(latest.read_text(encoding="utf-8"))
    assert list(kept) == ["P2", "P11"]
    assert (kept["P2"]["value"], kept["P2"]["peer"], kept["P2"]["unit"], kept["P2"]["met"]) == (3.0, 2.0, "ms", False)
    text = page.read_text(encoding="utf-8")
    assert text.startswith("before\n") and text.endswith("after\n") and "old" not in text
    assert text.index("| P2 |") < text.index("| P11 |")


def test_every_part_has_its_figure_and_an_unknown_one_is_named() -> None:
    assert {part.id for part in parts()} >= {"P1", "P2", "P3", "P4", "P5", "P7", "P8", "P11"}
    assert [part.id for part in parts(["P11", "P2"])] == ["P2", "P11"]
    with pytest.raises(ValueError, match="P99"):
        parts(["P99"])
