"""Missed offers are counted per agent, reason and local day; what the caller did is nobody's miss."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from app.live.missed_offers import MissedOffers
from crm.journal.events import AgentMissed

NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)  # in Beijing
BEIJING = ZoneInfo("Asia/Shanghai")


def missed(at: datetime, reason: str, agent: str = "8001") -> AgentMissed:
    return AgentMissed(at=at, call_id="c", agent=agent, reason=reason)


def test_refusals_and_rona_are_counted_apart_and_each_day_anew() -> None:
    clock = [NOON]
    yesterday = [missed(NOON - timedelta(days=1), "rona")]
    counted = MissedOffers(BEIJING, lambda: clock[0], [*yesterday, missed(NOON, "rona"), missed(NOON, "rona", "8002")])
    for reason in ("rejected", "rona", "caller_hung_up", "recovered", "left"):
        counted.missed(missed(NOON, reason))
    assert counted.of("8001") == {"rona": 2, "rejected": 1}
    assert counted.of("8002") == {"rona": 1}
    clock[0] = datetime(2026, 11, 23, 16, 0, tzinfo=UTC)  # midnight in Beijing
    assert counted.of("8001") == {}
