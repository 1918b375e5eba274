"""SIPp as the bench uses it: one process of callers per load, one of agents' telephones per side; it counts."""

import asyncio
import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.bench.measure import percentile
from tests.integration.harness.processes import Program, put_first
from tests.integration.harness.sipp_trace import read_keys

SCENARIOS = Path(__file__).parent / "scenarios"
CALLERS, AGENTS = "127.0.0.2", "127.0.0.1"
CALLERS_MEDIA = 50_000
OPTIONS_MEANWHILE = 100
"""Asterisk asks new telephones whether they are there, and SIPp counts that as a call too."""
MESSAGES_A_CALL = 6
"""That SIPp sends, both sides together: what a share of retransmissions refers to."""


@dataclass(frozen=True)
class Counts:
    """What a SIPp process has counted since it began."""

    created: int = 0
    ok: int = 0
    failed: int = 0
    retransmissions: int = 0

    def since(self, before: "Counts") -> "Counts":
        return Counts(
            self.created - before.created,
            self.ok - before.ok,
            self.failed - before.failed,
            self.retransmissions - before.retransmissions,
        )


@dataclass(frozen=True, kw_only=True)
class Result:
    """One load, over. `answers_ms`: INVITE → 200 (or 503) of each call."""

    rate: float
    seconds: float
    callers: Counts
    agents: Counts
    refused: int
    answers_ms: Sequence[float] = field(repr=False)
    keys: Mapping[str, datetime] = field(repr=False)
    """When each caller's key capture was started."""
    invited: Mapping[str, datetime] = field(repr=False)
    """When an agent's telephone had each caller's INVITE."""

    @property
    def served(self) -> int:
        """Calls that went the whole way."""
        return self.callers.ok - self.refused

    @property
    def failed(self) -> int:
        return self.callers.failed + self.agents.failed

    @property
    def retransmitted(self) -> float:
        """Share of the messages."""
        return (self.callers.retransmissions + self.agents.retransmissions) / max(
            1, MESSAGES_A_CALL * self.callers.created
        )

    @property
    def answer_p99_ms(self) -> float:
        return percentile(self.answers_ms, 0.99)

    @property
    def sustained(self) -> bool:
        """As docs/performance.md defines it."""
        return not self.failed and not self.refused and self.retransmitted <= 0.002 and self.answer_p99_ms < 500

    def words(self) -> str:
        return (
            f"{self.rate:g}/s: {self.served} of {self.callers.created} served, {self.failed} failed, "
            f"{self.refused} refused, {self.retransmitted:.2%} sent again, INVITE→200 p99 {self.answer_p99_ms:.1f} ms"
        )


class SippProcess:
    """One SIPp. Use as `async with`; files lie beside `files`."""

    def __init__(self, scenario: str, server: tuple[str, int], files: Path, options: Sequence[object]) -> None:
        self._files = files
        path = files.with_suffix(".xml")
        path.write_text(scenario, encoding="utf-8")
        for old in files.parent.glob(f"{files.name}*_rtt.csv"):
            old.unlink()
        statistics = ["-trace_stat", "-fd", "1", "-stf", files.with_suffix(".stat")]
        self._statistics = files.with_suffix(".stat")
        self._statistics.unlink(missing_ok=True)
        host, port = server
        common = ["sipp", f"{host}:{port}", "-sf", path, "-nostdin", "-buff_size", 4_000_000, *statistics]
        self._program = Program([str(word) for word in (*common, *options)], files, files.parent)

    async def __aenter__(self) -> Self:
        await self._program.__aenter__()
        put_first(self._program.process.pid)  # what is measured is the system, not how long SIPp waits for its turn
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._program.__aexit__(kind, error, trace)

    async def finished(self, timeout_s: float) -> None:
        """Returns at its end, whatever it says of its calls: that is counted. Raises AssertionError in time."""
        await self._program.wait(timeout_s)

    @property
    def runs(self) -> bool:
        return self._program.runs

    def last_words(self) -> str:
        return self._program.last_words()

    def counts(self) -> Counts:
        """As of the last whole second."""
        if not self._statistics.exists():
            return Counts()
        rows = list(csv.DictReader(self._statistics.read_text(errors="replace").splitlines(), delimiter=";"))
        if not rows:
            return Counts()
        row = rows[-1]
        return Counts(
            int(row["TotalCallCreated"]),
            int(row["SuccessfulCall(C)"]),
            int(row["FailedCall(C)"]),
            int(row["Retransmissions(C)"]),
        )

    def answers_ms(self) -> list[float]:
        """The response times that it measured."""
        times = []
        for path in self._files.parent.glob(f"{self._files.name}*_rtt.csv"):
            for line in path.read_text(errors="replace").splitlines()[1:]:
                cells = line.split(";")
                if len(cells) >= 2:
                    times.append(float(cells[1]))
        return times

    def log(self) -> Path:
        return self._files.with_suffix(".log")


def scenario(name: str, words: Mapping[str, object]) -> str:
    """A scenario's text; a word's own words are filled in too."""
    text = (SCENARIOS / name).read_text(encoding="utf-8")
    for _ in range(2):
        for word, value in words.items():
            text = text.replace(f"@{{{word}}}", str(value))
    return text


def part(name: str) -> str:
    """A piece of a scenario."""
    return (SCENARIOS / name).read_text(encoding="utf-8")


async def register(server: tuple[str, int], accounts: Mapping[str, str], port: int, files: Path) -> None:
    """Registers these telephones (user → secret), all on one port of 127.0.0.1. AssertionError when one is not."""
    rows = "\n".join(f"{user};[authentication username={user} password={secret}]" for user, secret in accounts.items())
    table = files.with_suffix(".csv")
    table.write_text(f"SEQUENTIAL\n{rows}\n", encoding="utf-8")
    calls = len(accounts) + OPTIONS_MEANWHILE  # the rows begin again: some register twice, which does no harm
    options = ["-i", AGENTS, "-p", port, "-m", calls, "-r", 150, "-l", calls, "-aa", "-inf", table]
    async with SippProcess(scenario("register.xml", {}), server, files, [*options, "-timeout", "60s"]) as sipp:
        await sipp.finished(70)
        counts = sipp.counts()
    assert counts.ok >= len(accounts), f"{counts} of {len(accounts)} telephones registered\n{sipp.last_words()}"


def agents_options(port: int, media_port: int, files: Path) -> list[object]:
    """Telephones that answer for as long as the process lives."""
    options: list[object] = ["-i", AGENTS, "-p", port, "-mi", AGENTS, "-mp", media_port, "-aa", "-rtp_echo"]
    return [*options, "-l", 20_000, "-trace_logs", "-log_file", files.with_suffix(".log")]


def callers_options(port: int, files: Path, rows: Path, rate: float, calls: int, timeout_s: float) -> list[object]:
    options: list[object] = ["-i", CALLERS, "-p", port, "-mi", CALLERS, "-mp", CALLERS_MEDIA, "-aa", "-inf", rows]
    options += ["-r", f"{rate:g}", "-m", calls, "-l", 20_000, "-trace_rtt", "-rtt_freq", 1]
    options += ["-recv_timeout", 15_000, "-timeout", f"{timeout_s:.0f}s"]
    return [*options, "-trace_logs", "-log_file", files.with_suffix(".log")]


async def statistics_settled() -> None:
    """A second, and a bit: SIPp writes its counts once a second."""
    await asyncio.sleep(1.2)


def refusals(log: Path) -> int:
    """How many callers wrote down that they were refused."""
    if not log.exists():
        return 0
    return sum(line.startswith("refused ") for line in log.read_text(errors="replace").splitlines())


def instants(log: Path) -> dict[str, datetime]:
    """What a scenario wrote down, by the caller's number."""
    return read_keys(log) if log.exists() else {}
