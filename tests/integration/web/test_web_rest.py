"""States and queues, the system's status, the description of the API (held against real answers), and the pages."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
from yarl import URL

from app.web.api.table import OPERATIONS
from app.web.http.pages import SECURITY_HEADERS
from routing.agent import AgentState
from tests.integration.web.conftest import House, kind_of, write_sound


async def test_an_agent_sets_the_own_state_with_a_reason_of_the_site(house: House) -> None:
    async with house.logged_in("8001") as agent:
        for wish, status in (
            ({"state": "available"}, 200),
            ({"state": "not_ready", "reason": "meal"}, 200),
            ({"state": "not_ready"}, 400),
            ({"state": "not_ready", "reason": "weather"}, 400),
            ({"state": "available", "reason": "meal"}, 400),
            ({"state": "talking"}, 400),
        ):
            async with agent.post("/api/agents/8001/state", json=wish) as answer:
                assert answer.status == status, wish
        async with agent.get("/api/me") as answer:
            me = await answer.json()
    assert (me["agent"]["state"], me["agent"]["reason"]) == ("not_ready", "meal")
    assert [reason["id"] for reason in me["site"]["reasons"]] == ["meal"]


async def test_wrap_up_is_extended_and_ends_once(house: House) -> None:
    house.acd.put(replace(house.acd.agent("8001"), state=AgentState.WRAP_UP, until=house.clock()))
    async with house.logged_in("8001") as agent:
        async with agent.post("/api/agents/8001/wrap-up", json={"action": "extend"}) as answer:
            assert (await answer.json())["state"] == "wrap_up"
        left = house.acd.agent("8001").until
        assert left and 25 < (left - house.clock()).total_seconds() <= 30
        async with agent.post("/api/agents/8001/wrap-up", json={"action": "end"}) as answer:
            assert (await answer.json())["state"] == "available"
        async with agent.post("/api/agents/8001/wrap-up", json={"action": "end"}) as answer:
            assert answer.status == 409
            assert await kind_of(answer) == "illegal_transition"


async def test_a_supervisor_sees_who_waits_and_for_how_long(house: House) -> None:
    house.acd.enqueue("hotline", "c-1", "20261122-0001", "13812345678", house.clock())
    async with house.logged_in("8801") as supervisor:
        async with supervisor.get("/api/queues") as answer:
            (queue,) = (await answer.json())["items"]
        async with supervisor.get("/api/agents") as answer:
            agents = (await answer.json())["items"]
    assert (queue["queue"], queue["waiting"], queue["agents_by_state"]) == ("hotline", 1, {"logged_out": 3})
    assert queue["entries"][0]["ani"] == "13812345678" and queue["entries"][0]["since"].endswith("Z")
    assert [(agent["agent"], agent["name"]) for agent in agents] == [
        ("8001", "林晓雨"),
        ("8002", "陈志明"),
        ("8003", "赵敏"),
    ]


async def test_an_agent_who_serves_no_queue_has_no_state(house: House) -> None:
    async with (
        house.logged_in("8801") as supervisor,
        supervisor.post("/api/agents/8801/state", json={"state": "available"}) as answer,
    ):
        assert answer.status == 404


async def test_a_telephone_registers_with_what_the_api_says(house: House) -> None:
    async with house.program() as program:
        async with program.get("/api/agents/8001/telephone") as answer:
            assert await answer.json() == {
                "username": "agent-8001",
                "secret": "secret of 8001",
                "sip": "127.0.0.1:5062",
                "sip_tls": None,
                "media_encryption": "none",
            }
        async with program.get("/api/agents/8901/telephone") as answer:
            assert answer.status == 404


async def test_status_is_200_only_when_every_part_is_up(house: House) -> None:
    async with house.browser() as monitor:
        async with monitor.get("/status") as answer:
            assert (answer.status, (await answer.json())["status"]) == (200, "up")
        house.parts["store"] = {"up": False, "failure": "the disk is gone"}
        async with monitor.get("/status") as answer:
            assert answer.status == 503
            assert (await answer.json())["parts"] == {}, "strangers learn no more than that"


async def test_the_description_names_every_operation_and_leads_nowhere_in_vain(house: House) -> None:
    async with house.browser() as anybody, anybody.get("/api/openapi.json") as answer:
        text, described = await answer.text(), await answer.json()
    named = {one["operationId"] for methods in described["paths"].values() for one in methods.values()}
    assert named == {one.name for one in OPERATIONS} - {"page"}
    known = {f"#/components/{kind}/{name}" for kind, parts in described["components"].items() for name in parts}
    used = {part.split('"')[0] for part in text.split('"$ref":"')[1:]}
    assert used and used <= known


@pytest.mark.parametrize(
    "path",
    [
        "/api/me",
        "/api/tickets",
        "/api/tickets/{number}",
        "/api/calls",
        "/api/queues",
        "/api/agents",
        "/api/agents/{id}/telephone",
        "/api/customers",
        "/api/customers/{id}",
        "/api/customers/{id}/history",
        "/api/customers/duplicates",
        "/api/customers/accesses",
        "/api/customers/removals",
        "/api/due-calls",
        "/api/figures",
        "/api/figures?by=interval",
        "/api/agents/{id}/history",
        "/status",
    ],
)
async def test_answers_are_as_described(house: House, path: str) -> None:
    number = await house.call(agent="8001", recording="talk.wav")
    write_sound(house.data.recordings / "talk.wav")
    house.acd.enqueue("hotline", "c-1", number, "13812345678", house.clock())
    async with house.program() as program:
        card = {"name": "王建国", "numbers": ["13812345678"]}
        async with program.post("/api/customers", json=card) as answer:
            customer = (await answer.json())["id"]
        promise = {"kind": "callback", "due_at": house.clock().isoformat(), "queue": "hotline", "ticket": number}
        async with program.post("/api/due-calls", json=promise) as answer:
            assert answer.status == 201
        async with program.get("/api/openapi.json") as answer:
            described = await answer.json()
        place = "8001" if "agents" in path else customer
        async with program.get(path.replace("{number}", number).replace("{id}", place)) as answer:
            assert answer.status == 200
            found = await answer.json()
    content = described["paths"][path.partition("?")[0]]["get"]["responses"]["200"]["content"]["application/json"]
    schema = {**content["schema"], "components": described["components"]}
    jsonschema.validate(found, schema, cls=jsonschema.Draft202012Validator)
    assert not strange_times(found)


def strange_times(value: Any, name: str = "") -> list[str]:
    """Points in time that are not UTC with milliseconds."""
    if isinstance(value, dict):
        return [bad for key, item in value.items() for bad in strange_times(item, key)]
    if isinstance(value, list):
        return [bad for item in value for bad in strange_times(item, name)]
    is_time = name == "at" or name == "since" or name == "until" or name.endswith(("_at", "_since"))
    good = isinstance(value, str) and len(value) == len("2026-11-22T01:30:00.000Z") and value.endswith("Z")
    return [f"{name}: {value}"] if is_time and value is not None and not good else []


async def test_what_nobody_foresaw_is_logged_and_not_shown(
    house: House, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(**_: object) -> None:
        raise RuntimeError("password=hunter2")

    monkeypatch.setattr(house.store.tickets, "list", broken)
    async with house.logged_in("8001") as agent, agent.get("/api/tickets") as answer:
        assert answer.status == 500
        assert "hunter2" not in await answer.text()
    assert "hunter2" in caplog.text


async def test_too_much_and_the_wrong_method_are_problems_too(house: House) -> None:
    async with house.logged_in("8001") as agent:
        async with agent.post("/api/due-calls", json={"note": "x" * 100_000}) as answer:
            assert (answer.status, await kind_of(answer)) == (413, "too_large")
        async with agent.delete("/api/tickets") as answer:
            assert (answer.status, await kind_of(answer)) == (405, "method_not_allowed")


def build(ui: Path) -> None:
    """A front end as the build leaves it."""
    (ui / "assets").mkdir()
    (ui / "index.html").write_text("<!doctype html><title>Sanxiang</title>")
    (ui / "assets" / "index-abc123.js").write_text("export {}")
    (ui / "favicon.svg").write_text("<svg/>")
    (ui.parent / "secret.txt").write_text("secret")


async def test_every_page_is_the_one_page_and_its_files_are_kept(house: House) -> None:
    build(house.ui)
    async with house.browser() as browser:
        for path in ("/", "/wallboard", "/supervisor", "/tickets/20261122-0001", "/index.html"):
            async with browser.get(path) as answer:
                assert (answer.status, answer.content_type) == (200, "text/html"), path
                assert answer.headers["Cache-Control"] == "no-cache"
        async with browser.get("/assets/index-abc123.js") as answer:
            assert answer.content_type in ("text/javascript", "application/javascript")
            assert "immutable" in answer.headers["Cache-Control"]


@pytest.mark.parametrize(
    "path", ["/..%2fsecret.txt", "/assets/..%2f..%2fsecret.txt", "/assets/none.js", "/%2e%2e/secret.txt"]
)
async def test_nothing_outside_the_front_end_is_served(house: House, path: str) -> None:
    build(house.ui)
    async with house.browser() as browser, browser.get(URL(f"{house.origin}{path}", encoded=True)) as answer:
        assert answer.status == 404
        assert "secret" not in await answer.text()


async def test_a_front_end_that_is_not_built_says_what_to_do(house: House) -> None:
    async with house.browser() as browser, browser.get("/") as answer:
        assert answer.status == 503
        assert "make setup" in (await answer.json())["detail"]


async def test_every_answer_keeps_the_browser_in_bounds(house: House) -> None:
    build(house.ui)
    async with house.program() as program:
        for path in ("/", "/assets/index-abc123.js", "/api/me", "/api/nothing", "/status", "/api/live/wallboard"):
            async with program.get(path) as answer:
                assert {name: answer.headers.get(name) for name in SECURITY_HEADERS} == SECURITY_HEADERS, path
                if path.startswith("/api"):
                    assert answer.headers["Cache-Control"] == "no-store"
    policy = SECURITY_HEADERS["Content-Security-Policy"]
    assert "script-src 'self';" in policy and "unsafe-eval" not in policy
