"""The number dialled, in the notations of real trunks, on real Asterisk: the call reaches its line, or it is told that
there is none. LNE-1."""

import pytest

from crm.journal.events import CallArrived, CallEnded, CallNoted, MenuEntered
from tests.integration.harness.running import RunningSystem
from tests.integration.harness.sipp import Sipp
from tests.integration.silent_callers import request_uri, silent_callers
from tests.integration.story import Story

pytestmark = [pytest.mark.asterisk, pytest.mark.req("LNE-1")]

NUMBER = "4008100003"
"""Of the demo's line for supervision."""
NOBODYS = "+864008109999"


async def test_a_call_reaches_its_line_in_any_notation(system: RunningSystem) -> None:
    await system.up()
    story, api = Story(system.data), await system.api()
    uris = {
        "13900002001": request_uri(system, f"+86{NUMBER}", ";user=phone"),
        "13900002002": request_uri(system, f"0086{NUMBER}"),
        "13900002003": request_uri(system, f"86{NUMBER}"),
        "13900002004": request_uri(system, f"+86{NUMBER};phone-context=ims.zj.example", ";user=phone"),
        "13900002005": f"tel:+86{NUMBER}",
        "13900002006": request_uri(system, f"0571{NUMBER}"),
        "13900002007": request_uri(system, NOBODYS),
    }
    for number, uri in uris.items():
        async with Sipp(system, number, silent_callers(system, [number], in_call_s=0.3, uri=uri)) as sipp:
            await sipp.finished()
    await story.until_count(CallEnded, len(uris))
    lines = {event.ani: event.line for event in story.of(CallArrived)}
    *ours, nobodys = uris
    assert lines == dict.fromkeys(ours, "supervision") | {nobodys: None}
    (told,) = story.of(CallNoted)
    assert (told.call_id, told.action) == (story.call_of(nobodys), "dnis_unlisted")
    assert NOBODYS in told.text
    assert len(story.of(MenuEntered)) == len(uris), "served all the same"
    calls = (await api.status())["calls"]
    assert (calls["unlisted_dnis"], calls["last_unlisted_dnis"]) == (1, NOBODYS)
