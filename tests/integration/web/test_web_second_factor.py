"""The second factor over HTTP: set up at the first login, asked for at each, each code once, guessed in vain. ACC-3"""

import asyncio
import json
import random
import re
from datetime import timedelta
from typing import Any

import aiohttp
import pyotp
import pytest

from app.web.api.table import OPERATIONS
from app.web.http.permissions import PERMISSIONS, PUBLIC
from config.service.accounts import Accounts
from crm.users.throttle import PAIR
from tests.integration.web.conftest import PASSWORDS, House, kind_of

PERIOD = timedelta(seconds=30)
CHEF, BOSS = "8901", "8801"


@pytest.fixture
def site_changes() -> dict[str, object]:
    return {"accounts": Accounts(second_factor=("administrator", "supervisor"))}


PROVED_FIRST = ("begin_second_factor", "confirm_second_factor", "confirm_password")


async def post(client: aiohttp.ClientSession, path: str, **body: object) -> Any:
    async with client.post(path, json=body) as answer:
        return await answer.json() if answer.content_type.endswith("json") else None


async def enters(client: aiohttp.ClientSession, name: str) -> str | None:
    """After the password: what is to be done first."""
    answer = await post(client, "/api/login", name=name, password=PASSWORDS[name])
    pending: str | None = answer["user"]["pending"]
    return pending


class App:
    """The authenticator on somebody's telephone."""

    def __init__(self, house: House, secret: str) -> None:
        self._house = house
        self._counter = pyotp.TOTP(secret.replace(" ", ""))

    def code(self, periods: int = 0) -> str:
        return self._counter.at(self._house.clock() + periods * PERIOD)


async def set_up(house: House, name: str) -> tuple[App, list[str]]:
    """Somebody's first login, from the picture to the recovery codes."""
    async with house.browser() as browser:
        assert await enters(browser, name) == "second_factor"
        begun = await post(browser, "/api/me/second-factor")
        app = App(house, begun["secret"])
        codes = (await post(browser, "/api/me/second-factor/confirm", code=app.code()))["codes"]
        async with browser.get("/api/me") as answer:
            assert (await answer.json())["user"]["pending"] is None
    house.clock.advance(PERIOD)
    return app, codes


@pytest.mark.req("ACC-3")
async def test_the_first_login_sets_an_app_up_and_nothing_else_is_open_before(house: House) -> None:
    async with house.browser() as browser:
        assert await enters(browser, CHEF) == "second_factor"
        assert await opened(browser) == {"me", "logout", *PROVED_FIRST}
    async with house.browser() as browser:
        await enters(browser, CHEF)
        begun = await post(browser, "/api/me/second-factor")
        assert begun["picture"].startswith("data:image/svg+xml") and begun["link"].startswith("otpauth://totp/")
        async with browser.post("/api/me/second-factor/confirm", json={"code": "000000"}) as answer:
            assert answer.status == 403 and await kind_of(answer) == "wrong_code"
        app = App(house, begun["secret"])
        async with browser.post("/api/me/second-factor/confirm", json={"code": app.code()}) as answer:
            codes = (await answer.json())["codes"]
        assert len(set(codes)) == 10 and all(len(code) == 29 for code in codes)
        async with browser.get("/api/audit") as answer:
            assert answer.status == 200
        async with browser.post("/api/me/second-factor") as answer:
            assert answer.status == 409 and (await answer.json())["reason"] == "has_factor"
    async with house.browser() as agent:
        assert await enters(agent, "8001") is None, "the site asks it of others"


async def opened(browser: aiohttp.ClientSession) -> set[str]:
    """What does not say that something else has to be done first; log-out last."""
    found = set()
    operations = [one for one in OPERATIONS if PERMISSIONS[one.name] != PUBLIC]
    for one in sorted(operations, key=lambda each: each.name == "logout"):
        path = re.sub(r"\{\w+\}", "1", one.path)
        async with browser.request(one.method, path, json=None if one.method == "GET" else {}) as answer:
            if answer.status != 403:
                found.add(one.name)
    return found


@pytest.mark.req("ACC-3")
async def test_each_login_asks_for_a_code_and_each_code_counts_once(house: House) -> None:
    app, _ = await set_up(house, CHEF)
    async with house.browser() as browser:
        assert await enters(browser, CHEF) == "code"
        assert await opened(browser) == {"me", "enter_code", "logout"}
    code = app.code()
    async with house.browser() as browser:
        await enters(browser, CHEF)
        before = {cookie.key: cookie.value for cookie in browser.cookie_jar}
        assert (await post(browser, "/api/login/code", code=code))["user"]["pending"] is None
        after = {cookie.key: cookie.value for cookie in browser.cookie_jar}
        assert before != after, "another session from here on"
        async with browser.get("/api/audit") as answer:
            assert answer.status == 200
        for token in before.values():
            async with house.program(token) as kept, kept.get("/api/me") as answer:
                assert answer.status == 401, "the one that waited is over"
    async with house.browser() as browser:
        await enters(browser, CHEF)
        async with browser.post("/api/login/code", json={"code": code}) as answer:
            assert await kind_of(answer) == "wrong_code", "it was used"
        house.clock.advance(PERIOD)
        assert (await post(browser, "/api/login/code", code=app.code()))["user"]["pending"] is None


@pytest.mark.req("ACC-3")
async def test_one_code_in_many_hands_at_once_lets_one_in(house: House) -> None:
    app, codes = await set_up(house, CHEF)
    for shown in (app.code(), codes[0]):
        browsers = [house.browser() for _ in range(4)]
        for browser in browsers:
            await enters(browser, CHEF)

        async def enter(browser: aiohttp.ClientSession, code: str = shown) -> int:
            async with browser.post("/api/login/code", json={"code": code}) as answer:
                return answer.status

        assert sorted(await asyncio.gather(*map(enter, browsers))) == [200, 403, 403, 403]
        await asyncio.gather(*(browser.close() for browser in browsers))


@pytest.mark.req("ACC-3")
async def test_recovery_codes_stand_in_for_a_lost_app_each_once(house: House) -> None:
    _, codes = await set_up(house, CHEF)
    for code, lets_in in ((codes[3].lower(), True), (codes[3], False), (codes[4].replace(" ", ""), True)):
        async with house.browser() as browser:
            await enters(browser, CHEF)
            async with browser.post("/api/login/code", json={"code": code}) as answer:
                assert (answer.status == 200) is lets_in
    kept = (house.data.database_file).read_bytes()
    assert not any(code.replace(" ", "").encode() in kept or code.encode() in kept for code in codes)


@pytest.mark.req("ACC-3")
async def test_codes_are_guessed_as_slowly_as_passwords_and_a_right_password_does_not_help(house: House) -> None:
    app, _ = await set_up(house, CHEF)
    dice, longest, wrong_ones = random.Random(3), 0, 0
    while longest < 60:
        async with house.browser() as browser:
            await enters(browser, CHEF)
            wrong = next(code for code in iter(lambda: f"{dice.randrange(10**6):06}", "") if code != app.code())
            async with browser.post("/api/login/code", json={"code": wrong}) as answer:
                wrong_ones += answer.status == 403
                if answer.status == 429:
                    longest = (await answer.json())["retry_after_s"]
                    house.clock.advance(timedelta(seconds=longest if longest < 60 else 0))
    assert PAIR.free < wrong_ones <= PAIR.free + 8
    async with house.browser() as browser:
        await enters(browser, CHEF)
        async with browser.post("/api/login/code", json={"code": app.code()}) as answer:
            assert answer.status == 429, "not even the right one is looked at"
        house.clock.advance(timedelta(minutes=5))
        await enters(browser, CHEF)
        assert (await post(browser, "/api/login/code", code=app.code()))["user"]["pending"] is None
    refused = (await house.store.audit.list(action="code_refused", limit=200)).items
    assert refused and {(row.by, row.subject) for row in refused} == {(CHEF, f"user {CHEF}")}
    assert {json.loads(row.details)["why"] for row in refused} == {"wrong_code", "too_many_attempts"}


@pytest.mark.req("ACC-3")
async def test_a_lost_app_is_reset_by_another_administrator_and_never_by_oneself(house: House) -> None:
    await set_up(house, BOSS)
    app, _ = await set_up(house, CHEF)
    async with house.browser() as chef:
        await enters(chef, CHEF)
        await post(chef, "/api/login/code", code=app.code())
        async with chef.post(f"/api/users/{CHEF}/second-factor/reset") as answer:
            assert answer.status == 409 and (await answer.json())["reason"] == "oneself"
        async with chef.get("/api/users") as answer:
            has = {each["name"] for each in (await answer.json())["items"] if each["has_factor"]}
        assert has == {BOSS, CHEF}
        assert (await post(chef, f"/api/users/{BOSS}/second-factor/reset"))["has_factor"] is False
        async with chef.post(f"/api/users/{BOSS}/second-factor/reset") as answer:
            assert (await answer.json())["reason"] == "no_factor"
        async with chef.post("/api/users/nobody/second-factor/reset") as answer:
            assert answer.status == 404
    await set_up(house, BOSS)
    (entered,) = (await house.store.audit.list(subject=f"user {CHEF}", action="code_entered")).items
    assert json.loads(entered.details) == {"address": "127.0.0.1", "by": "app"}
    acts = [row.action for row in (await house.store.audit.list(subject=f"user {BOSS}")).items]
    assert [acts.count(f"second_factor_{act}") for act in ("begun", "set", "reset")] == [2, 2, 1]


@pytest.mark.req("ACC-3")
async def test_a_new_password_takes_no_second_factor_away(house: House) -> None:
    app, _ = await set_up(house, CHEF)
    async with house.program() as operator:
        first = await post(operator, f"/api/users/{CHEF}/reset")
    async with house.browser() as browser:
        entered = await post(browser, "/api/login", name=CHEF, password=first["password"])
        assert entered["user"]["pending"] == "code"
        assert (await post(browser, "/api/login/code", code=app.code()))["user"]["pending"] == "new_password"


async def test_a_program_has_no_second_factor(house: House) -> None:
    async with house.program() as operator:
        async with operator.post("/api/me/second-factor") as answer:
            assert answer.status == 404
        async with operator.post("/api/login/code", json={"code": "000000"}) as answer:
            assert answer.status == 403


async def test_a_password_that_is_not_ones_own_comes_before_the_app(house: House) -> None:
    async with house.program() as operator:
        first = await post(operator, f"/api/users/{CHEF}/reset")
    async with house.browser() as browser:
        entered = await post(browser, "/api/login", name=CHEF, password=first["password"])
        assert entered["user"]["pending"] == "new_password"
        await post(browser, "/api/me/password", old=first["password"], new="teapot glacier violin")
        async with browser.get("/api/me") as answer:
            assert (await answer.json())["user"]["pending"] == "second_factor"
