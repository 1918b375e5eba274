"""`sanxiang up` as one meets it at a terminal: soon ready, one per directory, clear when it cannot, gone at Ctrl-C."""

import re
import socket
from pathlib import Path

import pytest

from tests.integration.harness.processes import Program, asterisks_of
from tests.integration.harness.running import RunningSystem

pytestmark = [pytest.mark.asterisk, pytest.mark.slow]

SECOND_START_S = 10.0
ENDS_S = 30.0


async def complaint(system: RunningSystem, name: str) -> list[str]:
    """What `up` says that must not start: it ends by itself with 1, and there is no traceback."""
    async with Program(system.up_arguments(), system.directory / name) as program:
        assert await program.wait(ENDS_S) == 1, program.last_words()
        said = program.complained()
    assert "Traceback" not in said
    return said.splitlines()


async def test_the_second_start_is_ready_within_ten_seconds_and_ctrl_c_ends_both(system: RunningSystem) -> None:
    await system.up()
    assert len(asterisks_of(system.data)) == 1
    assert await system.stop() == 0
    assert asterisks_of(system.data) == []
    assert not system.data.system_file.exists(), "`call` and `agent` would look for a system that is gone"

    took_s = await system.up()
    assert took_s <= SECOND_START_S
    said = system.program.said()
    for number in ("4008100001", "4008100002", "4008100003"):
        assert number in said
    assert f"127.0.0.1:{system.http_port}" in said
    assert await system.stop() == 0
    assert asterisks_of(system.data) == []


async def test_a_second_system_on_the_same_data_directory_is_refused(system: RunningSystem) -> None:
    await system.up()
    asterisks = asterisks_of(system.data)
    words = await complaint(system, "second")
    assert "is running" in words[-1]
    assert "--data" in words[-1]
    assert len(asterisks) == 1
    assert asterisks_of(system.data) == asterisks, "the first one's Asterisk was touched"
    assert (await (await system.api()).get("/status"))["status"] == "up"


async def test_a_site_with_faults_names_each_and_starts_nothing(system: RunningSystem) -> None:
    lines, queues = system.site.path / "lines.yaml", system.site.path / "queues.yaml"
    misspell(lines, "greeting: line-hotline", "greetin: line-hotline")
    misspell(queues, "wrap_up_s: 20", "wrap_up_s: soon")
    words = await complaint(system, "faulty")
    expected = [place(lines, "greetin: line-hotline", "greetin"), place(queues, "wrap_up_s: soon", "soon")]
    for where in expected:
        assert [line for line in words if where in line], f"nothing is said about {where}: {words}"
    assert all(re.match(r".+\.yaml:\d+:\d+: ", line) for line in words)
    assert not system.data.asterisk.exists()
    assert not system.data.system_file.exists()


async def test_a_port_that_is_taken_is_said_and_no_asterisk_is_left_behind(system: RunningSystem) -> None:
    with socket.create_server(("127.0.0.1", system.http_port)):
        words = await complaint(system, "port")
    assert str(system.http_port) in " ".join(words)
    assert asterisks_of(system.data) == []


def misspell(file: Path, right: str, wrong: str) -> None:
    """The first occurrence of `right` becomes `wrong`."""
    text = file.read_text(encoding="utf-8")
    assert right in text
    file.write_text(text.replace(right, wrong, 1), encoding="utf-8")


def place(file: Path, line_with: str, word: str) -> str:
    """`file:line:column` of a word."""
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
        if line_with in line:
            return f"{file.name}:{number}:{line.index(word) + 1}"
    raise AssertionError(f"{line_with!r} is not in {file.name}")
