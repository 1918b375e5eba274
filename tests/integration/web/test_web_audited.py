"""Logins, refusals and secrets shown are on the audit trail, with who and from where. ACC-5"""

from datetime import timedelta

import pytest

from app.web.http.audit.table import ROWS_EACH
from crm.audit.seals import AuditRow
from tests.integration.web.conftest import House, write_sound


async def rows(house: House, action: str) -> list[AuditRow]:
    return list((await house.store.audit.list(action=action, limit=200)).items)[::-1]


async def log_in(house: House, name: str, password: str) -> int:
    async with (
        house.browser() as browser,
        browser.post("/api/login", json={"name": name, "password": password}) as given,
    ):
        return given.status


@pytest.mark.req("ACC-5")
async def test_who_logs_in_and_out_is_on_the_trail(house: House) -> None:
    async with house.logged_in("8001") as agent, agent.post("/api/logout") as answer:
        assert answer.status == 204
    (came,) = await rows(house, "logged_in")
    assert (came.by, came.subject) == ("8001", "user 8001") and '"127.0.0.1"' in came.details
    assert [row.by for row in await rows(house, "logout")] == ["8001"]


@pytest.mark.req("ACC-5")
async def test_whoever_is_refused_at_the_door_is_on_the_trail_but_not_what_they_typed(house: House) -> None:
    assert await log_in(house, "8001", "wrong") == 401
    assert await log_in(house, "my-secret-password", "8001") == 401
    refused = await rows(house, "login_refused")
    assert [(row.by, row.subject) for row in refused] == [("8001", "user 8001"), ("unknown", "user unknown")]
    assert all('"why":"wrong_login"' in row.details for row in refused)
    assert "my-secret-password" not in str(refused)


@pytest.mark.req("ACC-5")
async def test_guesses_without_end_write_few_rows(house: House) -> None:
    for _ in range(ROWS_EACH + 10):
        await log_in(house, "8002", "wrong")
    assert len(await rows(house, "login_refused")) == ROWS_EACH
    house.clock.advance(timedelta(minutes=30))
    await log_in(house, "8002", "wrong")
    assert '"left_out":10' in (await rows(house, "login_refused"))[-1].details


@pytest.mark.req("ACC-5")
async def test_whoever_asks_for_what_is_not_theirs_is_on_the_trail(house: House) -> None:
    async with house.logged_in("8001") as agent:
        for path in ("/api/audit", "/api/agents/8002/telephone"):
            async with agent.get(path) as answer:
                assert answer.status == 403
    told = [(row.by, row.subject, row.details.split('"operation":')[1]) for row in await rows(house, "refused")]
    assert told == [("8001", "audit", '"list_audit"}'), ("8001", "agents 8002", '"get_telephone"}')]


@pytest.mark.req("ACC-5", "TEL-10")
async def test_secrets_that_are_shown_are_on_the_trail(house: House) -> None:
    write_sound(house.data.recordings / "talk.wav")
    ticket = await house.call(agent="8001", recording="talk.wav")
    async with house.logged_in("8001") as agent:
        async with agent.get("/api/agents/8001/telephone") as answer:
            assert answer.status == 200
        async with agent.get(f"/api/tickets/{ticket}/recording") as answer:
            assert answer.status == 200
    assert [(row.by, row.subject) for row in await rows(house, "get_telephone")] == [("8001", "agents 8001")]
    assert [(row.by, row.subject) for row in await rows(house, "heard")] == [("8001", f"ticket {ticket}")]
