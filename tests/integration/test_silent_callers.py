"""Callers of whom no audio comes: muted, or on a telephone that sends none in silence. They are callers. TEL-5."""

from datetime import timedelta

import pytest

from crm.journal.events import CallEnded, CallQueued
from tests.integration.harness.invariants import assert_nothing_left
from tests.integration.harness.running import RunningSystem
from tests.integration.harness.sipp import Sipp
from tests.integration.silent_callers import silent_callers
from tests.integration.story import Story

pytestmark = [pytest.mark.asterisk, pytest.mark.slow]

STAYS_S = 36
"""Longer than the 30 s after which such lines were cut once."""


async def test_a_silent_caller_stays_in_the_queue(system: RunningSystem) -> None:
    await system.up()
    story = Story(system.data)
    async with Sipp(system, "silent", silent_callers(system, ["13900001001"], in_call_s=STAYS_S)) as sipp:
        await sipp.finished()  # ended by its caller
    (ended,) = await story.until_count(CallEnded, 1)
    (queued,) = story.of(CallQueued)
    assert ended.at - queued.at > timedelta(seconds=STAYS_S - 2)
    assert (ended.outcome, ended.ended_by) == ("abandoned_queue", "caller")
    await assert_nothing_left(system)
