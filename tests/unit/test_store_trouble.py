"""A fault on the store's side ends no hotline: the projector is started again, and only its own end is an end."""

import asyncio
from typing import cast

import pytest

from app.run.main import PROJECTOR_RETRY_S, keep_projecting
from crm.db.projecting.projector import Projector
from tests.fakes.virtual_time import VirtualTimeLoop


class Stumbling:
    """A projector that fails so many times and then comes to its end."""

    def __init__(self, falls: int) -> None:
        self.falls = falls
        self.runs = 0

    async def run(self) -> None:
        self.runs += 1
        if self.runs <= self.falls:
            raise RuntimeError("the store said something that nobody expected")


def test_a_projector_that_fails_is_started_again(caplog: pytest.LogCaptureFixture) -> None:
    projector = Stumbling(falls=2)
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        runner.run(keep_projecting(cast(Projector, projector)))
        assert runner.get_loop().time() == pytest.approx(2 * PROJECTOR_RETRY_S)
    assert projector.runs == 3
    assert [record.levelname for record in caplog.records] == ["ERROR", "ERROR"]
