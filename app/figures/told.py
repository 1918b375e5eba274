"""`sanxiang figures`: a day's figures in words, each with what it is made of, from the journal's files alone. Rules."""

from collections.abc import Iterator

from app.figures.period import Period
from routing.statistics.agent_time import occupancy
from routing.statistics.figures import FIGURES, Ratio

TITLES = {
    "service_level": ("服务水平", "service level"),
    "asterisk_service_level": ("服务水平 SL", "Asterisk's SL"),
    "asterisk_service_level_2": ("服务水平 SL2", "Asterisk's SL2"),
    "answer_rate": ("接通率", "answer rate"),
    "abandon_rate": ("放弃率", "abandoned"),
    "queue_abandon_rate": ("排队放弃率", "abandoned in the queue"),
    "three_rings_rate": ("三声内（系统）", "three rings, system"),
    "person_three_rings_rate": ("三声内（人工）", "three rings, person"),
    "average_speed_of_answer": ("平均应答", "average speed of answer"),
    "average_handle_time": ("平均处理时长", "average handle time"),
    "average_talk": ("平均通话", "average talk"),
    "average_hold": ("平均保持", "average hold"),
    "average_wrap_up": ("平均话后", "average wrap-up"),
    "satisfaction": ("满意度", "satisfaction"),
    "occupancy": ("占用率", "occupancy"),
}


def lines(period: Period) -> Iterator[str]:
    """One figure a line: what it is, its value, numerator ÷ denominator."""
    total = period.board.total
    yield f"{period.since:%Y-%m-%d}  {total.offered} 个来电 / calls"
    for name, figure in FIGURES.items():
        yield _line(name, figure(total))
    yield _line("occupancy", occupancy(period.times.total), parts_in_seconds=True)


def _line(name: str, ratio: Ratio, *, parts_in_seconds: bool = False) -> str:
    title, title_en = TITLES[name]
    if ratio.value is None:
        value = "–"
    else:
        value = f"{ratio.value:.1%}" if ratio.unit == "share" else f"{ratio.value:.1f} s"
    seconds = ratio.unit == "seconds" or parts_in_seconds
    numerator = f"{ratio.numerator / 1e6:.1f} s" if seconds else str(ratio.numerator)
    denominator = f"{ratio.denominator / 1e6:.1f} s" if parts_in_seconds else str(ratio.denominator)
    return f"  {value:>9}  {title} / {title_en}: {numerator} ÷ {denominator}"
