"""`sanxiang simulate`: runs `routing.theory.simulation` in two processes until its figures are precise, and shows them.

Not part of a running hotline: it needs no site, no data directory and no telephone.
"""

import json
import multiprocessing
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from math import floor, isfinite
from multiprocessing.connection import Connection
from unicodedata import east_asian_width

from config.words import one_line, two_lines
from routing.theory.batch_means import Batch
from routing.theory.erlang import Theory, Traffic, theory
from routing.theory.simulation import Simulation
from routing.theory.staffing import CHECK_EVERY, STREAMS, Findings, Plan, findings, plan

_TELL_EVERY_S = 3.0
_MOST_AGENTS = 20_000

TITLES = {
    "waiting_probability": ("需要等待的来电", "calls that wait"),
    "asa_s": ("平均应答时间", "average speed of answer"),
    "abandonment": ("放弃率", "calls that give up"),
    "service_level": ("服务水平", "service level"),
    "occupancy": ("坐席占用率", "occupancy"),
}
WARNING = two_lines(
    "模拟时间与队列的记忆相比太短，区间可能偏窄：负载太接近坐席数。",
    "The run is short against this queue's memory, its intervals may be too narrow: the load is very near the staff.",
)


@dataclass(frozen=True, kw_only=True)
class Question:
    """What was asked on the command line."""

    traffic: Traffic
    threshold_s: float
    seed: int

    def check(self) -> None:
        """Raises ValueError, in words, for what cannot be simulated."""
        agents, load, patience_s = self.traffic.agents, self.traffic.load, self.traffic.patience_s
        if not 1 <= agents <= _MOST_AGENTS:
            raise ValueError(
                two_lines(
                    f"--agents {agents}：应为 1 到 {_MOST_AGENTS}", f"--agents {agents}: must be 1 to {_MOST_AGENTS}"
                )
            )
        times = {"--load": load, "--aht": self.traffic.aht_s, "--patience": 1.0 if patience_s is None else patience_s}
        for name, value in times.items():
            if not (isfinite(value) and value > 0):
                raise ValueError(two_lines(f"{name} {value:g}：应大于 0", f"{name} {value:g}: must be more than 0"))
        if not (isfinite(self.threshold_s) and self.threshold_s >= 0):
            raise ValueError(
                two_lines(
                    f"--threshold {self.threshold_s:g}：不能为负",
                    f"--threshold {self.threshold_s:g}: must not be negative",
                )
            )
        if not self.traffic.is_stable:
            enough = floor(load) + 1
            raise ValueError(
                f"话务量 {load:g} 爱尔兰不小于坐席数 {agents}，来电者又从不放弃：队伍会无限变长。"
                f"请至少用 --agents {enough}，或用 --patience 给出平均耐心（秒）。\n"
                f"The load of {load:g} erlangs is not below the {agents} agents, and nobody gives up: the line would "
                f"grow without end. Use --agents {enough} or more, or give the callers' mean --patience in seconds."
            )


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What `simulate` prints."""

    question: Question
    plan: Plan
    found: Findings
    expected: Theory
    ended_by: str
    """precision, calls or time."""

    def as_json(self) -> str:
        figures = self.found.figures
        traffic = self.question.traffic
        return json.dumps(
            {
                **asdict(traffic),
                "threshold_s": self.question.threshold_s,
                "seed": self.question.seed,
                **{name: figure.value for name, figure in figures.items()},
                "ci95": {name: [figure.low, figure.high] for name, figure in figures.items()},
                "theory": {"model": _model(traffic), **asdict(self.expected)},
                "calls": self.found.calls,
                "warm_up_calls": self.plan.warm_up_calls * STREAMS,
                "streams": STREAMS,
                "batches": self.found.batches,
                "ended_by": self.ended_by,
                "fifo_inversions": self.found.inversions,
                "warnings": [WARNING] if self.found.is_short else [],
            },
            ensure_ascii=False,
        )

    def lines(self) -> Iterator[str]:
        traffic, threshold_s = self.question.traffic, self.question.threshold_s
        patience = "∞" if traffic.patience_s is None else f"{traffic.patience_s:g} s"
        yield two_lines(
            f"坐席 {traffic.agents} · 话务量 {traffic.load:g} erl · 处理时间 {traffic.aht_s:g} s · "
            f"耐心 {patience} · 阈值 {threshold_s:g} s",
            f"agents {traffic.agents} · load {traffic.load:g} erl · handling time {traffic.aht_s:g} s · "
            f"patience {patience} · threshold {threshold_s:g} s",
        )
        yield _row(one_line("模拟", "simulated"), one_line("95 % 区间", "interval"), _model(traffic))
        for name, (zh, en) in TITLES.items():
            figure, expected = self.found.figures[name], float(getattr(self.expected, name))
            shown = _seconds if name == "asa_s" else _percent
            interval = f"{shown(figure.low)} … {shown(figure.high)}"
            yield f"{_row(shown(figure.value), interval, shown(expected))}  {one_line(zh, en)}"
        warm_up, inversions = self.plan.warm_up_calls * STREAMS, self.found.inversions
        yield two_lines(
            f"{self.found.calls} 通来电，另有 {warm_up} 通预热不计 · 插队 {inversions}",
            f"{self.found.calls} calls, after a warm-up of {warm_up} that does not count · "
            f"served out of turn: {inversions}",
        )
        if self.found.is_short:
            yield WARNING


def simulate(question: Question, progress: Callable[[str], None], length: Plan | None = None) -> Answer:
    """Simulate until the figures are precise, or the plan's calls or time are used up. Raises ValueError, RuntimeError.

    `progress` hears every few seconds how far it is. `length`: another plan than the usual one.
    """
    question.check()
    traffic, length = question.traffic, length or plan(question.traffic)
    began = told = time.monotonic()
    ended_by = "calls"
    streams: list[list[Batch]] = [[] for _ in range(STREAMS)]
    with _running(question, length) as connections:
        for number in range(1, length.batches + 1):
            for stream, connection in zip(streams, connections, strict=True):
                stream.append(_next(connection))
            now = time.monotonic()
            if number >= CHECK_EVERY and now - began > length.seconds:
                ended_by = "time"
                break
            if number >= length.least_batches and number % CHECK_EVERY == 0 and findings(traffic, streams).is_precise:
                ended_by = "precision"
                break
            if now - told > _TELL_EVERY_S:
                told = now
                calls = number * length.batch_calls * STREAMS
                progress(one_line(f"已模拟 {calls} 通来电，用时 {now - began:.0f} 秒", "calls simulated, seconds gone"))
    found, expected = findings(traffic, streams), theory(traffic, question.threshold_s)
    return Answer(question=question, plan=length, found=found, expected=expected, ended_by=ended_by)


@contextmanager
def _running(question: Question, length: Plan) -> Iterator[Sequence[Connection]]:
    """One process for each stream; they end with this block."""
    context = multiprocessing.get_context("fork")
    connections, processes = [], []
    try:
        for number in range(STREAMS):
            ours, theirs = context.Pipe(duplex=False)
            process = context.Process(target=_stream, args=(theirs, question, length, number), daemon=True)
            process.start()
            theirs.close()
            connections.append(ours)
            processes.append(process)
        yield connections
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.join()


def _stream(connection: Connection, question: Question, length: Plan, number: int) -> None:
    """In a process of its own: one stream of calls, batch after batch."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, who ends this one
    run = Simulation(question.traffic, question.threshold_s, f"{question.seed}/{number}")
    run.gather(length.warm_up_calls)
    for _ in range(length.batches):
        connection.send(run.gather(length.batch_calls))


def _next(connection: Connection) -> Batch:
    try:
        batch = connection.recv()
    except EOFError:
        raise RuntimeError(two_lines("模拟进程意外结束", "a simulating process has ended: see above")) from None
    assert isinstance(batch, Batch)
    return batch


def _model(traffic: Traffic) -> str:
    return "Erlang C" if traffic.patience_s is None else "Erlang A"


def _row(*cells: str) -> str:
    """Right-aligned; a Chinese character is two columns wide."""
    return "".join(
        " " * max(1, 22 - sum(1 + (east_asian_width(char) == "W") for char in cell)) + cell for cell in cells
    )


def _percent(share: float) -> str:
    return f"{100 * share:.2f} %"


def _seconds(seconds: float) -> str:
    return f"{seconds:.2f} s"
