"""What a call costs between its events and the store: CPU, delay, stalls of the event loop, at a given rate. P3, P10.

    python -m tests.bench.projector --database sqlite --calls 5000 --rate 140           what it costs
    python -m tests.bench.projector --calls 5000 --rate 140 --watch                     and whom it makes wait
    python -m tests.bench.projector --database postgresql --calls 2000 --rate 0         a backlog, as fast as it goes

Real journal, real projector, real store; the calls are made up: one in four by a customer who is known, one in ten
given up in the queue, one in twenty leaves a message. CPU is this process's own; PostgreSQL's is told apart.
"""

import argparse
import asyncio
import contextlib
import cProfile
import heapq
import logging
import random
import resource
import sys
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from statistics import quantiles
from zoneinfo import ZoneInfo

import psutil
import uvloop

from app.process.bus import Bus
from app.process.clock import utc_now
from app.process.memory import freeze_lasting_objects
from app.process.page_faults import PageFaults
from config.ids import CallId, ChannelId
from config.numbering import NumberKind
from crm.customers.model import Customer, CustomerNumber
from crm.db.projecting.projector import Projector
from crm.db.store import Store
from crm.journal.events import (
    AgentAnswered,
    AgentOffered,
    AgentStateChanged,
    AnyEvent,
    CallAnswered,
    CallArrived,
    CallEnded,
    CallQueued,
    CallRang,
    Event,
    MenuChosen,
    MenuEntered,
    MessageLeft,
    TalkStarted,
)
from crm.journal.journal import Journal
from crm.use_cases.tickets import Tickets
from tests.integration.store.postgres import PostgresServer

TICK_S = 0.01
KNOWN = 400
"""Customers with a card."""
Step = tuple[float, Callable[[datetime], Event]]


def call_steps(call: str, index: int, agent: str) -> list[Step]:
    """What is recorded of a call after its arrival, and when: seconds since the INVITE."""
    steps: list[Step] = [
        (0.0, lambda at: CallRang(call_id=call, at=at)),
        (0.02, lambda at: CallAnswered(call_id=call, at=at, rings=1)),
        (1.0, lambda at: MenuEntered(call_id=call, at=at, menu="main")),
    ]
    if index % 20 == 3:
        return [
            *steps,
            (2.0, lambda at: MenuChosen(call_id=call, at=at, menu="main", digits="9", choice="message")),
            (6.0, lambda at: MessageLeft(call_id=call, at=at, file=f"{call}.wav", duration_s=4.0)),
            (6.0, lambda at: CallEnded(call_id=call, at=at, ended_by="caller", outcome="message")),
        ]
    steps += [
        (2.0, lambda at: MenuChosen(call_id=call, at=at, menu="main", digits="1", choice="queue:hotline")),
        (2.0, lambda at: CallQueued(call_id=call, at=at, queue="hotline")),
    ]
    if index % 10 == 7:
        return [*steps, (5.0, lambda at: CallEnded(call_id=call, at=at, ended_by="caller", outcome="abandoned_queue"))]
    talk = {"agent": agent, "agent_channel_id": f"a-{call}", "bridge_id": f"b-{call}"}
    return [
        *steps,
        (2.1, lambda at: AgentStateChanged(agent=agent, at=at, state="reserved", call_id=call)),
        (2.1, lambda at: AgentOffered(call_id=call, at=at, agent=agent, channel_id=f"a-{call}")),
        (2.15, lambda at: AgentStateChanged(agent=agent, at=at, state="ringing", call_id=call)),
        (3.0, lambda at: AgentStateChanged(agent=agent, at=at, state="talking", call_id=call)),
        (3.0, lambda at: AgentAnswered(call_id=call, at=at, agent=agent)),
        (3.2, lambda at: TalkStarted(call_id=call, at=at, recording=f"{call}.wav", **talk)),
        (7.0, lambda at: CallEnded(call_id=call, at=at, ended_by="caller", outcome="answered")),
        (7.0, lambda at: AgentStateChanged(agent=agent, at=at, state="wrap_up", until=at + timedelta(seconds=1))),
        (8.0, lambda at: AgentStateChanged(agent=agent, at=at, state="available")),
    ]


def caller_number(index: int) -> str:
    """Every fourth caller has a card."""
    return f"139{index % KNOWN:08d}" if index % 4 == 0 else f"137{random.Random(index).randrange(10**8):08d}"


async def make_customers(store: Store) -> None:
    for index in range(0, KNOWN, 4):
        raw = caller_number(index)
        number = CustomerNumber(raw=raw, normalised=raw, kind=NumberKind.MOBILE)
        await store.customers.save(Customer(id=0, version=0, name=f"Customer {index}", numbers=(number,)))


class Delays:
    """Milliseconds, told as p50, p99 and the longest."""

    def __init__(self) -> None:
        self.ms: list[float] = []

    def __str__(self) -> str:
        if len(self.ms) < 2:
            return "-"
        cuts = quantiles(self.ms, n=100)
        return f"p50 {cuts[49]:.1f}  p99 {cuts[98]:.1f}  longest {max(self.ms):.1f} ms"


class Traffic:
    """Plays calls into the journal as their moments come; `rate` 0: all at once, dated as if they had come at 140/s."""

    def __init__(self, tickets: Tickets, calls: int, rate: float) -> None:
        self._tickets, self._calls, self._rate = tickets, calls, rate
        self.events = 0
        self.cpu_s = 0.0

    async def play(self) -> None:
        loop, began, start = asyncio.get_running_loop(), time.monotonic(), datetime.now(UTC)
        for due, act in self._moments(self._rate or 140.0):
            if self._rate:
                if (wait := began + due - time.monotonic()) > 0:
                    await asyncio.sleep(max(wait, TICK_S))
            elif loop.time() - began > 0.2:
                began = loop.time()
                await asyncio.sleep(0)
            before = time.thread_time()
            act(start + timedelta(seconds=due))
            self.cpu_s += time.thread_time() - before
            self.events += 1

    def _moments(self, rate: float) -> Iterator[tuple[float, Callable[[datetime], object]]]:
        order = count()
        ahead: list[tuple[float, int, Callable[[datetime], object]]] = []
        for index in range(self._calls):
            arrives = index / rate
            while ahead and ahead[0][0] <= arrives:
                due, _, act = heapq.heappop(ahead)
                yield due, act
            call = f"in-1795000000.{index}"
            yield arrives, lambda at, index=index, call=call: self._arrive(call, index, at)
            for after, made in call_steps(call, index, str(8000 + index % 700)):
                heapq.heappush(ahead, (arrives + after, next(order), lambda at, made=made: self._record(made, at)))
        while ahead:
            due, _, act = heapq.heappop(ahead)
            yield due, act

    def _record(self, made: Callable[[datetime], Event], at: datetime) -> None:
        self._tickets.record(made(at))

    def _arrive(self, call: str, index: int, at: datetime) -> None:
        self._tickets.open(
            call_id=CallId(call),
            channel_id=ChannelId(call),
            direction="inbound",
            dnis="4008100002",
            ani=caller_number(index),
            caller_name="",
            line="hotline",
            at=at,
        )


async def watch_loop(stalls: Delays) -> None:
    """How late a timer of 2 ms is: what a call would have waited."""
    loop = asyncio.get_running_loop()
    while True:
        due = loop.time() + 0.002
        await asyncio.sleep(0.002)
        stalls.ms.append(1000 * (loop.time() - due))


async def read_pages(store: Store, reads: Delays) -> None:
    """What a desk asks while the projector writes: a caller's tickets, and a ticket with its timeline."""
    for index in count():
        await asyncio.sleep(0.25)
        began = time.monotonic()
        _, found = await store.cards.of_caller(caller_number(index), 5)
        if found:
            await store.tickets.get(found[0].number)
        reads.ms.append(1000 * (time.monotonic() - began))


def threads_cpu() -> dict[str, float]:
    """Seconds of CPU by thread, as its name says what it does."""
    names = {thread.native_id: thread.name.rstrip("0123456789- ") for thread in threading.enumerate()}
    spent: dict[str, float] = {}
    for thread in psutil.Process().threads():
        name = names.get(thread.id, "driver")
        spent[name] = spent.get(name, 0.0) + thread.user_time + thread.system_time
    return spent


def server_cpu(server: PostgresServer | None) -> float:
    """Seconds of CPU of PostgreSQL's processes that are alive."""
    if server is None:
        return 0.0
    total = 0.0
    for process in psutil.process_iter(["cmdline", "cpu_times"]):
        words = process.info["cmdline"] or []
        if words and "postgres" in words[0] and process.info["cpu_times"]:
            total += process.info["cpu_times"].user + process.info["cpu_times"].system
    return total


@asynccontextmanager
async def database(kind: str, directory: Path) -> AsyncIterator[tuple[str, PostgresServer | None]]:
    if kind == "sqlite":
        yield f"sqlite+aiosqlite:///{directory / 'store.db'}", None
        return
    with tempfile.TemporaryDirectory(prefix="sanxiang-pg-", ignore_cleanup_errors=True) as cluster:
        server = PostgresServer(Path(cluster))
        server.start()
        try:
            yield server.new_database(), server
        finally:
            server.stop()


async def measure(options: argparse.Namespace) -> None:
    with tempfile.TemporaryDirectory(prefix="sanxiang-bench-") as directory:
        async with database(options.database, Path(directory)) as (url, server):
            store = await Store.open(url, area_code="0571")
            await make_customers(store)
            freeze_lasting_objects()
            journal = Journal.open(Path(directory) / "journal")
            try:
                await run(options, journal, store, server)
            finally:
                journal.close()
                await store.close()


async def run(options: argparse.Namespace, journal: Journal, store: Store, server: PostgresServer | None) -> None:
    visible, stalls, reads = Delays(), Delays(), Delays()

    def applied(events: Sequence[AnyEvent]) -> None:
        now = datetime.now(UTC)
        visible.ms.extend(1000 * (now - event.at).total_seconds() for event in events if isinstance(event, CallArrived))

    traffic = Traffic(
        Tickets(journal, ZoneInfo("Asia/Shanghai"), Bus(PageFaults(utc_now)).publish), options.calls, options.rate
    )
    projector = Projector(journal, store, applied)
    if not options.rate:
        await traffic.play()
    profile = cProfile.Profile() if options.profile else None
    before, cpu, server_before, began = threads_cpu(), time.process_time(), server_cpu(server), time.monotonic()
    watching = [watch_loop(stalls), read_pages(store, reads)] if options.watch else []
    watchers = [asyncio.create_task(each) for each in watching]
    projecting = asyncio.create_task(projector.run())
    with profile or contextlib.nullcontext():
        if options.rate:
            await traffic.play()
        await projector.caught_up()
    took = time.monotonic() - began
    cpu, after, server_cpu_s = time.process_time() - cpu, threads_cpu(), server_cpu(server) - server_before
    for task in [projecting, *watchers]:
        task.cancel()
    await asyncio.wait([projecting, *watchers])
    say = Report(options.calls)
    say.line(f"{options.database}: {options.calls} calls, {traffic.events} events, {took:.1f} s")
    say.cost("all of the process", cpu)
    for name in sorted(after, key=lambda name: before.get(name, 0.0) - after[name]):
        if (spent := after[name] - before.get(name, 0.0)) > 0.001:
            say.cost(f"  thread {name}", spent)
    say.cost("  journal and bus (in MainThread)", traffic.cpu_s)
    if server:
        say.cost("PostgreSQL's own", server_cpu_s)
    say.line(f"  ticket visible   {visible if options.rate else '-'}")
    say.line(f"  loop late by     {stalls}")
    say.line(f"  a desk's reads   {reads}")
    memory_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    say.line(f"  rejected {projector.status()['rejected']}, memory at most {memory_mb} MB")
    if profile:
        profile.print_stats("tottime")


class Report:
    """Lines on standard output."""

    def __init__(self, calls: int) -> None:
        self._calls = calls

    def line(self, text: str) -> None:
        sys.stdout.write(f"{text}\n")

    def cost(self, part: str, cpu_s: float) -> None:
        self.line(f"  {part:<34} {1000 * cpu_s / self._calls:7.3f} ms CPU a call")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--calls", type=int, default=5000)
    parser.add_argument("--rate", type=float, default=140.0, help="calls a second; 0: all are in the journal already")
    parser.add_argument("--watch", action="store_true", help="measure waiting too; it costs CPU of its own")
    parser.add_argument("--profile", action="store_true", help="functions of both threads, by their own time")
    logging.basicConfig(level=logging.WARNING)
    uvloop.run(measure(parser.parse_args()))


if __name__ == "__main__":
    main()
