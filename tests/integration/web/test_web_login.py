"""Logging in: cookie, times, guessing, foreign pages, and what holds while the store is away."""

from datetime import timedelta

import aiohttp
import pytest
from aiohttp import hdrs

from crm.db.users import hashing
from crm.rights import Principal
from crm.use_cases.accounts.people import lock, retire
from crm.users.throttle import ADDRESS, PAIR
from routing.agent import AgentState
from tests.integration.web.conftest import LOCAL_TOKEN, PASSWORDS, House, away, kind_of

RIGHT = {"name": "8001", "password": PASSWORDS["8001"]}

ADMINISTRATOR = Principal(name="8901", agent=None, role="administrator")


def session_cookie(answer: aiohttp.ClientResponse) -> str:
    (token,) = (each.value for name, each in answer.cookies.items() if not name.endswith("-device"))
    return token


async def guess(browser: aiohttp.ClientSession, name: str = "8001") -> int:
    async with browser.post("/api/login", json={"name": name, "password": "a wrong one"}) as answer:
        return answer.status


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
            "pending": None,
            "signed_on": False,
        }
        assert len(answer.cookies) == 2
        for cookie in answer.cookies.values():
            assert cookie["httponly"] and cookie["samesite"] == "Strict"
            assert cookie["path"] == "/" and not cookie["domain"]


async def test_every_login_is_a_new_session_whatever_cookie_came_with_it(house: House) -> None:
    async with house.browser() as browser:
        sessions, machines = set(), set()
        for _ in range(3):
            async with browser.post("/api/login", json=RIGHT) as answer:
                sessions.add(session_cookie(answer))
                machines.add(next(each.value for name, each in answer.cookies.items() if name.endswith("-device")))
        assert len(sessions) == 3 and len(machines) == 1


async def test_after_logout_the_session_is_worth_nothing_even_to_who_kept_it(house: House) -> None:
    async with house.browser() as browser:
        async with browser.post("/api/login", json=RIGHT) as answer:
            token = session_cookie(answer)
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


@pytest.mark.req("ACC-1")
async def test_who_guesses_at_an_account_waits_and_its_owner_comes_in_on_the_own_machine(house: House) -> None:
    """Strangers and owner have one address here, as behind one router: the machine tells them apart."""
    async with house.browser() as own, house.browser() as stranger:
        async with own.post("/api/login", json=RIGHT) as answer:
            assert answer.status == 200
        statuses = [await guess(stranger) for _ in range(PAIR.free + 3)]
        assert statuses[: PAIR.free] == [401] * PAIR.free and statuses[-1] == 429
        async with stranger.post("/api/login", json=RIGHT) as answer:
            assert await kind_of(answer) == "too_many_attempts"
            assert int(answer.headers[hdrs.RETRY_AFTER]) >= 1
        async with own.post("/api/login", json=RIGHT) as answer:
            assert answer.status == 200
        house.clock.advance(timedelta(minutes=1))
        async with stranger.post("/api/login", json=RIGHT) as answer:
            assert answer.status == 200


@pytest.mark.req("ACC-1")
async def test_an_unknown_name_is_slowed_and_refused_exactly_as_a_known_one(house: House) -> None:
    async def answers(name: str) -> list[tuple[int, bytes, dict[str, str]]]:
        told = []
        async with house.browser() as browser:
            for _ in range(PAIR.free + 2):
                async with browser.post("/api/login", json={"name": name, "password": "a wrong one"}) as answer:
                    headers = {key: value for key, value in answer.headers.items() if key != "Date"}
                    told.append((answer.status, await answer.read(), headers))
        return told

    await retire(house.store, "8002", who=ADMINISTRATOR)
    assert await answers("8001") == await answers("nobody-there") == await answers("8002")


@pytest.mark.req("ACC-1")
async def test_an_unknown_name_costs_the_same_comparison(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Counted, not timed: one argon2 comparison for whatever is wrong, of the same costs."""
    compared: list[str] = []
    real = hashing._is_right

    def counting(password: str, kept: str | None) -> bool:
        compared.append((kept or hashing._nobodys()).rpartition("$")[0].rpartition("$")[0])
        return real(password, kept)

    monkeypatch.setattr(hashing, "_is_right", counting)
    await lock(house.store, "8002", who=ADMINISTRATOR)
    for name, password in (("8001", "x"), ("nobody", "x"), ("8002", PASSWORDS["8002"]), ("8003", PASSWORDS["8003"])):
        before = len(compared)
        async with house.browser() as browser, browser.post("/api/login", json={"name": name, "password": password}):
            assert len(compared) == before + 1
    assert len(set(compared)) == 1


async def test_an_address_that_tries_many_names_rests_and_a_right_login_does_not_free_it(house: House) -> None:
    async with house.browser() as browser:
        for number in range(ADDRESS.free):
            assert await guess(browser, f"name-{number}") == 401
        assert await guess(browser, "one more") == 429
        house.clock.advance(timedelta(seconds=2))
        async with browser.post("/api/login", json=RIGHT) as answer:
            assert answer.status == 200
        assert await guess(browser, "one more") in (401, 429)
        assert await guess(browser, "one more") == 429


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
