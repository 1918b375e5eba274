"""`sanxiang figures`: a day's figures in words, each with what it is made of, from the journal's files alone. Rules."""

from collections.abc import Iterator

from app.figures import words
from app.figures.period import Period
from routing.statistics.agent_time import occupancy
from routing.statistics.figures import FIGURES, Ratio


def lines(period: Period) -> Iterator[str]:
    """One figure a line: what it is, its value, numerator ÷ denominator."""
    total = period.board.total
    yield f"{period.since:%Y-%m-%d}  {words.COUNTS['offered'].on_paper()}: {total.offered}"
    for name, figure in FIGURES.items():
        yield _line(name, figure(total))
    yield _line("occupancy", occupancy(period.times.total), parts_in_seconds=True)


def _line(name: str, ratio: Ratio, *, parts_in_seconds: bool = False) -> str:
    title = words.FIGURES[name]
    if ratio.value is None:
        value = "–"
    else:
        value = f"{ratio.value:.1%}" if ratio.unit == "share" else f"{ratio.value:.1f} s"
    seconds = ratio.unit == "seconds" or parts_in_seconds
    numerator = f"{ratio.numerator / 1e6:.1f} s" if seconds else str(ratio.numerator)
    denominator = f"{ratio.denominator / 1e6:.1f} s" if parts_in_seconds else str(ratio.denominator)
    return f"  {value:>9}  {title.on_paper()}: {numerator} ÷ {denominator}"
