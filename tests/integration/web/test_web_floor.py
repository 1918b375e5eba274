"""Supervisors through the API: a talk supervised, a caller moved, a queue closed and opened; what is wrong is named."""

from dataclasses import replace

import pytest

from routing.agent import AgentState
from tests.integration.web.conftest import House, kind_of

CALL = "call-1763.12"


def talking(house: House) -> None:
    house.acd.put(replace(house.acd.agent("8001"), state=AgentState.TALKING, call_id=CALL))


@pytest.mark.req("QUA-5")
async def test_a_talk_is_supervised_in_every_mode_and_left(house: House) -> None:
    talking(house)
    async with house.logged_in("8801") as boss, house.logged_in("8001") as agent:
        for mode in ("listen", "whisper", "barge"):
            async with boss.post(f"/api/calls/{CALL}/supervise", json={"mode": mode}) as answer:
                assert answer.status == 200
                told = await answer.json()
            assert told == {"call": CALL, "supervisor": "8801", "mode": mode, "joined": True}
            async with boss.get("/api/agents") as answer:
                shown = {each["agent"]: each["supervision"] for each in (await answer.json())["items"]}
            assert shown["8001"] == told and shown["8002"] is None
        async with agent.get("/api/me") as answer:
            assert (await answer.json())["agent"]["supervision"] is None, "who listens is not the agent's to see"
        async with boss.delete(f"/api/calls/{CALL}/supervise") as answer:
            assert answer.status == 200
        async with boss.delete(f"/api/calls/{CALL}/supervise") as answer:
            assert (answer.status, await kind_of(answer)) == (404, "not_found")


@pytest.mark.req("QUA-5")
@pytest.mark.parametrize(
    ("who", "wish", "call", "status", "kind"),
    [
        ("8801", {"mode": "shout"}, CALL, 400, "invalid"),
        ("8801", {"mode": "listen"}, "call-nobodys", 409, "conflict"),
        ("8801", {"mode": "listen", "supervisor": "8901"}, CALL, 403, "forbidden"),
        ("8901", {"mode": "listen"}, CALL, 400, "invalid"),
        ("8901", {"mode": "listen", "supervisor": "8002"}, CALL, 400, "invalid"),
        ("8001", {"mode": "listen"}, CALL, 403, "forbidden"),
    ],
)
async def test_who_may_not_supervise_or_cannot_is_told_why(
    house: House, who: str, wish: dict[str, str], call: str, status: int, kind: str
) -> None:
    talking(house)
    async with house.logged_in(who) as person, person.post(f"/api/calls/{call}/supervise", json=wish) as answer:
        assert (answer.status, await kind_of(answer)) == (status, kind)


async def test_an_administrators_program_names_the_supervisor(house: House) -> None:
    talking(house)
    async with house.program() as program:
        wish = {"mode": "takeover", "supervisor": "8801"}
        async with program.post(f"/api/calls/{CALL}/supervise", json=wish) as answer:
            assert (answer.status, (await answer.json())["supervisor"]) == (200, "8801")


async def test_a_waiting_caller_is_moved_once(house: House) -> None:
    house.acd.enqueue("hotline", CALL, "20261122-0001", "13812345678", house.clock())
    async with house.logged_in("8801") as boss:
        for queue, call, status in (("nowhere", CALL, 400), ("hotline", CALL, 409), ("hotline", "call-0", 409)):
            async with boss.post(f"/api/calls/{call}/move", json={"queue": queue}) as answer:
                assert answer.status == status
    assert [entry.call for view in house.acd.queues() for entry in view.entries] == [CALL]


@pytest.mark.req("TEL-6")
async def test_a_queue_is_closed_with_a_reason_and_opened_again(house: House) -> None:
    async with house.logged_in("8801") as boss:
        for wish in ({"reason": " "}, {"reason": ""}, {"reason": "停电", "prompt": "no-such-prompt"}):
            async with boss.post("/api/queues/hotline/close", json=wish) as answer:
                assert (answer.status, await kind_of(answer)) == (400, "invalid")
        async with boss.post("/api/queues/hotline/close", json={"reason": " 停电 "}) as answer:
            closed = (await answer.json())["closed"]
        assert (closed["reason"], closed["by"], closed["prompt"]) == ("停电", "8801", None)
        async with boss.get("/api/queues") as answer:
            assert [each["closed"] for each in (await answer.json())["items"]] == [closed]
        for _ in range(2):
            async with boss.post("/api/queues/hotline/open", json={}) as answer:
                assert (answer.status, (await answer.json())["closed"]) == (200, None)
        async with boss.post("/api/queues/nowhere/open", json={}) as answer:
            assert answer.status == 404
