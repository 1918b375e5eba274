"""Fixtures of the tests on a whole system: a hotline with its own Asterisk, ports and directory, gone afterwards."""

from collections.abc import AsyncIterator, Generator

import pytest

from tests.integration.harness.running import RunningSystem


@pytest.fixture
async def system() -> AsyncIterator[RunningSystem]:
    """Not started yet, so that a test can change `system.site`: then `await system.up()`."""
    async with RunningSystem() as running:
        yield running


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A failed test tells what its system said last."""
    report = yield
    system = getattr(item, "funcargs", {}).get("system")
    if report.when == "call" and report.failed and isinstance(system, RunningSystem):
        report.sections.append(("The system's last words", system.last_words()))
    return report
