"""What keeps pages from being told something is counted, and shown on /status for ten minutes. CUS-2."""

from datetime import UTC, datetime, timedelta

import pytest

from app.process.bus import Bus
from app.process.page_faults import DOWN_FOR, PageFaults
from crm.journal.events import AgentMissed

NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)


@pytest.mark.page_faults("subscriber_failed")
def test_a_subscriber_that_fails_is_counted_and_stops_nobody_else(page_faults: list[str]) -> None:
    clock = [NOON]
    faults, heard = PageFaults(lambda: clock[0]), list[AgentMissed]()
    bus = Bus(faults)

    def fails(event: AgentMissed) -> None:
        raise AttributeError(event.agent)

    bus.subscribe(AgentMissed, fails)
    bus.subscribe(AgentMissed, heard.append)
    assert faults.status() == {"up": True, "faults": 0, "last": None, "last_at": None}
    bus.publish(AgentMissed(at=NOON, call_id="c", agent="8001", reason="rona"))
    assert len(heard) == 1
    assert faults.status() == {"up": False, "faults": 1, "last": "subscriber_failed", "last_at": NOON}
    assert page_faults == ["subscriber_failed"]
    clock[0] += DOWN_FOR - timedelta(seconds=1)
    assert faults.status()["up"] is False
    clock[0] += timedelta(seconds=1)
    assert faults.status() == {"up": True, "faults": 1, "last": "subscriber_failed", "last_at": NOON}
