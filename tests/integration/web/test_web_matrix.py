"""Every route × every role, generated from the router; then own and foreign objects. Nothing is open by accident."""

import re

import aiohttp
import pytest
from aiohttp import hdrs

from app.web.api.table import OPERATIONS
from app.web.http.permissions import PERMISSIONS, PUBLIC
from routing.agent import AgentState
from tests.integration.web.conftest import House

PEOPLE = {"agent": "8001", "supervisor": "8801", "administrator": "8901"}


def path_of(template: str, ticket: str, agent: str) -> str:
    place = agent if "/agents/" in template else "1"
    known = {
        "{number}": ticket,
        "{id}": place,
        "{call}": "call-1",
        "{queue}": "hotline",
        "{kind}": "daily",
        "{period}": "2026-11-27",
        "{year}": "2027",
        "{day}": "2027-02-20",
        "{token}": "t",
        "{month}": "2026-10",
        "{version}": "1",
        "{path:.*}": "",
    }
    for name, value in known.items():
        template = template.replace(name, value)
    return re.sub(r"\{\w+\}", "1", template)


async def status_of(client: aiohttp.ClientSession, method: str, path: str) -> int:
    body: dict[str, object] | None = {} if method != "GET" else None
    async with client.request(method, path, json=body) as answer:
        return answer.status


def test_every_route_is_in_the_permission_table(house: House) -> None:
    routes = [(route.method, route.resource.name) for route in house.app.router.routes() if route.resource]
    assert {name for _, name in routes} == set(PERMISSIONS)
    assert len(routes) == len(OPERATIONS)
    assert hdrs.METH_HEAD not in {method for method, _ in routes}


async def test_without_a_login_everything_but_the_public_is_401(house: House) -> None:
    async with house.browser() as nobody:
        for operation in OPERATIONS:
            path = path_of(operation.path, "20261122-0001", "8001")
            found = await status_of(nobody, operation.method, path)
            if PERMISSIONS[operation.name] == PUBLIC:
                assert found not in (401, 403), operation.name
            else:
                assert found == 401, operation.name


@pytest.mark.parametrize("role", PEOPLE)
async def test_a_role_gets_exactly_what_the_table_says(house: House, role: str) -> None:
    ticket = await house.call()
    operations = [one for one in OPERATIONS if one.name not in ("login", "logout")]
    async with house.logged_in(PEOPLE[role]) as person:
        for operation in operations:
            path = path_of(operation.path, ticket, PEOPLE[role])
            found = await status_of(person, operation.method, path)
            allowed = PERMISSIONS[operation.name]
            if allowed == PUBLIC or role in allowed:
                assert found not in (401, 403), f"{role} may {operation.name}, got {found}"
            else:
                assert found == 403, f"{role} may not {operation.name}, got {found}"


FOREIGN = [
    ("GET", "/api/calls?agent=8002", None),
    ("POST", "/api/agents/8002/state", {"state": "available"}),
    ("POST", "/api/agents/8002/wrap-up", {"action": "end"}),
    ("GET", "/api/agents/8002/telephone", None),
    ("GET", "/api/live/desk?agent=8002", None),
    ("PATCH", "/api/tickets/{ticket}", {"version": 1, "matter": "mine now"}),
    ("GET", "/api/tickets/{ticket}/recording", None),
    ("GET", "/api/tickets/{ticket}/message", None),
]


@pytest.mark.parametrize(("method", "path", "body"), FOREIGN)
async def test_an_agent_is_kept_from_what_is_a_colleagues(
    house: House, method: str, path: str, body: dict[str, object] | None
) -> None:
    ticket = await house.call(agent="8002", recording="talk.wav")
    async with (
        house.logged_in("8001") as agent,
        agent.request(method, path.format(ticket=ticket), json=body) as answer,
    ):
        assert answer.status == 403
        assert (await answer.json())["type"] == "urn:sanxiang:forbidden"


async def test_supervisors_reach_agents_states_but_not_their_desks_and_telephones(house: House) -> None:
    async with house.logged_in("8801") as supervisor:
        async with supervisor.post("/api/agents/8002/state", json={"state": "available"}) as answer:
            assert answer.status == 200
        assert (house.acd.agent("8002").state, house.acd.agent("8002").by) == (AgentState.AVAILABLE, "8801")
        assert await status_of(supervisor, "GET", "/api/live/desk?agent=8002") == 403
        assert await status_of(supervisor, "GET", "/api/agents/8002/telephone") == 403


async def test_the_local_token_does_all_and_a_wrong_one_nothing(house: House) -> None:
    async with house.program() as program, house.program("wrong") as stranger:
        assert await status_of(program, "GET", "/api/agents/8002/telephone") == 200
        assert await status_of(program, "GET", "/api/queues") == 200
        assert await status_of(stranger, "GET", "/api/queues") == 401
