"""The whole API under generated requests, good and bad, for each role: never a fault of the server. TKT-1, CUS-4

Requests come from the API's own description (schemathesis); and a list of what has broken such servers before.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from yarl import URL

from app.web.http.tokens import role_token
from config.schema import Role
from config.service.channels import Channels, Rate, WebForm, WebHooks
from tests.integration.web.conftest import LOCAL_TOKEN, House

EXAMPLES = {"agent": 3, "supervisor": 3, "administrator": 8}
"""For each operation, right and wrong ones each: enough to meet what is common, in half a minute of CPU."""
LEFT_OUT = frozenset({"live_desk", "live_wallboard", "page"})
"""Streams without an end, and files."""


@pytest.fixture
def site_changes() -> dict[str, object]:
    much = Rate(burst=9000, per_hour=9000)
    form = WebForm(enabled=True, least_fill_s=0, per_address=much, total=much)
    return {"channels": Channels(web_form=form, web_hooks=WebHooks(allowed=("https://crm.example.cn",)))}


@pytest.mark.parametrize("role", ["agent", "supervisor", "administrator"])
async def test_no_request_makes_the_server_fail(house: House, role: Role) -> None:
    known = {"number": await house.call(agent="8001", recording="talk.wav"), "call": "call-1", "queue": "hotline"}
    async with house.program() as program, program.get("/api/openapi.json") as answer:
        description = await answer.json()
    token = role_token(LOCAL_TOKEN, role, house.clock() + timedelta(hours=1))
    faults = await asyncio.to_thread(faults_of, description, house.origin, token, EXAMPLES[role], known)
    assert faults == []


def faults_of(description: dict[str, Any], origin: str, token: str, examples: int, known: dict[str, str]) -> list[str]:
    """Every answer of 5xx that means a fault of ours, with the request that brought it about. `known`: parts of paths
    that right requests name, so that they find something."""
    schema = schemathesis.openapi.from_dict(description)
    schema.config.update(base_url=origin)
    found: list[str] = []

    def call(case: Any, names: dict[str, str]) -> None:
        case.path_parameters.update({name: names[name] for name in case.path_parameters if name in names})
        answer = case.call(headers={"Authorization": f"Bearer {token}"}, timeout=20)
        if answer.status_code >= 500 and answer.status_code != 503:
            found.append(f"{answer.status_code} {case.as_curl_command()}")

    for result in schema.get_all_operations():
        operation = result.ok()
        if operation.definition.raw["operationId"] not in LEFT_OUT:
            call_often(operation, GenerationMode.POSITIVE, examples, partial(call, names=known))
            # What takes nothing cannot be asked anything wrong.
            with suppress(Unsatisfiable):
                call_often(operation, GenerationMode.NEGATIVE, examples, partial(call, names={}))
    return found


def call_often(operation: Any, mode: GenerationMode, examples: int, call: Callable[[Any], None]) -> None:
    @seed(4)
    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def attempt(case: Any) -> None:
        call(case)

    attempt()


BEYOND = [
    "since=0001-01-01T00:00:00%2B14:00",
    "until=9999-12-31T23:59:59-14:00",
    "since=2026-11-22",
    "since=2026-11-22T00:00:00",
    "after=999999999999999999999999.1",
    "after=1.99999999999999999999999",
    "after=-1.-1",
    "after=.",
    "after=1.%D9%A3",
    "limit=99999999999999999999",
    "limit=-1",
    "limit=1e3",
    "q=%00",
    "q=%ED%A0%80",
    "q=%FF",
    "ani=%00",
    "search=%25%5C_",
    "agent=%F0%9F%92%A9",
    "subject=" + "x" * 5000,
]
IDS = [
    "0",
    "-1",
    "9223372036854775807",
    "9223372036854775808",
    "1" * 60,
    "%00",
    "%D9%A1",
    "1.0",
    "%FF",
    "a%2Fb",
    "None",
]


@pytest.mark.parametrize("query", BEYOND, ids=range(len(BEYOND)))
async def test_no_list_fails_for_what_is_beyond_it(house: House, query: str) -> None:
    number = await house.call()
    lists = ["tickets", "calls", "customers", "due-calls", "messages", "audit", "webhooks/1/deliveries", "figures"]
    async with house.program() as program:
        for name in [*lists, f"tickets/{number}/attachments", "agents/8001/history"]:
            async with program.get(URL(f"/api/{name}?{query}", encoded=True)) as answer:
                assert answer.status < 500, (name, query, await answer.text())


@pytest.mark.parametrize("record", IDS)
async def test_no_record_is_found_under_what_no_record_has(house: House, record: str) -> None:
    asks = [
        ("GET", "/api/customers/{id}", None),
        ("PATCH", "/api/customers/{id}", {"version": 2**70}),
        ("POST", "/api/due-calls/{id}/cancel", {}),
        ("POST", "/api/due-calls/{id}/accept", {}),
        ("POST", "/api/messages/{id}/read", {}),
        ("GET", "/api/tickets/{id}", None),
        ("PATCH", "/api/tickets/{id}", {"version": 2**70}),
        ("GET", "/api/tickets/{id}/recording?id=1", None),
        ("GET", "/api/webhooks/{id}/deliveries", None),
        ("DELETE", "/api/webhooks/{id}", None),
        ("GET", "/api/calls/{id}/talk", None),
        ("POST", "/api/agents/{id}/state", {"state": "available"}),
        ("POST", "/api/queues/{id}/close", {"reason": "x"}),
    ]
    async with house.program() as program:
        for method, path, body in asks:
            url = URL(path.replace("{id}", record), encoded=True)
            async with program.request(method, url, json=body) as answer:
                assert 400 <= answer.status < 500, (method, path, await answer.text())


BODIES = [
    rb'{"matter": "\u0000"}',
    rb'{"matter": "\ud800"}',
    b'{"matter": "\xff"}',
    b"[" * 9000,
    b"",
    b"{",
    b"null",
    b"1e999",
    rb'{"received_at": "0001-01-01T00:00:00+14:00", "matter": "x", "channel": "letter"}',
    rb'{"key": "k", "name": "a\u0000b", "numbers": ["\u0000"]}',
]


@pytest.mark.parametrize("body", BODIES, ids=range(len(BODIES)))
async def test_no_body_makes_the_server_fail(house: House, body: bytes) -> None:
    number = await house.call()
    async with house.program() as program:
        for method, path in (
            ("POST", "/api/intake"),
            ("POST", "/api/due-calls"),
            ("POST", "/api/customers"),
            ("POST", "/api/messages"),
            ("POST", "/api/public/tickets"),
            ("PATCH", f"/api/tickets/{number}"),
            ("POST", "/api/login"),
        ):
            headers = {"Content-Type": "application/json"}
            async with program.request(method, path, data=body, headers=headers) as answer:
                assert 400 <= answer.status < 500, (method, path, await answer.text())


async def test_a_form_whose_parts_are_none_is_refused_with_words(house: House) -> None:
    async with house.logged_in("8801") as supervisor:
        headers = {"Content-Type": "multipart/form-data; boundary=b"}
        body = b"--b\r\n\x00broken header\r\n\r\nx\r\n--b--\r\n"
        async with supervisor.post("/api/customers/imports", data=body, headers=headers) as answer:
            assert answer.status == 400
