"""Figures through the API: live, explained, grouped, each with the calls it counts; and agents' histories. RPT-1"""

from datetime import timedelta
from typing import Any

import aiohttp
import pytest

from crm.journal.events import AgentMissed, AgentOffered, AgentStateChanged, CallEnded, CallQueued
from tests.integration.web.conftest import House, kind_of


async def asked(client: aiohttp.ClientSession, path: str, **query: str) -> dict[str, Any]:
    async with client.get(path, params=query) as answer:
        assert answer.status == 200, await answer.text()
        found: dict[str, Any] = await answer.json()
        return found


async def abandoned(house: House, call: str, waited_s: float, *missed: str) -> None:
    """A caller who gave up in the queue, after these agents did not answer."""
    arrived = house.arrival(call)
    at = arrived.at
    await house.record(
        arrived,
        CallQueued(at=at + timedelta(seconds=1), call_id=call, queue="hotline"),
        *(AgentOffered(at=at, call_id=call, agent=agent, channel_id="leg") for agent in missed),
        *(AgentMissed(at=at, call_id=call, agent=agent, reason="rona") for agent in missed),
        CallEnded(at=at + timedelta(seconds=1 + waited_s), call_id=call, ended_by="caller", outcome="abandoned_queue"),
    )


@pytest.mark.req("RPT-1")
async def test_every_figure_is_explained_by_what_it_is_made_of(house: House) -> None:
    await abandoned(house, "short", 2)
    await abandoned(house, "long", 30)
    await house.call(agent="8001")
    async with house.logged_in("8801") as supervisor:
        found = await asked(supervisor, "/api/figures")
    ratios = found["total"]["ratios"]
    assert ratios["abandon_rate"] == {"value": 2 / 3, "numerator": 2, "denominator": 3, "unit": "share"}
    assert ratios["service_level"] == {"value": 0.0, "numerator": 0, "denominator": 1, "unit": "share"}
    assert ratios["asterisk_service_level_2"]["denominator"] == 2
    assert found["levels"]["hall"]["offered"] == found["lines"]["hotline"]["offered"] == 3
    assert found["queues"]["hotline"]["offered"] == 2


@pytest.mark.parametrize("by", ["total", "line", "level", "queue", "agent", "interval"])
async def test_groups_are_the_same_live_and_from_the_store(house: House, by: str) -> None:
    await abandoned(house, "long", 30, "8001")
    changed = AgentStateChanged(at=house.clock(), agent="8001", state="available")
    await house.record(changed)
    async with house.logged_in("8801") as supervisor:
        live = await asked(supervisor, "/api/figures", by=by)
        stored = await asked(supervisor, "/api/figures", by=by, since=live["since"], until=live["until"])
    assert live["groups"]
    for group in (*live["groups"], *stored["groups"]):
        del group["time"], group["occupancy"]  # they grow by the microsecond, and a query has milliseconds
    assert {**stored, "at": live["at"], "until": live["until"]} == live


async def test_a_number_leads_to_exactly_the_calls_that_it_counts(house: House) -> None:
    await abandoned(house, "short", 2)
    await abandoned(house, "long", 30, "8001", "8002")
    await house.call(agent="8001")
    async with house.logged_in("8801") as supervisor:
        row = (await asked(supervisor, "/api/figures"))["total"]
        for figure, count in row.items():
            if isinstance(count, int) and figure not in ("offers", "rona"):
                calls = await asked(supervisor, "/api/calls", figure=figure)
                assert len(calls["items"]) == count, figure

        async def calls_of(**query: str) -> list[str]:
            return [call["call"] for call in (await asked(supervisor, "/api/calls", **query))["items"]]

        assert await calls_of(figure="queued", but_not="within_threshold,short_abandons") == ["long"]
        assert await calls_of(figure="rona") == ["long"]
        assert await calls_of(figure="rona", agent="8002") == ["long"]
        assert await calls_of(figure="rona", agent="8003") == []
        assert await calls_of(figure="connected", agent="8001") == ["call-1"]
        assert await calls_of(level="hall", queue="hotline") == ["long", "short"]
        assert await calls_of(level="nowhere") == []
        first = await asked(supervisor, "/api/calls", figure="offered", limit="2")
        rest = await asked(supervisor, "/api/calls", figure="offered", limit="2", after=first["next"])
        assert [call["call"] for call in first["items"] + rest["items"]] == ["call-1", "long", "short"]
        assert await calls_of(queue="hotline", until=first["items"][-1]["invited_at"]) == ["short"]
        for wrong in ({"figure": "nonsense"}, {"figure": "offered", "but_not": "x"}, {"figure": "rona", "caller": "1"}):
            async with supervisor.get("/api/calls", params=wrong) as answer:
                assert (answer.status, await kind_of(answer)) == (400, "invalid")


async def test_agents_see_the_calls_of_their_own_figures_only(house: House) -> None:
    await abandoned(house, "long", 30, "8002")
    async with house.logged_in("8001") as agent:
        assert (await asked(agent, "/api/calls", figure="rona"))["items"] == []
        async with agent.get("/api/calls", params={"figure": "rona", "agent": "8002"}) as answer:
            assert answer.status == 403


async def test_the_history_of_an_agent_and_the_time_in_each_state(house: House) -> None:
    now = house.clock()

    def told(seconds: float, state: str, **others: Any) -> AgentStateChanged:
        return AgentStateChanged(at=now - timedelta(seconds=seconds), agent="8001", state=state, **others)

    await house.record(
        told(300, "available"),
        told(200, "talking", call_id="c1"),
        told(140, "wrap_up"),
        told(120, "not_ready", reason="meal"),
    )
    since, until = ((now - timedelta(seconds=back)).isoformat() for back in (250, 0))
    async with house.logged_in("8001") as agent:
        found = await asked(agent, "/api/agents/8001/history", since=since, until=until)
        async with agent.get("/api/agents/8002/history") as answer:
            assert answer.status == 403
    spans = [(span["state"], span["call"], span["reason"], span["seconds"]) for span in found["spans"]]
    assert spans == [
        ("available", None, None, 50),
        ("talking", "c1", None, 60),
        ("wrap_up", "c1", None, 20),
        ("not_ready", None, "meal", 120),
    ]
    assert found["spans"][-1]["end"] is None
    assert (found["occupancy"]["numerator"], found["occupancy"]["denominator"]) == (80_000_000, 130_000_000)
    async with house.logged_in("8801") as supervisor:
        assert (await asked(supervisor, "/api/agents/8001/history"))["spans"]
        async with supervisor.get("/api/agents/8999/history") as answer:
            assert answer.status == 404
        async with supervisor.get("/api/agents/8001/history", params={"until": "2020-01-01T00:00:00Z"}) as answer:
            assert answer.status == 400
