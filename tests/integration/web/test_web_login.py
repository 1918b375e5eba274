"""Logging in: cookie, times, guessing, foreign pages, and what holds while the store is away."""

from datetime import timedelta

import pytest
from aiohttp import hdrs

from app.web.http.login_guard import FREE_ATTEMPTS
from routing.agent import AgentState
from tests.integration.web.conftest import LOCAL_TOKEN, PASSWORDS, House, away, kind_of

RIGHT = {"name": "8001", "password": PASSWORDS["8001"]}


async def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(house: House) -> None:
    async with house.browser() as browser, browser.post("/api/login", json=RIGHT) as answer:
        assert answer.status == 200
        assert (await answer.json())["user"] == {
            "name": "8001",
            "agent": "8001",
            "role": "agent",
            "display_name": "林晓雨",
            "display_name_en": "Lin Xiaoyu",
            "telephone": True,
        }
        (cookie,) = answer.cookies.values()
        assert cookie["httponly"] and cookie["samesite"] == "Strict" and cookie["path"] == "/" and not cookie["domain"]


async def test_every_login_is_a_new_session_whatever_cookie_came_with_it(house: House) -> None:
    async with house.browser() as browser:
        seen = set()
        for _ in range(3):
            async with browser.post("/api/login", json=RIGHT) as answer:
                seen |= {cookie.value for cookie in answer.cookies.values()}
        assert len(seen) == 3


async def test_after_logout_the_session_is_worth_nothing_even_to_who_kept_it(house: House) -> None:
    async with house.browser() as browser:
        async with browser.post("/api/login", json=RIGHT) as answer:
            (token,) = (cookie.value for cookie in answer.cookies.values())
        async with house.program(token) as keeper:
            async with keeper.get("/api/me") as answer:
                assert answer.status == 200
            async with browser.post("/api/logout") as answer:
                assert answer.status == 204
            async with keeper.get("/api/me") as answer:
                assert answer.status == 401
        async with browser.get("/api/me") as answer:
            assert answer.status == 401


async def test_half_an_hour_of_nothing_ends_a_session(house: House) -> None:
    async with house.logged_in("8001") as browser:
        house.clock.advance(timedelta(minutes=29))
        async with browser.get("/api/me") as answer:
            assert answer.status == 200
        house.clock.advance(timedelta(minutes=29))
        async with browser.get("/api/me") as answer:
            assert answer.status == 200
        house.clock.advance(timedelta(minutes=31))
        async with browser.get("/api/me") as answer:
            assert answer.status == 401
            assert await kind_of(answer) == "unauthenticated"


async def test_twelve_hours_end_a_session_that_was_never_idle(house: House) -> None:
    async with house.logged_in("8001") as browser:
        for _ in range(12 * 3 - 1):
            house.clock.advance(timedelta(minutes=20))
            async with browser.get("/api/me") as answer:
                assert answer.status == 200
        house.clock.advance(timedelta(minutes=20))
        async with browser.get("/api/me") as answer:
            assert answer.status == 401


async def test_an_unknown_name_and_a_wrong_password_sound_the_same(house: House) -> None:
    async with house.browser() as browser:
        answers = []
        for name in ("8001", "nobody"):
            async with browser.post("/api/login", json={"name": name, "password": "wrong"}) as answer:
                assert await kind_of(answer) == "wrong_login"
                answers.append(await answer.json())
        assert answers[0] == answers[1]


async def test_an_account_that_is_guessed_at_rests(house: House) -> None:
    async with house.browser() as browser:
        statuses = []
        for _ in range(8):
            async with browser.post("/api/login", json={**RIGHT, "password": "wrong"}) as answer:
                statuses.append(answer.status)
        assert statuses[:5] == [401] * 5 and statuses[-1] == 429
        async with browser.post("/api/login", json=RIGHT) as answer:
            assert await kind_of(answer) == "too_many_attempts"
            assert int(answer.headers[hdrs.RETRY_AFTER]) >= 1
        house.clock.advance(timedelta(minutes=1))
        async with browser.post("/api/login", json=RIGHT) as answer:
            assert answer.status == 200


async def test_an_address_that_tries_many_names_rests_and_a_right_login_does_not_free_it(house: House) -> None:
    async with house.browser() as browser:
        for number in range(FREE_ATTEMPTS):
            async with browser.post("/api/login", json={"name": f"name-{number}", "password": "x"}) as answer:
                assert answer.status == 401
        async with browser.post("/api/login", json={"name": "one more", "password": "x"}) as answer:
            assert await kind_of(answer) == "too_many_attempts"
        house.clock.advance(timedelta(seconds=2))
        async with browser.post("/api/login", json=RIGHT) as answer:
            assert answer.status == 200
        async with browser.post("/api/login", json={"name": "one more", "password": "x"}) as answer:
            assert answer.status in (401, 429)
        async with browser.post("/api/login", json={"name": "one more", "password": "x"}) as answer:
            assert answer.status == 429


@pytest.mark.parametrize("origin", [None, "null", "https://elsewhere.example", "http://127.0.0.1:1"])
async def test_a_cookie_does_nothing_for_a_foreign_page(house: House, origin: str | None) -> None:
    async with house.logged_in("8001") as own, house.browser(origin=origin) as foreign:
        foreign.cookie_jar.update_cookies(own.cookie_jar.filter_cookies(house.server.make_url("/")))
        async with foreign.post("/api/agents/8001/state", json={"state": "available"}) as answer:
            assert answer.status == 403
            assert await kind_of(answer) == "foreign_origin"
        async with foreign.get("/api/live/desk", headers={"Upgrade": "websocket"}) as answer:
            assert answer.status == 403
    assert house.acd.agent("8001").state is AgentState.LOGGED_OUT


async def test_a_foreign_page_cannot_log_anybody_in(house: House) -> None:
    async with (
        house.browser(origin="https://elsewhere.example") as foreign,
        foreign.post("/api/login", json=RIGHT) as answer,
    ):
        assert await kind_of(answer) == "foreign_origin"
        assert not answer.cookies


async def test_a_form_of_another_site_is_no_json(house: House) -> None:
    async with (
        house.logged_in("8001") as browser,
        browser.post("/api/agents/8001/state", data={"state": "available"}) as answer,
    ):
        assert answer.status == 415
        assert await kind_of(answer) == "not_json"


async def test_a_program_needs_no_origin(house: House) -> None:
    async with (
        house.program(LOCAL_TOKEN) as program,
        program.post("/api/agents/8001/state", json={"state": "available"}) as answer,
    ):
        assert answer.status == 200


async def test_who_was_here_lately_goes_on_while_the_store_is_away(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with house.logged_in("8001") as known, house.browser() as unknown:
        async with known.get("/api/me") as answer:
            assert answer.status == 200
        monkeypatch.setattr(house.store.database, "read", away)
        monkeypatch.setattr(house.store.database, "write", away)
        async with known.post("/api/agents/8001/state", json={"state": "available"}) as answer:
            assert answer.status == 200
        async with known.get("/api/tickets") as answer:
            assert answer.status == 503
            assert await kind_of(answer) == "store_away"
        async with unknown.post("/api/login", json=RIGHT) as answer:
            assert answer.status == 503
        house.clock.advance(timedelta(minutes=31))
        async with known.get("/api/me") as answer:
            assert answer.status == 503
