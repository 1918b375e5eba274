"""Options of the whole test run: how often the long repetitions are made, whether golden files are rewritten, and what
a second run of failed tests is for: it names the flaky ones and excuses none.
"""

import logging
import math
from collections.abc import Callable, Iterator

import pytest

QUICK = 10
"""A run without --soak makes a tenth of the repetitions."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--soak", action="store_true", help="the long repetitions in full: sweeps, kills")
    parser.addoption("--no-skips", action="store_true", help="a skipped test fails the run")
    parser.addoption("--diagnose", action="store_true", help="these tests have failed: name those that pass now FLAKY")
    parser.addoption("--update-golden", action="store_true", help="rewrite tests/golden/*/expected.txt")


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """With --no-skips nothing may hide: a part that was not tested is a failure."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    skipped = len(reporter.stats.get("skipped", [])) if reporter else 0
    if skipped and session.config.getoption("--no-skips") and session.exitstatus == pytest.ExitCode.OK:
        reporter.write_line(f"{skipped} tests were skipped, which is not allowed here", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name the tests that failed in the run before and pass in this one."""
    if terminalreporter.config.getoption("--diagnose"):
        for report in terminalreporter.stats.get("passed", []):
            terminalreporter.write_line(f"FLAKY {report.nodeid}: failed, then passed by itself", red=True)


@pytest.fixture
def soak(request: pytest.FixtureRequest) -> bool:
    """True when the repetitions are made in full."""
    return bool(request.config.getoption("--soak"))


@pytest.fixture
def times(soak: bool) -> Callable[[int], int]:
    """How many of so many repetitions are made now: all, or a tenth, one at least."""
    return lambda full: full if soak else math.ceil(full / QUICK)


class _PageFaultLines(logging.Handler):
    """Keeps the actions of log lines that say that a page was not told something."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.actions: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if vars(record).get("page_fault"):
            self.actions.append(str(vars(record).get("action")))


@pytest.fixture(autouse=True)
def page_faults(request: pytest.FixtureRequest) -> Iterator[list[str]]:
    """Fails a test in which a page was not told what happened; `@pytest.mark.page_faults(action, …)` expects them."""
    lines, root = _PageFaultLines(), logging.getLogger()
    root.addHandler(lines)
    yield lines.actions
    root.removeHandler(lines)
    mark = request.node.get_closest_marker("page_faults")
    assert sorted(set(lines.actions)) == sorted(mark.args if mark else ())
