"""Hold, transfer, conference, recording, survey through the API: whose talk it is, what is refused or asked."""

import pytest

from ivr.live.talks import Refused
from tests.integration.web.conftest import House

pytestmark = pytest.mark.req("TEL-5")

WISHES = [
    ("hold", {}),
    ("resume", {}),
    ("transfer", {"to": {"agent": "8002"}, "mode": "attended"}),
    ("transfer/complete", {}),
    ("transfer/cancel", {}),
    ("conference", {}),
    ("recording", {"state": "paused"}),
    ("survey", {}),
]


@pytest.mark.parametrize(("what", "body"), WISHES)
async def test_only_the_agent_in_the_talk_and_supervisors_may(house: House, what: str, body: dict[str, object]) -> None:
    house.talks.begin("c1", "8001")
    async with house.logged_in("8002") as other, other.post(f"/api/calls/c1/{what}", json=body) as answer:
        assert answer.status == 403 and not house.talks.asked
    async with house.logged_in("8001") as agent, agent.post(f"/api/calls/c1/{what}", json=body) as answer:
        assert answer.status == 200, await answer.text()
    house.talks.begin("c1", "8001")
    async with house.logged_in("8801") as supervisor, supervisor.post(f"/api/calls/c1/{what}", json=body) as answer:
        assert answer.status == 200
    assert len(house.talks.asked) == 2


async def test_the_answer_says_how_the_talk_stands(house: House) -> None:
    house.talks.begin("c1", "8001")
    async with house.logged_in("8001") as agent:
        async with agent.post("/api/calls/c1/hold", json={}) as answer:
            assert (await answer.json())["held"] is True
        async with agent.get("/api/calls/c1/talk") as answer:
            assert (await answer.json())["held"] is True
        wish = {"to": {"number": "13912345678"}, "mode": "attended"}
        async with agent.post("/api/calls/c1/transfer", json=wish) as answer:
            told = await answer.json()
        assert (told["transfer"], told["target_kind"], told["target"], told["over"]) == (
            "ringing",
            "number",
            "13912345678",
            False,
        )
        async with agent.post("/api/calls/c1/transfer/complete", json={}) as answer:
            assert (await answer.json())["over"] is True
        async with agent.post("/api/calls/c1/hold", json={}) as answer:
            assert answer.status == 404
    assert house.talks.asked == ["hold", "attended number 13912345678", "complete"]


async def test_a_refusal_is_409_with_its_words(house: House) -> None:
    house.talks.begin("c1", "8001")
    house.talks.refuses = Refused("agent 8002 is in wrap-up and cannot take the call")
    wish = {"to": {"agent": "8002"}, "mode": "blind"}
    async with house.logged_in("8001") as agent, agent.post("/api/calls/c1/transfer", json=wish) as answer:
        told = await answer.json()
    assert (answer.status, told["type"]) == (409, "urn:sanxiang:illegal_transition")
    assert "in wrap-up" in told["detail"]


@pytest.mark.parametrize(
    "wish",
    [
        {"to": {}, "mode": "blind"},
        {"to": {"agent": "8002", "queue": "hotline"}, "mode": "blind"},
        {"to": {"agent": "8002"}, "mode": "warm"},
        {"to": {"agent": "8002"}},
        {"to": {"shop": "8002"}, "mode": "blind"},
        {"mode": "blind"},
    ],
)
async def test_a_transfer_names_one_target_and_a_way(house: House, wish: dict[str, object]) -> None:
    house.talks.begin("c1", "8001")
    async with house.logged_in("8001") as agent, agent.post("/api/calls/c1/transfer", json=wish) as answer:
        assert answer.status == 400 and not house.talks.asked


async def test_agents_see_their_colleagues_states_and_nothing_else_of_them(house: House) -> None:
    house.talks.begin("c1", "8001")
    async with house.logged_in("8001") as agent, agent.get("/api/colleagues") as answer:
        items = (await answer.json())["items"]
    assert {"8001", "8002"} <= {item["agent"] for item in items}
    assert all(set(item) == {"agent", "name", "name_en", "state"} for item in items)
