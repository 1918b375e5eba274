"""A call to a number that no line has is served, and told of: in the log, on the ticket, and counted. LNE-1, D11."""

import asyncio
import logging
from pathlib import Path

import pytest

from crm.journal.events import CallArrived, CallNoted, MenuEntered
from tests.fakes.call_centre import call_centre, in_virtual_time

pytestmark = pytest.mark.req("LNE-1")


@pytest.mark.parametrize(
    ("dnis", "told"), [("4008100002", False), ("+864008100002", False), ("4008109999", True), ("", True)]
)
def test_who_dialled_a_number_that_no_line_has_is_served_and_it_is_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, dnis: str, told: bool
) -> None:
    async def story() -> None:
        async with call_centre(tmp_path) as centre:
            channel = centre.telephony.call(dnis)
            await asyncio.sleep(10)
            assert centre.events(MenuEntered), "served all the same"
            (arrived,) = centre.events(CallArrived)
            assert (arrived.line is None) is told
            assert [event.action for event in centre.events(CallNoted)] == ["dnis_unlisted"] * told
            assert (centre.hotline.unlisted.calls, centre.hotline.unlisted.last) == ((1, dnis) if told else (0, None))
            channel.leave()
            await asyncio.sleep(1)

    with caplog.at_level(logging.WARNING, "ivr.caller.unlisted"):
        in_virtual_time(story())
    assert [getattr(record, "action", None) for record in caplog.records] == ["dnis_unlisted"] * told
