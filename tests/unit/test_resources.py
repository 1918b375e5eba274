"""Memory, processes and descriptors are told before they run out, whoever set their limit. OPS-7"""

import mmap
import random
import resource
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from app.process.resources import Kernel
from app.process.shortage import CALM, WARNED, Reading, Shortage

pytestmark = pytest.mark.req("OPS-7")
MB = 1 << 20


def group(at: Path, **figures: object) -> None:
    """A control group's files, as the kernel shows them."""
    at.mkdir(parents=True, exist_ok=True)
    for name, figure in figures.items():
        (at / name.replace("__", ".")).write_text(f"{figure}\n")


def kernel(tmp_path: Path, cgroup: str) -> Kernel:
    """This process as it is, in such control groups of ours."""
    proc = tmp_path / "proc"
    (proc / "self").mkdir(parents=True)
    for name in ("self/status", "meminfo", "loadavg"):
        (proc / name).write_text((Path("/proc") / name).read_text())
    (proc / "self/cgroup").write_text(cgroup)
    return Kernel(proc, tmp_path / "cgroup")


def told(kernel: Kernel) -> dict[str, Reading]:
    return {reading.resource: reading for reading in kernel.usage().readings}


def test_each_is_told_once_before_it_is_gone_and_once_when_there_is_enough_again() -> None:
    """Whatever way the figures take: nothing is used up unsaid, nothing is said twice, nothing to and fro."""
    dice, shortage, used, is_near = random.Random(7), Shortage(), 500, False
    for _ in range(20_000):
        used = min(1000, max(0, used + dice.randint(-30, 30)))
        news = shortage.look([Reading("memory", used, 1000), Reading("processes", 1, 10)], 1, 1)
        assert not (is_near and news.near) and not (not is_near and news.over)
        is_near = (is_near or bool(news.near)) and not news.over
        assert is_near if used >= WARNED * 1000 else True
        assert not is_near if used < CALM * 1000 else True
        status = shortage.status()
        assert status["warned"] == (["memory"] if is_near else [])
        assert status["up"] == (used < 950), "a part that is all but used up is not up"


def test_a_limit_of_nothing_is_used_up() -> None:
    shortage = Shortage()
    assert shortage.look([Reading("processes", 0, 0)], 1, 1).near
    assert not shortage.status()["up"]


def test_the_tightest_limit_of_the_control_groups_above_counts_without_the_cache_of_files(tmp_path: Path) -> None:
    top = tmp_path / "cgroup"
    group(top / "house", memory__current=900 * MB, memory__max=1000 * MB, pids__current=90, pids__max=100)
    group(top / "house/service", memory__current=500 * MB, memory__max="max", pids__current=10, pids__max=1000)
    (top / "house/memory.stat").write_text(f"anon {100 * MB}\ninactive_file {300 * MB}\n")
    found = told(kernel(tmp_path, "0::/house/service\n"))
    assert found["memory"] == Reading("memory", 600 * MB, 1000 * MB)
    assert found["processes"] == Reading("processes", 90, 100)


def test_groups_of_version_1_and_of_a_container_that_sees_its_own_root_are_read(tmp_path: Path) -> None:
    group(tmp_path / "cgroup/memory", memory__usage_in_bytes=80 * MB, memory__limit_in_bytes=100 * MB)
    group(tmp_path / "cgroup/pids", pids__current=3, pids__max=7)
    found = told(kernel(tmp_path, "8:pids:/docker/4711\n4:cpu,memory:/docker/4711\n"))
    assert found["memory"] == Reading("memory", 80 * MB, 100 * MB)
    assert found["processes"] == Reading("processes", 3, 7)


def test_without_limits_of_its_own_the_machines_are_told(tmp_path: Path) -> None:
    group(tmp_path / "cgroup/memory", memory__usage_in_bytes=80 * MB, memory__limit_in_bytes=0x7FFFFFFFFFFFF000)
    found = told(kernel(tmp_path, "4:memory:/\n"))
    assert "memory" not in found
    assert 0 < found["machine_memory"].used < found["machine_memory"].limit


def test_the_running_kernel_tells_what_is_held_and_what_is_started() -> None:
    before, ends = Kernel().usage(), threading.Event()
    held = mmap.mmap(-1, 64 * MB)  # of the kernel: what this process has freed before does not count
    held[::4096] = b"x" * len(held[::4096])
    sleepers = [threading.Thread(target=ends.wait) for _ in range(20)]
    for each in sleepers:
        each.start()
    try:
        now = Kernel().usage()
    finally:
        ends.set()
        for each in sleepers:
            each.join()
    assert now.resident - before.resident > 48 * MB and now.threads - before.threads == 20
    there = {reading.resource: reading for reading in now.readings}
    assert {"machine_memory", "machine_processes", "descriptors"} <= there.keys()
    assert all(0 < each.used <= each.limit for each in there.values()), there
    held.close()


LIMITED = """
import resource
from app.process.resources import Kernel
from app.process.shortage import Shortage
resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
shortage, held = Shortage(), []
while True:
    usage = Kernel().usage()
    if any(near.resource == "address_space" for near in shortage.look(usage.readings, usage.resident, 1).near):
        print("told", len(held)); break
    held.append(bytearray(1 << 24))
"""


def test_a_process_with_a_limit_of_memory_is_told_before_it_has_none() -> None:
    """A real limit, really filled."""
    done = subprocess.run([sys.executable, "-c", LIMITED], capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout.startswith("told"), done.stderr
    assert resource.getrlimit(resource.RLIMIT_AS)[0] != 1 << 30, "the child's limit is its own"
